//! One socket, from its opening to its end.

use std::{num::NonZeroU32, rc::Rc, sync::Arc, time::Duration};

use actix_ws::{AggregatedMessage, AggregatedMessageStream, ProtocolError, Session};
use futures_util::FutureExt;
use governor::{DefaultDirectRateLimiter, Quota, RateLimiter};
use tokio::{
    sync::mpsc::Receiver,
    time::{self, Interval, MissedTickBehavior},
};

use super::{
    answer,
    ending::Ending,
    host::Host,
    message::{Request, Unreadable, Wanted},
    subscriptions::{Step, Subscriptions},
    wire::Wire,
};
use crate::{
    live::{
        rooms::{Guest, News, Person, Room, What},
        stream::Next,
        tickets::{End, Ticket},
    },
    problem::{Problem, registry},
    words,
};

/// Subscriptions of one socket; a user has no more over all of them than `live.max_per_user`.
const MAX_SUBSCRIPTIONS: usize = 50;

/// Rooms of one socket.
const MAX_ROOMS: usize = 50;

/// Messages of one socket: so many at once, as a page sends that is opened, and so many each second.
const MESSAGES: (NonZeroU32, NonZeroU32) = (number(120), number(20));

/// Messages in a row that are refused before the socket is closed.
const MAX_REFUSED: u32 = 40;

/// Between two looks at the connection.
const BEAT: Duration = Duration::from_secs(5);

const fn number(number: u32) -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(number - 1)
}

/// One socket.
pub(crate) struct Connection {
    host: Host,
    /// The socket's own; each subscription has another.
    ticket: Ticket,
    wire: Wire,
    messages: AggregatedMessageStream,
    subscriptions: Subscriptions,
    guest: Guest,
    news: Receiver<News>,
    flood: Flood,
}

/// What happens next.
enum Turn {
    Ended(End),
    Stopping,
    Beat,
    Frame(Option<Result<AggregatedMessage, ProtocolError>>),
    Followed(Rc<str>, Step),
    Heard(Option<News>),
}

/// A message that is not done, and what its sender called it.
type Refused = (Option<String>, Problem);

impl Connection {
    pub(crate) fn new(
        host: Host,
        ticket: Ticket,
        person: Person,
        session: Session,
        messages: AggregatedMessageStream,
    ) -> Self {
        let (guest, news) = host.site.live.rooms().guest(person);
        Self {
            host,
            ticket,
            wire: Wire::new(session),
            messages,
            subscriptions: Subscriptions::default(),
            guest,
            news,
            flood: Flood::new(),
        }
    }

    /// Serves it to its end.
    pub(crate) async fn run(mut self) {
        let open = Open::count();
        let ending = self.serve().await;
        drop(open);
        let code = ending.code();
        metrics::counter!("almoner_sockets_closed_total", "code" => code).increment(1);
        tracing::info!(code, "a socket is closed");
        let Self { wire, guest, subscriptions, ticket, .. } = self;
        // Nobody is thought to be there while the last words are on their way.
        drop((guest, subscriptions, ticket));
        wire.close(ending).await;
    }

    async fn serve(&mut self) -> Ending {
        let mut beat = beat();
        let live = self.host.site.live.clone();
        loop {
            let turn = self.turn(&mut beat).await;
            let taken = tokio::select! {
                biased;
                // Also while it waits for a database that is away.
                () = live.closed() => Err(Ending::Stopping),
                taken = self.take(turn) => taken,
            };
            if let Err(ending) = taken {
                return ending;
            }
        }
    }

    async fn turn(&mut self, beat: &mut Interval) -> Turn {
        let is_ready = !self.wire.is_full();
        tokio::select! {
            biased;
            end = self.ticket.ended() => Turn::Ended(end),
            () = self.host.site.live.closed() => Turn::Stopping,
            _ = beat.tick() => Turn::Beat,
            frame = self.messages.recv() => Turn::Frame(frame),
            news = self.news.recv(), if is_ready => Turn::Heard(news),
            Some((id, step)) = self.subscriptions.next(), if is_ready => Turn::Followed(id, step),
        }
    }

    async fn take(&mut self, turn: Turn) -> Result<(), Ending> {
        match turn {
            Turn::Ended(end) => Err(end.into()),
            Turn::Stopping => Err(Ending::Stopping),
            Turn::Beat => self.wire.beat().await,
            Turn::Frame(frame) => self.read(frame).await,
            Turn::Followed(id, step) => self.follow(&id, step).await,
            Turn::Heard(None) => Err(Ending::TooSlow),
            Turn::Heard(Some(news)) => self.pass_on(news).await,
        }
    }

    async fn read(
        &mut self,
        frame: Option<Result<AggregatedMessage, ProtocolError>>,
    ) -> Result<(), Ending> {
        self.wire.heard();
        match frame {
            None => Err(Ending::Lost),
            Some(Err(error)) => Err((&error).into()),
            Some(Ok(AggregatedMessage::Text(text))) => self.hear(&text).await,
            Some(Ok(AggregatedMessage::Binary(_))) => Err(Ending::Binary),
            Some(Ok(AggregatedMessage::Ping(bytes))) => match self.flood.lets_through()? {
                true => self.wire.pong(&bytes).await,
                false => Ok(()),
            },
            Some(Ok(AggregatedMessage::Pong(bytes))) => {
                self.wire.ponged(&bytes);
                Ok(())
            }
            Some(Ok(AggregatedMessage::Close(_))) => Err(Ending::Left),
        }
    }

    async fn hear(&mut self, text: &str) -> Result<(), Ending> {
        if !self.flood.lets_through()? {
            let detail = words::wait(1_u64);
            let wait = Duration::from_secs(1);
            let problem = Problem::new(registry::RATE_LIMITED).detail(detail).retry_after(wait);
            return self.refuse(None, problem).await;
        }
        // Whoever is no longer who they were learns nothing more.
        self.ticket.clear().await?;
        match Request::parse(text) {
            Ok(request) => self.obey(request).await,
            Err(Unreadable { id, problem }) => self.refuse(id, problem).await,
        }
    }

    async fn obey(&mut self, request: Request) -> Result<(), Ending> {
        metrics::counter!("almoner_socket_messages_total", "type" => request.name()).increment(1);
        match self.answer(request).await {
            Ok(Some(answer)) => self.wire.send(answer).await,
            Ok(None) => Ok(()),
            Err((id, problem)) => self.refuse(id, problem).await,
        }
    }

    async fn answer(&mut self, request: Request) -> Result<Option<String>, Refused> {
        match request {
            Request::Subscribe { id, what, last } => {
                let begun = self.subscribe(&id, what, last);
                // It answers itself, once it is there.
                begun.map(|()| None).map_err(|problem| (Some(id), problem))
            }
            Request::Unsubscribe { id } => match self.subscriptions.end(&id) {
                true => Ok(Some(answer::unsubscribed(&id))),
                false => Err((Some(id), Problem::not_found())),
            },
            Request::Join { id, room } => match self.join(room).await {
                Ok(present) => Ok(Some(answer::joined(id.as_deref(), room, &present))),
                Err(problem) => Err((id, problem)),
            },
            Request::Leave { id, room } => match self.guest.leave(room) {
                true => Ok(Some(answer::left(id.as_deref(), room, None))),
                false => Err((id, not_there())),
            },
            Request::Say { id, room, kind, data } => {
                if !self.guest.is_in(room) {
                    return Err((id, not_there()));
                }
                match self.guest.say(room, &kind, data) {
                    true => Ok(None),
                    false => {
                        Err((id, Problem::new(registry::RATE_LIMITED).detail(words::wait(1_u64))))
                    }
                }
            }
            Request::Ping { id } => Ok(Some(answer::pong(id.as_deref()))),
        }
    }

    fn subscribe(&mut self, id: &str, what: Wanted, last: Option<String>) -> Result<(), Problem> {
        if self.subscriptions.has(id) {
            let detail = words::subscription_goes_on();
            return Err(Problem::new(registry::CONFLICT).detail(detail));
        }
        if self.subscriptions.len() >= MAX_SUBSCRIPTIONS {
            let detail = words::too_many_subscriptions(MAX_SUBSCRIPTIONS);
            return Err(Problem::new(registry::RATE_LIMITED).detail(detail));
        }
        let following = self.host.following(what)?;
        let live = self.host.site.live.clone();
        let (key, caller) = (Arc::clone(&self.host.key), Arc::clone(&self.host.caller));
        let opening = async move { following.join(&live, key, caller, last.as_deref()).await };
        self.subscriptions.add(id, opening.boxed_local());
        Ok(())
    }

    async fn join(&mut self, room: Room) -> Result<Vec<Person>, Problem> {
        if !self.guest.is_in(room) {
            if self.guest.count() >= MAX_ROOMS {
                let detail = words::too_many_rooms(MAX_ROOMS);
                return Err(Problem::new(registry::RATE_LIMITED).detail(detail));
            }
            self.host.spend()?;
            self.host.meet(room).await?;
        }
        Ok(self.guest.join(room))
    }

    async fn follow(&mut self, id: &str, step: Step) -> Result<(), Ending> {
        match step {
            Step::Opened => self.wire.send(answer::subscribed(id)).await,
            Step::Refused(problem) => self.refuse(Some(id.to_owned()), problem).await,
            Step::Next(Next::Told(told)) => {
                for event in answer::events(id, &told) {
                    self.wire.send(event).await?;
                }
                Ok(())
            }
            Step::Next(Next::End(end)) => Err(end.into()),
            Step::Next(Next::Over) if self.host.site.live.is_open() => Err(Ending::TooSlow),
            Step::Next(Next::Over) => Err(Ending::Stopping),
        }
    }

    async fn pass_on(&mut self, News { room, what }: News) -> Result<(), Ending> {
        self.ticket.clear().await?;
        // What was on its way when the client left.
        if !self.guest.is_in(room) {
            return Ok(());
        }
        match what {
            What::Tell(text) => self.wire.send(text.to_string()).await,
            What::Changed => match self.host.meet(room).await {
                Ok(()) => Ok(()),
                Err(problem) => {
                    self.guest.leave(room);
                    self.wire.send(answer::left(None, room, Some(problem.code()))).await
                }
            },
        }
    }

    async fn refuse(&mut self, id: Option<String>, problem: Problem) -> Result<(), Ending> {
        self.host.note(&problem).await;
        self.wire.send(answer::error(id.as_deref(), &problem)).await
    }
}

/// Keeps count of what a client says.
struct Flood {
    limiter: DefaultDirectRateLimiter,
    /// In a row.
    refused: u32,
}

impl Flood {
    fn new() -> Self {
        let (burst, per_second) = MESSAGES;
        let quota = Quota::per_second(per_second).allow_burst(burst);
        Self { limiter: RateLimiter::direct(quota), refused: 0 }
    }

    /// False for a message that is too much; an end when the client does not stop.
    fn lets_through(&mut self) -> Result<bool, Ending> {
        if self.limiter.check().is_ok() {
            self.refused = 0;
            return Ok(true);
        }
        self.refused += 1;
        if self.refused > MAX_REFUSED { Err(Ending::Flood) } else { Ok(false) }
    }
}

/// One open socket, in the metrics.
struct Open;

impl Open {
    fn count() -> Self {
        metrics::gauge!("almoner_sockets").increment(1);
        Self
    }
}

impl Drop for Open {
    fn drop(&mut self) {
        metrics::gauge!("almoner_sockets").decrement(1);
    }
}

fn beat() -> Interval {
    let mut beat = time::interval(BEAT);
    beat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    beat
}

fn not_there() -> Problem {
    Problem::new(registry::CONFLICT).detail(words::not_in_the_room())
}

//! One socket, from its opening to its end.

use std::{future::ready, num::NonZeroU32, rc::Rc, sync::Arc, time::Duration};

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
    judging::{Judging, Verdict},
    message::{Request, Unreadable, Wanted},
    subscriptions::{Step, Subscriptions},
    wire::Wire,
};
use crate::{
    live::{
        rooms::{Guest, News, Person, Room, What},
        stream::{Next, Told},
        tickets::{End, Ticket},
    },
    problem::{Problem, registry},
    words,
};

/// Subscriptions of one socket; a user has no more over all of them than `live.max_per_user`.
const MAX_SUBSCRIPTIONS: usize = 50;

/// Rooms of one socket.
const MAX_ROOMS: usize = 50;

/// Messages and pings of one socket: so many at once, as a page sends that is opened, and so many each
/// second. The socket is closed when there are more: a refusal of each would be as much to read.
const MESSAGES: (NonZeroU32, NonZeroU32) = (number(120), number(20));

/// Between two looks at the connection.
const BEAT: Duration = Duration::from_secs(5);

const fn number(number: u32) -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(number - 1)
}

/// One socket.
pub(crate) struct Connection {
    host: Rc<Host>,
    /// The socket's own; each subscription has another.
    ticket: Ticket,
    wire: Wire,
    messages: AggregatedMessageStream,
    subscriptions: Subscriptions,
    telling: Option<Telling>,
    guest: Guest,
    news: Receiver<News>,
    judging: Judging,
    flood: DefaultDirectRateLimiter,
}

/// What is being told of a subscription, one event after the other.
struct Telling {
    subscription: Rc<str>,
    told: Arc<Told>,
    /// Events that were told.
    count: usize,
}

/// What happens next.
enum Turn {
    Ended(End),
    Stopping,
    Beat,
    Frame(Option<Result<AggregatedMessage, ProtocolError>>),
    Judged(Result<(Room, Verdict), Ending>),
    Heard(Option<News>),
    Telling,
    Followed(Rc<str>, Step),
}

/// Why a message is not done.
enum Undone {
    /// The problem, and what the sender called the message.
    Refused(Option<String>, Problem),
    /// The socket ends.
    Ended(Ending),
}

impl From<End> for Undone {
    fn from(end: End) -> Self {
        Self::Ended(end.into())
    }
}

impl Connection {
    pub(crate) fn new(
        host: Host,
        ticket: Ticket,
        person: Person,
        session: Session,
        messages: AggregatedMessageStream,
    ) -> Self {
        let (guest, news) = host.site.live.rooms().guest(person);
        let host = Rc::new(host);
        let judge = Rc::clone(&host);
        let meet = move |room| {
            let judge = Rc::clone(&judge);
            async move { judge.meet_again(room).await }.boxed_local()
        };
        let (burst, per_second) = MESSAGES;
        Self {
            host,
            ticket,
            wire: Wire::new(session),
            messages,
            subscriptions: Subscriptions::default(),
            telling: None,
            guest,
            news,
            judging: Judging::new(Rc::new(meet)),
            flood: RateLimiter::direct(Quota::per_second(per_second).allow_burst(burst)),
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
        let Self { wire, guest, subscriptions, ticket, judging, .. } = self;
        // Nobody is thought to be there while the last words are on their way.
        drop((guest, subscriptions, ticket, judging));
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
        let is_telling = self.telling.is_some();
        tokio::select! {
            biased;
            end = self.ticket.ended() => Turn::Ended(end),
            () = self.host.site.live.closed() => Turn::Stopping,
            _ = beat.tick() => Turn::Beat,
            frame = self.messages.recv() => Turn::Frame(frame),
            Some(judged) = self.judging.next(), if is_ready => Turn::Judged(judged),
            news = self.news.recv(), if is_ready => Turn::Heard(news),
            () = ready(()), if is_ready && is_telling => Turn::Telling,
            Some((id, step)) = self.subscriptions.next(), if is_ready && !is_telling => {
                Turn::Followed(id, step)
            }
        }
    }

    async fn take(&mut self, turn: Turn) -> Result<(), Ending> {
        match turn {
            Turn::Ended(end) => Err(end.into()),
            Turn::Stopping => Err(Ending::Stopping),
            Turn::Beat => self.wire.beat().await,
            Turn::Frame(frame) => self.read(frame).await,
            Turn::Judged(judged) => {
                let (room, verdict) = judged?;
                self.obey_verdict(room, verdict).await
            }
            Turn::Heard(None) => Err(Ending::TooSlow),
            Turn::Heard(Some(news)) => self.pass_on(news).await,
            Turn::Telling => self.tell().await,
            Turn::Followed(id, step) => self.follow(id, step).await,
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
            Some(Ok(AggregatedMessage::Ping(bytes))) => {
                self.count()?;
                self.wire.pong(&bytes).await
            }
            Some(Ok(AggregatedMessage::Pong(bytes))) => {
                self.wire.ponged(&bytes);
                Ok(())
            }
            Some(Ok(AggregatedMessage::Close(_))) => Err(Ending::Left),
        }
    }

    /// Counts a message.
    fn count(&self) -> Result<(), Ending> {
        self.flood.check().map_err(|_| Ending::Flood)
    }

    async fn hear(&mut self, text: &str) -> Result<(), Ending> {
        self.count()?;
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
            Ok(Some(answer)) => self.send(answer).await,
            Ok(None) => Ok(()),
            Err(Undone::Refused(id, problem)) => self.refuse(id, problem).await,
            Err(Undone::Ended(ending)) => Err(ending),
        }
    }

    async fn answer(&mut self, request: Request) -> Result<Option<String>, Undone> {
        match request {
            Request::Subscribe { id, what, last } => {
                let begun = self.subscribe(&id, what, last);
                // It answers itself, once it is there.
                begun.map(|()| None).map_err(|problem| Undone::Refused(Some(id), problem))
            }
            Request::Unsubscribe { id } => match self.unsubscribe(&id) {
                true => Ok(Some(answer::unsubscribed(&id))),
                false => Err(Undone::Refused(Some(id), Problem::not_found())),
            },
            Request::Join { id, room } => self.join(id, room).await.map(Some),
            Request::Leave { id, room } => match self.leave(room) {
                true => Ok(Some(answer::left(id.as_deref(), room, None))),
                false => Err(Undone::Refused(id, not_there())),
            },
            Request::Say { id, room, kind, data } => {
                if !self.guest.is_in(room) {
                    return Err(Undone::Refused(id, not_there()));
                }
                match self.guest.say(room, &kind, data) {
                    true => Ok(None),
                    false => Err(Undone::Refused(id, too_much_said())),
                }
            }
            Request::Ping { id } => Ok(Some(answer::pong(id.as_deref()))),
        }
    }

    fn subscribe(&mut self, id: &str, what: Wanted, last: Option<String>) -> Result<(), Problem> {
        if self.subscriptions.has(id) {
            let detail = words::subscription_goes_on();
            return Err(Problem::new(registry::SUBSCRIPTION_IN_USE).detail(detail));
        }
        if self.subscriptions.len() >= MAX_SUBSCRIPTIONS {
            let detail = words::too_many_subscriptions(MAX_SUBSCRIPTIONS);
            return Err(Problem::new(registry::SOCKET_LIMIT).detail(detail));
        }
        let following = self.host.following(what)?;
        let live = self.host.site.live.clone();
        let (key, caller) = (Arc::clone(&self.host.key), Arc::clone(&self.host.caller));
        let opening = async move { following.join(&live, key, caller, last.as_deref()).await };
        self.subscriptions.add(id, opening.boxed_local());
        Ok(())
    }

    /// Ends a subscription, in the middle of what is told if need be; false when there is none.
    fn unsubscribe(&mut self, id: &str) -> bool {
        let is_told = self.telling.take_if(|telling| &*telling.subscription == id).is_some();
        self.subscriptions.end(id) || is_told
    }

    async fn join(&mut self, id: Option<String>, room: Room) -> Result<String, Undone> {
        let was_in = self.guest.is_in(room);
        if (!was_in || self.judging.is_unsure(room))
            && let Err(problem) = self.come_in(room).await
        {
            if !was_in {
                self.guest.leave(room);
            }
            return Err(Undone::Refused(id, problem));
        }
        // What was revoked while the record was read.
        self.ticket.clear().await?;
        Ok(answer::joined(id.as_deref(), room, &self.guest.show(room)))
    }

    /// Changes of the record are heard from before it is read, so that none is missed; nobody sees it
    /// yet.
    async fn come_in(&mut self, room: Room) -> Result<(), Problem> {
        if !self.guest.is_in(room) && self.guest.count() >= MAX_ROOMS {
            let detail = words::too_many_rooms(MAX_ROOMS);
            return Err(Problem::new(registry::SOCKET_LIMIT).detail(detail));
        }
        self.host.spend()?;
        self.guest.enter(room);
        self.host.meet(room).await
    }

    fn leave(&mut self, room: Room) -> bool {
        self.judging.forget(room);
        self.guest.leave(room)
    }

    async fn follow(&mut self, id: Rc<str>, step: Step) -> Result<(), Ending> {
        match step {
            Step::Opened => self.send(answer::subscribed(&id)).await,
            Step::Refused(problem) => self.refuse(Some(id.to_string()), problem).await,
            Step::Next(Next::Told(told)) => {
                self.telling = Some(Telling { subscription: id, told, count: 0 });
                Ok(())
            }
            Step::Next(Next::End(end)) => Err(end.into()),
            Step::Next(Next::Over) if self.host.site.live.is_open() => Err(Ending::TooSlow),
            Step::Next(Next::Over) => Err(Ending::Stopping),
        }
    }

    /// Tells the next event; between two of them everything else has its turn.
    async fn tell(&mut self) -> Result<(), Ending> {
        self.ticket.clear().await?;
        let Some(telling) = &mut self.telling else { return Ok(()) };
        let event = answer::event(&telling.subscription, &telling.told, telling.count);
        telling.count += 1;
        match event {
            Some(event) => self.send(event).await,
            None => {
                self.telling = None;
                Ok(())
            }
        }
    }

    async fn pass_on(&mut self, News { room, what }: News) -> Result<(), Ending> {
        self.ticket.clear().await?;
        // What was on its way when the client left.
        if !self.guest.is_in(room) {
            return Ok(());
        }
        match what {
            What::Tell(text) => match self.judging.hold(room, text)? {
                Some(text) => self.send(text.to_string()).await,
                None => Ok(()),
            },
            What::Changed => {
                self.judging.ask(room);
                Ok(())
            }
        }
    }

    async fn obey_verdict(&mut self, room: Room, verdict: Verdict) -> Result<(), Ending> {
        match verdict {
            Verdict::Stays(held) => {
                for text in held {
                    self.ticket.clear().await?;
                    self.send(text.to_string()).await?;
                }
                Ok(())
            }
            Verdict::Leaves(problem) => {
                self.guest.leave(room);
                self.send(answer::left(None, room, Some(problem.code()))).await
            }
        }
    }

    /// Sends a message, unless the session ends first.
    async fn send(&mut self, text: String) -> Result<(), Ending> {
        tokio::select! {
            biased;
            end = self.ticket.ended() => Err(end.into()),
            sent = self.wire.send(text) => sent,
        }
    }

    async fn refuse(&mut self, id: Option<String>, problem: Problem) -> Result<(), Ending> {
        self.host.note(&problem).await;
        self.send(answer::error(id.as_deref(), &problem)).await
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

fn too_much_said() -> Problem {
    let problem = Problem::new(registry::RATE_LIMITED).detail(words::wait(1_u64));
    problem.retry_after(Duration::from_secs(1))
}

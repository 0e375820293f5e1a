//! One socket, from its opening to its end.

mod obeying;
mod telling;

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
    message::{Request, Unreadable},
    subscriptions::{Step, Subscriptions},
    wire::Wire,
};
use crate::{
    kit::problem::Problem,
    live::{
        rooms::{Guest, News, Person, Room},
        stream::Told,
        tickets::{End, Ticket},
    },
};

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
        match Request::parse(text, self.host.domains.registry) {
            Ok(request) => self.obey(request).await,
            Err(Unreadable { id, problem }) => self.refuse(id, problem).await,
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

//! A delivery: one message to one webhook, from the change it tells of to its end.

use std::time::Duration;

use almoner_kernel::{ChangeId, DeliveryId, NewJob, Notice, Timestamp, Version, WebhookId};
use chrono::{SecondsFormat, TimeDelta};
use uuid::Uuid;

use crate::{Webhook, event::PING};

/// The kind of job that makes an attempt.
pub const DELIVER: &str = "webhook.deliver";

/// Where a delivery stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DeliveryState {
    /// An attempt is to be made.
    Pending,
    /// The receiver took it.
    Delivered,
    /// It was given up.
    Failed,
}

impl DeliveryState {
    /// Every state.
    pub const ALL: [Self; 3] = [Self::Pending, Self::Delivered, Self::Failed];

    /// The name in the API and in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Delivered => "delivered",
            Self::Failed => "failed",
        }
    }

    /// The state with that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }
}

/// Why an attempt failed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Failure {
    /// The receiver answered, but not with 2xx.
    Status,
    /// It did not answer in time.
    Timeout,
    /// It could not be connected to, or its certificate is not valid.
    Connection,
    /// Its name could not be resolved.
    Name,
    /// Its name leads into a private network, or a part of it does.
    Address,
    /// The webhook was switched off meanwhile.
    Disabled,
}

impl Failure {
    /// Every failure.
    pub const ALL: [Self; 6] =
        [Self::Status, Self::Timeout, Self::Connection, Self::Name, Self::Address, Self::Disabled];

    /// The name in the API and in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Status => "status",
            Self::Timeout => "timeout",
            Self::Connection => "connection",
            Self::Name => "name",
            Self::Address => "address",
            Self::Disabled => "disabled",
        }
    }

    /// The one with that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }
}

/// One message to one webhook.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Delivery {
    /// The id.
    pub id: DeliveryId,
    /// To whom.
    pub webhook: WebhookId,
    /// The change it tells of, by its position in the feed; none for a test.
    pub position: Option<i64>,
    /// The same change by its id; none for a test, and for what was stored before ids were kept.
    pub change: Option<ChangeId>,
    /// The type of the event.
    pub event: String,
    /// The record; the webhook itself for a test.
    pub record: Uuid,
    /// The record's version.
    pub version: Version,
    /// When it happened.
    pub happened_at: Timestamp,
    /// Where it stands.
    pub state: DeliveryState,
    /// Attempts since it was stored, or since it was last asked for again.
    pub attempts: u32,
    /// Status of the last answer.
    pub status: Option<u16>,
    /// Why the last attempt failed.
    pub failure: Option<Failure>,
    /// How long the last attempt took, in ms.
    pub took_ms: Option<u32>,
    /// When it was stored.
    pub created_at: Timestamp,
    /// When the first of its attempts began.
    pub began_at: Option<Timestamp>,
    /// When the last one began.
    pub attempted_at: Option<Timestamp>,
    /// When the next one is due.
    pub next_at: Option<Timestamp>,
    /// When it came to its end.
    pub ended_at: Option<Timestamp>,
}

/// The pauses between attempts: twelve attempts within three days.
const PAUSES: [u64; 11] = [
    5,
    30,
    2 * 60,
    10 * 60,
    30 * 60,
    60 * 60,
    3 * 60 * 60,
    6 * 60 * 60,
    12 * 60 * 60,
    24 * 60 * 60,
    24 * 60 * 60,
];

/// A receiver that asks for more time is given this much between two attempts at the most.
const LONGEST_ASKED: Duration = Duration::from_secs(24 * 60 * 60);

/// After this time no further attempt is made, however few there were.
const LONGEST: TimeDelta = TimeDelta::hours(80);

/// What an attempt came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ending {
    /// The receiver took it.
    Delivered,
    /// It is tried again after this time.
    Again(Duration),
    /// It is given up.
    GivenUp,
}

/// How long a receiver is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Patience {
    /// Twelve attempts within three days.
    Usual,
    /// For as long as nobody knows how long it has been.
    Endless,
}

impl Delivery {
    /// What a change tells a webhook.
    pub fn of(id: DeliveryId, webhook: &Webhook, notice: &Notice, at: Timestamp) -> Self {
        let event = format!("{}.{}", notice.entity, notice.action);
        let mut delivery = Self::new(id, webhook.id, event, notice.entity_id, at);
        delivery.position = Some(notice.position);
        delivery.change = Some(notice.change);
        delivery.version = notice.version;
        delivery.happened_at = notice.at;
        delivery
    }

    /// A message that only tries whether the receiver answers.
    pub fn ping(id: DeliveryId, webhook: &Webhook, at: Timestamp) -> Self {
        let mut delivery = Self::new(id, webhook.id, PING.to_owned(), webhook.id.uuid(), at);
        delivery.version = webhook.version;
        delivery
    }

    const fn new(
        id: DeliveryId,
        webhook: WebhookId,
        event: String,
        record: Uuid,
        at: Timestamp,
    ) -> Self {
        Self {
            id,
            webhook,
            position: None,
            change: None,
            event,
            record,
            version: Version::FIRST,
            happened_at: at,
            state: DeliveryState::Pending,
            attempts: 0,
            status: None,
            failure: None,
            took_ms: None,
            created_at: at,
            began_at: None,
            attempted_at: None,
            next_at: Some(at),
            ended_at: None,
        }
    }

    /// The `webhook-id`: the same in every attempt, so that a receiver can tell a message it has
    /// seen. It follows from who is told of which change, not from the row.
    ///
    /// The change is named by its id, which is random: a position of the feed is given to another
    /// change after a restore, and a receiver would take the news for what it has seen. A change that
    /// came with the backup keeps its id, so that what the lost time line told of it and what is told
    /// again is one message.
    pub fn message_id(&self) -> String {
        let webhook = self.webhook.uuid().simple();
        match (self.change, self.position) {
            (Some(change), _) => format!("msg_{webhook}_{}", change.uuid().simple()),
            // Stored before ids were kept: it may have been sent under this name.
            (None, Some(position)) => format!("msg_{webhook}_{position}"),
            (None, None) => format!("msg_{webhook}_{}", self.id.uuid().simple()),
        }
    }

    /// What is sent: which record, which version, and nothing of what is in it. Every part is a
    /// word, a number or an id, so that nothing has to be escaped.
    pub fn body(&self) -> String {
        format!(
            r#"{{"type":"{}","timestamp":"{}","data":{{"id":"{}","version":{}}}}}"#,
            self.event,
            self.happened_at.to_rfc3339_opts(SecondsFormat::Millis, true),
            self.record,
            self.version.number(),
        )
    }

    /// The job that makes the next attempt.
    pub fn job(&self) -> NewJob {
        NewJob::new(DELIVER, format!(r#"{{"delivery":"{}"}}"#, self.id))
    }

    /// The same message once more, from the beginning.
    #[must_use]
    pub fn replayed(self, at: Timestamp) -> Self {
        Self {
            state: DeliveryState::Pending,
            attempts: 0,
            began_at: None,
            next_at: Some(at),
            ended_at: None,
            ..self
        }
    }

    /// The delivery after the webhook was switched off.
    #[must_use]
    pub fn dropped(self, at: Timestamp) -> Self {
        Self { failure: Some(Failure::Disabled), ..self.given_up(at) }
    }

    /// The delivery when no further attempt is made.
    #[must_use]
    pub fn given_up(self, at: Timestamp) -> Self {
        Self { state: DeliveryState::Failed, next_at: None, ended_at: Some(at), ..self }
    }

    /// The delivery after an attempt that began at `began` and ended at `ended`, and how it goes on.
    #[must_use]
    pub fn attempted(
        self,
        reply: &crate::Reply,
        began: Timestamp,
        ended: Timestamp,
        patience: Patience,
    ) -> (Self, Ending) {
        let (status, failure, asked) = match reply.outcome {
            Ok(status) if (200..300).contains(&status) => (Some(status), None, None),
            Ok(status) => (Some(status), Some(Failure::Status), reply.retry_after),
            Err(failure) => (None, Some(failure), None),
        };
        // Other times are of a clock that was wrong.
        let possible = self.created_at..=began;
        let mut after = Self {
            attempts: self.attempts.saturating_add(1),
            status,
            failure,
            took_ms: u32::try_from(reply.took.as_millis()).ok(),
            began_at: self.began_at.filter(|at| possible.contains(at)).or(Some(began)),
            attempted_at: Some(began),
            next_at: None,
            ..self
        };
        let ending = match failure {
            None => Ending::Delivered,
            Some(_) => after.pause(asked, ended, patience).map_or(Ending::GivenUp, Ending::Again),
        };
        match ending {
            Ending::Again(pause) => after.next_at = Some(ended + delta(pause)),
            Ending::Delivered | Ending::GivenUp => {
                after.state = match failure {
                    None => DeliveryState::Delivered,
                    Some(_) => DeliveryState::Failed,
                };
                after.ended_at = Some(ended);
            }
        }
        (after, ending)
    }

    /// The pause before the next attempt; none when there is none.
    fn pause(
        &self,
        asked: Option<Duration>,
        at: Timestamp,
        patience: Patience,
    ) -> Option<Duration> {
        let is_endless = patience == Patience::Endless;
        let own = PAUSES.get(self.attempts.checked_sub(1)? as usize);
        let own = 1_000 * own.or(if is_endless { PAUSES.last() } else { None })?;
        // Up to a tenth more, so that what failed together does not come back together: whole
        // milliseconds, as instants are.
        let spread = own * u64::from(self.id.uuid().as_bytes()[15]) / 2_560;
        let pause =
            Duration::from_millis(own + spread).max(asked.unwrap_or_default().min(LONGEST_ASKED));
        let is_in_time = self.began_at.is_none_or(|began| at + delta(pause) - began <= LONGEST);
        (is_in_time || is_endless).then_some(pause.min(LONGEST_ASKED))
    }
}

/// A pause in whole milliseconds, as instants are.
fn delta(pause: Duration) -> TimeDelta {
    let millis = i64::try_from(pause.as_millis()).unwrap_or(i64::MAX);
    TimeDelta::try_milliseconds(millis).unwrap_or(TimeDelta::MAX)
}

/// Which deliveries a list shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct DeliveryQuery {
    /// Only deliveries that stand there.
    pub state: Option<DeliveryState>,
}

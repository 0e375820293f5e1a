//! A webhook: another system that is told what happens.

use almoner_kernel::{
    Audited, Patch, Snapshot, Timestamp, UserId, Version, WebhookId,
    id::{Entity, WebhookEntity},
};
use uuid::Uuid;

use crate::{EventTypes, Target};

/// Another system that is told what happens. Webhooks belong to the whole organisation: they have no
/// row scope.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Webhook {
    /// The id.
    pub id: WebhookId,
    /// Where messages go.
    pub target: Target,
    /// What it is for, at most [`Webhook::MAX_DESCRIPTION`] characters.
    pub description: Option<String>,
    /// What it is told of.
    pub events: EventTypes,
    /// False while nothing is sent.
    pub is_active: bool,
    /// Why the server switched it off; none when a user did, and while it is active.
    pub disabled_reason: Option<DisabledReason>,
    /// Changes behind this position of the feed are told: where the feed was when it was switched on.
    pub since: i64,
    /// Since when no message has got through; none after one that did.
    pub failing_since: Option<Timestamp>,
    /// Nothing is sent before this time: the last attempt failed.
    pub quiet_until: Option<Timestamp>,
    /// The version; how deliveries go makes no new one.
    pub version: Version,
    /// Who created it; none for the program itself.
    pub created_by: Option<UserId>,
    /// When it was created.
    pub created_at: Timestamp,
    /// When it was last changed.
    pub updated_at: Timestamp,
}

/// Why the server switched a webhook off.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum DisabledReason {
    /// The receiver answered 410: it wants no more.
    Gone,
    /// Nothing has got through for days.
    Failing,
}

impl DisabledReason {
    /// Every reason.
    pub const ALL: [Self; 2] = [Self::Gone, Self::Failing];

    /// The name in the API and in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Failing => "failing",
        }
    }

    /// The one with that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }
}

impl Webhook {
    /// Characters a description has at the most.
    pub const MAX_DESCRIPTION: usize = 500;

    /// The webhook with the fields of the patch, one version later. Switched on, it is told what
    /// happens from `head` on, and its failures are forgotten.
    #[must_use]
    pub fn patched(self, patch: WebhookPatch, head: i64, at: Timestamp) -> Self {
        let mut after = Self { version: self.version.next(), updated_at: at, ..self };
        if let Some(target) = patch.target
            && target != after.target
        {
            after.target = target;
            (after.failing_since, after.quiet_until) = (None, None);
        }
        patch.description.apply(&mut after.description);
        if let Some(events) = patch.events {
            after.events = events;
        }
        match patch.is_active {
            Some(true) if !after.is_active => {
                after.is_active = true;
                after.since = head;
                after.disabled_reason = None;
                (after.failing_since, after.quiet_until) = (None, None);
            }
            Some(is_active) => after.is_active = is_active,
            None => {}
        }
        after
    }

    /// The webhook, switched off by the server.
    #[must_use]
    pub fn disabled(self, reason: DisabledReason, at: Timestamp) -> Self {
        Self {
            is_active: false,
            disabled_reason: Some(reason),
            version: self.version.next(),
            updated_at: at,
            ..self
        }
    }
}

impl Audited for Webhook {
    const ENTITY: &'static str = WebhookEntity::NAME;

    fn entity_id(&self) -> Uuid {
        self.id.uuid()
    }

    fn version(&self) -> Version {
        self.version
    }

    fn snapshot(&self) -> Snapshot {
        vec![
            ("url", self.target.as_str().into()),
            ("description", self.description.as_deref().into()),
            ("events", self.events.to_string().into()),
            ("is_active", self.is_active.into()),
            ("disabled_reason", self.disabled_reason.map(DisabledReason::as_str).into()),
        ]
    }
}

/// What a new webhook is made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WebhookDraft {
    /// Where messages go.
    pub target: Target,
    /// What it is for.
    pub description: Option<String>,
    /// What it is told of.
    pub events: EventTypes,
}

/// What changes about a webhook.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WebhookPatch {
    /// Where messages go.
    pub target: Option<Target>,
    /// What it is for.
    pub description: Patch<String>,
    /// What it is told of.
    pub events: Option<EventTypes>,
    /// Whether anything is sent.
    pub is_active: Option<bool>,
}

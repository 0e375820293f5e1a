//! Rows of the two chains: changes, and what happened for security.

use std::borrow::Cow;

use uuid::Uuid;

use crate::{Mac, Seal, SealInput};

/// A row of a chain as it is stored, with its seal.
pub trait SealedRow {
    /// The place in the chain.
    fn position(&self) -> i64;

    /// The stored seal.
    fn stored(&self) -> &[u8];

    /// The seal it should have; none when a column is not even of its type.
    fn due(&self, seal: &Seal, previous: &Mac) -> Option<Mac>;

    /// How many security events there were by then, as far as the row says so.
    fn events(&self) -> i64 {
        0
    }
}

/// A change as it is stored, with its seal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedChange {
    /// The place in the trail.
    pub position: i64,
    /// What the seal covers; none when a column is not even of its type.
    pub row: Option<SealInput<'static>>,
    /// The stored seal; anything but 32 bytes is no seal, an absent one is empty.
    pub mac: Vec<u8>,
}

impl SealedRow for SealedChange {
    fn position(&self) -> i64 {
        self.position
    }

    fn stored(&self) -> &[u8] {
        &self.mac
    }

    fn due(&self, seal: &Seal, previous: &Mac) -> Option<Mac> {
        let row = self.row.as_ref().filter(|row| row.position == self.position)?;
        Some(seal.mac(previous, row))
    }

    fn events(&self) -> i64 {
        self.row.as_ref().and_then(|row| row.circumstances.events).unwrap_or_default()
    }
}

/// A security event as it is stored, with its seal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedEvent {
    /// What the seal covers.
    pub row: EventInput<'static>,
    /// The stored seal.
    pub mac: Vec<u8>,
}

impl SealedRow for SealedEvent {
    fn position(&self) -> i64 {
        self.row.position
    }

    fn stored(&self) -> &[u8] {
        &self.mac
    }

    fn due(&self, seal: &Seal, previous: &Mac) -> Option<Mac> {
        Some(seal.mac_of_event(previous, &self.row))
    }
}

/// The stored columns of a security event, all that a seal covers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventInput<'a> {
    /// The place in the chain of events, from 1.
    pub position: i64,
    /// The id of the event.
    pub id: Uuid,
    /// When, in milliseconds since 1970-01-01 UTC.
    pub at: i64,
    /// What happened.
    pub kind: Cow<'a, str>,
    /// Whom it is about.
    pub user_id: Option<Uuid>,
    /// `anonymous`, `user` or `system`.
    pub actor_kind: Cow<'a, str>,
    /// The user who acted.
    pub actor_id: Option<Uuid>,
    /// The name of the program's part.
    pub actor_name: Option<Cow<'a, str>>,
    /// What exactly.
    pub detail: Option<Cow<'a, str>>,
    /// `X-Request-Id`.
    pub request_id: Option<Cow<'a, str>>,
    /// The client's address as text.
    pub address: Option<Cow<'a, str>>,
    /// `User-Agent`.
    pub user_agent: Option<Cow<'a, str>>,
}

impl EventInput<'_> {
    /// The row as bytes, in the manner of [`SealInput::canonical`].
    pub fn canonical(&self) -> Vec<u8> {
        // Taken apart, so that a field that is added cannot be forgotten here.
        let Self {
            position,
            id,
            at,
            kind,
            user_id,
            actor_kind,
            actor_id,
            actor_name,
            detail,
            request_id,
            address,
            user_agent,
        } = self;
        let mut bytes = b"almoner security event 1\n".to_vec();
        let mut put = |field: Option<&[u8]>| match field {
            None => bytes.push(0),
            Some(field) => {
                bytes.push(1);
                bytes.extend((field.len() as u64).to_be_bytes());
                bytes.extend(field);
            }
        };
        put(Some(&position.to_be_bytes()));
        put(Some(id.as_bytes()));
        put(Some(&at.to_be_bytes()));
        put(Some(kind.as_bytes()));
        put(user_id.as_ref().map(|id| id.as_bytes().as_slice()));
        put(Some(actor_kind.as_bytes()));
        put(actor_id.as_ref().map(|id| id.as_bytes().as_slice()));
        put(actor_name.as_deref().map(str::as_bytes));
        put(detail.as_deref().map(str::as_bytes));
        put(request_id.as_deref().map(str::as_bytes));
        put(address.as_deref().map(str::as_bytes));
        put(user_agent.as_deref().map(str::as_bytes));
        bytes
    }
}

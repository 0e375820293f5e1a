//! Types of events: `<entity>.<action>`, as the trail names both.

use std::fmt;

use almoner_kernel::{
    fault::Unfit,
    id::{Entity, RoleEntity, UserEntity},
};

use crate::words;

/// What the house itself tells of, beside the kinds of record of the program. Webhooks are told of to
/// nobody: a receiver that fails would cause what it is told of.
pub const OF_THE_HOUSE: [&str; 2] = [UserEntity::NAME, RoleEntity::NAME];

/// The type of the message that only tries whether a receiver answers.
pub const PING: &str = "test.ping";

/// What can be told.
#[derive(Clone, Copy, Debug)]
pub struct Told<'a> {
    /// The kinds of record whose changes can be told.
    pub records: &'a [&'a str],
    /// What can be done to them.
    pub actions: &'a [&'a str],
}

/// A type of event that a webhook asks for: one action on one kind of record, or all of them
/// (`donation.*`), also those that do not exist yet.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct EventType {
    entity: String,
    action: Option<String>,
}

impl EventType {
    /// Reads a type.
    ///
    /// # Errors
    /// `event_type` unless the record and the action are known.
    pub fn parse(text: &str, told: Told<'_>) -> Result<Self, Unfit> {
        let known = |known: &Self| {
            let action = known.action.as_deref();
            told.records.contains(&known.entity.as_str())
                && action.is_none_or(|action| told.actions.contains(&action))
        };
        Self::read(text)
            .filter(known)
            .ok_or_else(|| Unfit::new("event_type", words::not_an_event_type()))
    }

    /// Reads a type whatever the record and the action.
    fn read(text: &str) -> Option<Self> {
        let (entity, action) = text.split_once('.')?;
        let action = Some(action).filter(|action| *action != "*").map(str::to_owned);
        Some(Self { entity: entity.to_owned(), action })
    }

    /// The kind of record.
    pub fn entity(&self) -> &str {
        &self.entity
    }

    /// True when a change is of this type.
    pub fn is_of(&self, entity: &str, action: &str) -> bool {
        self.entity == entity && self.action.as_deref().is_none_or(|own| own == action)
    }
}

impl fmt::Display for EventType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.entity, self.action.as_deref().unwrap_or("*"))
    }
}

/// What a webhook asks for: at least one type, each once, in alphabetical order.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EventTypes(Vec<EventType>);

impl EventTypes {
    /// Types at the most.
    pub const MAX: usize = 100;

    /// Reads a list of types.
    ///
    /// # Errors
    /// `event_type`; `length` for none or too many; `choice` for one that stands twice.
    pub fn parse<S: AsRef<str>>(texts: &[S], told: Told<'_>) -> Result<Self, Unfit> {
        if texts.is_empty() || texts.len() > Self::MAX {
            return Err(Unfit::new("length", words::event_types_out_of_range(Self::MAX)));
        }
        let types = texts.iter().map(|text| EventType::parse(text.as_ref(), told));
        let mut types = types.collect::<Result<Vec<_>, _>>()?;
        types.sort();
        types.dedup();
        match types.len() == texts.len() {
            true => Ok(Self(types)),
            false => Err(Unfit::new("choice", words::each_event_type_once())),
        }
    }

    /// What stands in storage: the types with spaces between them. One of a kind of record that the
    /// program has no longer stays, and is never met.
    pub fn from_stored(text: &str) -> Option<Self> {
        text.split(' ').map(EventType::read).collect::<Option<_>>().map(Self)
    }

    /// True when a change is one of those that are asked for.
    pub fn has(&self, entity: &str, action: &str) -> bool {
        self.0.iter().any(|one| one.is_of(entity, action))
    }

    /// Every type.
    pub fn iter(&self) -> impl Iterator<Item = &EventType> {
        self.0.iter()
    }
}

impl fmt::Display for EventTypes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (at, one) in self.0.iter().enumerate() {
            write!(f, "{}{one}", if at == 0 { "" } else { " " })?;
        }
        Ok(())
    }
}

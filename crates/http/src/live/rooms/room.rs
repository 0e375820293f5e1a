//! The names of rooms: one for each record.

use std::fmt;

use almoner_kernel::{
    fault::Unfit,
    id::{Entity, UserEntity},
};
use almoner_records::Registry;
use uuid::Uuid;

use crate::kit::words;

/// The records that have a room: the plural noun, and the kind of record as the trail names it.
/// Roles have none, they are known by their names.
pub(crate) fn kinds(registry: &Registry) -> Vec<(&'static str, &'static str)> {
    let own = registry.kinds.iter().map(|kind| (kind.many, kind.one));
    let mut all: Vec<_> = own.chain([("users", UserEntity::NAME)]).collect();
    all.sort_unstable();
    all
}

/// The room of a record. Whoever may read the record may be in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) struct Room {
    noun: &'static str,
    /// The kind of record, as the trail names it.
    pub(crate) entity: &'static str,
    /// The record.
    pub(crate) id: Uuid,
}

impl Room {
    /// Parses `donors:019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11`: a room has one name, so the id is in
    /// lower case and hyphenated.
    ///
    /// # Errors
    /// `room` when it is not of that form.
    pub(crate) fn parse(text: &str, registry: &Registry) -> Result<Self, Unfit> {
        let room = || {
            let (noun, id) = text.split_once(':')?;
            let (noun, entity) = kinds(registry).into_iter().find(|(known, _)| *known == noun)?;
            let room = Self { noun, entity, id: Uuid::try_parse(id).ok()? };
            (room.to_string() == text).then_some(room)
        };
        room().ok_or_else(|| Unfit::new("room", words::must_be_a_room()))
    }
}

impl fmt::Display for Room {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.noun, self.id)
    }
}

#[cfg(test)]
mod tests {
    use almoner_kinds::REGISTRY;

    use super::*;

    const ID: &str = "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11";

    #[test]
    fn a_room_is_named_by_its_record() {
        for (noun, entity) in kinds(&REGISTRY) {
            let name = format!("{noun}:{ID}");
            let room = Room::parse(&name, &REGISTRY).unwrap();
            assert_eq!((room.to_string(), room.entity), (name, entity));
        }
    }

    #[test]
    fn a_room_has_one_name() {
        let names = [
            String::new(),
            "donors".to_owned(),
            "donors:".to_owned(),
            format!("roles:{ID}"),
            format!("donor:{ID}"),
            format!("donors:{}", ID.to_uppercase()),
            format!("donors:{}", ID.replace('-', "")),
            format!("donors:{{{ID}}}"),
            format!("donors: {ID}"),
            format!("donors:{ID}:{ID}"),
        ];
        for name in names {
            assert!(Room::parse(&name, &REGISTRY).is_err(), "{name}");
        }
    }
}

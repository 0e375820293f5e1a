//! Who is where in this process, and how they are told what happens there.

use std::{
    collections::{HashMap, HashSet},
    sync::Arc,
};

use almoner_records::Registry;
use serde_json::{Value, json};
use tokio::sync::mpsc;
use uuid::Uuid;

use super::{
    presence::{Person, Presence},
    room::Room,
};

/// What is told in a room.
#[derive(Clone, Debug)]
pub(crate) struct News {
    pub(crate) room: Room,
    pub(crate) what: What,
}

/// What happened there.
#[derive(Clone, Debug)]
pub(crate) enum What {
    /// Tell this, JSON.
    Tell(Arc<str>),
    /// The record was changed: whoever is there may not be allowed to any more.
    Changed,
}

/// Who is where.
#[derive(Default)]
pub(super) struct Hall {
    pub(super) presence: Presence,
    pub(super) mailboxes: HashMap<u64, mpsc::Sender<News>>,
    /// The connections in each room; true for those that are seen there.
    pub(super) guests: HashMap<Room, HashMap<u64, bool>>,
}

impl Hall {
    /// Tells everybody here who is in a room, but for one connection.
    pub(super) fn tell(&mut self, room: Room, but: Option<u64>, text: String) {
        self.deliver(room, but, &What::Tell(text.into()));
    }

    pub(super) fn left(&mut self, gone: impl IntoIterator<Item = (Room, Person)>) {
        for (room, person) in gone {
            self.tell(room, None, presence(room, &person, "left"));
        }
    }

    /// Has those in the rooms of records that were changed looked at again, and those in whose rooms a change
    /// of another record may have decided who may be there; with every room when it is not known what was
    /// changed.
    pub(super) fn look_again(
        &mut self,
        registry: &'static Registry,
        changed: Option<HashSet<(String, Uuid)>>,
    ) {
        let kinds = changed.iter().flatten().map(|(entity, _)| entity.as_str());
        let kinds: HashSet<&str> = kinds.collect();
        let is_decided = |room: &Room| {
            let kind = registry.kinds.iter().find(|kind| kind.one == room.entity);
            kind.is_some_and(|kind| registry.deciding(kind).iter().any(|one| kinds.contains(one)))
        };
        let is_changed = |room: &&Room| match &changed {
            Some(changed) => {
                changed.contains(&(room.entity.to_owned(), room.id)) || is_decided(room)
            }
            None => true,
        };
        let rooms: Vec<Room> = self.guests.keys().filter(is_changed).copied().collect();
        for room in rooms {
            self.deliver(room, None, &What::Changed);
        }
    }

    fn deliver(&mut self, room: Room, but: Option<u64>, what: &What) {
        let is_for_all = matches!(what, What::Changed);
        let guests = self.guests.get(&room).into_iter().flatten();
        let guests = guests.filter(|(_, is_seen)| is_for_all || **is_seen).map(|(guest, _)| guest);
        for guest in guests.filter(|guest| Some(**guest) != but) {
            let news = News { room, what: what.clone() };
            let is_full =
                self.mailboxes.get(guest).is_some_and(|mailbox| mailbox.try_send(news).is_err());
            if is_full {
                // Whoever reads it finds the end of it behind what is there.
                self.mailboxes.remove(guest);
            }
        }
    }
}

/// A person, as clients see them.
pub(crate) fn body(person: &Person) -> Value {
    json!({ "id": person.id.uuid(), "name": &*person.name })
}

pub(super) fn presence(room: Room, person: &Person, state: &'static str) -> String {
    let told = json!({
        "type": "presence",
        "room": room.to_string(),
        "user": body(person),
        "state": state,
    });
    told.to_string()
}

pub(super) fn said(room: Room, person: &Person, kind: &str, data: Option<&Value>) -> String {
    let mut told = json!({
        "type": "said",
        "room": room.to_string(),
        "from": body(person),
        "kind": kind,
    });
    if let Some(data) = data {
        told["data"] = data.clone();
    }
    told.to_string()
}

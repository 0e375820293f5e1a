//! One connection, and the rooms it is in.

use std::collections::HashMap;

use serde_json::Value;

use super::{
    Rooms,
    hall::{presence, said},
    presence::Person,
    room::Room,
    word::{Place, Word},
};

/// One connection, until it is dropped: then it is in no room any more.
pub(crate) struct Guest {
    pub(super) rooms: Rooms,
    pub(super) number: u64,
    pub(crate) person: Person,
    /// Where it hears of changes; true where it was shown, too.
    pub(super) joined: HashMap<Room, bool>,
}

impl Guest {
    /// True when it is in the room.
    pub(crate) fn is_in(&self, room: Room) -> bool {
        self.joined.contains_key(&room)
    }

    /// How many rooms it is in.
    pub(crate) fn count(&self) -> usize {
        self.joined.len()
    }

    /// Goes into a room unseen: hears when its record is changed, and nothing else.
    pub(crate) fn enter(&mut self, room: Room) {
        if !self.is_in(room) {
            self.joined.insert(room, false);
            self.rooms.0.hall().guests.entry(room).or_default().insert(self.number, false);
        }
    }

    /// Is seen in a room, and hears everything from here on; who is there, this one among them.
    pub(crate) fn show(&mut self, room: Room) -> Vec<Person> {
        let inner = &self.rooms.0;
        let mut hall = inner.hall();
        if self.joined.insert(room, true) != Some(true) {
            let turn = hall.presence.enter(room, &self.person);
            if turn.is_new {
                hall.tell(room, None, presence(room, &self.person, "joined"));
            }
            if turn.is_new_here {
                inner.post(Word::Here(Place::new(room, &self.person)));
            }
            hall.guests.entry(room).or_default().insert(self.number, true);
        }
        hall.presence.present(room)
    }

    /// Leaves a room; true when it was in it.
    pub(crate) fn leave(&mut self, room: Room) -> bool {
        let left = self.joined.remove(&room);
        if let Some(was_shown) = left {
            let inner = &self.rooms.0;
            let mut hall = inner.hall();
            let mut is_empty = false;
            if let Some(guests) = hall.guests.get_mut(&room) {
                guests.remove(&self.number);
                is_empty = guests.is_empty();
            }
            if is_empty {
                hall.guests.remove(&room);
            }
            if !was_shown {
                return true;
            }
            let turn = hall.presence.leave(room, self.person.id);
            if turn.is_new {
                hall.tell(room, None, presence(room, &self.person, "left"));
            }
            if turn.is_new_here {
                inner.post(Word::Gone(Place::new(room, &self.person)));
            }
        }
        left.is_some()
    }

    /// Says something to everybody else in a room; false when the user says too much.
    pub(crate) fn say(&self, room: Room, kind: &str, data: Option<Value>) -> bool {
        let inner = &self.rooms.0;
        if inner.says.check_key(&self.person.id).is_err() {
            return false;
        }
        let text = said(room, &self.person, kind, data.as_ref());
        inner.hall().tell(room, Some(self.number), text);
        let place = Place::new(room, &self.person);
        inner.post(Word::Said { place, kind: kind.to_owned(), data });
        true
    }
}

impl Drop for Guest {
    fn drop(&mut self) {
        let joined: Vec<Room> = self.joined.keys().copied().collect();
        for room in joined {
            self.leave(room);
        }
        self.rooms.0.hall().mailboxes.remove(&self.number);
    }
}

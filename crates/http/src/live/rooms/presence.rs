//! Who is in which room, here and in other instances.
//!
//! What is known of others is never final: an instance says again and again who is there, and whoever
//! is not named for a while is gone. So lost words, and instances that die, mend themselves.

use std::{
    collections::{BTreeMap, HashMap},
    sync::Arc,
};

use almoner_kernel::UserId;
use tokio::time::Instant;
use uuid::Uuid;

use super::room::Room;

/// A user, as those in the same room see them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Person {
    pub(crate) id: UserId,
    /// The display name, as it was when they came.
    pub(crate) name: Arc<str>,
}

/// Every room with somebody in it.
#[derive(Default)]
pub(crate) struct Presence(HashMap<Room, BTreeMap<UserId, Seen>>);

/// Somebody in a room: however many connections they have, they are there once.
struct Seen {
    name: Arc<str>,
    /// Connections of this process.
    here: usize,
    /// The instances that name them, and until when that counts.
    elsewhere: HashMap<Uuid, Instant>,
}

impl Seen {
    fn is_gone(&self) -> bool {
        self.here == 0 && self.elsewhere.is_empty()
    }
}

/// How one connection changes what is to be told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Turn {
    /// This process has, or has no longer, a connection of the user in the room.
    pub(crate) is_new_here: bool,
    /// The user was not in the room before, or is not any more.
    pub(crate) is_new: bool,
}

impl Presence {
    /// A connection comes in.
    pub(crate) fn enter(&mut self, room: Room, person: &Person) -> Turn {
        let (seen, is_new) = self.seen(room, person);
        seen.here += 1;
        Turn { is_new_here: seen.here == 1, is_new }
    }

    /// A connection goes.
    pub(crate) fn leave(&mut self, room: Room, user: UserId) -> Turn {
        let seen = self.0.get_mut(&room).and_then(|people| people.get_mut(&user));
        let Some(seen) = seen.filter(|seen| seen.here > 0) else {
            return Turn { is_new_here: false, is_new: false };
        };
        seen.here -= 1;
        let is_new_here = seen.here == 0;
        let is_new = seen.is_gone();
        self.sweep(room);
        Turn { is_new_here, is_new }
    }

    /// Another instance names somebody; true when they were not in the room before.
    pub(crate) fn hear(
        &mut self,
        room: Room,
        person: &Person,
        instance: Uuid,
        until: Instant,
    ) -> bool {
        let (seen, is_new) = self.seen(room, person);
        seen.elsewhere.insert(instance, until);
        is_new
    }

    /// Another instance says that somebody has gone; the person when they are nowhere else.
    pub(crate) fn forget(&mut self, room: Room, user: UserId, instance: Uuid) -> Option<Person> {
        let people = self.0.get_mut(&room)?;
        let seen = people.get_mut(&user)?;
        seen.elsewhere.remove(&instance)?;
        if !seen.is_gone() {
            return None;
        }
        let person = Person { id: user, name: Arc::clone(&seen.name) };
        people.remove(&user);
        if people.is_empty() {
            self.0.remove(&room);
        }
        Some(person)
    }

    /// Another instance stops; whoever is nowhere else has gone.
    pub(crate) fn forget_instance(&mut self, instance: Uuid) -> Vec<(Room, Person)> {
        self.retain(|from, _| from != instance)
    }

    /// Whoever was not named for too long has gone.
    pub(crate) fn expire(&mut self, now: Instant) -> Vec<(Room, Person)> {
        self.retain(|_, until| until > now)
    }

    /// Everybody in a room, by id.
    pub(crate) fn present(&self, room: Room) -> Vec<Person> {
        let people = self.0.get(&room).into_iter().flatten();
        people.map(|(id, seen)| Person { id: *id, name: Arc::clone(&seen.name) }).collect()
    }

    /// How many rooms there are.
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }

    /// Everybody who is here, as other instances are told.
    pub(crate) fn here(&self) -> Vec<(Room, Person)> {
        let all = self.0.iter().flat_map(|(room, people)| {
            let here = people.iter().filter(|(_, seen)| seen.here > 0);
            here.map(|(id, seen)| (*room, Person { id: *id, name: Arc::clone(&seen.name) }))
        });
        all.collect()
    }

    fn seen(&mut self, room: Room, person: &Person) -> (&mut Seen, bool) {
        let seen = self.0.entry(room).or_default().entry(person.id).or_insert_with(|| Seen {
            name: Arc::clone(&person.name),
            here: 0,
            elsewhere: HashMap::new(),
        });
        let is_new = seen.is_gone();
        (seen, is_new)
    }

    /// Keeps what other instances said only where `is_kept`; gives those who are gone by that.
    fn retain(&mut self, is_kept: impl Fn(Uuid, Instant) -> bool) -> Vec<(Room, Person)> {
        let mut gone = Vec::new();
        self.0.retain(|room, people| {
            people.retain(|id, seen| {
                seen.elsewhere.retain(|instance, until| is_kept(*instance, *until));
                if seen.is_gone() {
                    gone.push((*room, Person { id: *id, name: Arc::clone(&seen.name) }));
                }
                !seen.is_gone()
            });
            !people.is_empty()
        });
        gone
    }

    fn sweep(&mut self, room: Room) {
        if let Some(people) = self.0.get_mut(&room) {
            people.retain(|_, seen| !seen.is_gone());
            if people.is_empty() {
                self.0.remove(&room);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn room(number: u128) -> Room {
        let name = format!("donors:{}", Uuid::from_u128(number));
        Room::parse(&name, &almoner_kinds::REGISTRY).unwrap()
    }

    fn person(number: u128) -> Person {
        Person { id: UserId::new(Uuid::from_u128(number)), name: format!("P{number}").into() }
    }

    const HERE: Turn = Turn { is_new_here: true, is_new: false };
    const NEW: Turn = Turn { is_new_here: true, is_new: true };
    const NOTHING: Turn = Turn { is_new_here: false, is_new: false };

    #[test]
    fn a_user_is_in_a_room_once_whatever_the_connections() {
        let mut presence = Presence::default();
        assert_eq!(presence.enter(room(1), &person(1)), NEW);
        assert_eq!(presence.enter(room(1), &person(1)), NOTHING);
        assert_eq!(presence.enter(room(1), &person(2)), NEW);
        assert_eq!(presence.present(room(1)), [person(1), person(2)]);
        assert_eq!(presence.leave(room(1), person(1).id), NOTHING);
        assert_eq!(presence.leave(room(1), person(1).id), NEW);
        assert_eq!(presence.leave(room(1), person(1).id), NOTHING);
        assert_eq!(presence.present(room(1)), [person(2)]);
        assert_eq!(presence.present(room(2)), []);
    }

    #[test]
    fn a_user_of_another_instance_is_there_until_nobody_names_them() {
        let mut presence = Presence::default();
        let (now, a, b) = (Instant::now(), Uuid::from_u128(1), Uuid::from_u128(2));
        let in_a_minute = now + Duration::from_secs(60);
        assert!(presence.hear(room(1), &person(1), a, in_a_minute));
        assert!(!presence.hear(room(1), &person(1), b, in_a_minute));
        assert_eq!(presence.enter(room(1), &person(1)), HERE);
        assert_eq!(presence.leave(room(1), person(1).id), HERE);
        assert_eq!(presence.forget(room(1), person(1).id, a), None);
        assert_eq!(presence.forget(room(1), person(1).id, a), None);
        assert_eq!(presence.forget(room(1), person(1).id, b), Some(person(1)));
        assert_eq!(presence.forget(room(1), person(1).id, b), None);
    }

    #[test]
    fn users_of_an_instance_that_stops_or_dies_are_gone() {
        let mut presence = Presence::default();
        let (now, a, b) = (Instant::now(), Uuid::from_u128(1), Uuid::from_u128(2));
        let later = |seconds| now + Duration::from_secs(seconds);
        presence.hear(room(1), &person(1), a, later(60));
        presence.hear(room(1), &person(2), a, later(60));
        presence.hear(room(2), &person(2), b, later(30));
        presence.enter(room(1), &person(2));
        assert_eq!(presence.forget_instance(a), [(room(1), person(1))]);
        assert_eq!(presence.expire(later(29)), []);
        assert_eq!(presence.expire(later(30)), [(room(2), person(2))]);
        assert_eq!(presence.here(), [(room(1), person(2))]);
        assert_eq!(presence.leave(room(1), person(2).id), NEW);
        assert!(presence.0.is_empty());
    }
}

//! What instances tell one another about rooms, and how it is packed into words of limited length.

use std::collections::HashMap;

use almoner_kernel::{MAX_SIGNAL, UserId};
use almoner_records::Registry;
use serde::{Deserialize, Serialize};
use serde_json::Value;
use uuid::Uuid;

use super::{presence::Person, room::Room};

/// What one instance tells.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Word {
    /// I know nothing: say who is there.
    Hello,
    /// I stop: nobody is here any more.
    Bye,
    /// Somebody is in a room.
    Here(Place),
    /// Somebody was in a room.
    Gone(Place),
    /// Somebody says something.
    Said {
        /// Who, and where.
        place: Place,
        kind: String,
        #[serde(default, skip_serializing_if = "Option::is_none")]
        data: Option<Value>,
    },
}

/// Somebody in a room. The name goes along, so that nobody has to ask the database for it.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Place {
    room: String,
    id: Uuid,
    name: String,
}

impl Place {
    pub(super) fn new(room: Room, person: &Person) -> Self {
        Self { room: room.to_string(), id: person.id.uuid(), name: person.name.to_string() }
    }

    /// None when a newer program has a kind of room that this one does not know.
    pub(super) fn read(&self, registry: &Registry) -> Option<(Room, Person)> {
        let room = Room::parse(&self.room, registry).ok()?;
        Some((room, Person { id: UserId::new(self.id), name: self.name.as_str().into() }))
    }
}

/// Some words of one instance.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Letter {
    pub(super) from: Uuid,
    /// When it was sent, ms since 1970.
    pub(super) at: i64,
    /// Each letter of an instance has a higher one than those before.
    pub(super) number: u64,
    pub(super) words: Vec<Word>,
}

/// The longest that surrounds the words: an id of 36 bytes, numbers of 20, and what they are called.
const ENVELOPE: usize = 140;

/// How long a letter may be under way, and how far the clocks of instances may be apart, ms.
const MAX_AGE: i64 = 60_000;

impl Letter {
    /// None when it is not of this program.
    pub(super) fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

/// Words as they stand in a letter, in as few letters as they fit in; what fits in none is left out.
pub(super) fn packed(words: &[Word]) -> Vec<String> {
    let mut letters = Vec::new();
    let mut letter = String::new();
    for word in words {
        // Writing it does not fail: there are only texts in it.
        let Ok(word) = serde_json::to_string(word) else { continue };
        if word.len() + ENVELOPE > MAX_SIGNAL {
            continue;
        }
        if letter.len() + 1 + word.len() + ENVELOPE > MAX_SIGNAL {
            letters.push(std::mem::take(&mut letter));
        }
        if !letter.is_empty() {
            letter.push(',');
        }
        letter.push_str(&word);
    }
    if !letter.is_empty() {
        letters.push(letter);
    }
    letters
}

/// A letter with some of [`packed`].
pub(super) fn letter(from: Uuid, at: i64, number: u64, words: &str) -> String {
    format!(r#"{{"from":"{from}","at":{at},"number":{number},"words":[{words}]}}"#)
}

/// What was read of each sender: whoever can speak on the channel could send a letter once more, though
/// not write one.
#[derive(Default)]
pub(super) struct Register(HashMap<Uuid, (i64, u64)>);

impl Register {
    /// True for a letter that is new; `now` is ms since 1970. A sender is forgotten only when every
    /// letter up to the last one would be too old.
    pub(super) fn is_new(&mut self, letter: &Letter, now: i64) -> bool {
        let oldest = now.saturating_sub(MAX_AGE);
        self.0.retain(|_, (at, _)| *at >= oldest);
        let last = self.0.get(&letter.from).copied();
        if letter.at < oldest || last.is_some_and(|(_, number)| letter.number <= number) {
            return false;
        }
        let at = last.map_or(letter.at, |(at, _)| at.max(letter.at));
        self.0.insert(letter.from, (at, letter.number));
        true
    }
}

#[cfg(test)]
mod tests {
    use almoner_kinds::REGISTRY;
    use serde_json::json;

    use super::*;

    fn place(name: &str) -> Place {
        let room = Room::parse("donors:019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11", &REGISTRY).unwrap();
        Place::new(room, &Person { id: UserId::new(Uuid::from_u128(7)), name: name.into() })
    }

    #[test]
    fn letters_hold_every_word_and_are_never_too_long() {
        let data = Some(json!({ "text": "ş".repeat(2_000) }));
        let said = Word::Said { place: place("Ayşe"), kind: "typing".to_owned(), data };
        let mut words = vec![Word::Hello, said.clone(), said, Word::Bye];
        words.extend((0..200).map(|number| Word::Here(place(&format!("Somebody {number}")))));
        let from = Uuid::from_u128(9);
        let letters = packed(&words);
        let letters: Vec<String> =
            letters.iter().map(|words| letter(from, i64::MIN, u64::MAX, words)).collect();
        assert!(letters.iter().all(|letter| letter.len() <= MAX_SIGNAL));
        assert!(letters.len() < 12, "{}", letters.len());
        let read = letters.iter().map(|letter| Letter::read(letter).unwrap());
        let read: Vec<Word> = read.flat_map(|letter| letter.words).collect();
        assert_eq!(read, words);
    }

    #[test]
    fn the_longest_thing_that_can_be_said_fits() {
        // 200 characters of four bytes, and each of a text of 4,096 bytes.
        let data = Value::String("x".repeat(4_094));
        let place = place(&"𐍈".repeat(200));
        let said = Word::Said { place, kind: "k".repeat(64), data: Some(data) };
        assert_eq!(packed(&[said]).len(), 1);
    }

    #[test]
    fn what_is_in_no_room_that_is_known_is_passed_over() {
        assert_eq!(packed(&[]), Vec::<String>::new());
        assert_eq!(Letter::read("{}"), None);
        let unknown = Place { room: "meetings:1".to_owned(), ..place("A") };
        assert_eq!(unknown.read(&REGISTRY), None);
        assert_eq!(place("A").read(&REGISTRY).unwrap().0.entity, "donor");
    }

    #[test]
    fn a_letter_is_read_once_and_not_when_it_is_old() {
        let mut register = Register::default();
        let letter = |from, at, number| Letter {
            from: Uuid::from_u128(from),
            at,
            number,
            words: vec![Word::Hello],
        };
        let now = 1_700_000_000_000;
        assert!(register.is_new(&letter(1, now, 5), now));
        assert!(!register.is_new(&letter(1, now, 5), now));
        assert!(!register.is_new(&letter(1, now + 1, 4), now));
        assert!(register.is_new(&letter(2, now - MAX_AGE, 5), now));
        assert!(!register.is_new(&letter(3, now - MAX_AGE - 1, 5), now));
        // One of a clock that is ahead is remembered for as long as it is not old.
        assert!(register.is_new(&letter(4, now + 300_000, 1), now));
        let later = now + MAX_AGE + 1;
        assert!(!register.is_new(&letter(4, now + 300_000, 1), later));
        assert!(!register.is_new(&letter(1, now, 5), later));
        assert_eq!(register.0.len(), 1);
        assert!(register.is_new(&letter(1, later, 6), later));
    }
}

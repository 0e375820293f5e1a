//! What instances tell one another about rooms, and how it is packed into words of limited length.

use almoner_kernel::{MAX_SIGNAL, UserId};
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
    pub(super) fn read(&self) -> Option<(Room, Person)> {
        let room = Room::parse(&self.room).ok()?;
        Some((room, Person { id: UserId::new(self.id), name: self.name.as_str().into() }))
    }
}

/// Some words of one instance.
#[derive(Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Letter {
    pub(super) from: Uuid,
    pub(super) words: Vec<Word>,
}

impl Letter {
    /// None when it is not of this program.
    pub(super) fn read(text: &str) -> Option<Self> {
        serde_json::from_str(text).ok()
    }
}

/// Packs words into as few letters as they fit in; what fits in none is left out.
pub(super) fn letters(from: Uuid, words: &[Word]) -> Vec<String> {
    let empty = format!(r#"{{"from":"{from}","words":["#);
    let mut letters = Vec::new();
    let mut letter = empty.clone();
    for word in words {
        // Writing it does not fail: there are only texts in it.
        let Ok(word) = serde_json::to_string(word) else { continue };
        if empty.len() + word.len() + 2 > MAX_SIGNAL {
            continue;
        }
        let is_first = letter.len() == empty.len();
        if !is_first && letter.len() + word.len() + 3 > MAX_SIGNAL {
            letters.push(std::mem::replace(&mut letter, empty.clone()) + "]}");
        }
        if letter.len() > empty.len() {
            letter.push(',');
        }
        letter.push_str(&word);
    }
    if letter.len() > empty.len() {
        letters.push(letter + "]}");
    }
    letters
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn place(name: &str) -> Place {
        let room = Room::parse("donors:019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11").unwrap();
        Place::new(room, &Person { id: UserId::new(Uuid::from_u128(7)), name: name.into() })
    }

    #[test]
    fn letters_hold_every_word_and_are_never_too_long() {
        let data = Some(json!({ "text": "ş".repeat(2_000) }));
        let said = Word::Said { place: place("Ayşe"), kind: "typing".to_owned(), data };
        let mut words = vec![Word::Hello, said.clone(), said, Word::Bye];
        words.extend((0..200).map(|number| Word::Here(place(&format!("Somebody {number}")))));
        let from = Uuid::from_u128(9);
        let letters = letters(from, &words);
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
        assert_eq!(letters(Uuid::from_u128(9), &[said]).len(), 1);
    }

    #[test]
    fn what_is_in_no_room_that_is_known_is_passed_over() {
        assert_eq!(letters(Uuid::from_u128(9), &[]), Vec::<String>::new());
        assert_eq!(Letter::read("{}"), None);
        let unknown = Place { room: "meetings:1".to_owned(), ..place("A") };
        assert_eq!(unknown.read(), None);
        assert_eq!(place("A").read().unwrap().0.entity, "donor");
    }
}

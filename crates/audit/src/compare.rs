//! Records against the trail: what was altered, put in or taken out past the program.

use std::fmt;

use uuid::Uuid;

/// Some records of a kind, compared with their last sealed state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// The last one of them; none when there were none left.
    pub last: Option<Uuid>,
    /// How many there were.
    pub records: u64,
    /// How many of them were last changed before states were sealed: nothing can be said of them.
    pub unsealed: u64,
    /// Those that are not as they should be.
    pub differences: Vec<Difference>,
}

/// The records of some changes that are not there any more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Gone {
    /// The last of these changes; none when there were none left.
    pub last: Option<i64>,
    /// Those that should be there.
    pub differences: Vec<Difference>,
}

/// A record that is not what its last change made of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct Difference {
    /// The kind of record.
    pub entity: &'static str,
    /// The record.
    pub id: Uuid,
    /// In what way.
    pub how: How,
}

/// In what way a record is not what its last change made of it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum How {
    /// Its row is another one.
    Altered,
    /// No change ever made it.
    Unrecorded,
    /// It is not there, and nobody deleted it.
    Gone,
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { entity, id, how } = self;
        match how {
            How::Altered => write!(f, "{entity} {id} is not as its last change left it"),
            How::Unrecorded => {
                write!(f, "{entity} {id} is there, and no change of the trail made it")
            }
            How::Gone => {
                write!(f, "{entity} {id} is gone, and no change of the trail took it away")
            }
        }
    }
}

/// What a comparison of all records found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Comparison {
    /// Records that were compared.
    pub records: u64,
    /// Those of which nothing can be said, because they were last changed before states were sealed.
    pub unsealed: u64,
    /// The first ones that are not as they should be, [`Comparison::NAMED`] at the most.
    pub differences: Vec<Difference>,
    /// How many there are in all.
    pub all: u64,
}

impl Comparison {
    /// Records that are named.
    pub const NAMED: usize = 100;

    pub(crate) fn add(&mut self, found: Vec<Difference>) {
        for difference in found {
            // A record that is gone is met with every batch that has a change of it.
            if self.differences.contains(&difference) {
                continue;
            }
            self.all += 1;
            if self.differences.len() < Self::NAMED {
                self.differences.push(difference);
            }
        }
    }
}

//! Walks the trail from its first row and names the first place where it is not what was sealed.
//!
//! Where rows are gone because their time was over, it begins behind the floor: the mark of the last
//! of them, with a proof that nobody makes without the key.

use std::{cmp::Ordering, ops::ControlFlow};

use crate::{Mac, Mark, Seal, SealInput};

/// A row as it is stored, with its seal.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SealedChange {
    /// The place in the trail.
    pub position: i64,
    /// What the seal covers; none when a column is not even of its type.
    pub row: Option<SealInput<'static>>,
    /// The stored seal; anything but 32 bytes is no seal, an absent one is empty.
    pub mac: Vec<u8>,
}

/// Where the trail ends according to storage.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Head {
    /// The position of the last row.
    pub position: i64,
    /// Its seal; anything but 32 bytes is no seal.
    pub mac: Vec<u8>,
    /// [`Seal::key_id`] of the key that sealed it.
    pub key_id: String,
}

/// Where the trail begins according to storage: behind rows whose time was over.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Floor {
    /// The position of the last row that is gone; 0 when none is.
    pub position: i64,
    /// Its seal; anything but 32 bytes is no seal.
    pub mac: Vec<u8>,
    /// [`Seal::proof`] of both; anything but 32 bytes is no proof.
    pub proof: Vec<u8>,
}

impl Floor {
    /// The floor behind a mark.
    pub fn behind(mark: &Mark, seal: &Seal) -> Self {
        let proof = seal.proof(mark).as_bytes().to_vec();
        Self { position: mark.position, mac: mark.mac.as_bytes().to_vec(), proof }
    }

    /// The mark it stands on, when that is what somebody with the key said.
    fn mark(&self, seal: &Seal) -> Option<Mark> {
        if self.position == 0 {
            return Some(Mark::GENESIS);
        }
        let mac = Mac::from_bytes(self.mac.as_slice().try_into().ok()?);
        let mark = Mark { position: self.position, mac };
        has_seal(&self.proof, &seal.proof(&mark)).then_some(mark)
    }
}

/// How far a verification has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Progress {
    /// Rows that are as they were sealed.
    pub verified: u64,
    /// Rows there were when it started.
    pub expected: u64,
}

/// What a verification found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// Rows that are as they were sealed, from the first one on.
    pub verified: u64,
    /// The position of the last row that went because its time was over; 0 when none did.
    pub floor: i64,
    /// The last of them: what to note elsewhere for the next verification.
    pub last: Mark,
    /// The first thing that is wrong; none when the trail is intact.
    pub finding: Option<Finding>,
}

impl Verdict {
    /// True when the trail is as it was sealed.
    pub const fn is_intact(&self) -> bool {
        self.finding.is_none()
    }
}

/// The first thing that is wrong with a trail.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Finding {
    /// The row, its seal, or its place is not what was sealed.
    #[error("row {position} was altered")]
    Altered {
        /// The row.
        position: i64,
    },
    /// Rows were taken out.
    #[error("row {position} is missing: the next one is row {next}")]
    Missing {
        /// The first one that is gone.
        position: i64,
        /// The next one that is there.
        next: i64,
    },
    /// The row was put in by somebody without the key: its place is taken, before the first or
    /// behind the last.
    #[error("row {position} was inserted")]
    Inserted {
        /// The row.
        position: i64,
    },
    /// The last rows were taken out.
    #[error("row {position} is missing: the trail was cut off, it went on to row {end}")]
    CutOff {
        /// The first one that is gone.
        position: i64,
        /// The last one there was, according to the head or the mark that was noted.
        end: i64,
    },
    /// There are rows, and nothing that says where they end.
    #[error("the head of the trail is gone; its rows go on to row {end}")]
    HeadLost {
        /// The last row.
        end: i64,
    },
    /// The head does not have the seal of the row it names.
    #[error("the head of the trail was altered: it does not have the seal of row {position}")]
    HeadAltered {
        /// The row it names.
        position: i64,
    },
    /// The head names a row before the last one.
    #[error("the head of the trail was put back to row {position}; its rows go on to row {end}")]
    HeadBehind {
        /// The row it names.
        position: i64,
        /// The last row.
        end: i64,
    },
    /// The rows are sealed with the right key, but they are not the ones of the mark that was noted:
    /// somebody who has the key wrote the trail anew.
    #[error("row {position} is not the one that was noted: the trail was sealed anew")]
    Rewritten {
        /// The row.
        position: i64,
    },
    /// Somebody without the key said that the first rows may be gone.
    #[error(
        "the floor of the trail was altered: rows up to {position} are said to be past their time"
    )]
    FloorAltered {
        /// Where it was put.
        position: i64,
    },
    /// The row of the mark that was noted went because its time was over: it proves nothing any more.
    #[error("the noted row {position} is past its time and gone, as are all up to row {floor}")]
    NotedGone {
        /// The row.
        position: i64,
        /// The last row that is gone.
        floor: i64,
    },
    /// The trail was sealed with another key; nothing can be said about it with this one.
    #[error("the trail was sealed with the key {sealed}, and this is the key {given}")]
    WrongKey {
        /// The key of the head.
        sealed: String,
        /// The key of the verification.
        given: String,
    },
}

/// Reads the rows of a trail one after the other, from the first.
#[derive(Debug)]
pub struct Verifier<'a> {
    seal: &'a Seal,
    opening: Option<Head>,
    noted: Option<Mark>,
    floor: Mark,
    last: Mark,
    verified: u64,
    finding: Option<Finding>,
}

impl<'a> Verifier<'a> {
    /// Starts with the floor and the head as they were before the first row was read, and a mark that
    /// was noted elsewhere.
    pub fn new(
        seal: &'a Seal,
        floor: Option<&Floor>,
        opening: Option<Head>,
        noted: Option<Mark>,
    ) -> Self {
        let finding = opening.as_ref().and_then(|head| {
            (head.key_id != seal.key_id()).then(|| Finding::WrongKey {
                sealed: head.key_id.clone(),
                given: seal.key_id().to_owned(),
            })
        });
        let finding = finding.or_else(|| {
            noted
                .is_some_and(|mark| mark.position == 0 && mark != Mark::GENESIS)
                .then_some(Finding::Rewritten { position: 0 })
        });
        let start = Mark::GENESIS;
        let mut new =
            Self { seal, opening, noted, floor: start, last: start, verified: 0, finding };
        if let Some(floor) = floor {
            new.raise(floor);
        }
        new
    }

    /// True when the next rows do not follow on what was read: they may have gone meanwhile, and then
    /// the floor has been raised.
    pub fn lacks_rows_before(&self, rows: &[SealedChange]) -> bool {
        rows.first().is_some_and(|row| row.position > self.last.position.saturating_add(1))
    }

    /// Goes on behind the floor; true when that is further than what was read.
    pub fn raise(&mut self, floor: &Floor) -> bool {
        if self.finding.is_some() || floor.position == self.floor.position {
            return false;
        }
        match floor.mark(self.seal) {
            Some(mark) if mark.position >= self.floor.position => {
                self.finding = self.noted.and_then(|noted| passed(noted, mark));
                self.floor = mark;
                let is_further = mark.position > self.last.position;
                if is_further {
                    self.last = mark;
                }
                is_further
            }
            _ => {
                self.finding = Some(Finding::FloorAltered { position: floor.position });
                false
            }
        }
    }

    /// The last row that was read, or the floor.
    pub const fn last(&self) -> Mark {
        self.last
    }

    /// The first thing that is wrong so far.
    pub const fn finding(&self) -> Option<&Finding> {
        self.finding.as_ref()
    }

    /// How far it has come.
    pub fn progress(&self) -> Progress {
        let end = self.opening.as_ref().map_or(0, |head| head.position) - self.floor.position;
        Progress { verified: self.verified, expected: u64::try_from(end).unwrap_or_default() }
    }

    /// Reads the next row; breaks off at the first thing that is wrong, also one that was wrong
    /// before any row.
    pub fn read(&mut self, sealed: &SealedChange) -> ControlFlow<()> {
        if self.finding.is_none() {
            self.finding = self.check(sealed).err();
        }
        if self.finding.is_some() { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }

    /// True when there is no use in reading on.
    pub const fn is_broken(&self) -> bool {
        self.finding.is_some()
    }

    /// The verdict, given the head as it is after the last row was read. Rows that were committed
    /// meanwhile may be among those that were read, or not.
    pub fn finish(self, closing: Option<&Head>) -> Verdict {
        let finding = match &self.finding {
            Some(finding) => Some(beyond(finding.clone(), closing)),
            None => self.ending(closing).err(),
        };
        let (verified, floor, last) = (self.verified, self.floor.position, self.last);
        Verdict { verified, floor, last, finding }
    }

    fn check(&mut self, sealed: &SealedChange) -> Result<(), Finding> {
        let position = sealed.position;
        let expected = self.last.position.saturating_add(1);
        if position < expected {
            return Err(Finding::Inserted { position });
        }
        if position > expected {
            return Err(Finding::Missing { position: expected, next: position });
        }
        let row = sealed.row.as_ref().filter(|row| row.position == position);
        let mac = row
            .map(|row| self.seal.mac(&self.last.mac, row))
            .filter(|mac| has_seal(&sealed.mac, mac))
            .ok_or(Finding::Altered { position })?;
        if self.noted.is_some_and(|mark| mark.position == position && mark.mac != mac) {
            return Err(Finding::Rewritten { position });
        }
        self.last = Mark { position, mac };
        self.verified += 1;
        self.check_head(self.opening.as_ref())
    }

    fn check_head(&self, head: Option<&Head>) -> Result<(), Finding> {
        match head {
            Some(head)
                if head.position == self.last.position && !has_seal(&head.mac, &self.last.mac) =>
            {
                Err(Finding::HeadAltered { position: head.position })
            }
            _ => Ok(()),
        }
    }

    fn ending(&self, closing: Option<&Head>) -> Result<(), Finding> {
        let end = self.last.position;
        let opened = self.opening.as_ref().map_or(0, |head| head.position);
        let noted = self.noted.map_or(0, |mark| mark.position);
        if opened.max(noted) > end {
            return Err(Finding::CutOff { position: end + 1, end: opened.max(noted) });
        }
        match closing {
            None if end > 0 || self.opening.is_some() => Err(Finding::HeadLost { end }),
            Some(head) if head.position < end => {
                Err(Finding::HeadBehind { position: head.position, end })
            }
            closing => self.check_head(closing),
        }
    }
}

/// What a floor says of a mark that was noted at its place, or before it.
fn passed(noted: Mark, floor: Mark) -> Option<Finding> {
    let position = noted.position;
    match noted.position.cmp(&floor.position) {
        _ if noted == Mark::GENESIS => None,
        Ordering::Less => Some(Finding::NotedGone { position, floor: floor.position }),
        Ordering::Equal => (noted != floor).then_some(Finding::Rewritten { position }),
        Ordering::Greater => None,
    }
}

/// A row that does not fit, behind the one where the trail ends, was never part of it.
fn beyond(finding: Finding, head: Option<&Head>) -> Finding {
    match (finding, head) {
        (Finding::Altered { position }, Some(head)) if position > head.position => {
            Finding::Inserted { position }
        }
        (Finding::Missing { position, next }, Some(head)) if position > head.position => {
            Finding::Inserted { position: next }
        }
        (finding, _) => finding,
    }
}

fn has_seal(stored: &[u8], mac: &Mac) -> bool {
    stored == mac.as_bytes()
}

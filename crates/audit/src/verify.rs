//! Walks the trail from its first row and names the first place where it is not what was sealed.

use std::ops::ControlFlow;

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
    last: Mark,
    verified: u64,
    finding: Option<Finding>,
}

impl<'a> Verifier<'a> {
    /// Starts with the head as it was before the first row was read, and a mark that was noted
    /// elsewhere.
    pub fn new(seal: &'a Seal, opening: Option<Head>, noted: Option<Mark>) -> Self {
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
        Self { seal, opening, noted, last: Mark::GENESIS, verified: 0, finding }
    }

    /// How far it has come.
    pub fn progress(&self) -> Progress {
        let end = self.opening.as_ref().map_or(0, |head| head.position);
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
        Verdict { verified: self.verified, last: self.last, finding }
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

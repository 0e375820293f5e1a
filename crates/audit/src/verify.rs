//! Walks the trail from its first row and names the first place where it is not what was sealed.
//!
//! Where rows are gone because their time was over, it begins behind the floor: the mark of the last
//! of them, with a proof that nobody makes without the key.

mod ends;
mod finding;

use std::{cmp::Ordering, ops::ControlFlow};

pub use self::{
    ends::{Anew, Floor, Head},
    finding::Finding,
};
use crate::{Mac, Mark, Seal, SealedRow};

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
    /// How many security events there were at the last row that says so.
    pub events: i64,
    /// The first thing that is wrong; none when the trail is intact.
    pub finding: Option<Finding>,
}

impl Verdict {
    /// True when the trail is as it was sealed.
    pub const fn is_intact(&self) -> bool {
        self.finding.is_none()
    }
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
    events: i64,
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
        let mut new = Self {
            seal,
            opening,
            noted,
            floor: start,
            last: start,
            verified: 0,
            events: 0,
            finding,
        };
        if let Some(floor) = floor {
            new.raise(floor);
        }
        new
    }

    /// True when the next rows do not follow on what was read: they may have gone meanwhile, and then
    /// the floor has been raised.
    pub fn lacks_rows_before(&self, rows: &[impl SealedRow]) -> bool {
        rows.first().is_some_and(|row| row.position() > self.last.position.saturating_add(1))
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
    pub fn read(&mut self, sealed: &impl SealedRow) -> ControlFlow<()> {
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
        let events = self.events;
        Verdict { verified, floor, last, events, finding }
    }

    fn check(&mut self, sealed: &impl SealedRow) -> Result<(), Finding> {
        let position = sealed.position();
        let expected = self.last.position.saturating_add(1);
        if position < expected {
            return Err(Finding::Inserted { position });
        }
        if position > expected {
            return Err(Finding::Missing { position: expected, next: position });
        }
        let mac = sealed
            .due(self.seal, &self.last.mac)
            .filter(|mac| has_seal(sealed.stored(), mac))
            .ok_or(Finding::Altered { position })?;
        let anew = self.opening.as_ref().and_then(|head| head.anew.as_ref());
        if self.noted.is_some_and(|mark| mark.position == position && mark.mac != mac) {
            let end = anew.map_or(0, |anew| anew.position);
            return Err(match position <= end {
                true => Finding::SealedAnew { position, end },
                false => Finding::Rewritten { position },
            });
        }
        self.last = Mark { position, mac };
        self.verified += 1;
        self.events = self.events.max(sealed.events());
        self.check_head(self.opening.as_ref())?;
        // The rest is still chained to the seal that this row had before.
        if let Some(Anew { before: Some(before), .. }) =
            anew.filter(|anew| anew.position == position)
        {
            let before = before.as_slice().try_into();
            self.last.mac =
                before.map(Mac::from_bytes).map_err(|_| Finding::Altered { position })?;
        }
        Ok(())
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

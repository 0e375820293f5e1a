//! Whether the clock may decide about what cannot be brought back.
//!
//! A clock that was wrong for seconds would have everything that is past its time then destroyed. So
//! each reading is held against the latest one that was trusted and against the time that has passed
//! since by a clock that nobody sets.
//!
//! **A clock that steps ahead destroys nothing.** More than an hour ahead under a running server, or
//! three days after a stop, is doubted until it has gone on evenly for six hours. More than 400 days
//! ahead is doubted until `almoner clock confirm`: a machine that was off over the summer comes back by
//! itself, one that says 2046 destroys nothing. The latest trusted time is stored every half hour
//! (table `clock`); before the first one it is that of the newest change. Meanwhile no schedule fires,
//! a job started by hand is put off, which is no attempt, and `/health/ready` and `almoner_part_up`
//! tell of `clock`. Schedules, jobs and leases with times that no rule gives are brought back every 15
//! s. A suspended machine counts as one that stepped. Sessions and locks go by the clock as it is, but
//! what has timed out is removed by the hourly job alone, never on somebody's login: seconds in 2046
//! would end every session and forget every guess for good.
//!
//! **A clock that is behind**, as one that begins in 1970, may be gone by, as it destroys too little,
//! and moves nothing: while it is behind by more than an hour nothing is brought back, or every lease
//! and pause of others would look years ahead. The row in `clock` is shared and a later time in it
//! stays: another instance notes its own every half hour, so one that stands unmoved for a day, beside
//! a clock that goes on evenly, is left from a clock that was ahead, and is replaced (compare and set).
//! What lies before the day in the name of the newest step of the schema is never trusted or stored:
//! the program was made after it, and the day stands in the source, so that builds stay reproducible.
//!
//! **A clock that is set back** leaves what was noted in the future as old as nobody knows: a session
//! last used, or a record created, further ahead than its own time-out is over; a lock of a device and
//! the limits on strangers stop counting. Ids and the trail's positions go on growing within a process.
//! Lists of the trail are sorted by time, as it was told; its order is the position.

use std::{fmt, time::Duration};

use almoner_kernel::Timestamp;
use chrono::TimeDelta;

/// How far a clock may step ahead under a running server: what is kept is kept for days.
const STEP: TimeDelta = TimeDelta::hours(1);

/// How long a machine may be off and nobody asks: a weekend, from Friday evening to Monday morning.
const OFF: TimeDelta = TimeDelta::days(3);

/// How long a clock goes on evenly after a step before it is trusted again: longer than anybody takes to
/// notice during a working day, shorter than the hours in which a machine is on that is off at night.
const STEADY: Duration = Duration::from_secs(6 * 60 * 60);

/// How long a machine may be off and come back by itself: a year, and a holiday. What is further ahead
/// is a broken clock until somebody says otherwise.
const FAR: TimeDelta = TimeDelta::days(400);

/// How long a clock that went back goes on evenly before the later time that was trusted is given up.
const BACK: Duration = Duration::from_secs(24 * 60 * 60);

/// What is to become of the time in storage, which all instances share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Note {
    /// It stays.
    Keep,
    /// The reading is later, and trusted.
    Put,
    /// The reading is earlier; nobody has stood by this later time for a day.
    Instead(Timestamp),
}

/// A reading of the clock, with the time since the program began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Reading {
    at: Timestamp,
    elapsed: Duration,
}

impl Reading {
    /// What the clock would read when it had gone on evenly.
    fn expected(&self, elapsed: Duration) -> Timestamp {
        let since = TimeDelta::from_std(elapsed.saturating_sub(self.elapsed)).ok();
        since.and_then(|since| self.at.checked_add_signed(since)).unwrap_or(Timestamp::MAX_UTC)
    }

    fn is_even_with(&self, other: &Self) -> bool {
        (other.at - self.expected(other.elapsed)).abs() <= STEP
    }
}

/// Why the clock is not trusted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Doubt {
    /// How far it is ahead of what was expected.
    pub ahead: TimeDelta,
    /// How long it has to go on evenly; none when only a person can say that it is right.
    pub wait: Option<Duration>,
}

impl fmt::Display for Doubt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // To the nearest hour.
        let hours = (self.ahead + TimeDelta::minutes(30)).num_hours();
        let (days, hours) = (hours / 24, hours % 24);
        write!(
            f,
            "the clock is {days} days and {hours} hours ahead of the last time that is known: nothing \
             is destroyed "
        )?;
        match self.wait {
            Some(wait) => {
                let minutes = wait.as_secs().div_ceil(60);
                write!(f, "until it has gone on evenly for another {minutes} minutes")
            }
            None => {
                f.write_str("until it is set right, or `almoner clock confirm` says that it is")
            }
        }
    }
}

/// Holds readings of the clock against one another.
#[derive(Clone, Debug)]
pub struct Timekeeper {
    // Past for certain: a clock that says less has not been set.
    floor: Timestamp,
    trusted: Option<Reading>,
    // True until the clock has come up to what storage knew.
    is_starting: bool,
    doubted: Option<Reading>,
    // A later time in storage, and since when it stands there unmoved beside a clock that goes on evenly.
    later: Option<(Timestamp, Reading)>,
}

impl Timekeeper {
    /// What begins with the latest time that storage knows of; with none, the first reading is trusted
    /// that is not before `floor`, a time that is past for certain.
    pub fn new(known: Option<Timestamp>, floor: Timestamp) -> Self {
        let trusted = known.map(|at| Reading { at: at.max(floor), elapsed: Duration::ZERO });
        Self { floor, trusted, is_starting: true, doubted: None, later: None }
    }

    /// Judges a reading of the clock. One that is behind may be gone by, as it destroys too little; what
    /// is known stays the later time.
    ///
    /// # Errors
    /// [`Doubt`] when it is further ahead than time has passed.
    pub fn judge(&mut self, at: Timestamp, elapsed: Duration) -> Result<(), Doubt> {
        let reading = Reading { at, elapsed };
        let Some(trusted) = self.trusted else {
            if at >= self.floor {
                self.trust(reading);
            }
            return Ok(());
        };
        let ahead = at - trusted.expected(elapsed);
        if ahead < TimeDelta::zero() {
            self.doubted = None;
            return Ok(());
        }
        if ahead <= if self.is_starting { OFF } else { STEP } {
            self.trust(reading);
            return Ok(());
        }
        let steady = evenly_since(&mut self.doubted, reading);
        if ahead > FAR {
            return Err(Doubt { ahead, wait: None });
        }
        match STEADY.checked_sub(steady).filter(|wait| !wait.is_zero()) {
            Some(wait) => Err(Doubt { ahead, wait: Some(wait) }),
            None => {
                self.trust(reading);
                Ok(())
            }
        }
    }

    /// True when a reading is so far behind that what others have put off looks as if it were years ahead.
    pub fn is_behind(&self, at: Timestamp, elapsed: Duration) -> bool {
        let least = self.trusted.map_or(self.floor, |trusted| {
            trusted.expected(elapsed).checked_sub_signed(STEP).unwrap_or(Timestamp::MIN_UTC)
        });
        at < least.max(self.floor)
    }

    /// Holds a reading that is not doubted against the time in storage. A later one is another
    /// instance's, whose clock is right, or it is left from a clock that was ahead; the other instance
    /// would go on noting it.
    pub fn weigh(&mut self, stored: Option<Timestamp>, at: Timestamp, elapsed: Duration) -> Note {
        let reading = Reading { at, elapsed };
        if at < self.floor {
            self.later = None;
            return Note::Keep;
        }
        if let Some(stored) = stored.filter(|stored| *stored > at) {
            let mut since =
                self.later.filter(|(known, _)| *known == stored).map(|(_, since)| since);
            let steady = evenly_since(&mut since, reading);
            self.later = since.map(|since| (stored, since));
            return if steady >= BACK { Note::Instead(stored) } else { Note::Keep };
        }
        self.later = None;
        if self.is_behind(at, elapsed) && stored.is_none() {
            return Note::Keep;
        }
        // When this clock is behind, somebody has set what is known back meanwhile: a person, or an
        // instance that had waited for long enough.
        self.trust(reading);
        Note::Put
    }

    /// Storage has taken a reading [instead](Note::Instead) of the later time.
    pub fn set_back(&mut self, at: Timestamp, elapsed: Duration) {
        self.later = None;
        self.trust(Reading { at, elapsed });
    }

    /// Somebody else, a person or another instance, trusts a time.
    pub fn learn(&mut self, at: Timestamp, elapsed: Duration) {
        let is_later = self.trusted.is_none_or(|trusted| at > trusted.expected(elapsed));
        if is_later {
            self.trust(Reading { at, elapsed });
        }
    }

    fn trust(&mut self, reading: Reading) {
        (self.trusted, self.is_starting, self.doubted) = (Some(reading), false, None);
    }
}

/// How long the clock has gone on evenly; from now on when it has not.
fn evenly_since(since: &mut Option<Reading>, reading: Reading) -> Duration {
    let began = since.filter(|since| since.is_even_with(&reading)).unwrap_or(reading);
    *since = Some(began);
    reading.elapsed.saturating_sub(began.elapsed)
}

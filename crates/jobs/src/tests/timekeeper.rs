//! A clock that is wrong, and one that only looks so.

use std::time::Duration;

use almoner_kernel::Timestamp;
use chrono::{TimeDelta, TimeZone, Utc};

use crate::{Doubt, Timekeeper};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(60 * 60);

fn today() -> Timestamp {
    Utc.with_ymd_and_hms(2026, 11, 28, 9, 0, 0).unwrap()
}

fn years(years: i64) -> TimeDelta {
    TimeDelta::days(years * 365)
}

/// A machine: its clock, and the time since the program began.
struct Machine {
    keeper: Timekeeper,
    at: Timestamp,
    elapsed: Duration,
}

impl Machine {
    fn starting(known: Option<Timestamp>, at: Timestamp) -> Self {
        Self { keeper: Timekeeper::new(known), at, elapsed: SECOND }
    }

    fn judge(&mut self) -> Result<(), Doubt> {
        self.keeper.judge(self.at, self.elapsed)
    }

    /// Time passes, and the clock is looked at every ten minutes.
    fn runs(&mut self, time: Duration) -> Result<(), Doubt> {
        let end = self.elapsed + time;
        let mut judged = Ok(());
        while self.elapsed < end {
            let step = (HOUR / 6).min(end - self.elapsed);
            self.elapsed += step;
            self.at += step;
            judged = self.judge();
        }
        judged
    }

    fn jumps(&mut self, by: TimeDelta) -> Result<(), Doubt> {
        self.at += by;
        self.judge()
    }
}

#[test]
fn a_clock_that_goes_on_is_trusted() {
    for known in [None, Some(today())] {
        let mut machine = Machine::starting(known, today());
        assert_eq!(machine.judge(), Ok(()));
        assert_eq!(machine.runs(HOUR * 24 * 40), Ok(()));
        assert_eq!(machine.jumps(TimeDelta::minutes(59)), Ok(()));
        assert_eq!(machine.jumps(TimeDelta::seconds(-59)), Ok(()));
        assert_eq!(machine.runs(HOUR), Ok(()));
    }
}

#[test]
fn twenty_years_for_some_seconds_are_doubted_and_forgotten() {
    let mut machine = Machine::starting(Some(today()), today());
    machine.judge().unwrap();
    let doubt = machine.jumps(years(20)).unwrap_err();
    assert_eq!(doubt, Doubt { ahead: years(20), wait: None });
    assert!(doubt.to_string().contains("almoner clock confirm"), "{doubt}");
    assert_eq!(machine.jumps(-years(20)), Ok(()));
    assert_eq!(machine.runs(HOUR), Ok(()));
}

#[test]
fn a_start_with_a_clock_that_is_twenty_years_ahead_is_doubted_for_ever() {
    let mut machine = Machine::starting(Some(today()), today() + years(20));
    assert!(machine.judge().is_err());
    assert_eq!(machine.runs(HOUR * 24 * 60).unwrap_err().wait, None);
    // A person says that it is right after all.
    machine.keeper.learn(machine.at, machine.elapsed);
    assert_eq!(machine.runs(HOUR), Ok(()));
}

#[test]
fn a_machine_that_was_off_over_the_weekend_is_trusted_at_once() {
    let mut machine = Machine::starting(Some(today()), today() + TimeDelta::hours(63));
    assert_eq!(machine.judge(), Ok(()));
    // That it was off is no reason for a step later.
    assert!(machine.jumps(TimeDelta::hours(2)).is_err());
}

#[test]
fn a_machine_that_was_off_over_the_summer_comes_back_by_itself() {
    let mut machine = Machine::starting(Some(today()), today() + TimeDelta::days(100));
    assert_eq!(machine.judge().unwrap_err().wait, Some(HOUR * 6));
    assert_eq!(machine.runs(HOUR).unwrap_err().wait, Some(HOUR * 5));
    assert_eq!(machine.runs(HOUR * 5), Ok(()));
    assert_eq!(machine.runs(HOUR * 24), Ok(()));
}

#[test]
fn the_wait_begins_anew_when_the_clock_steps_again() {
    let mut machine = Machine::starting(Some(today()), today());
    machine.judge().unwrap();
    assert!(machine.jumps(TimeDelta::days(10)).is_err());
    assert!(machine.runs(HOUR * 5).is_err());
    assert_eq!(machine.jumps(TimeDelta::days(10)).unwrap_err().wait, Some(HOUR * 6));
    assert_eq!(machine.runs(HOUR * 6), Ok(()));
}

#[test]
fn a_clock_that_begins_in_1970_until_the_network_is_there_is_no_step_ahead() {
    let began = Utc.with_ymd_and_hms(1970, 1, 1, 0, 0, 0).unwrap();
    let mut machine = Machine::starting(Some(today()), began);
    assert_eq!(machine.runs(HOUR), Ok(()));
    // Nor is storage told of 1970.
    assert_eq!(machine.keeper.trusted(machine.elapsed), Some(today() + HOUR + SECOND));
    assert_eq!(machine.jumps(today() + TimeDelta::hours(20) - machine.at), Ok(()));
}

#[test]
fn a_clock_that_was_ahead_and_is_set_right_is_believed_after_a_day() {
    let mut machine = Machine::starting(None, today() + years(20));
    machine.judge().unwrap();
    assert_eq!(machine.jumps(-years(20)), Ok(()));
    assert_eq!(machine.runs(HOUR * 25), Ok(()));
    assert!(machine.jumps(years(20)).is_err());
}

#[test]
fn what_another_instance_trusts_counts_unless_it_is_earlier() {
    let mut machine = Machine::starting(Some(today()), today() + TimeDelta::days(100));
    assert!(machine.judge().is_err());
    machine.keeper.learn(today() - TimeDelta::days(1), machine.elapsed);
    assert!(machine.judge().is_err());
    machine.keeper.learn(machine.at - TimeDelta::minutes(30), machine.elapsed);
    assert_eq!(machine.judge(), Ok(()));
}

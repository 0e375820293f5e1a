//! A clock that is wrong, and one that only looks so.

use std::time::Duration;

use almoner_kernel::Timestamp;
use chrono::{TimeDelta, TimeZone, Utc};

use crate::{Doubt, Note, Timekeeper};

const HOUR: Duration = Duration::from_secs(60 * 60);

fn today() -> Timestamp {
    Utc.with_ymd_and_hms(2026, 11, 28, 9, 0, 0).unwrap()
}

/// When the program was made.
fn floor() -> Timestamp {
    Utc.with_ymd_and_hms(2026, 11, 1, 0, 0, 0).unwrap()
}

fn epoch() -> Timestamp {
    Timestamp::UNIX_EPOCH
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
        Self { keeper: Timekeeper::new(known, floor()), at, elapsed: Duration::ZERO }
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

    fn is_behind(&self) -> bool {
        self.keeper.is_behind(self.at, self.elapsed)
    }

    fn weigh(&mut self, stored: Timestamp) -> Note {
        self.judge().unwrap();
        self.keeper.weigh(Some(stored), self.at, self.elapsed)
    }

    /// Time passes beside a stored time, and both are looked at every ten minutes.
    fn weighs(&mut self, time: Duration, stored: impl Fn(&Self) -> Timestamp) -> Note {
        let end = self.elapsed + time;
        let mut note = Note::Keep;
        while self.elapsed < end {
            let step = (HOUR / 6).min(end - self.elapsed);
            (self.elapsed, self.at) = (self.elapsed + step, self.at + step);
            note = self.weigh(stored(self));
        }
        note
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
    for known in [None, Some(today())] {
        let mut machine = Machine::starting(known, epoch());
        assert_eq!(machine.runs(HOUR), Ok(()));
        assert!(machine.is_behind(), "what others have put off would be brought back by it");
        assert_eq!(machine.jumps(today() + TimeDelta::hours(20) - machine.at), Ok(()));
        assert!(!machine.is_behind());
    }
}

#[test]
fn behind_is_what_is_behind_by_more_than_a_step() {
    let mut machine = Machine::starting(Some(today()), today());
    machine.judge().unwrap();
    machine.jumps(TimeDelta::minutes(-60)).unwrap();
    assert!(!machine.is_behind());
    machine.jumps(TimeDelta::minutes(-1)).unwrap();
    assert!(machine.is_behind());
    // Time passes, and it stays behind.
    machine.runs(HOUR * 3).unwrap();
    assert!(machine.is_behind());
}

#[test]
fn nothing_before_the_program_was_made_is_ever_trusted() {
    for known in [None, Some(epoch()), Some(today())] {
        let mut machine = Machine::starting(known, epoch());
        for stored in [epoch(), today()] {
            assert_eq!(machine.weighs(HOUR * 24 * 40, |_| stored), Note::Keep);
            assert!(machine.is_behind());
        }
        assert_eq!(machine.keeper.weigh(None, machine.at, machine.elapsed), Note::Keep);
    }
    // Where an older program has stored 1970, the clock that is right comes back by itself.
    let mut machine = Machine::starting(Some(epoch()), today());
    assert_eq!(machine.judge().unwrap_err().wait, Some(HOUR * 6));
    assert_eq!(machine.runs(HOUR * 6), Ok(()));
    assert_eq!(machine.weigh(epoch()), Note::Put);
}

#[test]
fn a_clock_that_was_ahead_and_is_set_right_is_believed_after_a_day() {
    let mut machine = Machine::starting(None, today() + years(20));
    machine.judge().unwrap();
    let stored = machine.at;
    assert_eq!(machine.weigh(stored), Note::Put);
    assert_eq!(machine.jumps(-years(20)), Ok(()));
    assert_eq!(machine.weighs(HOUR * 24, |_| stored), Note::Keep);
    assert!(machine.is_behind());
    assert_eq!(machine.weighs(HOUR, |_| stored), Note::Instead(stored));
    machine.keeper.set_back(machine.at, machine.elapsed);
    assert!(!machine.is_behind());
    assert!(machine.jumps(years(20)).is_err());
}

#[test]
fn a_clock_that_is_behind_does_not_take_the_place_of_one_that_others_go_by() {
    let mut machine = Machine::starting(Some(today() + years(1)), today());
    // Another instance notes its time every half hour.
    let of_other = |machine: &Machine| {
        let half_hours = machine.elapsed.as_secs() / 1_800;
        today() + years(1) + Duration::from_secs(half_hours * 1_800)
    };
    assert_eq!(machine.weighs(HOUR * 24 * 10, of_other), Note::Keep);
    assert!(machine.is_behind());
    // From now on it is gone.
    let last = of_other(&machine);
    assert_eq!(machine.weighs(HOUR * 23, |_| last), Note::Keep);
    // The day begins anew when the own clock steps.
    machine.jumps(TimeDelta::hours(2)).unwrap();
    assert_eq!(machine.weighs(HOUR * 23, |_| last), Note::Keep);
    assert_eq!(machine.weighs(HOUR * 2, |_| last), Note::Instead(last));
}

#[test]
fn a_later_time_that_nobody_stands_by_goes_also_beside_a_clock_that_was_right_all_along() {
    let mut machine = Machine::starting(Some(today()), today());
    let of_the_dead = today() + years(20);
    assert_eq!(machine.weighs(HOUR * 24, |_| of_the_dead), Note::Keep);
    assert!(!machine.is_behind());
    assert_eq!(machine.weighs(HOUR, |_| of_the_dead), Note::Instead(of_the_dead));
}

#[test]
fn a_person_can_set_the_time_back() {
    let mut machine = Machine::starting(Some(today() + years(20)), today());
    assert_eq!(machine.weigh(today() + years(20)), Note::Keep);
    assert!(machine.is_behind());
    assert_eq!(machine.weigh(today()), Note::Put);
    assert!(!machine.is_behind());
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

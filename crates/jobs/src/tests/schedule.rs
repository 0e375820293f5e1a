use almoner_kernel::{Audited, JobId, ScheduleId, Timestamp};
use chrono::DateTime;
use chrono_tz::Tz;
use uuid::Uuid;

use super::{START, later};
use crate::{Plan, Rule, Schedule};

fn rule(cron: &str, zone: Tz) -> Rule {
    Rule::parse(cron, zone).unwrap()
}

fn at(text: &str) -> Timestamp {
    DateTime::parse_from_rfc3339(text).unwrap().to_utc()
}

fn nightly() -> Plan {
    Plan { name: "test.nightly", rule: rule("0 3 * * *", Tz::Europe__Istanbul) }
}

fn stored() -> Schedule {
    Schedule::new(ScheduleId::new(Uuid::from_u128(3)), &nightly(), START)
}

/// The next times after one, in UTC.
fn times(rule: &Rule, after: &str, count: usize) -> Vec<String> {
    let next = |at: &Timestamp| rule.next(*at);
    std::iter::successors(next(&at(after)), next).take(count).map(|at| at.to_rfc3339()).collect()
}

#[test]
fn a_rule_is_read_in_its_zone() {
    let rule = rule("0 3 * * *", Tz::Europe__Istanbul);
    assert_eq!(
        times(&rule, "2026-03-14T12:00:00Z", 2),
        ["2026-03-15T00:00:00+00:00", "2026-03-16T00:00:00+00:00"]
    );
    // Its own time is not after itself, and a part of a second is none.
    assert_eq!(rule.next(at("2026-03-15T00:00:00Z")), Some(at("2026-03-16T00:00:00Z")));
    assert_eq!(rule.next(at("2026-03-15T00:00:00.500Z")), Some(at("2026-03-16T00:00:00Z")));
    assert_eq!(rule.next(at("2026-03-14T23:59:59.999Z")), Some(at("2026-03-15T00:00:00Z")));
}

#[test]
fn a_time_that_clocks_leave_out_fires_once_all_the_same() {
    // 2026-03-29, Berlin: 02:00 becomes 03:00.
    let rule = rule("30 2 * * *", Tz::Europe__Berlin);
    let times = times(&rule, "2026-03-28T00:00:00Z", 3);
    assert_eq!(times[0], "2026-03-28T01:30:00+00:00");
    assert_eq!(times[2], "2026-03-30T00:30:00+00:00");
    let between = at(&times[1]);
    assert!(
        between >= at("2026-03-29T01:00:00Z") && between < at("2026-03-29T02:00:00Z"),
        "{times:?}"
    );
}

#[test]
fn a_time_that_clocks_repeat_fires_once() {
    // 2026-10-25, Berlin: 03:00 becomes 02:00.
    let rule = rule("30 2 * * *", Tz::Europe__Berlin);
    assert_eq!(
        times(&rule, "2026-10-24T12:00:00Z", 2),
        ["2026-10-25T00:30:00+00:00", "2026-10-26T01:30:00+00:00"]
    );
}

#[test]
fn what_is_no_expression_is_refused() {
    for wrong in ["", "* * *", "61 * * * *", "every night"] {
        let refused = Rule::parse(wrong, Tz::UTC).unwrap_err();
        assert!(refused.to_string().starts_with(wrong), "{refused}");
    }
    // Never: the 30th of February.
    assert_eq!(rule("0 0 30 2 *", Tz::UTC).next(START), None);
}

#[test]
fn a_schedule_makes_one_job_for_each_of_its_times() {
    let id = JobId::new(Uuid::from_u128(9));
    let due = stored().next_at.unwrap();
    let job = stored().job_of(id, due, later(50_000));
    assert_eq!(
        (job.kind.as_str(), job.schedule.as_deref()),
        ("test.nightly", Some("test.nightly"))
    );
    assert_eq!(job.unique.as_deref(), Some("2026-03-15T00:00:00Z"));
    assert_eq!((job.payload.as_str(), job.due_at), ("{}", Some(later(50_000))));
    assert_eq!(stored().job(id, START).unique, None, "an operator may ask as often as they like");
}

#[test]
fn a_paused_schedule_has_no_next_time_and_makes_up_for_nothing() {
    let paused = stored().paused();
    assert_eq!((paused.is_paused, paused.next_at), (true, None));
    assert_eq!(paused.version, stored().version.next());
    let resumed = paused.resumed(at("2026-04-01T12:00:00Z"));
    assert_eq!(resumed.next_at, Some(at("2026-04-02T00:00:00Z")));
    assert!(!resumed.is_paused);
}

#[test]
fn a_program_with_another_rule_changes_it_and_nothing_else() {
    assert!(!stored().differs(&nightly()));
    for other in [rule("0 4 * * *", Tz::Europe__Istanbul), rule("0 3 * * *", Tz::UTC)] {
        let plan = Plan { rule: other, ..nightly() };
        assert!(stored().differs(&plan));
        let ruled = stored().ruled(&plan, START);
        assert!(!ruled.differs(&plan) && ruled.next_at == plan.rule.next(START));
        assert_eq!(stored().paused().ruled(&plan, START).next_at, None);
        assert_eq!(ruled.rule(), Some(plan.rule));
    }
}

#[test]
fn the_trail_shows_what_a_schedule_is() {
    let names: Vec<_> = stored().snapshot().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["name", "cron", "time_zone", "is_paused", "next_at"]);
}

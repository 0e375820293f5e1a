//! What the tables say, and when a bound is kept.

use std::time::Duration;

use super::{numbers::thousands, *};

fn outcome(answers: u64, millis: u64) -> Outcome {
    let mut outcome = Outcome { answers, seconds: 1.0, ..Outcome::nothing().unwrap() };
    outcome.waits.record_n(millis * 1_000, answers).unwrap();
    outcome.server_time = Duration::from_micros(20 * answers);
    outcome
}

fn line(kind: Kind, answers: u64, millis: u64) -> Line {
    Line {
        kind,
        connections: 64,
        server: outcome(answers, millis),
        fixed: outcome(100_000, 1),
        serialised: Some(outcome(20_000, 1)),
        bare: Some(50_000.0),
        waits: None,
        memory: Memory::default(),
    }
}

fn report(lines: Vec<Line>) -> Report {
    Report {
        facts: vec![("day", "2026-11-21".to_owned())],
        lines,
        beside: None,
        starts: vec![90.0, 100.0, 310.0],
        idle: Memory { resident: 50 * 1_024, ..Memory::default() },
        written: 0,
        found_again: 0,
    }
}

#[test]
fn numbers_are_written_as_people_read_them() {
    assert_eq!(thousands(1_234_567.4), "1,234,567");
    assert_eq!(thousands(999.0), "999");
    assert_eq!(thousands(46.25), "46.2");
    assert_eq!(thousands(12.0), "12");
}

#[test]
fn a_line_tells_rates_waits_and_ratios() {
    assert_eq!(
        Report::row(&line(Kind::Get, 45_000, 2)),
        "| get by id | 64 | 45,000 | 2.00 | 2.00 | 20 | 100,000 | 0.45 | 20,000 | 2.25 | \
         50,000 | 0.90 | 0 |"
    );
}

#[test]
fn a_bound_is_kept_by_rate_and_by_wait_alike() {
    let kept = |line| report(vec![line]).bounds()[0].is_kept;
    assert!(kept(line(Kind::Get, 45_000, 2)));
    assert!(!kept(line(Kind::Get, 39_000, 2)));
    assert!(!kept(line(Kind::Get, 45_000, 6)));
    assert!(kept(line(Kind::List, 7_100, 9)));
    assert!(!kept(line(Kind::List, 6_900, 9)));
    // Either of the two rates will do.
    assert!(kept(line(Kind::Create, 8_000, 9)));
    assert!(!kept(line(Kind::Create, 7_000, 9)));
    assert!(!kept(line(Kind::Search, 100, 51)));
}

#[test]
fn a_report_replaces_the_one_before_it() {
    let text = "# x\n<!-- sqlite -->\nold\n<!-- end of sqlite -->\nrest\n";
    let expected = "# x\n<!-- sqlite -->\n\nnew\n<!-- end of sqlite -->\nrest\n";
    assert_eq!(put_between(text, "sqlite", "new\n\n").unwrap(), expected);
    assert_eq!(put_between(expected, "sqlite", "new").unwrap(), expected);
    assert_eq!(put_between(text, "postgres", "new"), None);
}

#[test]
fn the_longest_start_counts() {
    let bounds = report(Vec::new()).bounds();
    let start = bounds.last().unwrap();
    assert_eq!((start.work, start.is_kept), ("start", false));
    assert_eq!(start.measured, "100 ms (median), 310 ms (longest)");
}

#[test]
fn every_table_of_the_markdown_is_whole() {
    let mut report = report(vec![line(Kind::Get, 45_000, 2)]);
    report.beside = Some(Beside {
        quiet: outcome(10_000, 2),
        busy: outcome(5_000, 3),
        logins: outcome(30, 400),
    });
    let text = report.markdown();
    let mut columns = None;
    for line in text.lines() {
        let here = line.starts_with('|').then(|| line.matches('|').count());
        assert!(columns.is_none() || here.is_none() || columns == here, "{line}");
        columns = here;
    }
    assert!(text.contains("| login (argon2id 19 MiB, t=2) |"), "{text}");
}

//! The tables of a run, in Markdown.

use std::fmt::Write;

use crate::{
    drive::Outcome,
    process::Memory,
    waits::{Histogram, Waits},
    works::Kind,
};

/// One work at one number of connections, with what it is compared to.
#[derive(Debug)]
pub struct Line {
    pub kind: Kind,
    pub connections: usize,
    pub server: Outcome,
    /// A static answer of the same size behind the same check.
    pub fixed: Outcome,
    /// The same number of donations, serialised without a database.
    pub serialised: Option<Outcome>,
    /// Operations a second of a bare loop.
    pub bare: Option<f64>,
    /// Where writes waited, on SQLite.
    pub waits: Option<Waits>,
    /// Right after.
    pub memory: Memory,
}

impl Line {
    /// How much of the static answer's rate it has.
    pub fn of_fixed(&self) -> f64 {
        ratio(self.server.rate(), self.fixed.rate())
    }

    /// How much of the serialising's rate it has.
    pub fn of_serialised(&self) -> Option<f64> {
        self.serialised.as_ref().map(|other| ratio(self.server.rate(), other.rate()))
    }

    /// How much of the bare loop's rate it has.
    pub fn of_bare(&self) -> Option<f64> {
        self.bare.map(|rate| ratio(self.server.rate(), rate))
    }

    /// Memory of the server's own at its highest, in KiB: what was seen while it worked, with the
    /// pages of the program itself.
    pub fn own_memory(&self) -> u64 {
        let program = self.memory.file.saturating_sub(self.memory.database);
        self.server.most_memory.anonymous.max(self.memory.anonymous) + program
    }

    /// Wrong answers of the server, and of what it is compared with.
    pub fn wrong(&self) -> u64 {
        let serialised = self.serialised.as_ref().map_or(0, |outcome| outcome.wrong);
        self.server.wrong + self.fixed.wrong + serialised
    }
}

fn ratio(one: f64, other: f64) -> f64 {
    if other > 0.0 { one / other } else { 0.0 }
}

/// Reads beside logins.
#[derive(Debug)]
pub struct Beside {
    pub quiet: Outcome,
    pub busy: Outcome,
    pub logins: Outcome,
}

/// Everything a run has found.
#[derive(Debug)]
pub struct Report {
    /// Words and their values: the day, the machine, the versions, the command.
    pub facts: Vec<(&'static str, String)>,
    pub lines: Vec<Line>,
    pub beside: Option<Beside>,
    /// Milliseconds from start to ready, in order.
    pub starts: Vec<f64>,
    pub idle: Memory,
    /// Records that were written, and how many of them were read again and were right.
    pub written: u64,
    pub found_again: usize,
}

/// A claim, and whether it held.
#[derive(Debug, PartialEq)]
pub struct Bound {
    pub work: &'static str,
    pub required: String,
    pub measured: String,
    pub is_kept: bool,
}

impl Report {
    /// Wrong answers in all.
    pub fn wrong(&self) -> u64 {
        let beside = self
            .beside
            .iter()
            .map(|beside| beside.busy.wrong + beside.logins.wrong + beside.quiet.wrong);
        self.lines.iter().map(Line::wrong).chain(beside).sum()
    }

    /// What was wrong with the first ones.
    pub fn complaints(&self) -> impl Iterator<Item = &String> {
        let beside =
            self.beside.iter().flat_map(|beside| [&beside.quiet, &beside.busy, &beside.logins]);
        let lines = self.lines.iter().flat_map(|line| {
            [Some(&line.server), Some(&line.fixed), line.serialised.as_ref()].into_iter().flatten()
        });
        lines.chain(beside).flat_map(|outcome| &outcome.complaints)
    }

    /// The whole report.
    pub fn markdown(&self) -> String {
        let mut text = String::new();
        for (name, value) in &self.facts {
            put(&mut text, format_args!("- {name}: {value}\n"));
        }
        put(&mut text, format_args!("\n{}", Self::head()));
        for line in &self.lines {
            put(&mut text, format_args!("{}\n", Self::row(line)));
        }
        text.push('\n');
        self.add_waits(&mut text);
        self.add_logins(&mut text);
        self.add_memory(&mut text);
        self.add_bounds(&mut text);
        text
    }

    /// The first lines of the table of works.
    pub fn head() -> String {
        "| work | connections | req/s | p50 ms | p99 ms | CPU µs | static req/s | of static | \
         serialise req/s | of serialise | bare/s | of bare | own MiB |\n\
         |---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|\n"
            .to_owned()
    }

    /// One line of the table of works.
    pub fn row(line: &Line) -> String {
        let none = || "–".to_owned();
        let serialised = line.serialised.as_ref();
        format!(
            "| {} | {} | {} | {:.2} | {:.2} | {:.0} | {} | {:.2} | {} | {} | {} | {} | {:.0} |",
            line.kind.title(),
            line.connections,
            thousands(line.server.rate()),
            line.server.percentile(50.0),
            line.server.percentile(99.0),
            line.server.server_micros(),
            thousands(line.fixed.rate()),
            line.of_fixed(),
            serialised.map_or_else(none, |other| thousands(other.rate())),
            line.of_serialised().map_or_else(none, |ratio| format!("{ratio:.2}")),
            line.bare.map_or_else(none, thousands),
            line.of_bare().map_or_else(none, |ratio| format!("{ratio:.2}")),
            mebibytes(line.own_memory()),
        )
    }

    fn add_waits(&self, text: &mut String) {
        let mut rows = String::new();
        for line in &self.lines {
            let Some(Waits { queue, flush, checkpoint, units }) = &line.waits else { continue };
            put(
                &mut rows,
                format_args!(
                    "| {} | {} | {:.1} | {} | {} | {} |\n",
                    line.kind.title(),
                    line.connections,
                    units.mean(),
                    within(queue),
                    within(flush),
                    within(checkpoint),
                ),
            );
        }
        if !rows.is_empty() {
            text.push_str(
                "| where writes wait, ms | connections | writes a flush | in line | for the flush \
                 | while the log is copied |\n|---|--:|--:|--:|--:|--:|\n",
            );
            text.push_str(&rows);
            text.push('\n');
        }
    }

    fn add_logins(&self, text: &mut String) {
        let Some(beside) = &self.beside else { return };
        text.push_str(
            "| reads by id, 16 connections | req/s | p50 ms | p99 ms |\n|---|--:|--:|--:|\n",
        );
        for (name, outcome) in [("quiet", &beside.quiet), ("beside 16 logging in", &beside.busy)] {
            put(
                text,
                format_args!(
                    "| {name} | {} | {:.2} | {:.2} |\n",
                    thousands(outcome.rate()),
                    outcome.percentile(50.0),
                    outcome.percentile(99.0),
                ),
            );
        }
        put(
            text,
            format_args!(
                "\nThe logins beside them: {:.1} a second, p50 {:.0} ms, p99 {:.0} ms.\n\n",
                beside.logins.rate(),
                beside.logins.percentile(50.0),
                beside.logins.percentile(99.0),
            ),
        );
    }

    fn add_memory(&self, text: &mut String) {
        text.push_str(
            "| memory of the server, MiB | own | heap and stacks | mapped pages of the database \
             | resident in all |\n|---|--:|--:|--:|--:|\n",
        );
        let mut row = |name: &str, own: u64, memory: Memory| {
            put(
                text,
                format_args!(
                    "| {name} | {:.0} | {:.0} | {:.0} | {:.0} |\n",
                    mebibytes(own),
                    mebibytes(memory.anonymous),
                    mebibytes(memory.database),
                    mebibytes(memory.resident),
                ),
            );
        };
        row("idle, before the first login", self.idle.own(), self.idle);
        let highest = self.lines.iter().max_by_key(|line| line.own_memory());
        if let Some(line) = highest {
            let name = format!("highest, at {} × {}", line.kind.title(), line.connections);
            row(&name, line.own_memory(), line.memory);
        }
        if let Some(line) = self.lines.last() {
            row("after the last work", line.memory.own(), line.memory);
        }
        put(
            text,
            format_args!(
                "\n{} writes were answered; {} of the records were read again at the end, all as \
                 written, and the trail is intact.\n\n",
                thousands(self.written as f64),
                thousands(self.found_again as f64),
            ),
        );
    }

    fn add_bounds(&self, text: &mut String) {
        text.push_str("| what must hold | at least | measured | |\n|---|---|---|---|\n");
        for bound in self.bounds() {
            let verdict = if bound.is_kept { "kept" } else { "**missed**" };
            put(
                text,
                format_args!(
                    "| {} | {} | {} | {verdict} |\n",
                    bound.work, bound.required, bound.measured
                ),
            );
        }
    }

    fn at_64(&self, kind: Kind) -> Option<&Line> {
        self.lines.iter().find(|line| line.kind == kind && line.connections == 64)
    }

    /// What the project promises, as far as the run has measured it.
    pub fn bounds(&self) -> Vec<Bound> {
        let mut bounds = Vec::new();
        let mut put = |work, required: &str, measured: String, is_kept| {
            bounds.push(Bound { work, required: required.to_owned(), measured, is_kept });
        };
        let p99 = |line: &Line| line.server.percentile(99.0);
        if let Some(line) = self.at_64(Kind::Get) {
            let (ratio, wait) = (line.of_fixed(), p99(line));
            let measured = format!("{ratio:.2}; {wait:.1} ms");
            let required = "0.40 of the static answer with the same check; p99 under 5 ms";
            put("get by id, session checked", required, measured, ratio >= 0.40 && wait < 5.0);
        }
        if let Some(line) = self.at_64(Kind::List) {
            let (ratio, wait) = (line.of_serialised().unwrap_or_default(), p99(line));
            let measured = format!("{ratio:.2}; {wait:.1} ms");
            let required = "0.35 of serialising 50 rows without a database; p99 under 20 ms";
            put("list 50", required, measured, ratio >= 0.35 && wait < 20.0);
        }
        if let Some(line) = self.at_64(Kind::Create) {
            let (rate, ratio, wait) = (line.server.rate(), line.of_bare(), p99(line));
            let of_bare = ratio.map_or_else(String::new, |ratio| format!(", {ratio:.2}"));
            let measured = format!("{}{of_bare}; {wait:.1} ms", thousands(rate));
            let is_fast = rate >= 8_000.0 || ratio.is_some_and(|ratio| ratio >= 0.35);
            let required = "8,000 a second, or 0.35 of the bare loop that batches the same rows; \
                            p99 under 25 ms";
            put("durable create with its trail", required, measured, is_fast && wait < 25.0);
        }
        if let Some(line) = self.at_64(Kind::Search) {
            let wait = p99(line);
            put("search", "p99 under 50 ms", format!("{wait:.1} ms"), wait < 50.0);
        }
        if let Some(beside) = &self.beside {
            let rate = beside.logins.rate();
            let (quiet, busy) = (beside.quiet.percentile(99.0), beside.busy.percentile(99.0));
            let measured = format!("{rate:.1}; {busy:.1} ms, quiet {quiet:.1} ms");
            let required =
                "25 a second, while reads beside it keep p99 under twice their quiet figure";
            let is_kept = rate >= 25.0 && busy < 2.0 * quiet;
            put("login (argon2id 19 MiB, t=2)", required, measured, is_kept);
        }
        let idle = mebibytes(self.idle.own());
        let highest = self.lines.iter().map(Line::own_memory).max().map(mebibytes);
        let measured = match highest {
            Some(highest) => format!("{idle:.0} MiB; {highest:.0} MiB"),
            None => format!("{idle:.0} MiB"),
        };
        let is_small = idle < 60.0 && highest.is_none_or(|highest| highest < 200.0);
        let required = "under 60 MiB idle, under 200 MiB under all of this";
        put("memory, without the mapped database", required, measured, is_small);
        if let Some(longest) = self.starts.last() {
            let median = self.starts[self.starts.len() / 2];
            let measured = format!("{median:.0} ms (median), {longest:.0} ms (longest)");
            put("start", "ready in under 300 ms", measured, *longest < 300.0);
        }
        bounds
    }
}

/// The text with a report between the marks of its database, or nothing when it has no such marks.
pub fn put_between(text: &str, database: &str, report: &str) -> Option<String> {
    let (begin, end) = (format!("<!-- {database} -->\n"), format!("<!-- end of {database} -->"));
    let from = text.find(&begin)? + begin.len();
    let to = from + text[from..].find(&end)?;
    Some(format!("{}\n{}\n{}", &text[..from], report.trim_end(), &text[to..]))
}

/// A text takes whatever is written to it.
fn put(text: &mut String, arguments: std::fmt::Arguments<'_>) {
    let _ = text.write_fmt(arguments);
}

/// How often, and within which times half of them and all but a hundredth are; times are known to the
/// bounds of the server's metrics.
fn within(histogram: &Histogram) -> String {
    let bound = |percent| match histogram.within(percent) {
        Some(bound) => format!("≤ {}", bound * 1_000.0),
        None => "longer".to_owned(),
    };
    match histogram.count() {
        0 => "–".to_owned(),
        count => format!("{}: {}, {}", thousands(count as f64), bound(50.0), bound(99.0)),
    }
}

fn mebibytes(kibibytes: u64) -> f64 {
    kibibytes as f64 / 1_024.0
}

/// A number as people read it: 12,345; small ones with a digit behind the point.
fn thousands(number: f64) -> String {
    if number < 100.0 {
        let text = format!("{number:.1}");
        return text.strip_suffix(".0").map_or(text.clone(), str::to_owned);
    }
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (at, digit) in digits.chars().enumerate() {
        if at > 0 && (digits.len() - at).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

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
}

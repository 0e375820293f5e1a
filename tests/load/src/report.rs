//! The tables of a run, in Markdown.

mod bounds;
mod numbers;
mod tables;
#[cfg(test)]
mod tests;

use self::numbers::ratio;
use crate::{drive::Outcome, process::Memory, waits::Waits, works::Kind};

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
}

/// The text with a report between the marks of its database, or nothing when it has no such marks.
pub fn put_between(text: &str, database: &str, report: &str) -> Option<String> {
    let (begin, end) = (format!("<!-- {database} -->\n"), format!("<!-- end of {database} -->"));
    let from = text.find(&begin)? + begin.len();
    let to = from + text[from..].find(&end)?;
    Some(format!("{}\n{}\n{}", &text[..from], report.trim_end(), &text[to..]))
}

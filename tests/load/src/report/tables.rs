//! Each table of a report.

use std::fmt::Write;

use super::{
    Line, Report,
    numbers::{mebibytes, thousands},
};
use crate::{
    process::Memory,
    waits::{Histogram, Waits},
};

impl Report {
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

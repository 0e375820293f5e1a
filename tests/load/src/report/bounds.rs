//! What the project promises, and whether a run has kept it.

use super::{
    Line, Report,
    numbers::{mebibytes, thousands},
};
use crate::works::Kind;

/// A claim, and whether it held.
#[derive(Debug, PartialEq)]
pub struct Bound {
    pub work: &'static str,
    pub required: String,
    pub measured: String,
    pub is_kept: bool,
}

impl Report {
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

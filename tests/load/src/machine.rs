//! Where and when a run took place: what a table is worth nothing without.

use std::{fs, process::Command};

/// The day, the machine, the versions and the command.
pub fn facts() -> Vec<(&'static str, String)> {
    vec![
        ("day", today()),
        ("machine", machine()),
        ("commit", commit()),
        ("command", command(std::env::args())),
    ]
}

#[expect(clippy::disallowed_methods, reason = "a report says on which day it was made")]
fn today() -> String {
    chrono::Utc::now().date_naive().to_string()
}

fn machine() -> String {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let cores = std::thread::available_parallelism().map_or(0, std::num::NonZero::get);
    let (processors, memory) = (read("/proc/cpuinfo"), read("/proc/meminfo"));
    let model = value(&processors, "model name").unwrap_or("unknown processor");
    let memory = value(&memory, "MemTotal").and_then(|text| text.split(' ').next()?.parse().ok());
    let gibibytes = memory.unwrap_or(0.0_f64) / 1_048_576.0;
    let kernel = read("/proc/sys/kernel/osrelease");
    format!("{cores} × {model}, {gibibytes:.0} GiB, Linux {}", kernel.trim())
}

/// The value behind `name : value`.
fn value<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let line = text.lines().find(|line| line.starts_with(name))?;
    line.split_once(':').map(|(_, value)| value.trim())
}

fn commit() -> String {
    let git = |arguments: &[&str]| {
        let output = Command::new("git").args(arguments).output().ok()?;
        let text = String::from_utf8(output.stdout).ok()?;
        output.status.success().then(|| text.trim().to_owned())
    };
    match (git(&["rev-parse", "--short", "HEAD"]), git(&["status", "--porcelain"])) {
        (Some(commit), Some(changes)) if changes.is_empty() => commit,
        (Some(commit), _) => format!("{commit}, changed"),
        _ => "unknown".to_owned(),
    }
}

/// The command that makes the run again.
fn command(arguments: impl Iterator<Item = String>) -> String {
    let mut words = vec!["cargo run --release -p almoner-load --".to_owned()];
    let mut arguments = arguments.skip(1);
    while let Some(argument) = arguments.next() {
        // Where things lie says nothing about what was measured.
        match ["--folder", "--binary", "--markdown"].contains(&argument.as_str()) {
            true => drop(arguments.next()),
            false => words.push(without_password(argument)),
        }
    }
    format!("`{}`", words.join(" "))
}

/// A database's address without what stands before its host.
fn without_password(argument: String) -> String {
    match (argument.find("://"), argument.rfind('@')) {
        (Some(scheme), Some(host)) if scheme < host => {
            format!("{}{}", &argument[..scheme + 3], &argument[host + 1..])
        }
        _ => argument,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_the_one_that_was_given() {
        let given = ["/x/almoner-load", "run", "--folder", "/y", "--seconds", "5"];
        let given = given.map(str::to_owned);
        let expected = "`cargo run --release -p almoner-load -- run --seconds 5`";
        assert_eq!(command(given.into_iter()), expected);
    }

    #[test]
    fn no_password_stands_in_a_report() {
        let url = "postgres://user:p@ss@host/postgres".to_owned();
        assert_eq!(without_password(url), "postgres://host/postgres");
        assert_eq!(without_password("sqlite".to_owned()), "sqlite");
    }

    #[test]
    fn a_value_stands_behind_its_name() {
        let text = "processor\t: 0\nmodel name\t: Some CPU @ 2.5GHz\n";
        assert_eq!(value(text, "model name"), Some("Some CPU @ 2.5GHz"));
        assert_eq!(value(text, "MemTotal"), None);
    }
}

//! How the program ends.

use std::process::ExitCode;

/// How the program ends; `--help` explains the numbers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Exit {
    /// 0
    Done,
    /// 1
    Failed,
    /// 2, as clap itself ends when the command line is wrong.
    Misused,
    /// 3
    Misconfigured,
    /// 4
    Tampered,
    /// 5
    Unsound,
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(match exit {
            Exit::Done => 0,
            Exit::Failed => 1,
            Exit::Misused => 2,
            Exit::Misconfigured => 3,
            Exit::Tampered => 4,
            Exit::Unsound => 5,
        })
    }
}

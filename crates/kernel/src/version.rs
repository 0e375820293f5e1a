//! The version of a record: what an `ETag` shows and an `If-Match` asks for.

use std::fmt;

/// Starts at 1 and grows by one with every change of the record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version(i64);

impl Version {
    /// The version of a record that was just created.
    pub const FIRST: Self = Self(1);

    /// What no record ever has: what was read on another time line of the database.
    pub const ELSEWHERE: Self = Self(0);

    /// Wraps a stored version.
    pub const fn new(number: i64) -> Self {
        Self(number)
    }

    /// The number in storage and in the `ETag`.
    pub const fn number(self) -> i64 {
        self.0
    }

    /// The version after one more change.
    #[must_use]
    pub const fn next(self) -> Self {
        Self(self.0 + 1)
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

//! Ids without randomness: the same test makes the same ids, each greater than the one before.

use std::sync::atomic::{AtomicU64, Ordering};

use almoner_kernel::Ids;
use uuid::Uuid;

use super::START;

/// Counts ids up.
pub struct CountedIds {
    series: u16,
    last: AtomicU64,
}

impl CountedIds {
    /// Ids of their own for each series, so that two stores on one database never collide.
    pub const fn new(series: u16) -> Self {
        Self { series, last: AtomicU64::new(0) }
    }
}

impl Ids for CountedIds {
    fn next(&self) -> Uuid {
        counted(self.last.fetch_add(1, Ordering::Relaxed) + 1, self.series)
    }
}

/// The n-th UUID v7 of a series: the number stands in the milliseconds, so that it orders them.
pub fn counted(n: u64, series: u16) -> Uuid {
    let millis = u128::try_from(START.timestamp_millis()).unwrap() + u128::from(n);
    Uuid::from_u128(millis << 80 | 0x7 << 76 | 0b10 << 62 | u128::from(series))
}

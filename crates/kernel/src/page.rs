//! Keyset paging: a page is asked for by the position of the last record of the page before.

use chrono::NaiveDate;
use uuid::Uuid;

/// Which page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PageRequest {
    /// At most this many records, 1 to [`PageRequest::MAX_LIMIT`].
    pub limit: u32,
    /// Continue behind this position; from the start when absent.
    pub after: Option<Position>,
    /// Count the whole list, which costs as much as the list again.
    pub count: bool,
}

impl PageRequest {
    /// Records a page has when nobody says otherwise.
    pub const DEFAULT_LIMIT: u32 = 50;
    /// Records a page has at the most.
    pub const MAX_LIMIT: u32 = 200;

    /// The first page, without a count.
    pub const fn first(limit: u32) -> Self {
        Self { limit, after: None, count: false }
    }
}

impl Default for PageRequest {
    fn default() -> Self {
        Self::first(Self::DEFAULT_LIMIT)
    }
}

/// Where a page ended: the sort key and the id of its last record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Position {
    /// The value of the field the list is sorted by; absent when it is sorted by id alone.
    pub key: Option<SortKey>,
    /// The tie-breaker.
    pub id: Uuid,
}

/// A value a list is sorted by.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SortKey {
    /// A number: minor units, milliseconds, a storage position.
    Int(i64),
    /// A folded text.
    Text(String),
    /// A day.
    Date(NaiveDate),
}

/// One page of a list.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Page<T> {
    /// The records.
    pub items: Vec<T>,
    /// Where the next page starts; absent on the last page.
    pub next: Option<Position>,
    /// How many records the whole list has, when it was asked for.
    pub total: Option<Total>,
}

/// How many records a list has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Total {
    /// Exact up to [`Total::CAP`].
    pub count: u64,
    /// True when there are more than `count`.
    pub is_capped: bool,
}

impl Total {
    /// Counting stops here: counting 200,000 rows costs more than 100 times a page.
    pub const CAP: u64 = 10_000;

    /// The total for a count that stopped at `CAP + 1`.
    pub const fn capped(counted: u64) -> Self {
        if counted > Self::CAP {
            Self { count: Self::CAP, is_capped: true }
        } else {
            Self { count: counted, is_capped: false }
        }
    }
}

/// What a list is sorted by; the id breaks ties in the same direction.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Sort<F> {
    /// The field.
    pub field: F,
    /// Up or down.
    pub direction: Direction,
}

impl<F> Sort<F> {
    /// Smallest first.
    pub const fn up(field: F) -> Self {
        Self { field, direction: Direction::Up }
    }

    /// Largest first.
    pub const fn down(field: F) -> Self {
        Self { field, direction: Direction::Down }
    }
}

/// Up or down.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Direction {
    /// Smallest first.
    Up,
    /// Largest first.
    Down,
}

/// Which side of the trash a list shows.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash)]
pub enum Trash {
    /// Records that are not in the trash.
    #[default]
    Without,
    /// Only records that are.
    Only,
}

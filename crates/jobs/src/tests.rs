//! The rules of this domain, on ports that refuse every call a test did not announce.

mod errors;
mod job;
mod schedule;
mod service;
mod timekeeper;

use almoner_kernel::{JobId, Timestamp};
use chrono::{DateTime, Duration};
use uuid::Uuid;

use crate::Job;

/// 2026-03-14 12:00:00 UTC.
const START: Timestamp = match DateTime::from_timestamp_millis(1_773_489_600_000) {
    Some(start) => start,
    None => panic!("out of range"),
};

fn later(seconds: i64) -> Timestamp {
    START + Duration::seconds(seconds)
}

fn waiting() -> Job {
    Job::new(JobId::new(Uuid::from_u128(7)), "test.one".to_owned(), "{}".to_owned(), START)
}

//! `RateLimit-*`: what is left of a quota.

use std::time::Duration;

use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};

use crate::kit::problem::whole_seconds;

/// The time that requests are counted by.
pub(crate) const MINUTE: Duration = Duration::from_secs(60);

/// What is left of a quota.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Spent {
    limit: u32,
    remaining: u32,
    /// Until the whole quota is there again, at the latest.
    reset: Duration,
}

impl Spent {
    /// What is left of so many requests a minute.
    pub(crate) fn of(limit: u32, remaining: u32) -> Self {
        Self::at(limit, remaining, MINUTE / limit.max(1))
    }

    /// What is left of a quota that comes back one by one, at this pace.
    pub(crate) fn at(limit: u32, remaining: u32, pace: Duration) -> Self {
        Self { limit, remaining, reset: pace * limit.saturating_sub(remaining) }
    }

    /// The one of two quotas that is nearer to its end.
    pub(crate) fn or_fewer(self, other: Self) -> Self {
        let share = |a: Self, b: Self| u64::from(a.remaining) * u64::from(b.limit);
        if share(other, self) < share(self, other) { other } else { self }
    }

    /// A quota of which nothing is left.
    pub(crate) const fn wholly(limit: u32, reset: Duration) -> Self {
        Self { limit, remaining: 0, reset }
    }

    /// The headers.
    pub(crate) fn headers(self) -> [(HeaderName, HeaderValue); 3] {
        [
            (LIMIT.clone(), self.limit.into()),
            (HeaderName::from_static("ratelimit-remaining"), self.remaining.into()),
            (HeaderName::from_static("ratelimit-reset"), whole_seconds(self.reset).into()),
        ]
    }

    /// Adds the headers, unless the answer was refused for another quota and tells of that.
    pub(crate) fn write(self, headers: &mut HeaderMap) {
        if headers.contains_key(&LIMIT) {
            return;
        }
        for (name, value) in self.headers() {
            headers.insert(name, value);
        }
    }
}

static LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");

//! The time and fresh ids, for those who make a `Context`.

use std::sync::{Mutex, PoisonError};

use almoner_kernel::{Clock, Ids, Timestamp};
use chrono::{SubsecRound, Utc};
use uuid::{ContextV7, Uuid};

/// The system's clock, cut to whole milliseconds.
///
/// It is deliberately plain: when an operator or NTP sets the clock back, records say the new time,
/// as everything else on the machine does. What must never go backwards, the order of ids, is
/// [`UuidIds`]'s care.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Timestamp {
        #[expect(clippy::disallowed_methods, reason = "this is the clock that all others ask")]
        Utc::now().trunc_subsecs(3)
    }
}

/// UUID v7 (RFC 9562), each greater than every one before it in this process: within a millisecond
/// by a counter of 42 bits, and when the clock is set back by staying at the latest time seen.
#[derive(Debug, Default)]
pub struct UuidIds {
    sequence: Mutex<ContextV7>,
}

impl UuidIds {
    fn at(&self, seconds: u64, nanos: u32) -> Uuid {
        // A panic elsewhere cannot leave the counter half changed.
        let sequence = self.sequence.lock().unwrap_or_else(PoisonError::into_inner);
        Uuid::new_v7(uuid::Timestamp::from_unix(&*sequence, seconds, nanos))
    }
}

impl Ids for UuidIds {
    fn next(&self) -> Uuid {
        #[expect(clippy::disallowed_methods, reason = "ids carry the time they were made at")]
        let now = Utc::now();
        // Before 1970 there is no UUID v7; the counter still makes each one greater.
        let seconds = u64::try_from(now.timestamp()).unwrap_or(0);
        self.at(seconds, now.timestamp_subsec_nanos())
    }
}

#[cfg(test)]
mod tests {
    use std::{collections::HashSet, sync::Arc, thread};

    use super::*;

    #[test]
    fn the_clock_gives_whole_milliseconds() {
        assert_eq!(SystemClock.now().timestamp_subsec_nanos() % 1_000_000, 0);
    }

    #[test]
    fn each_id_is_a_uuid_v7_greater_than_the_one_before() {
        let ids = UuidIds::default();
        let mut before = ids.next();
        for _ in 0..100_000 {
            let next = ids.next();
            assert_eq!(next.get_version_num(), 7);
            assert!(next > before);
            before = next;
        }
    }

    #[test]
    fn ids_keep_growing_when_the_clock_jumps_back() {
        let ids = UuidIds::default();
        let times = [(2_000, 0), (2_000, 0), (1_000, 5), (0, 0), (1_999, 999_999_999), (2_000, 1)];
        let made: Vec<Uuid> = times.into_iter().map(|(s, ns)| ids.at(s, ns)).collect();
        assert!(made.is_sorted_by(|a, b| a < b), "{made:?}");
    }

    #[test]
    fn threads_never_meet_the_same_id() {
        let ids = Arc::new(UuidIds::default());
        let threads: Vec<_> = (0..4)
            .map(|_| {
                let ids = Arc::clone(&ids);
                thread::spawn(move || (0..20_000).map(|_| ids.next()).collect::<Vec<_>>())
            })
            .collect();
        let mut all = HashSet::new();
        for thread in threads {
            let made = thread.join().unwrap();
            assert!(made.is_sorted_by(|a, b| a < b));
            all.extend(made);
        }
        assert_eq!(all.len(), 80_000);
    }
}

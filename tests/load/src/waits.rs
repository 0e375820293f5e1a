//! Where a write waits, as the server's own metrics tell it: in line for the writer, for its flush, for
//! the log that is copied.

use std::collections::BTreeMap;

/// Counts of a histogram up to each bound, s.
type Counts = BTreeMap<u64, u64>;

/// What the server has measured so far, or between two looks at it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Waits {
    /// For the writer.
    pub queue: Histogram,
    /// For the commit with its write to the disk.
    pub flush: Histogram,
    /// For the log to be copied into the file.
    pub checkpoint: Histogram,
    /// Units of work that share a flush.
    pub units: Histogram,
}

/// A histogram of Prometheus.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Histogram {
    /// By bound, in millionths.
    counts: Counts,
    sum: f64,
}

impl Waits {
    /// Reads them from `/metrics`; none where there is no such writer.
    pub fn read(metrics: &str) -> Option<Self> {
        let read = |name: &str| Histogram::read(metrics, &format!("almoner_sqlite_{name}"));
        Some(Self {
            queue: read("queue_seconds")?,
            flush: read("flush_seconds")?,
            checkpoint: read("checkpoint_seconds").unwrap_or_default(),
            units: read("flush_units")?,
        })
    }

    /// What came after an earlier look.
    pub fn since(&self, earlier: &Self) -> Self {
        Self {
            queue: self.queue.since(&earlier.queue),
            flush: self.flush.since(&earlier.flush),
            checkpoint: self.checkpoint.since(&earlier.checkpoint),
            units: self.units.since(&earlier.units),
        }
    }

    /// Both.
    pub fn and(&self, other: &Self) -> Self {
        Self {
            queue: self.queue.and(&other.queue),
            flush: self.flush.and(&other.flush),
            checkpoint: self.checkpoint.and(&other.checkpoint),
            units: self.units.and(&other.units),
        }
    }
}

impl Histogram {
    fn read(metrics: &str, name: &str) -> Option<Self> {
        let mut histogram = Self::default();
        for line in metrics.lines().filter_map(|line| line.strip_prefix(name)) {
            if let Some(bucket) = line.strip_prefix("_bucket{le=\"") {
                let (bound, count) = bucket.split_once("\"} ")?;
                let bound = match bound {
                    "+Inf" => u64::MAX,
                    bound => (bound.parse::<f64>().ok()? * 1e6) as u64,
                };
                histogram.counts.insert(bound, count.trim().parse().ok()?);
            } else if let Some(sum) = line.strip_prefix("_sum ") {
                histogram.sum = sum.trim().parse().ok()?;
            }
        }
        (!histogram.counts.is_empty()).then_some(histogram)
    }

    fn since(&self, earlier: &Self) -> Self {
        let before = |bound: &u64| earlier.counts.get(bound).copied().unwrap_or_default();
        let counts = self.counts.iter().map(|(bound, count)| (*bound, count - before(bound)));
        Self { counts: counts.collect(), sum: self.sum - earlier.sum }
    }

    fn and(&self, other: &Self) -> Self {
        let mut counts = self.counts.clone();
        for (bound, count) in &other.counts {
            *counts.entry(*bound).or_default() += count;
        }
        Self { counts, sum: self.sum + other.sum }
    }

    /// How many there were.
    pub fn count(&self) -> u64 {
        self.counts.values().max().copied().unwrap_or_default()
    }

    /// Their mean.
    pub fn mean(&self) -> f64 {
        match self.count() {
            0 => 0.0,
            count => self.sum / count as f64,
        }
    }

    /// The bound that so many of a hundred are within, none when it is the last one.
    pub fn within(&self, percent: f64) -> Option<f64> {
        let wanted = self.count() as f64 * percent / 100.0;
        let found = self.counts.iter().find(|(_, count)| **count as f64 >= wanted);
        found.filter(|(bound, _)| **bound < u64::MAX).map(|(bound, _)| *bound as f64 / 1e6)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const METRICS: &str = "# TYPE almoner_sqlite_queue_seconds histogram
almoner_sqlite_queue_seconds_bucket{le=\"0.001\"} 90
almoner_sqlite_queue_seconds_bucket{le=\"0.02\"} 99
almoner_sqlite_queue_seconds_bucket{le=\"+Inf\"} 100
almoner_sqlite_queue_seconds_sum 0.5
almoner_sqlite_queue_seconds_count 100
almoner_sqlite_flush_seconds_bucket{le=\"+Inf\"} 2
almoner_sqlite_flush_units_bucket{le=\"1\"} 2
";

    #[test]
    fn histograms_are_read_and_taken_from_each_other() {
        let waits = Waits::read(METRICS).unwrap();
        assert_eq!((waits.queue.count(), waits.queue.mean()), (100, 0.005));
        assert_eq!(waits.queue.within(50.0), Some(0.001));
        assert_eq!(waits.queue.within(99.0), Some(0.02));
        assert_eq!(waits.queue.within(99.5), None);
        assert_eq!((waits.flush.count(), waits.units.within(99.0)), (2, Some(1.0)));
        assert_eq!(waits.since(&waits).queue.count(), 0);
        assert_eq!(waits.and(&waits).queue.count(), 200);
        assert_eq!(Waits::read("almoner_commits_total 3"), None);
    }
}

//! What `/metrics` tells of the writer of a SQLite file. PostgreSQL has its own.

/// Time from asking for the writer to having it.
pub const QUEUE_SECONDS: &str = "almoner_sqlite_queue_seconds";
/// Time of a flush: the commit of an outer transaction, with its write to the disk.
pub const FLUSH_SECONDS: &str = "almoner_sqlite_flush_seconds";
/// Units of work that share a flush.
pub const FLUSH_UNITS: &str = "almoner_sqlite_flush_units";
/// Time for which writers wait while the log is copied into the file.
pub const CHECKPOINT_SECONDS: &str = "almoner_sqlite_checkpoint_seconds";

/// What they are counted by, s.
pub const SECONDS_BUCKETS: &[f64] =
    &[0.000_5, 0.001, 0.002, 0.005, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.5, 1.0, 5.0];
/// What [`FLUSH_UNITS`] is counted by.
pub const UNITS_BUCKETS: &[f64] = &[1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0];

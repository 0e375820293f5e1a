//! Contention.

//! Rules of the repository that no compiler checks.
mod contract;
mod matrix;
mod operations;
mod strangers;

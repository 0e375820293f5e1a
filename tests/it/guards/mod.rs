//! Rules of the repository that no compiler checks.

mod contract;
mod edges;
mod left_out;
mod matrix;
mod operations;
mod strangers;

//! Rules of the repository that no compiler checks.

mod contract;
mod dry_runs;
mod edges;
mod examples;
mod kinds;
mod left_out;
mod licences;
mod matrix;
mod nul;
mod operations;
mod rooms;
mod strangers;

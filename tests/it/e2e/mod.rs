//! The built binary, started as an operator starts it.

pub mod almoner;
mod backup;
mod configuration;
mod epochs;
mod jobs;
mod keyless;
mod mail;
mod neighbours;
mod parallel;
mod readme;
mod restore;
mod secrets;
mod shutdown;
mod start;
mod tampering;
mod telemetry;
mod totals;
mod webhooks;

//! What the `almoner` command is made of, around the domains: configuration, command line,
//! telemetry, keys, passwords, clock and ids, demo data.

pub mod assembly;
pub mod backup;
pub mod breached;
pub mod cli;
pub mod clock;
pub mod commands;
pub mod config;
pub mod demo;
pub mod jobs;
pub mod keys;
pub mod mail;
pub mod passwords;
pub mod prompt;
pub mod readiness;
pub mod secrets;
pub mod serve;
pub mod signals;
pub mod telemetry;
pub mod tended;
pub mod trusted;
pub mod webhooks;

//! What the `almoner` command is made of, around the domains and the adapters: configuration, command
//! line, assembly, the worker and what it does, and the server from its start to its end.

mod anew;
pub mod assembly;
pub mod cli;
pub mod commands;
pub mod config;
pub mod jobs;
pub mod prompt;
pub mod readiness;
pub mod serve;
pub mod signals;
pub mod tended;
pub mod webhooks;

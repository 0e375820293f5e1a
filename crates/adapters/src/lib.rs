//! How the program reaches what is around it: each module answers ports of the domains with a server, a
//! file, a thread or the operating system behind them. Storage (`persistence`) and HTTP (`http`) are
//! crates of their own.
//!
//! Nothing here knows the configuration: an adapter takes plain settings, which `almoner-app` reads,
//! checks and builds.

pub mod backup;
pub mod breached;
pub mod clock;
pub mod keys;
pub mod mail;
pub mod passwords;
pub mod secrets;
pub mod telemetry;
pub mod trusted;
pub mod webhooks;

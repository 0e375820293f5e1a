//! The `almoner` command.
//!
//! mimalloc is the allocator, of SQLite's C code too (`override`): under glibc, parallel argon2 was
//! seen to keep gigabytes, and SQLite's pages hundreds of megabytes. The price: a preloaded library
//! that allocates before the program has begun, such as libfaketime, does not get along with it. It is
//! kept from asking for pages of 2 MiB (`no_thp`): with them an idle server had 72 MiB, and 216 at its
//! busiest, without them 37 and 101, at the same speed.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use almoner_adapters::telemetry::{self, Outlets, TelemetryError};
use almoner_app::{
    cli::{Admin, Audit, Cli, Clock, Command, Exit, Mail, Serve},
    commands,
    config::Config,
    serve,
};
use almoner_persistence::copies::CopyError;
use clap::Parser;

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let cli = Cli::parse();
    match start(&cli) {
        Ok((config, outlets)) => {
            let exit = run(&cli, &config);
            outlets.close();
            exit.into()
        }
        Err((exit, complaint)) => {
            // Logging has not started, and an operator waits for an answer.
            drop(writeln!(io::stderr(), "almoner: {complaint}"));
            exit.into()
        }
    }
}

/// Reads the configuration and starts logging.
fn start(cli: &Cli) -> Result<(Config, Outlets), (Exit, String)> {
    let config =
        Config::load(&cli.sources()).map_err(|error| (Exit::Misconfigured, error.to_string()))?;
    let outlets = outlets(cli, &config).and_then(|outlets| {
        telemetry::init(&config.log.filter, config.log.format, &outlets).map(|()| outlets)
    });
    let outlets = outlets.map_err(|error| (Exit::Failed, error.to_string()))?;
    for warning in config.warnings() {
        tracing::warn!("{warning}");
    }
    Ok((config, outlets))
}

/// Traces and errors are those of the server; commands tell whoever typed them.
fn outlets(cli: &Cli, config: &Config) -> Result<Outlets, TelemetryError> {
    match cli.task() {
        Command::Serve(Serve { mock: false }) => {
            Outlets::open(config.traces.as_ref(), config.errors.as_ref())
        }
        _ => Ok(Outlets::default()),
    }
}

fn run(cli: &Cli, config: &Config) -> Exit {
    // actix brings a runtime for each of its workers; commands need one thread.
    let outcome = match cli.task() {
        Command::Serve(Serve { mock: true }) => block_on(serve::mock(config)),
        Command::Serve(_) => block_on(serve::serve(config)),
        Command::Migrate(command) => block_on(commands::migrate(config, command)),
        Command::Admin(Admin::Create { email, name, password_stdin }) => {
            block_on(commands::create_admin(config, email, name, *password_stdin))
        }
        Command::Admin(Admin::Unlock { email }) => block_on(commands::unlock(config, email)),
        Command::Openapi => commands::openapi(),
        Command::Health => commands::health::health(config),
        Command::Config => print(&config.to_toml(&cli.sources())),
        Command::Seed(order) => block_on(commands::seed::seed(config, order)),
        Command::Mail(Mail::Test { to }) => block_on(commands::mail::test(config, to)),
        Command::Clock(Clock::Confirm { yes }) => {
            return ended(block_on(commands::clock::confirm(config, *yes)));
        }
        Command::Totals(command) => block_on(commands::totals(config, *command)),
        Command::Backup(order) => {
            return ended(block_on(commands::backup::backup(config, order)));
        }
        Command::Restore(order) => {
            return ended(block_on(commands::backup::restore(config, order)));
        }
        Command::Audit(Audit::Verify { expect_head }) => {
            return ended(block_on(commands::verify(config, *expect_head)));
        }
    };
    ended(outcome.map(|()| Exit::Done))
}

fn ended(outcome: anyhow::Result<Exit>) -> Exit {
    outcome.unwrap_or_else(|error| failed(&error))
}

fn block_on<T>(task: impl Future<Output = anyhow::Result<T>>) -> anyhow::Result<T> {
    actix_web::rt::System::new().block_on(task)
}

fn print(text: &str) -> anyhow::Result<()> {
    writeln!(io::stdout(), "{text}")?;
    Ok(())
}

/// The whole chain, because an operator wants the last cause. Some errors end with what their cause says:
/// that is said once.
fn chain(error: &anyhow::Error) -> String {
    let mut said = String::new();
    for cause in error.chain() {
        let text = cause.to_string();
        if said.is_empty() {
            said = text;
        } else if !said.ends_with(&text) {
            said.push_str(": ");
            said.push_str(&text);
        }
    }
    said
}

fn failed(error: &anyhow::Error) -> Exit {
    drop(writeln!(io::stderr(), "almoner: {}", chain(error)));
    match error.downcast_ref() {
        Some(CopyError::Unsound(_)) => Exit::Unsound,
        _ => Exit::Failed,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_an_error_repeats_of_its_cause_is_said_once() {
        let refused = anyhow::Error::new(io::Error::other("connection refused"));
        let error = refused.context("no answer: connection refused").context("cannot open it");
        assert_eq!(chain(&error), "cannot open it: no answer: connection refused");
        assert_eq!(
            chain(&error.context("failed")),
            "failed: cannot open it: no answer: connection refused"
        );
    }
}

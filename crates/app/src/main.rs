//! The `almoner` command.

use std::{
    io::{self, Write},
    process::ExitCode,
};

use almoner_app::{
    cli::{Admin, Audit, Cli, Clock, Command, Exit, Mail, Serve},
    commands,
    config::Config,
    serve,
    telemetry::{self, Outlets, TelemetryError},
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
        Command::Config => print(&format!("{config:#?}")),
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

fn failed(error: &anyhow::Error) -> Exit {
    // The whole chain: an operator sees the last cause, not only that something failed.
    drop(writeln!(io::stderr(), "almoner: {error:#}"));
    match error.downcast_ref() {
        Some(CopyError::Unsound(_)) => Exit::Unsound,
        _ => Exit::Failed,
    }
}

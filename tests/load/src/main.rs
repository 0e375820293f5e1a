//! `almoner-load`: measures the release binary against a static answer and a bare loop over the same
//! database, checks the answers while it does, and prints what it found as tables.

mod bare;
mod baseline;
mod client;
mod database;
mod dice;
mod drive;
mod live;
mod machine;
mod process;
mod report;
mod run;
mod sample;
mod server;
mod visitor;
mod waits;
mod works;

use std::{
    fs,
    io::{self, Write},
    process::ExitCode,
};

use clap::{Parser, Subcommand};

#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

/// Measures Almoner.
#[derive(Debug, Parser)]
#[command(name = "almoner-load", version)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Seeds a database, starts the server, drives it, and prints what came of it.
    Run(run::Order),
    /// Follows one list with many streams: memory of each, and how fast a change reaches all.
    Live(live::Order),
    /// Serves the static answers of a run: started by it.
    #[command(hide = true)]
    Baseline(baseline::Baseline),
    /// Runs a bare loop of a run: started by it.
    #[command(hide = true)]
    Bare(bare::Bare),
}

fn main() -> ExitCode {
    let done = match Cli::parse().command {
        Command::Run(order) => measure(&order),
        Command::Live(order) => follow(&order),
        Command::Baseline(order) => actix_web::rt::System::new()
            .block_on(baseline::serve(order))
            .map(|()| ExitCode::SUCCESS),
        Command::Bare(order) => bare::run(&order).map(|()| ExitCode::SUCCESS),
    };
    done.unwrap_or_else(|error| {
        drop(writeln!(io::stderr(), "almoner-load: {error:#}"));
        ExitCode::FAILURE
    })
}

fn follow(order: &live::Order) -> anyhow::Result<ExitCode> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    let text = local.block_on(&runtime, live::run(order, machine::facts()))?;
    writeln!(io::stdout(), "{text}")?;
    Ok(ExitCode::SUCCESS)
}

fn measure(order: &run::Order) -> anyhow::Result<ExitCode> {
    // One thread: what it takes is missing to the server.
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let local = tokio::task::LocalSet::new();
    let report = local.block_on(&runtime, run::run(order, machine::facts()))?;
    let text = report.markdown();
    writeln!(io::stdout(), "{text}")?;
    if let Some(file) = &order.markdown {
        let known = fs::read_to_string(file).unwrap_or_default();
        let filled = report::put_between(&known, order.database.name(), &text);
        fs::write(file, filled.unwrap_or(text))?;
    }
    for complaint in report.complaints() {
        writeln!(io::stderr(), "wrong: {complaint}")?;
    }
    if report.wrong() > 0 {
        writeln!(io::stderr(), "{} answers were wrong", report.wrong())?;
        return Ok(ExitCode::FAILURE);
    }
    let is_missed = report.bounds().iter().any(|bound| !bound.is_kept);
    Ok(if order.strict && is_missed { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

//! The commands beside `serve`.

use std::io::{self, IsTerminal, Write};

use almoner_accounts::{
    administration::NewSuperadmin,
    user::{Locale, TimeZone},
};
use almoner_audit::Mark;
use almoner_kernel::{EmailAddress, Fault, Fields, PersonName};
use almoner_kinds::REGISTRY;
use almoner_persistence::OpenError;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::{
    assembly::{Neighbours, Office},
    cli::{self, Exit},
    config::Config,
    prompt,
};

pub mod backup;
pub mod clock;
pub mod health;
pub mod mail;
pub mod seed;

/// `almoner migrate …`
///
/// # Errors
/// In words for the operator.
pub async fn migrate(config: &Config, command: &cli::Migrate) -> anyhow::Result<()> {
    let neighbours = match command {
        cli::Migrate::Status => Neighbours::Server,
        cli::Migrate::Up { .. } | cli::Migrate::Down { .. } => Neighbours::None,
    };
    let office = Office::open(config, neighbours).await?;
    match command {
        cli::Migrate::Up { steps } => office.store.migrate_up(*steps).await?,
        cli::Migrate::Down { steps } => office.store.migrate_down(*steps).await?,
        cli::Migrate::Status => {}
    }
    let mut out = io::stdout().lock();
    for step in office.store.migrations().await? {
        let state = if step.is_applied { "applied" } else { "pending" };
        writeln!(out, "{state:8} {}", step.name)?;
    }
    if office.store.migrations().await?.iter().all(|step| step.is_applied) {
        for epoch in office.store.epochs().await? {
            let began_at = almoner_adapters::backup::in_words(epoch.began_at);
            let (number, cause) = (epoch.number, epoch.cause.as_str());
            writeln!(out, "epoch    {number} {cause} {began_at} {}", epoch.epoch)?;
        }
    }
    Ok(())
}

/// `almoner admin create`
///
/// # Errors
/// In words for the operator, with every wrong field.
pub async fn create_admin(
    config: &Config,
    email: &str,
    name: &str,
    password_stdin: bool,
) -> anyhow::Result<()> {
    let mut fields = Fields::default();
    let email = fields.required("/email", Some(email), EmailAddress::parse);
    let name = fields.required("/name", Some(name), PersonName::parse);
    let new = name.zip(email).map(|(name, email)| NewSuperadmin {
        name,
        email,
        locale: Locale::default(),
        time_zone: TimeZone::default(),
    });
    let new = fields.finish(new).map_err(|invalid| in_words(&invalid))?;
    let office = Office::open(config, Neighbours::Server).await?;
    if office.store.migrations().await?.iter().all(|step| !step.is_applied) {
        // A new database: nobody can be running on it.
        office.store.migrate_up(None).await?;
    }
    office.expect_migrated().await?;
    let domains = office.domains(config)?;
    let password = prompt::new_password(password_stdin)?;
    let user = domains
        .users
        .create_superadmin(&office.context("cli").asking("admin create"), new, password)
        .await
        .map_err(|error| in_words(&error))?;
    let mut out = io::stdout().lock();
    writeln!(out, "{} can log in now, as superadmin", user.email.as_str())?;
    Ok(())
}

/// `almoner admin unlock`
///
/// # Errors
/// In words for the operator.
pub async fn unlock(config: &Config, email: &str) -> anyhow::Result<()> {
    let mut fields = Fields::default();
    let email = fields.required("/email", Some(email), EmailAddress::parse);
    let email = fields.finish(email).map_err(|invalid| in_words(&invalid))?;
    let office = Office::open(config, Neighbours::Server).await?;
    office.expect_migrated().await?;
    let domains = office.domains(config)?;
    let user = domains
        .users
        .unlock_by_email(&office.context("cli").asking("admin unlock"), &email)
        .await
        .map_err(|error| in_words(&error))?;
    let mut out = io::stdout().lock();
    writeln!(out, "{}: wrong passwords typed so far no longer count", user.email.as_str())?;
    if !user.active {
        writeln!(out, "but the user is deactivated")?;
    }
    Ok(())
}

/// `almoner openapi`
///
/// # Errors
/// When nothing can be printed.
pub fn openapi() -> anyhow::Result<()> {
    let document = serde_json::to_string_pretty(&almoner_http::openapi::api_document(&REGISTRY))?;
    let mut out = io::stdout().lock();
    writeln!(out, "{document}")?;
    Ok(())
}

/// `almoner audit verify`
///
/// # Errors
/// When the trail cannot be read; tampering is told by the exit code.
pub async fn verify(config: &Config, noted: Option<Mark>) -> anyhow::Result<Exit> {
    let office = Office::open(config, Neighbours::Server).await?;
    let steps = office.store.migrations().await?;
    anyhow::ensure!(steps.iter().all(|step| step.is_applied), "the database is not migrated");
    let domains = office.domains(config)?;
    let bar = progress("rows verified");
    let verdict = domains
        .audit
        .verify(&office.context("cli"), &office.seal(), noted, &mut |progress| {
            bar.set_length(progress.expected);
            bar.set_position(progress.verified);
        })
        .await?;
    bar.finish_and_clear();
    let bar = progress("security events verified");
    let events = domains
        .audit
        .verify_events(&office.context("cli"), &office.seal(), verdict.events, &mut |progress| {
            bar.set_length(progress.expected);
            bar.set_position(progress.verified);
        })
        .await?;
    bar.finish_and_clear();
    let bar = progress("records compared");
    let comparison =
        domains.audit.compare(&office.context("cli"), &mut |done| bar.set_position(done)).await?;
    bar.finish_and_clear();
    // What is not in the trail can still do something to it.
    let difference = match office.store.schema_difference().await? {
        None => match office.store.catalog_difference().await {
            Ok(difference) => difference,
            Err(error) => {
                not_compared(&error)?;
                None
            }
        },
        difference => difference,
    };
    let mut out = io::stdout().lock();
    if let Some(finding) = &events.finding {
        writeln!(out, "NOT INTACT: of the security events, {finding}")?;
    }
    for one in &comparison.differences {
        writeln!(out, "NOT INTACT: {one}")?;
    }
    let unnamed = comparison.all.saturating_sub(comparison.differences.len() as u64);
    if unnamed > 0 {
        writeln!(out, "NOT INTACT: {unnamed} other records")?;
    }
    let records = comparison.records - comparison.unsealed;
    match (&verdict.finding, &difference) {
        (None, None) if comparison.all > 0 || !events.is_intact() => {
            writeln!(out, "all {} rows of the trail are as they were sealed", verdict.verified)?;
            Ok(Exit::Tampered)
        }
        (None, None) => {
            if verdict.floor > 0 {
                writeln!(out, "rows 1 to {} went when their time was over", verdict.floor)?;
            }
            writeln!(out, "intact: {} rows, the last one is", verdict.verified)?;
            writeln!(out, "{}", verdict.last)?;
            writeln!(
                out,
                "Note this line where the database's administrator cannot reach it, and give it to \
                 --expect-head the next time."
            )?;
            if comparison.unsealed > 0 {
                writeln!(
                    out,
                    "{} records were last changed before that was sealed",
                    comparison.unsealed
                )?;
            }
            writeln!(out, "{} security events are as they were sealed", events.verified)?;
            writeln!(out, "{records} records are as their last changes left them")?;
            Ok(Exit::Done)
        }
        (None, Some(difference)) => {
            writeln!(out, "NOT INTACT: {difference}")?;
            writeln!(out, "all {} rows of the trail are as they were sealed", verdict.verified)?;
            Ok(Exit::Tampered)
        }
        (Some(finding), _) => {
            writeln!(out, "NOT INTACT: {finding}")?;
            writeln!(out, "{} rows before it are as they were sealed", verdict.verified)?;
            Ok(Exit::Tampered)
        }
    }
}

/// Says that nothing is known of the schema: a role that may not make a schema can still verify the rest.
fn not_compared(error: &OpenError) -> io::Result<()> {
    let mut err = io::stderr().lock();
    writeln!(err, "the schema was not compared: {error}")
}

/// `almoner totals …`
///
/// # Errors
/// In words for the operator: totals are wrong, or storage fails.
pub async fn totals(config: &Config, command: cli::Totals) -> anyhow::Result<()> {
    let office = Office::open(config, Neighbours::Server).await?;
    office.expect_migrated().await?;
    if matches!(command, cli::Totals::Rebuild) {
        office.store.rebuild_totals().await?;
    }
    let wrong = office.store.wrong_totals().await?;
    anyhow::ensure!(
        wrong == 0,
        "{wrong} totals are not what the donations add up to: `almoner totals rebuild` counts them \
         anew"
    );
    let mut out = io::stdout().lock();
    writeln!(out, "the totals are those of the donations")?;
    Ok(())
}

/// A progress bar on standard error; invisible where that is no terminal.
pub(crate) fn progress(what: &'static str) -> ProgressBar {
    let target = if io::stderr().is_terminal() {
        ProgressDrawTarget::stderr_with_hz(10)
    } else {
        ProgressDrawTarget::hidden()
    };
    let style = ProgressStyle::with_template(
        "{bar:40} {human_pos:>9} of {human_len} {msg}, {per_sec}, {eta} left",
    )
    .unwrap_or_else(|_| ProgressStyle::default_bar());
    ProgressBar::with_draw_target(Some(0), target).with_style(style).with_message(what)
}

/// An error of a use case with every wrong field, in the words of the command line.
fn in_words(fault: &(impl Fault + std::fmt::Display)) -> anyhow::Error {
    let fields: Vec<String> = fault
        .fields()
        .iter()
        .map(|field| format!("--{} {}", field.pointer.trim_start_matches('/'), field.detail))
        .collect();
    if fields.is_empty() {
        let mut text = fault.to_string();
        let mut source = std::error::Error::source(fault);
        while let Some(error) = source {
            text = format!("{text}: {error}");
            source = error.source();
        }
        return anyhow::anyhow!(text);
    }
    anyhow::anyhow!(fields.join("; "))
}

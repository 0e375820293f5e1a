//! `almoner clock confirm`

use std::io::{self, BufRead, IsTerminal, Write};

use almoner_adapters::backup::in_words;

use crate::{
    assembly::{Neighbours, Office},
    cli::Exit,
    config::Config,
};

/// Has the server trust the clock of this machine.
///
/// # Errors
/// In words for the operator.
pub async fn confirm(config: &Config, yes: bool) -> anyhow::Result<Exit> {
    let office = Office::open(config, Neighbours::Server).await?;
    office.expect_migrated().await?;
    let known = office.store.trusted_time().await?.map_or_else(|| "none".to_owned(), in_words);
    let mut out = io::stdout().lock();
    writeln!(out, "The last time that is known is {known}.")?;
    writeln!(out, "This machine says that it is {}.", in_words(office.clock.now()))?;
    if !yes {
        let stdin = io::stdin();
        anyhow::ensure!(stdin.is_terminal(), "confirm that this is right with --yes");
        write!(out, "Is that right? Type yes: ")?;
        out.flush()?;
        let mut answer = String::new();
        stdin.lock().read_line(&mut answer)?;
        if answer.trim() != "yes" {
            writeln!(out, "Nothing was changed.")?;
            return Ok(Exit::Failed);
        }
    }
    office.store.set_trusted_time(office.clock.now()).await?;
    writeln!(out, "The server trusts it within half a minute.")?;
    Ok(Exit::Done)
}

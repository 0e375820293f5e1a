//! Seals the trail of an older version anew, at the first start of this one.

use std::time::{Duration, Instant};

use almoner_persistence::{Rechained, Store};

/// How often the log says how far it is.
const TOLD: Duration = Duration::from_secs(2);

/// Seals the trail anew where it is of an older format. One that is not as it was sealed stays as it is:
/// the server works on, and `audit verify` tells what is wrong with it, as it did before.
///
/// # Errors
/// When the database is away. What was done stays, and the next start goes on.
pub async fn seal_anew(store: &Store) -> anyhow::Result<()> {
    let mut told = Instant::now();
    let rechained = store
        .chain_anew(&mut |done, all| {
            if told.elapsed() >= TOLD {
                told = Instant::now();
                tracing::info!(done, all, "sealing the change trail anew");
            }
        })
        .await?;
    let mut told = Instant::now();
    let events = store
        .chain_events(&mut |done| {
            if told.elapsed() >= TOLD {
                told = Instant::now();
                tracing::info!(done, "sealing the security events of an older version");
            }
        })
        .await?;
    if events > 0 {
        tracing::info!(events, "the security events of an older version are sealed from now on");
    }
    match rechained {
        Rechained::Nothing => {}
        Rechained::Done { before, after } => tracing::info!(
            %before,
            %after,
            "the change trail was as it had been sealed, and is sealed anew: who has noted its end \
             for --expect-head notes it anew"
        ),
        Rechained::Broken(finding) => tracing::error!(
            %finding,
            "the change trail is not as it was sealed: it stays as it is, and is not sealed anew"
        ),
    }
    Ok(())
}

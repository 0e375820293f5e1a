//! `almoner backup` and `almoner restore`.

use std::{
    fs,
    io::{self, BufRead, IsTerminal, Write},
    iter,
    path::{Path, PathBuf},
    time::Duration,
};

use almoner_adapters::{
    backup::{self, Draft, Existing, Wanted, Watch, folder_of},
    clock::SystemClock,
    keys,
};
use almoner_kernel::Clock;
use almoner_persistence::{
    Store,
    copies::{self, CopyError},
};
use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressDrawTarget};
use secrecy::ExposeSecret;

use crate::{
    cli::{self, Exit},
    config::{Config, Database, url_without_password},
};

/// How long something takes before its progress is shown.
const SHOWN_AFTER: Duration = Duration::from_secs(2);

/// Databases that are kept from one second: more than anybody restores.
const NAMES: u32 = 1_000;

/// `almoner backup`
///
/// # Errors
/// In words for the operator; [`CopyError::Unsound`] is in the chain when the copy is not sound.
pub async fn backup(config: &Config, order: &cli::Backup) -> anyhow::Result<Exit> {
    let database = match &config.database {
        Database::Sqlite { path } => path,
        Database::Postgres { url } => {
            let url = url_without_password(url.expose_secret());
            let file = quoted(&order.file.display().to_string());
            return say_instead(&[
                "PostgreSQL has its own tools. Run this, with the password in PGPASSWORD or \
                 ~/.pgpass:"
                    .to_owned(),
                format!("  pg_dump --format=custom --file={file} {}", quoted(&url)),
            ]);
        }
    };
    anyhow::ensure!(database.exists(), "there is no database {}", database.display());
    let existing = if order.force { Existing::Replaced } else { Existing::Refused };
    anyhow::ensure!(
        order.force || !order.file.exists(),
        "{} is there already: give another name, or --force to replace it",
        order.file.display()
    );
    let is_itself = fs::canonicalize(&order.file).is_ok_and(|file| {
        [database, &config.key_file]
            .into_iter()
            .any(|own| fs::canonicalize(own).is_ok_and(|own| own == file))
    });
    anyhow::ensure!(!is_itself, "{} is what Almoner works with", order.file.display());
    let keys = keys::load(&config.key_file)?;
    if let Some(copy) = &order.with_key {
        backup::copy_key(&config.key_file, copy, &order.file)?;
    }
    let proven = watched(|watch| async move {
        backup::make(database, &order.file, existing, &keys, &watch).await
    })
    .await?;

    let mut lines = vec![format!("{} is a sound backup of", order.file.display())];
    lines.extend(proven.lines());
    lines.push(match &order.with_key {
        Some(copy) => format!(
            "The key it cannot be read without is in {}: keep that apart from the backup.",
            copy.display()
        ),
        None => format!(
            "It cannot be read without the key in {}, which is not in it: keep a copy of that \
             file too, apart from the backup.",
            config.key_file.display()
        ),
    });
    say(&lines)?;
    Ok(Exit::Done)
}

/// `almoner restore`
///
/// # Errors
/// As [`backup`]. The present database stays in place then.
pub async fn restore(config: &Config, order: &cli::Restore) -> anyhow::Result<Exit> {
    let database = match &config.database {
        Database::Sqlite { path } => path,
        Database::Postgres { url } => {
            let url = url_without_password(url.expose_secret());
            let file = quoted(&order.file.display().to_string());
            return say_instead(&[
                "PostgreSQL has its own tools. Stop every almoner, then run this, with the \
                 password in PGPASSWORD or ~/.pgpass:"
                    .to_owned(),
                format!(
                    "  pg_restore --clean --if-exists --no-owner --single-transaction \
                     --exit-on-error --dbname={} {file}",
                    quoted(&url)
                ),
                "and look at what came back; the next start begins a new epoch:".to_owned(),
                "  almoner audit verify && almoner totals check".to_owned(),
            ]);
        }
    };
    let keys = keys::load(&config.key_file)
        .context("put the key that belongs to the backup in its place first")?;
    let folder = folder_of(database);
    keys::create_private_dir(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))?;
    let _lock = Store::reserve(database)?;
    let mut name = database.file_name().context("the database has no name")?.to_owned();
    name.push(".restored");
    let draft = Draft::beside(&folder.join(name))?;
    let wanted = if order.unsealed { Wanted::Proofs } else { Wanted::Seal };
    let proven = watched(|watch| {
        let draft = &draft;
        async move { backup::taken_back(&order.file, draft, wanted, &keys, &watch).await }
    })
    .await
    .with_context(|| format!("{} was not restored", order.file.display()))?;
    draft.flush()?;

    let mut lines = vec![format!("{} is sound and holds", order.file.display())];
    lines.extend(proven.lines());
    lines.push(match wanted {
        Wanted::Seal => "  seal         fits, not a bit was changed since it was made".to_owned(),
        Wanted::Proofs => "  seal         not looked at: --unsealed".to_owned(),
    });
    say(&lines)?;
    let present = database.exists();
    if present && !order.yes && !is_confirmed(database)? {
        say(&["Nothing was changed.".to_owned()])?;
        return Ok(Exit::Failed);
    }
    // A log without its database would be read into what is restored.
    let has_log = LOGS.iter().any(|ending| with_ending(database, ending).exists());
    let kept = match present || has_log {
        true => Some(keep_present(database)?),
        false => None,
    };
    if let Err(error) = draft.publish(database, Existing::Replaced) {
        if let Some(kept) = &kept {
            kept.put_back(database);
        }
        return Err(error);
    }
    let mut lines = vec![format!("It is {} now.", database.display())];
    match kept {
        Some(kept) if present => {
            lines.push(format!("What was there before is in {}.", kept.file.display()));
        }
        Some(kept) => lines.extend(kept.moved.iter().map(|(from, to)| {
            format!("{} had no database and is {} now.", from.display(), to.display())
        })),
        None => {}
    }
    lines.push(
        "The next start begins a new epoch: whoever works with it reads anew what they had open."
            .to_owned(),
    );
    lines.push(
        "Marks for `audit verify --expect-head` that were noted after the backup do not hold any \
         more."
            .to_owned(),
    );
    say(&lines)?;
    Ok(Exit::Done)
}

/// The database there was, under its second name.
struct Kept {
    file: PathBuf,
    // Its log, when it could not be folded in.
    moved: Vec<(PathBuf, PathBuf)>,
}

impl Kept {
    /// Puts back what was moved; the file itself never lost its name.
    fn put_back(&self, database: &Path) {
        let mut moves = self.moved.clone();
        if !database.exists() && self.file.exists() {
            moves.push((database.to_owned(), self.file.clone()));
        }
        for (from, to) in moves {
            if let Err(error) = fs::rename(&to, &from) {
                tracing::error!(%error, file = %to.display(), "could not be put back");
            }
        }
    }
}

/// What SQLite keeps beside a database.
const LOGS: [&str; 3] = ["-wal", "-shm", "-journal"];

fn with_ending(file: &Path, ending: &str) -> PathBuf {
    let mut name = file.as_os_str().to_owned();
    name.push(ending);
    PathBuf::from(name)
}

/// Gives the present database a second name, with everything it holds; of one that is gone, what is left of
/// its log.
fn keep_present(database: &Path) -> anyhow::Result<Kept> {
    let present = database.exists();
    let now = SystemClock.now().format(".before-restore-%Y%m%dT%H%M%SZ").to_string();
    // The lock keeps everybody else from taking a name in between.
    let file = iter::once(now.clone())
        .chain((2..=NAMES).map(|number| format!("{now}-{number}")))
        .map(|ending| with_ending(database, &ending))
        .find(|file| !file.exists())
        .with_context(|| format!("there are {NAMES} files {}{now}", database.display()))?;
    let mut kept = Kept { file, moved: Vec::new() };
    match if present { copies::fold_log(database) } else { Ok(()) } {
        Ok(()) => {}
        Err(error @ CopyError::InUse(_)) => return Err(error.into()),
        // A damaged database is a reason to restore: its log goes with it as it is.
        Err(error) => {
            tracing::warn!(error = &error as &dyn std::error::Error, "it is kept as it is");
        }
    }
    let complaint = || format!("cannot keep the present database as {}", kept.file.display());
    // Where there are hard links, there is a database under its name at every moment.
    let linked = if present { fs::hard_link(database, &kept.file) } else { Ok(()) };
    for ending in LOGS {
        let (from, to) = (with_ending(database, ending), with_ending(&kept.file, ending));
        if from.exists() {
            if let Err(error) = fs::rename(&from, &to) {
                kept.put_back(database);
                return Err(error).with_context(complaint);
            }
            kept.moved.push((from, to));
        }
    }
    if present
        && linked.is_err()
        && let Err(error) = fs::rename(database, &kept.file)
    {
        kept.put_back(database);
        return Err(error).with_context(complaint);
    }
    Ok(kept)
}

/// Runs something that takes long, shows its progress after a while, and stops it on Ctrl+C.
async fn watched<T, F: Future<Output = anyhow::Result<T>>>(
    work: impl FnOnce(Watch) -> F,
) -> anyhow::Result<T> {
    let watch = Watch::silent();
    let bar: ProgressBar = watch.bar.clone();
    let showing = actix_web::rt::spawn(async move {
        actix_web::rt::time::sleep(SHOWN_AFTER).await;
        if io::stderr().is_terminal() {
            bar.set_draw_target(ProgressDrawTarget::stderr_with_hz(10));
        }
    });
    let halt = watch.halt.clone();
    let done = tokio::select! {
        done = work(watch) => done,
        _ = tokio::signal::ctrl_c() => {
            halt.call();
            Err(CopyError::Stopped.into())
        }
    };
    showing.abort();
    done
}

/// Asks whether the present database may be replaced.
fn is_confirmed(database: &Path) -> anyhow::Result<bool> {
    let stdin = io::stdin();
    anyhow::ensure!(
        stdin.is_terminal(),
        "{} would be replaced: confirm it with --yes",
        database.display()
    );
    let mut out = io::stdout().lock();
    write!(out, "Put it in the place of {}? Type yes: ", database.display())?;
    out.flush()?;
    let mut answer = String::new();
    stdin.lock().read_line(&mut answer)?;
    Ok(answer.trim() == "yes")
}

fn say(lines: &[String]) -> anyhow::Result<()> {
    let mut out = io::stdout().lock();
    for line in lines {
        writeln!(out, "{line}")?;
    }
    Ok(())
}

/// Says what to run in place of this command.
fn say_instead(lines: &[String]) -> anyhow::Result<Exit> {
    let mut out = io::stderr().lock();
    for line in lines {
        writeln!(out, "{line}")?;
    }
    Ok(Exit::Misused)
}

/// A word as a shell takes it literally.
fn quoted(word: &str) -> String {
    format!("'{}'", word.replace('\'', r"'\''"))
}

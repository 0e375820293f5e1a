//! Backups of a SQLite database: copied while a server writes, proven, and only then given their name.
//!
//! What a backup is worth shows when it is read, so none counts before every page, index, reference
//! and seal of it was, and its schema is found to be one that this program makes. Then it is sealed as
//! a whole, so that `restore` finds whatever was changed in it since. The key is never in it.
//!
//! The copy (`persistence`'s `copies.rs`) is written under another name, then looked at:
//! `integrity_check`, `foreign_key_check`, steps of the schema, rows of every table against those of
//! the moment, the trail by the code of `audit verify`, the kept totals; then it is flushed and named.
//! Proving takes most of the time (31 s for `integrity_check` of 1.9 GB alone), on a thread that stands
//! back (`nice` 10). A backup that is overdue is told by `/health/ready` but never makes it 503: no
//! request needs it.
//!
//! `restore` proves its own copy of the file, under the lock of a server, gives the present database a
//! second name (a hard link) and renames the copy over the first, so that at every moment there is a
//! database. `--with-key` refuses the backup's own folder: who has both reads everything.
//!
//! The schema is held, entry for entry, against that of an empty database brought up to the same step
//! in memory: by `backup`, `restore`, `audit verify` and, as an ERROR in the log, at each start. On
//! PostgreSQL `audit verify` holds it against one that it makes in a schema of its own, in a
//! transaction that is taken back; without the right to make one it says that it was not compared. Not
//! seen: rows that were altered in the live database before, which `audit verify` finds there. A
//! database that was taken some steps down may have columns in another order, and is backed up again
//! when it is up to date.

mod draft;
pub mod schedule;
mod seal;

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use almoner_audit::{Audit, Mark, Seal};
use almoner_kernel::{Actor, Clock, Context, Ids, Origin, Timestamp};
use almoner_persistence::{
    Store,
    copies::{self, Contents, CopyError, Halt, Rows},
};
use anyhow::Context as _;
use indicatif::{ProgressBar, ProgressStyle};
use secrecy::ExposeSecret;

use crate::{
    clock::{SystemClock, UuidIds},
    keys::Keys,
};

use seal::Sealer;

pub use draft::{Draft, Existing};

/// How to watch something that takes long, and how to stop it.
#[derive(Clone)]
pub struct Watch {
    /// Stops it.
    pub halt: Halt,
    /// Shows how far it is.
    pub bar: ProgressBar,
}

impl Watch {
    /// Shows nothing.
    pub fn silent() -> Self {
        Self { halt: Halt::default(), bar: ProgressBar::hidden() }
    }

    fn counts(&self, what: &'static str) {
        let style = ProgressStyle::with_template("{bar:40} {percent:>3} % {msg}, {eta} left");
        self.bar.disable_steady_tick();
        self.bar.reset();
        self.bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
        self.bar.set_message(what);
    }

    fn shows(&self, done: u64, all: u64) {
        self.bar.set_length(all);
        self.bar.set_position(done);
    }

    fn waits(&self, what: &'static str) {
        let style = ProgressStyle::with_template("{spinner} {msg}, {elapsed}");
        self.bar.reset();
        self.bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_spinner()));
        self.bar.set_message(what);
        self.bar.enable_steady_tick(Duration::from_millis(100));
    }
}

/// A copy that every check found sound.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Proven {
    /// What it holds.
    pub contents: Contents,
    /// The last row of its change trail.
    pub last: Mark,
}

impl Proven {
    /// What it holds, one line each, for an operator.
    pub fn lines(&self) -> Vec<String> {
        let Contents { donations, donors, users, changed_at, steps } = &self.contents;
        let changed_at = changed_at.map_or_else(|| "none".to_owned(), in_words);
        let missing = steps.iter().filter(|step| !step.is_applied).count();
        let mut lines = vec![
            format!("  donations    {donations}"),
            format!("  donors       {donors}"),
            format!("  users        {users}"),
            format!("  last change  {changed_at}"),
            format!("  trail ends   {}", self.last),
        ];
        if missing > 0 {
            lines.push(format!("  schema       {missing} migrations behind this program"));
        }
        lines
    }
}

/// Copies a database to a file beside others of the same folder, seals and proves the copy, and gives
/// it its name. Nothing is left behind when that fails.
///
/// # Errors
/// In words for the operator; [`CopyError::Unsound`] is in the chain when the copy was made and is
/// not sound.
pub async fn make(
    database: &Path,
    file: &Path,
    existing: Existing,
    keys: &Keys,
    watch: &Watch,
) -> anyhow::Result<Proven> {
    let draft = Draft::beside(file)?;
    let made = async {
        let rows = copied(database, &draft, watch).await?;
        // Before it is proven: what goes wrong on the disk after the copy is not sealed unseen.
        let sealer = Sealer::new(keys);
        counted(&draft, watch, "sealing", move |draft, halt, told| sealer.seal(draft, halt, told))
            .await?;
        prove(draft.path(), Some(rows), keys, watch).await
    };
    let proven =
        made.await.with_context(|| format!("no backup of {} was made", database.display()))?;
    let file = file.to_owned();
    beside(move || draft.publish(&file, existing)).await?;
    Ok(proven)
}

/// What is asked of a file before it becomes the database.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Wanted {
    /// The seal of [`make`], and every proof.
    Seal,
    /// Every proof: the file may be of a version that had no seals, or a plain copy.
    Proofs,
}

/// Copies a backup into a draft and proves the copy.
///
/// # Errors
/// As [`make`]; [`seal::OtherKey`] when it was sealed with another key.
pub async fn taken_back(
    file: &Path,
    draft: &Draft,
    wanted: Wanted,
    keys: &Keys,
    watch: &Watch,
) -> anyhow::Result<Proven> {
    let rows = match wanted {
        Wanted::Seal => {
            let (file, sealer) = (file.to_owned(), Sealer::new(keys));
            counted(draft, watch, "verifying the seal", move |draft, halt, told| {
                sealer.unsealed(&file, draft, halt, told)
            })
            .await?;
            None
        }
        Wanted::Proofs => Some(copied(file, draft, watch).await?),
    };
    prove(draft.path(), rows, keys, watch).await
}

/// Copies a database into a draft. Answers the rows it had.
async fn copied(database: &Path, draft: &Draft, watch: &Watch) -> anyhow::Result<Rows> {
    let (from, to, copying) = (database.to_owned(), draft.path().to_owned(), watch.clone());
    watch.counts("copying");
    beside(move || {
        copies::copy(&from, &to, &copying.halt, &mut |done, all| copying.shows(done, all))
            .context("the copy could not be made")
    })
    .await
}

/// Goes through the bytes of a draft on a thread of its own.
async fn counted(
    draft: &Draft,
    watch: &Watch,
    what: &'static str,
    work: impl FnOnce(&File, &Halt, seal::Told<'_>) -> anyhow::Result<()> + Send + 'static,
) -> anyhow::Result<()> {
    // SQLite has nothing open of it between the copy and the proof.
    let (file, watch) = (draft.file().try_clone()?, watch.clone());
    watch.counts(what);
    beside(move || work(&file, &watch.halt, &mut |done, all| watch.shows(done, all))).await
}

/// Looks at a copy: its pages, indexes, references, schema and rows, and every seal of its trail.
async fn prove(
    path: &Path,
    rows: Option<Rows>,
    keys: &Keys,
    watch: &Watch,
) -> anyhow::Result<Proven> {
    watch.waits("checking every page and index");
    let (file, halt) = (path.to_owned(), watch.halt.clone());
    let contents = beside(move || {
        copies::check(&file, rows.as_ref(), &halt).context("the copy was thrown away")
    })
    .await?;
    let ids: Arc<dyn Ids> = Arc::new(UuidIds::default());
    let store = Store::of_copy(path.to_owned(), &keys.store_keys(), ids);
    let unsound = |what: String| {
        anyhow::Error::new(CopyError::Unsound(what)).context("the copy was thrown away")
    };
    if let Some(difference) = store.schema_difference().await? {
        return Err(unsound(difference));
    }
    // Otherwise every seal of the trail would look forged.
    store.check_key().await.context("the copy was thrown away")?;
    watch.counts("verifying the change trail");
    let cx = Context {
        actor: Actor::System("backup"),
        at: SystemClock.now(),
        origin: Origin::default(),
        replay: None,
        dry_run: false,
        suspicions: almoner_kernel::Suspicions::default(),
    };
    let seal = Seal::new(*keys.audit.expose_secret());
    let verdict = Audit::new(Arc::new(store.clone()))
        .verify(&cx, &seal, None, &mut |progress| watch.shows(progress.verified, progress.expected))
        .await?;
    if let Some(finding) = verdict.finding {
        return Err(unsound(finding.to_string()));
    }
    // Totals are there since a step that some copies are older than.
    if contents.steps.iter().all(|step| step.is_applied) {
        watch.waits("adding up the donations");
        let wrong = store.wrong_totals().await?;
        if wrong > 0 {
            return Err(unsound(format!("{wrong} totals are not what its donations add up to")));
        }
    }
    watch.bar.finish_and_clear();
    Ok(Proven { contents, last: verdict.last })
}

/// Copies the key file to a place apart from the backup.
///
/// # Errors
/// When the place is the backup's own folder, something else stands there, or it cannot be written.
pub fn copy_key(key_file: &Path, to: &Path, backup: &Path) -> anyhow::Result<()> {
    anyhow::ensure!(
        real(folder_of(to))? != real(folder_of(backup))?,
        "the copy of the key must not be in the folder of the backup: who has both reads everything"
    );
    let key = secrecy::zeroize::Zeroizing::new(
        fs::read(key_file).with_context(|| format!("cannot read {}", key_file.display()))?,
    );
    // The same key again is no reason to complain.
    if fs::read(to).is_ok_and(|there| there == *key) {
        return Ok(());
    }
    let draft = Draft::beside(to)?;
    draft.write(&key)?;
    draft.publish(to, Existing::Refused)
}

/// The folder that a file is in.
pub fn folder_of(file: &Path) -> &Path {
    match file.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    }
}

fn real(folder: &Path) -> anyhow::Result<PathBuf> {
    fs::canonicalize(folder).with_context(|| format!("there is no folder {}", folder.display()))
}

/// A time to the second, in UTC.
pub fn in_words(at: Timestamp) -> String {
    at.format("%Y-%m-%d %H:%M:%S UTC").to_string()
}

/// Runs something that blocks on a thread of its own.
pub(crate) async fn beside<T: Send + 'static>(
    work: impl FnOnce() -> anyhow::Result<T> + Send + 'static,
) -> anyhow::Result<T> {
    tokio::task::spawn_blocking(work).await.context("a thread failed")?
}

//! Backups that the server makes by itself, and how many of them are kept.
//!
//! A file gets its name after it was proven, and the name says when it was begun: so the folder itself
//! tells how old the newest proven backup is, whoever moves or touches the files.

use std::{
    fs, io,
    path::{Path, PathBuf},
    sync::{
        Arc,
        atomic::{AtomicI64, Ordering},
    },
    thread,
    time::{Duration, Instant},
};

use almoner_kernel::{Clock, Timestamp};
use almoner_persistence::copies::Halt;
use anyhow::Context as _;
use chrono::{DateTime, NaiveDateTime, Utc};
use thread_priority::{ThreadPriority, ThreadPriorityValue};
use tokio::sync::oneshot;

use super::{Draft, Existing, Watch, draft::flush_folder, make};
use crate::{
    keys::{self, Keys},
    trusted::TrustedTime,
};

/// How often the server looks whether a backup is due.
const LOOK_EVERY: Duration = Duration::from_secs(30);

/// Time from a backup that failed to the next attempt, at the most.
const RETRY_AFTER: Duration = Duration::from_secs(10 * 60);

/// Behind all other threads (10 on the scale of `nice`): a tenth of a core's time when the server
/// wants all of it, everything that is left when it does not.
const BEHIND: u8 = 22;

/// Seconds since the newest proven backup was begun.
pub const AGE: &str = "almoner_backup_age_seconds";
/// When it was begun, in seconds since 1970.
pub const LAST_SUCCESS: &str = "almoner_backup_last_success_timestamp_seconds";
/// Counts scheduled backups that failed.
pub const FAILURES: &str = "almoner_backup_failures_total";

/// No backup yet.
const NEVER: i64 = i64::MIN;

/// The backups that the server makes by itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BackupPlan {
    /// Their folder, for this database alone.
    pub folder: PathBuf,
    /// Time from one to the next.
    pub every: Duration,
    /// How many of them are kept, at least one.
    pub keep: u32,
}

/// How it stands with the scheduled backups: shared with the readiness and the metrics.
pub struct Standing {
    clock: Arc<dyn Clock>,
    every: Duration,
    // Unix milliseconds, or `NEVER`.
    last: AtomicI64,
}

impl Standing {
    fn new(clock: Arc<dyn Clock>, every: Duration) -> Arc<Self> {
        Arc::new(Self { clock, every, last: AtomicI64::new(NEVER) })
    }

    /// Time since the newest proven backup was begun; none when there is none, or when it is from the
    /// future, so that nobody knows.
    pub fn age(&self) -> Option<Duration> {
        let last = self.last.load(Ordering::Relaxed);
        let age = self.clock.now().timestamp_millis().checked_sub(last)?;
        u64::try_from(age).ok().map(Duration::from_millis)
    }

    /// True when the newest proven backup is older than twice the time there should be between two.
    pub fn is_overdue(&self) -> bool {
        self.age().is_none_or(|age| age > self.every * 2)
    }

    /// Tells the metrics.
    pub fn record(&self) {
        let last = self.last.load(Ordering::Relaxed);
        if let Some(age) = self.age() {
            metrics::gauge!(AGE).set(age.as_secs_f64());
            metrics::gauge!(LAST_SUCCESS).set(last as f64 / 1_000.0);
        }
    }

    fn note(&self, made_at: Option<Timestamp>) {
        let millis = made_at.map_or(NEVER, |at| at.timestamp_millis());
        self.last.store(millis, Ordering::Relaxed);
        self.record();
    }
}

/// Makes backups for as long as a server runs.
pub struct Scheduler {
    plan: BackupPlan,
    database: PathBuf,
    keys: Keys,
    clock: Arc<dyn Clock>,
    standing: Arc<Standing>,
    time: Arc<TrustedTime>,
    watch: Watch,
}

impl Scheduler {
    /// Looks at what is in the folder already.
    ///
    /// # Errors
    /// When the key file cannot be read.
    pub fn new(
        plan: BackupPlan,
        database: PathBuf,
        key_file: &Path,
        clock: Arc<dyn Clock>,
        time: Arc<TrustedTime>,
    ) -> anyhow::Result<Self> {
        let standing = Standing::new(Arc::clone(&clock), plan.every);
        let keys = keys::load(key_file)?;
        metrics::counter!(FAILURES).absolute(0);
        Ok(Self { plan, database, keys, clock, standing, time, watch: Watch::silent() })
    }

    /// How it stands.
    pub fn standing(&self) -> Arc<Standing> {
        Arc::clone(&self.standing)
    }

    /// Makes a backup whenever one is due, on a thread of its own that stands back behind those who
    /// answer requests.
    ///
    /// # Errors
    /// When the thread cannot be started.
    pub fn start(self) -> anyhow::Result<Running> {
        let halt = self.watch.halt.clone();
        // Its own, because the threads it starts for work that blocks stand back as it does.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = thread::Builder::new()
            .name("almoner-backup".to_owned())
            .spawn(move || {
                let behind =
                    ThreadPriorityValue::try_from(BEHIND).map(ThreadPriority::Crossplatform);
                if let Ok(Err(error)) = behind.map(thread_priority::set_current_thread_priority) {
                    tracing::debug!(?error, "backups run as fast as everything else");
                }
                runtime.block_on(async {
                    tokio::select! {
                        () = self.run() => {}
                        _ = stopped => {}
                    }
                });
            })
            .context("cannot start the thread that makes backups")?;
        Ok(Running { halt, stop, thread })
    }

    async fn run(self) {
        let mut failed_at: Option<Instant> = None;
        // By a clock that nobody sets.
        let (began, mut made_at) = (Instant::now(), None::<Instant>);
        let mut round = tokio::time::interval(LOOK_EVERY);
        let retry_after = RETRY_AFTER.min(self.plan.every);
        self.note_newest();
        loop {
            round.tick().await;
            let is_due = match self.time.is_doubted() {
                // One for each look would push out those of better days.
                true => made_at.unwrap_or(began).elapsed() >= self.plan.every,
                false => self.standing.age().is_none_or(|age| age >= self.plan.every),
            };
            if !is_due || failed_at.is_some_and(|at| at.elapsed() < retry_after) {
                continue;
            }
            failed_at = None;
            if let Err(error) = self.make_one().await {
                metrics::counter!(FAILURES).increment(1);
                tracing::error!(error = %format_args!("{error:#}"), "a scheduled backup failed");
                failed_at = Some(Instant::now());
            } else {
                made_at = Some(Instant::now());
            }
        }
    }

    /// A folder that cannot be read is told by the backup that follows.
    fn note_newest(&self) {
        let made = made_in(&self.plan.folder).unwrap_or_default();
        let now = self.clock.now();
        self.standing.note(made.into_iter().map(|(at, _)| at).filter(|at| *at <= now).max());
    }

    async fn make_one(&self) -> anyhow::Result<()> {
        let folder = &self.plan.folder;
        keys::create_private_dir(folder)
            .and_then(|()| Draft::sweep(folder, |name| begun_at(name).is_some()))
            .with_context(|| format!("cannot use the folder {}", folder.display()))?;
        let (begun, started) = (self.clock.now(), Instant::now());
        let file = folder.join(name_of(begun));
        let proven =
            make(&self.database, &file, Existing::Refused, &self.keys, &self.watch).await?;
        self.standing.note(Some(begun));
        tracing::info!(
            file = %file.display(),
            donations = proven.contents.donations,
            seconds = started.elapsed().as_secs(),
            "made and proved a backup"
        );
        let (folder, keep) = (folder.clone(), self.plan.keep as usize);
        super::beside(move || rotate(&folder, &file, keep, begun)).await
    }
}

/// Backups are made as long as nobody stops it.
pub struct Running {
    halt: Halt,
    stop: oneshot::Sender<()>,
    thread: thread::JoinHandle<()>,
}

impl Running {
    /// Stops; a copy under way is thrown away, which takes some seconds at the most.
    pub async fn stop(self) {
        let Self { halt, stop, thread } = self;
        halt.call();
        drop(stop);
        let joined = super::beside(move || {
            thread.join().map_err(|_| anyhow::anyhow!("the thread that makes backups panicked"))
        });
        if let Err(error) = joined.await {
            tracing::error!(error = %format_args!("{error:#}"), "no backups were made any more");
        }
    }
}

/// Removes the oldest backups beyond `keep`, never the one that was just made. What has a name of the
/// future was made while the clock was ahead: it goes first, or it would stay until then.
fn rotate(folder: &Path, newest: &Path, keep: usize, now: Timestamp) -> anyhow::Result<()> {
    let complaint = || format!("cannot remove old backups of {}", folder.display());
    let mut others = made_in(folder).with_context(complaint)?;
    others.retain(|(_, file)| file != newest);
    others.sort_by_key(|(begun, _)| (*begun <= now, *begun));
    let beyond = (others.len() + 1).saturating_sub(keep.max(1));
    for (_, file) in others.iter().take(beyond) {
        fs::remove_file(file).with_context(complaint)?;
        tracing::info!(file = %file.display(), "removed an old backup");
    }
    flush_folder(folder)
}

/// The backups of a folder, with the time each was begun.
fn made_in(folder: &Path) -> io::Result<Vec<(Timestamp, PathBuf)>> {
    let mut made = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        if let Some(begun) = entry.file_name().to_str().and_then(begun_at) {
            made.push((begun, entry.path()));
        }
    }
    Ok(made)
}

const PATTERN: &str = "almoner-%Y%m%dT%H%M%SZ.db";

fn name_of(begun: Timestamp) -> String {
    begun.format(PATTERN).to_string()
}

fn begun_at(name: &str) -> Option<Timestamp> {
    let begun = NaiveDateTime::parse_from_str(name, PATTERN).ok()?;
    let begun = DateTime::<Utc>::from_naive_utc_and_offset(begun, Utc);
    // Only what this program would have written: another spelling is somebody else's file.
    (name_of(begun) == name).then_some(begun)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_says_when_its_backup_was_begun_and_nothing_else_is_taken_for_one() {
        let name = "almoner-20261121T101530Z.db";
        assert_eq!(name_of(begun_at(name).unwrap()), name);
        for other in ["almoner.db", "almoner-2026.db", "almoner-20261121T101530Z.db.gz", "notes"] {
            assert_eq!(begun_at(other), None, "{other}");
        }
    }

    #[test]
    fn the_oldest_go_and_the_one_just_made_stays_whatever_its_name_says() {
        let folder = tempfile::tempdir().unwrap();
        let file = |year: u32| folder.path().join(format!("almoner-{year}0101T000000Z.db"));
        for year in [2020, 2021, 2022, 2099] {
            fs::write(file(year), "").unwrap();
        }
        fs::write(folder.path().join("almoner.db"), "").unwrap();
        let now = begun_at("almoner-20230101T000000Z.db").unwrap();
        rotate(folder.path(), &file(2021), 2, now).unwrap();
        let left: Vec<bool> = [2020, 2021, 2022, 2099].map(|year| file(year).exists()).into();
        assert_eq!(left, [false, true, true, false]);
        rotate(folder.path(), &file(2021), 1, now).unwrap();
        assert!(file(2021).exists() && !file(2022).exists());
        assert!(folder.path().join("almoner.db").exists());
    }
}

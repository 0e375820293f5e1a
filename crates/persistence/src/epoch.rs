//! Which time line the database is on, and how it is noticed that it has left one.
//!
//! The table `epochs` has a row for each, oldest first; the last one is the present one, and says where
//! the database lives ([`place`]). A start that finds it elsewhere begins the next. Nobody has to
//! remember to: a restore, a file or dump that was copied elsewhere and a server of PostgreSQL that
//! took over from another all differ in their place, while a restart does not. A SQLite file over which
//! a copy of itself was written is where it was, and its trail lacks what it had ([`witness`]). The next
//! number is
//! inserted, so that of several instances that start at once one begins an epoch and the others read
//! it.
//!
//! A copy that this program makes lives nowhere ([`crate::copies::copy`] empties its place), so a
//! backup begins an epoch wherever it is started, however it was put there. That is why `restore`
//! itself writes nothing: what it puts in place is, to the last bit, what was sealed.
//!
//! A running process knows one epoch and keeps much of it in memory: positions of the feed, pages of
//! live lists, sessions. On SQLite nobody can begin another under it, because a server has the file
//! for itself. On PostgreSQL it may have to hear of one, after a failover or a restore under its feet:
//! each new connection is held against the place ([`Ground`]), and the row is read every second.
//! Then the process ends ([`Store::epoch_over`]), because nothing it has in memory can be told from
//! what was lost; whoever keeps it running starts it anew.
//!
//! What is not seen: a disk or machine that is put back as a whole, so that everything says what it said
//! then.
//!
//! An epoch that is not the first ends all sessions: among those that came back may be one that somebody
//! ended meanwhile, by logging out or with a new password.
//!
//! A failover that lost nothing begins an epoch too: nobody can say that nothing was lost. What a role
//! of PostgreSQL may not read is left out of the place, and says nothing. Rejected: to follow a new
//! epoch in place, for which every cache would have to know how to forget, for the sake of a second in
//! some years. Instead the process answers 503 and ends with an error within a second. What an epoch
//! costs clients is to read anew what they had open: a validator that fits too seldom costs a reading,
//! one that fits too often loses a change.

mod place;
mod witness;

use std::time::Duration;

use almoner_kernel::{Epoch, StoreError, Timestamp};
use sea_orm::{
    ConnectionTrait, DatabaseConnection, EntityTrait, QueryOrder, QuerySelect, QueryTrait,
    Statement,
    sqlx::{self, PgConnection},
};
use tokio::{sync::watch, time};

use self::{
    place::{Fit, Place},
    witness::Noted,
};
use crate::{
    entities::{epochs, sessions},
    error::store_error,
    paging::{instant, millis},
    store::{Backend, Store, only_read},
};

/// How often a server on PostgreSQL looks whether another epoch has begun.
const LOOK: Duration = Duration::from_secs(1);

/// How often a start reads what another instance has begun before it gives up.
const ATTEMPTS: u32 = 8;

/// Why an epoch began.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EpochCause {
    /// It is the first one of the database.
    First,
    /// The database came out of a backup or a dump.
    Restored,
    /// It lives elsewhere than before: another file, another server, or one that took over.
    Moved,
}

impl EpochCause {
    /// Every cause.
    pub const ALL: [Self; 3] = [Self::First, Self::Restored, Self::Moved];

    /// The name in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::First => "first",
            Self::Restored => "restored",
            Self::Moved => "moved",
        }
    }

    /// The cause with that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|one| one.as_str() == text)
    }
}

/// One epoch.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EpochRecord {
    /// 1, 2, 3, …; two copies of a database give the same number to different epochs.
    pub number: i64,
    /// Which one it is.
    pub epoch: Epoch,
    /// When it began.
    pub began_at: Timestamp,
    /// Why.
    pub cause: EpochCause,
    place: Place,
}

impl Store {
    /// The present epoch. One begins when there is none, or when the database lives elsewhere than the
    /// last one did. From then on new connections to PostgreSQL are held against this place.
    ///
    /// # Errors
    /// When the database is away, or the operating system has no randomness to give.
    pub async fn settle_epoch(&self, at: Timestamp) -> Result<EpochRecord, StoreError> {
        let here = self.place(None).await?;
        for _ in 0..ATTEMPTS {
            let last = self.last_epoch().await?;
            let (number, cause) = match &last {
                None => (1, EpochCause::First),
                Some((last, written_by)) => match last.place.fits(&here, written_by.as_deref()) {
                    Fit::Here if !self.has_gone_back().await? => {
                        self.0.ground.settle(here);
                        return Ok(last.clone());
                    }
                    Fit::Here | Fit::Rewritten => (last.number + 1, EpochCause::Restored),
                    Fit::Elsewhere => (last.number + 1, EpochCause::Moved),
                },
            };
            self.begin_epoch(number, cause, &here, at).await?;
            self.note_trail().await?;
            // Somebody else may have been faster: what is stored is read again.
        }
        Err(StoreError::Raced)
    }

    /// Every epoch, oldest first; none when the schema is from before there were any.
    ///
    /// # Errors
    /// When the database is away, or holds something else than epochs.
    pub async fn epochs(&self) -> Result<Vec<EpochRecord>, StoreError> {
        let select = epochs::Entity::find().order_by_asc(epochs::Column::Number).into_query();
        let rows: Vec<epochs::Model> = self.scan().rows(&select).await.map_err(store_error)?;
        rows.into_iter().map(into_record).collect()
    }

    /// Waits until the database is known to be on another time line than `known`. On SQLite that
    /// cannot be while a server has the file.
    pub async fn epoch_over(&self, known: &EpochRecord) {
        let (Some(_), Some(here)) = (self.postgres(), self.0.ground.known.get()) else {
            return std::future::pending().await;
        };
        let mut left = self.0.ground.left.subscribe();
        loop {
            tokio::select! {
                // The sender lives as long as the store.
                _ = left.wait_for(|left| *left) => return,
                () = time::sleep(LOOK) => {}
            }
            let is_here = async {
                let there = self.place(Some(here)).await?;
                let last = self.last_epoch().await?;
                let is_last = last.is_some_and(|(last, written_by)| {
                    let fit = last.place.fits(here, written_by.as_deref());
                    last.epoch == known.epoch && fit == Fit::Here
                });
                Ok::<_, StoreError>(is_last && here.is(&there))
            };
            match is_here.await {
                Ok(true) => {}
                Ok(false) => return,
                // Whoever needs the database says that it is away.
                Err(error) => {
                    let error = &error as &dyn std::error::Error;
                    tracing::debug!(error, "the epoch cannot be read");
                }
            }
        }
    }

    /// The last epoch, and on PostgreSQL the transaction that wrote its row.
    async fn last_epoch(&self) -> Result<Option<(EpochRecord, Option<String>)>, StoreError> {
        let select =
            epochs::Entity::find().order_by_desc(epochs::Column::Number).limit(1).into_query();
        let row: Option<epochs::Model> = self.point().row(&select).await.map_err(store_error)?;
        let Some(row) = row else { return Ok(None) };
        let written_by = match self.postgres() {
            None => None,
            Some(pool) => {
                let writer = "SELECT xmin::text AS writer FROM epochs WHERE number = $1";
                let backend = pool.get_database_backend();
                let ask = Statement::from_sql_and_values(backend, writer, [row.number.into()]);
                let found = pool.query_one_raw(ask).await.map_err(store_error)?;
                let writer = found.map(|row| row.try_get("", "writer")).transpose();
                writer.map_err(store_error)?
            }
        };
        into_record(row).map(|record| Some((record, written_by)))
    }

    /// Begins an epoch, unless somebody has begun one of that number.
    async fn begin_epoch(
        &self,
        number: i64,
        cause: EpochCause,
        here: &Place,
        at: Timestamp,
    ) -> Result<(), StoreError> {
        let mut random = [0; 16];
        getrandom::fill(&mut random).map_err(|error| StoreError::Unavailable(error.into()))?;
        let id = uuid::Builder::from_random_bytes(random).into_uuid();
        // A row that came out of a dump has another writer than the one it names.
        let place = match self.postgres() {
            None => "$5",
            Some(_) => {
                "(CAST($5 AS jsonb)
                  || jsonb_build_object('row', CAST(CAST(pg_current_xact_id() AS xid) AS text)))::text"
            }
        };
        let insert = format!(
            "INSERT INTO epochs (number, id, began_at, cause, place)
             VALUES ($1, $2, $3, $4, {place}) ON CONFLICT (number) DO NOTHING"
        );
        let unit = self.unit().await?;
        let backend = unit.work.get_database_backend();
        let values = [
            number.into(),
            id.into(),
            millis(at).into(),
            cause.as_str().into(),
            here.to_string().into(),
        ];
        let insert = Statement::from_sql_and_values(backend, insert, values);
        unit.work.execute_raw(insert).await.map_err(store_error)?;
        if number > 1 {
            let sessions = sessions::Entity::delete_many().into_query();
            let sessions = backend.build(&sessions);
            unit.work.execute_raw(sessions).await.map_err(store_error)?;
        }
        unit.commit_upkeep().await
    }

    /// Where the database is, as far as it is `known` where it was.
    async fn place(&self, known: Option<&Place>) -> Result<Place, StoreError> {
        match &self.0.backend {
            Backend::Sqlite { path, .. } => Place::of_file(path),
            Backend::Copy { .. } => Err(only_read()),
            Backend::Postgres(pool) => on(pool, known).await.map_err(StoreError::Unavailable),
        }
    }
}

async fn on(
    pool: &DatabaseConnection,
    known: Option<&Place>,
) -> Result<Place, almoner_kernel::store::Cause> {
    let mut connection = pool.get_postgres_connection_pool().acquire().await?;
    Ok(Place::of_postgres(&mut connection, known).await?)
}

fn into_record(row: epochs::Model) -> Result<EpochRecord, StoreError> {
    let cause = EpochCause::parse(&row.cause)
        .ok_or_else(|| StoreError::Damaged("epochs.cause has a value nobody knows".to_owned()))?;
    Ok(EpochRecord {
        number: row.number,
        epoch: Epoch::new(row.id),
        began_at: instant(row.began_at)?,
        cause,
        place: Place::from_stored(&row.place),
    })
}

/// Where the database of this process lives. A connection to PostgreSQL that leads elsewhere is not
/// used: after a failover every one is new, so that nothing of this process reaches the other time line.
pub(crate) struct Ground {
    known: std::sync::OnceLock<Place>,
    left: watch::Sender<bool>,
    noted: Noted,
}

impl Default for Ground {
    fn default() -> Self {
        Self {
            known: std::sync::OnceLock::new(),
            left: watch::Sender::new(false),
            noted: Noted::default(),
        }
    }
}

impl Ground {
    fn settle(&self, here: Place) {
        // A second one of the same process is the same place, or a start that has failed already.
        let _ = self.known.set(here);
    }

    /// Looks where a new connection leads.
    ///
    /// # Errors
    /// When it is elsewhere, or does not say: a server that follows another one has no time line of its
    /// own yet, and may take over with this very connection.
    pub(crate) async fn bears(&self, connection: &mut PgConnection) -> Result<(), sqlx::Error> {
        let Some(known) = self.known.get() else { return Ok(()) };
        let there = Place::of_postgres(connection, Some(known)).await?;
        let what = match (known.is(&there), known.is_told_by(&there)) {
            (true, true) => return Ok(()),
            (true, false) => "does not say on which time line it is",
            (false, _) => {
                self.left.send_replace(true);
                "is on another time line than before"
            }
        };
        Err(sqlx::Error::Protocol(format!("the server {what}")))
    }
}

/// Says of a copy that it lives nowhere: whoever starts on it begins an epoch.
pub(crate) fn uproot(copy: &rusqlite::Connection) -> rusqlite::Result<()> {
    let is_there = "SELECT count(*) FROM sqlite_schema WHERE type = 'table' AND name = 'epochs'";
    match copy.query_row(is_there, [], |row| row.get(0))? {
        0_i64 => Ok(()),
        _ => copy.execute("UPDATE epochs SET place = ''", []).map(|_| ()),
    }
}

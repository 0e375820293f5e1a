//! The feed is the change trail: its positions are given one after the other, each commit's before
//! the next one gets its own. Here is how it is read, and how a process hears of what others
//! commit.
//!
//! Positions are given in the commit, under the lock of the trail's head on PostgreSQL and by the one
//! writer on SQLite: whoever has read *n* never later meets a smaller one. A plain sequence, whose
//! numbers are given when rows are written, does not have that, and a test shows how. There is no
//! second table of events to write, to keep in step and to trim; how long the trail is kept is how long
//! the feed reaches back.
//!
//! A process hears of its own commits at once. Of those of others it hears by `NOTIFY`, which a trigger
//! on the head sends and PostgreSQL delivers with the commit, over a connection beside the pool; while
//! that is down it asks five times a second, and on SQLite, where only commands run beside the server,
//! once a second.

use std::time::Duration;

use almoner_kernel::{ChangeId, Feed, Notice, StoreError, Version};
use async_trait::async_trait;
use sea_orm::{
    ColumnTrait, DatabaseConnection, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait,
    sqlx::{
        self,
        postgres::{PgListener, PgPoolOptions},
    },
};
use tokio::{sync::watch, time};
use uuid::Uuid;

use crate::{
    entities::{changes, trail_head},
    error::store_error,
    paging::instant,
    signals,
    store::Store,
};

/// What PostgreSQL calls the news of a commit.
const CHANNEL: &str = "almoner_changes";

/// How often the end of the trail is read while nobody tells of it.
const POLL: Duration = Duration::from_millis(200);

/// How often it is read all the same: on SQLite for commands beside the server, on PostgreSQL in
/// case a word was lost.
const LOOK: Duration = Duration::from_secs(1);

/// How long a dead connection to PostgreSQL is left alone.
const AGAIN: Duration = Duration::from_secs(2);

/// The last position this process knows to be committed.
pub(crate) struct Heard(watch::Sender<i64>);

impl Default for Heard {
    fn default() -> Self {
        Self(watch::Sender::new(0))
    }
}

impl Heard {
    /// Positions may come in any order; the last one counts.
    pub(crate) fn note(&self, position: i64) {
        self.0.send_if_modified(|heard| {
            let is_news = position > *heard;
            *heard = position.max(*heard);
            is_news
        });
    }
}

/// Position and id, time, kind and id of the record, action and version.
type Columns = ((i64, Uuid), ((i64, (String, Uuid)), (String, i64)));

#[async_trait]
impl Feed for Store {
    async fn head(&self) -> Result<i64, StoreError> {
        let select = trail_head::Entity::find_by_id(1).into_query();
        let head: Option<trail_head::Model> =
            self.point().row(&select).await.map_err(store_error)?;
        Ok(head.map_or(0, |head| head.position))
    }

    async fn after(&self, position: i64, limit: u32) -> Result<Vec<Notice>, StoreError> {
        use changes::Column;

        let select = changes::Entity::find()
            .filter(Column::Position.gt(position))
            .order_by_asc(Column::Position)
            .limit(u64::from(limit))
            .select_only()
            .columns([Column::Position, Column::Id, Column::At, Column::Entity, Column::EntityId])
            .columns([Column::Action, Column::Version])
            .into_query();
        let rows: Vec<Columns> = self.scan().rows(&select).await.map_err(store_error)?;
        rows.into_iter()
            .map(|((position, id), ((at, (entity, entity_id)), (action, version)))| {
                let (at, version) = (instant(at)?, Version::new(version));
                Ok(Notice {
                    position,
                    change: ChangeId::new(id),
                    at,
                    entity,
                    entity_id,
                    action,
                    version,
                })
            })
            .collect()
    }

    async fn beyond(&self, position: i64) -> i64 {
        let mut heard = self.0.heard.0.subscribe();
        let known = heard.wait_for(|heard| *heard > position).await.map(|heard| *heard);
        match known {
            Ok(known) => known,
            // The sender lives as long as the store, which is borrowed here.
            Err(_) => std::future::pending().await,
        }
    }
}

impl Store {
    /// Keeps what [`Feed::beyond`] knows up to date with what other processes commit, for as long
    /// as it is polled: a server spawns it. On PostgreSQL they tell (LISTEN), and while the
    /// connection for that is down the database is asked five times a second. Over the same
    /// connection come the words of [`almoner_kernel::Signals`].
    pub async fn listen(&self) {
        let Some(pool) = self.postgres() else { return self.look_every(LOOK, None).await };
        let mut was_told = false;
        loop {
            match self.listen_while_told(pool).await {
                Ok(()) => tracing::warn!("the word of other instances' changes is lost"),
                Err(error) if was_told => {
                    let error = &error as &dyn std::error::Error;
                    tracing::warn!(
                        error,
                        "other instances' changes are asked for until it is back"
                    );
                }
                Err(_) => {}
            }
            was_told = false;
            self.look_every(POLL, Some(AGAIN)).await;
        }
    }

    /// Reads the end of the trail again and again; a failure is that of whoever reads the rest.
    async fn look_every(&self, pause: Duration, end: Option<Duration>) {
        let began = time::Instant::now();
        while end.is_none_or(|end| began.elapsed() < end) {
            self.look().await;
            time::sleep(pause).await;
        }
    }

    async fn look(&self) {
        let looked = async {
            let position = self.head().await?;
            self.0.heard.note(position);
            self.note_trail().await
        };
        match looked.await {
            Ok(()) => {}
            Err(error) => {
                let error = &error as &dyn std::error::Error;
                tracing::debug!(error, "the end of the trail cannot be read");
            }
        }
    }

    /// Hears what PostgreSQL tells, until the connection is lost.
    async fn listen_while_told(&self, pool: &DatabaseConnection) -> Result<(), sqlx::Error> {
        // A connection beside the pool: it is held for as long as the server runs.
        let options = pool.get_postgres_connection_pool().connect_options();
        let alone = PgPoolOptions::new()
            .max_connections(1)
            .acquire_timeout(Duration::from_secs(5))
            .connect_lazy_with((*options).clone());
        let mut listener = PgListener::connect_with(&alone).await?;
        listener.listen_all([CHANNEL, signals::CHANNEL]).await?;
        // What was committed before it listened, and what was said.
        self.0.words.missed();
        self.look().await;
        loop {
            match time::timeout(LOOK, listener.try_recv()).await {
                Ok(Ok(Some(word))) if word.channel() == signals::CHANNEL => {
                    self.0.words.heard(&self.0.vault, word.payload());
                }
                Ok(Ok(Some(word))) => match word.payload().parse() {
                    Ok(position) => self.0.heard.note(position),
                    Err(_) => self.look().await,
                },
                Ok(Ok(None)) => return Ok(()),
                Ok(Err(error)) => return Err(error),
                Err(_) => self.look().await,
            }
        }
    }
}

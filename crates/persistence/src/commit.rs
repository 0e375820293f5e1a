//! The one place of the whole program that writes the trail and commits.
//!
//! A dry run is a commit that is taken back. `dry_run=true` travels in the `Context` into the `Trail`;
//! the use case runs as ever, and `commit` lets PostgreSQL check what it had put off and rolls back. So
//! every check is the real one, against the real records, and no domain knows of it. What a dry run was
//! refused is written down all the same: otherwise it would be a way to try doors unseen. Logging in,
//! looking up and revealing have none: the first would be a way to guess without being counted, the
//! others show things.

use std::{any::Any, sync::Arc};

use almoner_kernel::{Action, Actor, StoreError, Trail, UnitOfWork, Version, trail::SavedAnswer};
use async_trait::async_trait;
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, DeleteResult, EntityTrait, InsertMany,
    Iterable, QueryFilter, QuerySelect, QueryTrait, Statement, UpdateResult,
    sea_query::{Expr, ExprTrait, OnConflict},
};
use uuid::Uuid;

use crate::{
    batch::Open,
    connection::{Known, Work},
    entities::{answers, changes},
    error::store_error,
    jobs,
    paging::millis,
    store::Inner,
    trail::{write_changes, write_security_events},
};

/// A unit of work in hand. Every `…Tx` port is implemented on it; dropping it rolls back.
pub struct UnitHandle {
    pub(crate) inner: Arc<Inner>,
    pub(crate) work: Arc<Work>,
    /// The batch it is a part of.
    pub(crate) batch: Option<Arc<Open>>,
}

impl UnitHandle {
    pub(crate) fn new(inner: Arc<Inner>, work: Work) -> Self {
        Self { inner, work: Arc::new(work), batch: None }
    }

    /// Makes units of work that lock the same word wait for each other until they end. On SQLite they
    /// do so anyway.
    pub(crate) async fn lock_word(&self, word: &str) -> Result<(), StoreError> {
        if self.work.get_database_backend() == DbBackend::Postgres {
            let lock = Statement::from_sql_and_values(
                DbBackend::Postgres,
                "SELECT pg_advisory_xact_lock(hashtextextended($1, 0))",
                [word.into()],
            );
            self.work.execute_raw(lock).await.map_err(store_error)?;
        }
        Ok(())
    }

    /// Commits what leaves no trail: the upkeep of storage itself.
    pub(crate) async fn commit_upkeep(self) -> Result<(), StoreError> {
        alone(self.work)?.commit().await
    }
}

fn alone(work: Arc<Work>) -> Result<Work, StoreError> {
    Arc::into_inner(work)
        .ok_or_else(|| StoreError::Failed("a unit of work is part of another".into()))
}

/// Writes the trail and commits; a dry run is checked and taken back.
pub(crate) async fn write(inner: &Inner, work: Work, trail: &Trail) -> Result<(), StoreError> {
    if trail.dry_run {
        return work.rehearse().await;
    }
    forget_answers(&work, trail).await?;
    if let Some(answer) = &trail.answer {
        keep_answer(&work, trail, answer).await?;
    }
    write_security_events(inner, &work, trail).await?;
    jobs::store(inner, &work, trail).await?;
    // Last, because its lock puts the commits of several instances in line.
    let position = write_changes(inner, &work, trail).await?;
    work.commit().await?;
    metrics::counter!("almoner_commits_total").increment(1);
    if let Some(position) = position {
        inner.heard.note(position);
    }
    jobs::stir(inner, trail);
    Ok(())
}

/// How long an answer is kept for a repeated request, ms: 24 h.
pub const ANSWER_LIFETIME_MS: i64 = 24 * 60 * 60 * 1000;

#[async_trait]
impl UnitOfWork for UnitHandle {
    async fn commit(self: Box<Self>, trail: Trail) -> Result<(), StoreError> {
        if trail.is_empty() {
            return Err(StoreError::Failed("a change without its trail".into()));
        }
        let Self { inner, work, batch } = *self;
        match batch {
            Some(batch) => batch.keep(trail).await,
            None => write(&inner, alone(work)?, &trail).await,
        }
    }

    fn as_any(&mut self) -> Option<&mut dyn Any> {
        Some(self)
    }

    fn is_of_batch(&self) -> bool {
        self.batch.is_some()
    }

    async fn changed_since(
        &mut self,
        entity: &'static str,
        id: Uuid,
        since: Version,
    ) -> Result<Vec<String>, StoreError> {
        let rows: Vec<String> = changes::Entity::find()
            .filter(changes::Column::EntityId.eq(id))
            .filter(changes::Column::Entity.eq(entity))
            .filter(changes::Column::Version.gt(since.number()))
            .select_only()
            .column(changes::Column::After)
            .into_tuple()
            .all(&*self.work)
            .await
            .map_err(store_error)?;
        let mut fields = std::collections::BTreeSet::new();
        for row in rows {
            let after: serde_json::Map<String, serde_json::Value> = serde_json::from_str(&row)
                .map_err(|_| StoreError::Damaged("changes.after is not JSON".to_owned()))?;
            fields.extend(after.into_iter().map(|(name, _)| name));
        }
        if let Some(batch) = &self.batch {
            batch.changes(|change| {
                let is_later = change.version.number() > since.number();
                if is_later && change.entity == entity && change.entity_id == id {
                    fields.extend(change.after.iter().map(|(name, _)| (*name).to_owned()));
                }
            });
        }
        Ok(fields.into_iter().collect())
    }
}

/// Answers kept for repeated requests that show a record which is destroyed go with it: whatever they are
/// answers to, and whatever they show beside it. That there was one stays known: nothing is done twice.
/// They are few, those of one day, and a record is seldom destroyed, so they are looked through.
async fn forget_answers(work: &Work, trail: &Trail) -> Result<(), StoreError> {
    let purged = trail.changes.iter().filter(|change| change.action == Action::Purged);
    for change in purged {
        let id = change.entity_id.to_string().into_bytes();
        let shows = match work.get_database_backend() {
            DbBackend::Postgres => Expr::cust_with_values("position($1 IN body) > 0", [id]),
            _ => Expr::cust_with_values("instr(body, ?) > 0", [id]),
        };
        answers::Entity::update_many()
            .col_expr(answers::Column::Body, Expr::value(Vec::<u8>::new()))
            .filter(shows)
            .exec(work)
            .await
            .map_err(store_error)?;
    }
    Ok(())
}

async fn keep_answer(work: &Work, trail: &Trail, answer: &SavedAnswer) -> Result<(), StoreError> {
    let Actor::User(caller) = &trail.actor else { return Ok(()) };
    let now = millis(trail.at);
    let row = answers::ActiveModel {
        user_id: Set(caller.user_id.uuid()),
        key: Set(answer.key.clone()),
        fingerprint: Set(answer.fingerprint.to_vec()),
        body: Set(answer.body.clone()),
        created_at: Set(now),
    };
    // An answer that is past its time makes room; a live one means: this was carried out already.
    let expired =
        Expr::col((answers::Entity, answers::Column::CreatedAt)).lt(now - ANSWER_LIFETIME_MS);
    let written = answers::Entity::insert(row)
        .on_conflict(
            OnConflict::columns([answers::Column::UserId, answers::Column::Key])
                .update_columns([
                    answers::Column::Fingerprint,
                    answers::Column::Body,
                    answers::Column::CreatedAt,
                ])
                .action_and_where(expired)
                .to_owned(),
        )
        .exec_without_returning(work)
        .await;
    match written {
        Ok(0) | Err(DbErr::RecordNotInserted) => Err(StoreError::Replayed),
        Ok(_) => Ok(()),
        Err(error) => Err(store_error(error)),
    }
}

/// Rows of `columns` columns that fit into one statement: both databases take 32,766 values.
pub const fn in_chunks(columns: usize) -> usize {
    const MAX_VALUES: usize = 32_766;
    let rows = MAX_VALUES / columns;
    // Larger statements only cost memory.
    if rows > 200 { 200 } else { rows }
}

/// Inserts several rows with one statement.
pub async fn at_once<A>(work: &Work, insert: InsertMany<A>) -> Result<(), StoreError>
where
    A: ActiveModelTrait,
{
    insert.exec_without_returning(work).await.map(|_| ()).map_err(store_error)
}

/// Inserts one row, of which every column is set, with a statement whose text is known.
pub async fn insert_one<A>(work: &Work, known: &Known, mut row: A) -> Result<(), StoreError>
where
    A: ActiveModelTrait,
{
    let columns = <A::Entity as EntityTrait>::Column::iter;
    let whole = row.clone();
    let values = columns().filter_map(|column| row.take(column).into_value()).collect();
    let build = || A::Entity::insert(whole).into_query();
    let statement = known.statement(work.get_database_backend(), values, build);
    work.execute_raw(statement).await.map(|_| ()).map_err(store_error)
}

/// Turns an update that found no row into [`StoreError::Raced`].
pub fn changed_one(result: Result<UpdateResult, DbErr>) -> Result<(), StoreError> {
    match result.map_err(store_error)?.rows_affected {
        1 => Ok(()),
        _ => Err(StoreError::Raced),
    }
}

/// Turns a deletion that found no row into [`StoreError::Raced`].
pub fn deleted_one(result: Result<DeleteResult, DbErr>) -> Result<(), StoreError> {
    match result.map_err(store_error)?.rows_affected {
        1 => Ok(()),
        _ => Err(StoreError::Raced),
    }
}

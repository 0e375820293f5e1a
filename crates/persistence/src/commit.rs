//! The one place of the whole program that writes the trail and commits.

use std::sync::Arc;

use almoner_audit::{Mac, Seal, SealInput};
use almoner_kernel::{
    Actor, Change, FieldValue, SecurityEvent, Snapshot, StoreError, Trail, UnitOfWork, Version,
    trail::SavedAnswer,
};
use async_trait::async_trait;
use sea_orm::{
    ActiveModelTrait,
    ActiveValue::Set,
    ColumnTrait, ConnectionTrait, DbBackend, DbErr, DeleteResult, EntityTrait, InsertMany,
    Iterable, QueryFilter, QuerySelect, QueryTrait, Statement, UpdateResult, Value,
    sea_query::{Expr, ExprTrait, OnConflict, Query},
};
use uuid::Uuid;

use crate::{
    batch::Open,
    connection::{Known, Work},
    entities::{answers, changes, security_events, trail_head},
    error::store_error,
    jobs,
    paging::millis,
    store::Inner,
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

/// The position of the last change, if there was one.
async fn write_changes(
    inner: &Inner,
    work: &Work,
    trail: &Trail,
) -> Result<Option<i64>, StoreError> {
    if trail.changes.is_empty() {
        return Ok(None);
    }
    let select = trail_head::Entity::find_by_id(1).lock_exclusive().into_query();
    let head: Option<trail_head::Model> = work.row(&select).await.map_err(store_error)?;
    let head = head.ok_or_else(|| StoreError::Damaged("trail_head is empty".to_owned()))?;
    let seal = <[u8; 32]>::try_from(head.seal.as_slice())
        .map_err(|_| StoreError::Damaged("trail_head.seal has no 32 bytes".to_owned()))?;
    let (mut position, mut seal) = (head.position, Mac::from_bytes(seal));
    let mut rows = Vec::with_capacity(trail.changes.len());
    for change in &trail.changes {
        position += 1;
        let row = ChangeRow::new(inner.ids.next(), position, trail, change);
        seal = row.sealed(&inner.seal, &seal);
        rows.push(row.into_active(seal));
    }
    if rows.len() == 1 {
        static ONE: Known = Known::new();
        for row in rows {
            insert_one(work, &ONE, row).await?;
        }
    } else {
        for chunk in rows.chunks(in_chunks(17)) {
            at_once(work, changes::Entity::insert_many(chunk.to_vec())).await?;
        }
    }
    move_head(work, position, &seal, inner.seal.key_id()).await?;
    Ok(Some(position))
}

async fn move_head(work: &Work, position: i64, seal: &Mac, key: &str) -> Result<(), StoreError> {
    use trail_head::Column;

    static MOVE: Known = Known::new();
    let (position, seal): (Value, Value) = (position.into(), seal.as_bytes().to_vec().into());
    let values = vec![position.clone(), seal.clone(), key.into(), 1_i64.into()];
    let build = || {
        Query::update()
            .table(trail_head::Entity)
            .values([
                (Column::Position, position.into()),
                (Column::Seal, seal.into()),
                (Column::KeyId, key.into()),
            ])
            .and_where(Column::Id.eq(1_i64))
            .to_owned()
    };
    let statement = MOVE.statement(work.get_database_backend(), values, build);
    let done = work.execute_raw(statement).await.map_err(store_error)?;
    match done.rows_affected() {
        1 => Ok(()),
        _ => Err(StoreError::Damaged("trail_head is empty".to_owned())),
    }
}

/// A change as it is stored, before its seal.
struct ChangeRow<'a> {
    id: Uuid,
    position: i64,
    trail: &'a Trail,
    change: &'a Change,
    before: String,
    after: String,
    address: Option<String>,
}

impl<'a> ChangeRow<'a> {
    fn new(id: Uuid, position: i64, trail: &'a Trail, change: &'a Change) -> Self {
        Self {
            id,
            position,
            trail,
            change,
            before: json(&change.before),
            after: json(&change.after),
            address: trail.origin.address.map(|address| address.to_string()),
        }
    }

    fn sealed(&self, seal: &Seal, previous: &Mac) -> Mac {
        let (actor_kind, actor_id, actor_name) = actor(&self.trail.actor);
        seal.mac(
            previous,
            &SealInput {
                position: self.position,
                id: self.id,
                at: millis(self.trail.at),
                actor_kind: actor_kind.into(),
                actor_id,
                actor_name: actor_name.map(Into::into),
                action: self.change.action.as_str().into(),
                entity: self.change.entity.into(),
                entity_id: self.change.entity_id,
                version: self.change.version.number(),
                before: self.before.as_str().into(),
                after: self.after.as_str().into(),
                reason: self.change.reason.as_deref().map(Into::into),
                request_id: self.trail.origin.request_id.as_deref().map(Into::into),
                address: self.address.as_deref().map(Into::into),
                user_agent: self.trail.origin.user_agent.as_deref().map(Into::into),
            },
        )
    }

    fn into_active(self, seal: Mac) -> changes::ActiveModel {
        let (actor_kind, actor_id, actor_name) = actor(&self.trail.actor);
        changes::ActiveModel {
            position: Set(self.position),
            id: Set(self.id),
            at: Set(millis(self.trail.at)),
            actor_kind: Set(actor_kind.to_owned()),
            actor_id: Set(actor_id),
            actor_name: Set(actor_name.map(str::to_owned)),
            action: Set(self.change.action.as_str().to_owned()),
            entity: Set(self.change.entity.to_owned()),
            entity_id: Set(self.change.entity_id),
            version: Set(self.change.version.number()),
            before: Set(self.before),
            after: Set(self.after),
            reason: Set(self.change.reason.clone()),
            request_id: Set(self.trail.origin.request_id.clone()),
            address: Set(self.address),
            user_agent: Set(self.trail.origin.user_agent.clone()),
            seal: Set(seal.as_bytes().to_vec()),
        }
    }
}

async fn write_security_events(
    inner: &Inner,
    work: &Work,
    trail: &Trail,
) -> Result<(), StoreError> {
    if trail.security_events.is_empty() {
        return Ok(());
    }
    let (actor_kind, actor_id, actor_name) = actor(&trail.actor);
    let row = |event: &SecurityEvent| security_events::ActiveModel {
        id: Set(inner.ids.next()),
        at: Set(millis(trail.at)),
        kind: Set(event.kind.as_str().to_owned()),
        user_id: Set(event.user_id.map(almoner_kernel::UserId::uuid)),
        actor_kind: Set(actor_kind.to_owned()),
        actor_id: Set(actor_id),
        actor_name: Set(actor_name.map(str::to_owned)),
        detail: Set(event.detail.clone()),
        request_id: Set(trail.origin.request_id.clone()),
        address: Set(trail.origin.address.map(|address| address.to_string())),
        user_agent: Set(trail.origin.user_agent.clone()),
    };
    let rows: Vec<_> = trail.security_events.iter().map(row).collect();
    at_once(work, security_events::Entity::insert_many(rows)).await
}

fn actor(actor: &Actor) -> (&'static str, Option<Uuid>, Option<&'static str>) {
    match actor {
        Actor::Anonymous => ("anonymous", None, None),
        Actor::User(caller) => ("user", Some(caller.user_id.uuid()), None),
        Actor::System(name) => ("system", None, Some(name)),
    }
}

/// A JSON object with its names in alphabetical order: the same fields give the same bytes.
fn json(snapshot: &Snapshot) -> String {
    let object: serde_json::Map<String, serde_json::Value> = snapshot
        .iter()
        .map(|(name, value)| {
            let value = match value {
                FieldValue::Null => serde_json::Value::Null,
                FieldValue::Bool(value) => (*value).into(),
                FieldValue::Int(value) => (*value).into(),
                FieldValue::Text(value) => value.as_str().into(),
            };
            ((*name).to_owned(), value)
        })
        .collect();
    serde_json::Value::Object(object).to_string()
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

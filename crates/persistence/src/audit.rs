//! The ports of the audit domain, and of repeated requests.

use almoner_audit::{
    ActorOnRecord, AuditTrail, ChangeQuery, ChangeRecord, Floor, Head, SealInput, SealedChange,
    SecurityEventQuery, SecurityEventRecord,
};
use almoner_kernel::{
    ChangeId, Direction, Page, PageRequest, Position, SecurityEventId, SecurityEventKind, SortKey,
    StoreError, Timestamp, UnitOfWork, UserId, Version, collision::COLLISIONS, store::Answers,
    trail::SavedAnswer,
};
use async_trait::async_trait;
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, sea_query::Expr,
};

use crate::{
    commit::{ANSWER_LIFETIME_MS, UnitHandle},
    entities::{answers, changes, security_events, trail_floor, trail_head, webhook_position},
    error::store_error,
    paging::{Listing, Ordering, instant, millis},
    store::Store,
};

/// When a user was told of values outside their scope: newest first, as many as are counted. Units of
/// work of one user wait for each other here, or all that are under way would read the same. Those of a
/// batch do not: they have locked records by now, and the batch counts its own.
pub async fn lock_collisions(
    unit: &UnitHandle,
    user: UserId,
    since: Timestamp,
    until: Timestamp,
) -> Result<Vec<Timestamp>, StoreError> {
    use security_events::Column;

    if unit.batch.is_none() {
        unit.lock_word(&format!("collisions of {user}")).await?;
    }
    let times: Vec<i64> = security_events::Entity::find()
        .filter(Column::UserId.eq(user.uuid()))
        .filter(Column::Kind.eq(SecurityEventKind::HiddenValueTaken.as_str()))
        .filter(Column::At.gt(millis(since)))
        .filter(Column::At.lte(millis(until)))
        .order_by_desc(Column::At)
        .limit(u64::from(COLLISIONS.limit))
        .select_only()
        .column(Column::At)
        .into_tuple()
        .all(&*unit.work)
        .await
        .map_err(store_error)?;
    times.into_iter().map(instant).collect()
}

#[async_trait]
impl AuditTrail for Store {
    async fn changes(
        &self,
        query: &ChangeQuery,
        page: &PageRequest,
    ) -> Result<Page<ChangeRecord>, StoreError> {
        use changes::Column;

        let mut select = changes::Entity::find();
        let filters = [
            query.entity.as_ref().map(|entity| Column::Entity.eq(entity)),
            query.entity_id.map(|id| Column::EntityId.eq(id)),
            query.action.map(|action| Column::Action.eq(action.as_str())),
            query.actor.map(|user| Column::ActorId.eq(user.uuid())),
            query.from.map(|from| Column::At.gte(millis(from))),
            query.to.map(|to| Column::At.lt(millis(to))),
        ];
        for filter in filters.into_iter().flatten() {
            select = select.filter(filter);
        }
        let ordering = Ordering::by(
            (changes::Entity, Column::At),
            (changes::Entity, Column::Id),
            Direction::Down,
        );
        let position =
            |row: &changes::Model| Position { key: Some(SortKey::Int(row.at)), id: row.id };
        Listing::new("changes", select.into_query(), ordering)
            .page(&self.scan(), page, position, into_change)
            .await
    }

    async fn security_events(
        &self,
        query: &SecurityEventQuery,
        page: &PageRequest,
    ) -> Result<Page<SecurityEventRecord>, StoreError> {
        use security_events::Column;

        let mut select = security_events::Entity::find();
        let filters = [
            query.kind.map(|kind| Column::Kind.eq(kind.as_str())),
            query.user_id.map(|user| Column::UserId.eq(user.uuid())),
            query.from.map(|from| Column::At.gte(millis(from))),
            query.to.map(|to| Column::At.lt(millis(to))),
        ];
        for filter in filters.into_iter().flatten() {
            select = select.filter(filter);
        }
        let ordering = Ordering::by(
            (security_events::Entity, Column::At),
            (security_events::Entity, Column::Id),
            Direction::Down,
        );
        let position =
            |row: &security_events::Model| Position { key: Some(SortKey::Int(row.at)), id: row.id };
        Listing::new("security_events", select.into_query(), ordering)
            .page(&self.scan(), page, position, into_security_event)
            .await
    }

    async fn sealed(&self, after: i64, limit: u32) -> Result<Vec<SealedChange>, StoreError> {
        let rows = changes::Entity::find()
            .filter(changes::Column::Position.gt(after))
            .order_by_asc(changes::Column::Position)
            .limit(u64::from(limit))
            .into_query();
        match self.scan().rows(&rows).await {
            Ok(rows) => Ok(rows.into_iter().map(into_sealed).collect()),
            // One unreadable row spoils the batch: read one by one, so that it can be named.
            Err(error) if limit > 1 && is_unreadable(&error) => {
                let mut rows = Vec::new();
                let mut after = after;
                while rows.len() < limit as usize {
                    let Some(row) = self.sealed(after, 1).await?.pop() else { break };
                    after = row.position;
                    let is_unreadable = row.row.is_none();
                    rows.push(row);
                    if is_unreadable {
                        break;
                    }
                }
                Ok(rows)
            }
            Err(error) if is_unreadable(&error) => {
                let position: Option<i64> = changes::Entity::find()
                    .filter(changes::Column::Position.gt(after))
                    .order_by_asc(changes::Column::Position)
                    .select_only()
                    .column(changes::Column::Position)
                    .into_tuple()
                    .one(&self.scan())
                    .await
                    .map_err(store_error)?;
                let unreadable = |position| SealedChange { position, row: None, mac: Vec::new() };
                Ok(position.map(unreadable).into_iter().collect())
            }
            Err(error) => Err(store_error(error)),
        }
    }

    async fn head(&self) -> Result<Option<Head>, StoreError> {
        let row =
            trail_head::Entity::find_by_id(1).one(&self.point()).await.map_err(store_error)?;
        let row = row.filter(|row| row.position > 0);
        Ok(row.map(|row| Head { position: row.position, mac: row.seal, key_id: row.key_id }))
    }

    async fn floor(&self) -> Result<Option<Floor>, StoreError> {
        if !self.has_floor()? {
            return Ok(None);
        }
        let row =
            trail_floor::Entity::find_by_id(1).one(&self.point()).await.map_err(store_error)?;
        let row = row.filter(|row| row.position != 0);
        Ok(row.map(|row| Floor { position: row.position, mac: row.seal, proof: row.proof }))
    }

    async fn raise_floor(&self, from: i64, to: &Floor) -> Result<u64, StoreError> {
        let told = webhook_position::Entity::find_by_id(1)
            .one(&self.point())
            .await
            .map_err(store_error)?;
        if told.is_none_or(|told| told.position < to.position) {
            return Ok(0);
        }
        let unit = self.unit().await?;
        let raised = trail_floor::Entity::update_many()
            .col_expr(trail_floor::Column::Position, Expr::val(to.position))
            .col_expr(trail_floor::Column::Seal, Expr::val(to.mac.clone()))
            .col_expr(trail_floor::Column::Proof, Expr::val(to.proof.clone()))
            .filter(trail_floor::Column::Position.eq(from))
            .exec(&*unit.work)
            .await
            .map_err(store_error)?;
        if raised.rows_affected == 0 {
            return Ok(0);
        }
        let gone = changes::Entity::delete_many()
            .filter(changes::Column::Position.lte(to.position))
            .exec(&*unit.work)
            .await
            .map_err(store_error)?;
        unit.commit_upkeep().await?;
        Ok(gone.rows_affected)
    }

    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
        Ok(Box::new(self.unit().await?))
    }
}

#[async_trait]
impl Answers for Store {
    async fn find(
        &self,
        user: UserId,
        key: &str,
        now: Timestamp,
    ) -> Result<Option<SavedAnswer>, StoreError> {
        let row = answers::Entity::find_by_id((user.uuid(), key.to_owned()))
            .filter(answers::Column::CreatedAt.gte(millis(now) - ANSWER_LIFETIME_MS))
            .one(&self.point())
            .await
            .map_err(store_error)?;
        let Some(row) = row else { return Ok(None) };
        let fingerprint = row
            .fingerprint
            .try_into()
            .map_err(|_| StoreError::Damaged("answers.fingerprint has no 32 bytes".to_owned()))?;
        Ok(Some(SavedAnswer { key: row.key, fingerprint, body: row.body }))
    }
}

fn is_unreadable(error: &sea_orm::DbErr) -> bool {
    matches!(error, sea_orm::DbErr::Type(_))
}

fn actor(
    kind: &str,
    id: Option<uuid::Uuid>,
    name: Option<String>,
) -> Result<ActorOnRecord, StoreError> {
    ActorOnRecord::from_stored(kind, id.map(UserId::new), name)
        .ok_or_else(|| StoreError::Damaged("an actor on record contradicts itself".to_owned()))
}

fn into_change(row: changes::Model) -> Result<ChangeRecord, StoreError> {
    Ok(ChangeRecord {
        position: row.position,
        id: ChangeId::new(row.id),
        at: instant(row.at)?,
        actor: actor(&row.actor_kind, row.actor_id, row.actor_name)?,
        action: row.action,
        entity: row.entity,
        entity_id: row.entity_id,
        version: Version::new(row.version),
        before: row.before,
        after: row.after,
        reason: row.reason,
        request_id: row.request_id,
        address: row.address,
        user_agent: row.user_agent,
    })
}

fn into_security_event(row: security_events::Model) -> Result<SecurityEventRecord, StoreError> {
    Ok(SecurityEventRecord {
        id: SecurityEventId::new(row.id),
        at: instant(row.at)?,
        kind: row.kind,
        user_id: row.user_id.map(UserId::new),
        actor: actor(&row.actor_kind, row.actor_id, row.actor_name)?,
        detail: row.detail,
        request_id: row.request_id,
        address: row.address,
        user_agent: row.user_agent,
    })
}

fn into_sealed(row: changes::Model) -> SealedChange {
    SealedChange {
        position: row.position,
        row: Some(SealInput {
            position: row.position,
            id: row.id,
            at: row.at,
            actor_kind: row.actor_kind.into(),
            actor_id: row.actor_id,
            actor_name: row.actor_name.map(Into::into),
            action: row.action.into(),
            entity: row.entity.into(),
            entity_id: row.entity_id,
            version: row.version,
            before: row.before.into(),
            after: row.after.into(),
            reason: row.reason.map(Into::into),
            request_id: row.request_id.map(Into::into),
            address: row.address.map(Into::into),
            user_agent: row.user_agent.map(Into::into),
        }),
        mac: row.seal,
    }
}

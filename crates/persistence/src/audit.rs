//! The ports of the audit domain, and of repeated requests.

mod rows;

use almoner_audit::{
    Anew, AuditTrail, ChangeQuery, ChangeRecord, Compared, Floor, Gone, Head, SealedChange,
    SealedEvent, SecurityEventQuery, SecurityEventRecord,
};
use almoner_kernel::{
    Direction, Page, PageRequest, Position, SecurityEventKind, SortKey, StoreError, Timestamp,
    UnitOfWork, UserId,
    collision::COLLISIONS,
    store::Answers,
    trail::{SavedAnswer, Subject},
};
use async_trait::async_trait;
use sea_orm::{
    ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, QueryTrait, sea_query::Expr,
};
use uuid::Uuid;

use self::rows::{into_change, into_security_event, is_unreadable, of_older_schema, subjects_of};
use crate::{
    commit::{ANSWER_LIFETIME_MS, UnitHandle},
    connection::Reader,
    entities::{
        answers, changes, security_events, trail_floor, trail_head, users, webhook_position,
    },
    error::store_error,
    paging::{Listing, Ordering, instant, millis},
    store::Store,
    trail::personal::{Keys, Side, shown},
};

pub use self::rows::into_sealed;

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
            query.action.as_deref().map(|action| Column::Action.eq(action)),
            query.actor.map(|user| Column::ActorId.eq(user.uuid())),
            query.from.map(|from| Column::At.gte(millis(from))),
            query.to.map(|to| Column::At.lt(millis(to))),
        ];
        for filter in filters.into_iter().flatten() {
            select = select.filter(filter);
        }
        let (reader, id) = (self.scan(), (changes::Entity, Column::Id));
        // What a search finds comes in the order of the trail: sorting by time would be all of it.
        let ordering = match query.q {
            Some(_) => Ordering::by_id(id, Direction::Down),
            None => Ordering::by((changes::Entity, Column::At), id, Direction::Down),
        };
        let is_by_time = query.q.is_none();
        let position = |row: &changes::Model| Position {
            key: is_by_time.then_some(SortKey::Int(row.at)),
            id: row.id,
        };
        let found = Listing::new("changes", select.into_query(), ordering)
            .indexed("position", "to_tsvector('simple', changes.search)")
            .search(&reader, query.q.as_deref())
            .page(&reader, page, position, Ok)
            .await?;
        let shown = self.shown(&reader, found.items).await?;
        let items = shown.into_iter().map(into_change).collect::<Result<_, _>>()?;
        Ok(Page { items, next: found.next, total: found.total })
    }

    async fn names(&self, users: &[UserId]) -> Result<Vec<(UserId, String)>, StoreError> {
        let select = users::Entity::find()
            .filter(users::Column::Id.is_in(users.iter().map(|user| user.uuid())))
            .select_only()
            .columns([users::Column::Id, users::Column::Name])
            .into_query();
        let rows: Vec<(Uuid, String)> = self.point().rows(&select).await.map_err(store_error)?;
        Ok(rows.into_iter().map(|(id, name)| (UserId::new(id), name)).collect())
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
        let rows = if self.has_step(almoner_migrations::CIRCUMSTANCES)? {
            changes::Entity::find()
        } else {
            of_older_schema()
        };
        let rows = rows
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
        use trail_head::Column;

        let mut select = trail_head::Entity::find_by_id(1).select_only().columns([
            Column::Id,
            Column::Position,
            Column::Seal,
            Column::KeyId,
        ]);
        select = if self.has_step(almoner_migrations::CIRCUMSTANCES)? {
            select.columns([Column::Format, Column::AnewPosition, Column::AnewSeal])
        } else {
            select
                .expr_as(Expr::val(1_i64), "format")
                .expr_as(Expr::val(0_i64), "anew_position")
                .expr_as(Expr::val(None::<Vec<u8>>), "anew_seal")
        };
        let row: Option<trail_head::Model> =
            self.point().row(&select.into_query()).await.map_err(store_error)?;
        let row = row.filter(|row| row.position > 0);
        Ok(row.map(|row| Head {
            position: row.position,
            mac: row.seal,
            key_id: row.key_id,
            anew: (row.anew_position > 0)
                .then_some(Anew { position: row.anew_position, before: row.anew_seal }),
        }))
    }

    async fn floor(&self) -> Result<Option<Floor>, StoreError> {
        if !self.has_step(almoner_migrations::FLOOR)? {
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
        self.keep_states(&unit.work, to.position).await?;
        let gone = changes::Entity::delete_many()
            .filter(changes::Column::Position.lte(to.position))
            .exec(&*unit.work)
            .await
            .map_err(store_error)?;
        unit.commit_upkeep().await?;
        Ok(gone.rows_affected)
    }

    async fn events_head(&self) -> Result<Option<Head>, StoreError> {
        self.events_end().await
    }

    async fn events_floor(&self) -> Result<Option<Floor>, StoreError> {
        self.events_start().await
    }

    async fn sealed_events(&self, after: i64, limit: u32) -> Result<Vec<SealedEvent>, StoreError> {
        self.events_behind(after, limit).await
    }

    async fn unsealed_events(&self) -> Result<u64, StoreError> {
        self.events_outside().await
    }

    fn kinds(&self) -> Vec<&'static str> {
        self.0.covered.iter().map(|kind| kind.entity).collect()
    }

    async fn compared(
        &self,
        entity: &'static str,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Compared, StoreError> {
        self.compared_records(entity, after, limit).await
    }

    async fn gone(&self, after: i64, limit: u32) -> Result<Gone, StoreError> {
        self.gone_records(after, limit).await
    }

    async fn begin(&self) -> Result<Box<dyn UnitOfWork>, StoreError> {
        Ok(Box::new(self.unit().await?))
    }
}

impl Store {
    /// Changes with their personal values, as far as anybody can still read them.
    async fn shown(
        &self,
        reader: &Reader<'_>,
        mut rows: Vec<changes::Model>,
    ) -> Result<Vec<changes::Model>, StoreError> {
        let mut subjects: Vec<Subject> =
            rows.iter().flat_map(|row| subjects_of(&self.0.covered, row)).flatten().collect();
        subjects.sort_unstable_by_key(|subject| subject.1);
        subjects.dedup_by_key(|subject| subject.1);
        let mut keys = Keys::default();
        keys.look_up(&self.0.vault, reader, &subjects).await?;
        for row in &mut rows {
            let [before, after] = subjects_of(&self.0.covered, row).map(|subject| keys.of(subject));
            let (fields, sealed) = (std::mem::take(&mut row.before), row.before_sealed.as_deref());
            row.before = shown(fields, sealed, before, row.id, Side::Before)?;
            let (fields, sealed) = (std::mem::take(&mut row.after), row.after_sealed.as_deref());
            row.after = shown(fields, sealed, after, row.id, Side::After)?;
        }
        Ok(rows)
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

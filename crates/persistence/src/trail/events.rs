//! Security events, in a chain of their own: altered ones are found, and so are those that were taken out
//! or put in. A change says how far the chain of events was, so that its end cannot be put back alone.
//!
//! The chain (`security_chain`) has a key of its own and stands apart from that of the changes, so that
//! logins do not wait for the lock of the changes. On PostgreSQL they wait for each other, and whoever
//! takes both locks takes this one first. Events past their time go from the start, verified first,
//! with a proven floor as that of the changes. Events of an older version are sealed once, in the order
//! of their times: what was done to them before cannot be told.

use almoner_audit::{EventInput, Floor, Head, Mac, Mark, SealedEvent, SealedRow};
use almoner_kernel::{SecurityEvent, StoreError, Timestamp, Trail, UserId};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, QueryOrder,
    QuerySelect, QueryTrait, sea_query::Expr,
};

use super::{
    actor,
    anew::{fasten, lift},
};
use crate::{
    commit::at_once,
    connection::Work,
    entities::{security_chain, security_events, trail_floor},
    error::store_error,
    paging::millis,
    store::{Inner, Store},
};

/// The format in which all events have a seal.
const FORMAT: i64 = 2;

/// Events of an older version that get their seals in one transaction.
const BATCH: u64 = 1_000;

/// Writes what happened for security. The end of the chain stays locked until the commit, and always
/// before that of the changes.
pub async fn write_security_events(
    inner: &Inner,
    work: &Work,
    trail: &Trail,
) -> Result<(), StoreError> {
    if trail.security_events.is_empty() {
        return Ok(());
    }
    let (mut position, mut mac) = end_of(&chain(work).await?)?;
    let address = trail.origin.address.map(|address| address.to_string());
    let (actor_kind, actor_id, actor_name) = actor(&trail.actor);
    let mut row = |event: &SecurityEvent| {
        position += 1;
        let input = EventInput {
            position,
            id: inner.ids.next(),
            at: millis(trail.at),
            kind: event.kind.as_str().into(),
            user_id: event.user_id.map(UserId::uuid),
            actor_kind: actor_kind.into(),
            actor_id,
            actor_name: actor_name.map(Into::into),
            detail: event.detail.as_deref().map(Into::into),
            request_id: trail.origin.request_id.as_deref().map(Into::into),
            address: address.as_deref().map(Into::into),
            user_agent: trail.origin.user_agent.as_deref().map(Into::into),
        };
        mac = inner.event_seal.mac_of_event(&mac, &input);
        security_events::ActiveModel {
            id: Set(input.id),
            at: Set(input.at),
            kind: Set(event.kind.as_str().to_owned()),
            user_id: Set(input.user_id),
            actor_kind: Set(actor_kind.to_owned()),
            actor_id: Set(actor_id),
            actor_name: Set(actor_name.map(str::to_owned)),
            detail: Set(event.detail.clone()),
            request_id: Set(trail.origin.request_id.clone()),
            address: Set(address.clone()),
            user_agent: Set(trail.origin.user_agent.clone()),
            position: Set(Some(position)),
            seal: Set(Some(mac.as_bytes().to_vec())),
        }
    };
    let rows: Vec<_> = trail.security_events.iter().map(&mut row).collect();
    at_once(work, security_events::Entity::insert_many(rows)).await?;
    move_end(work, position, &mac).await
}

impl Store {
    /// Gives the events of an older version their seals, in the order of their times, once. It goes by
    /// batches, and goes on where it was when a process died.
    ///
    /// # Errors
    /// When the database is away; what was done stays.
    pub async fn chain_events(
        &self,
        told: &mut (dyn FnMut(u64) + Send),
    ) -> Result<u64, StoreError> {
        use security_events::Column;

        let mut done = 0;
        loop {
            let unit = self.unit().await?;
            let work = &*unit.work;
            let chain = chain(work).await?;
            if chain.format >= FORMAT {
                return Ok(done);
            }
            let (mut position, mut mac) = end_of(&chain)?;
            let select = security_events::Entity::find()
                .filter(Column::Position.is_null())
                .order_by_asc(Column::At)
                .order_by_asc(Column::Id)
                .limit(BATCH)
                .into_query();
            let rows: Vec<security_events::Model> =
                work.rows(&select).await.map_err(store_error)?;
            if rows.is_empty() {
                security_chain::Entity::update_many()
                    .col_expr(security_chain::Column::Format, Expr::val(FORMAT))
                    .exec(work)
                    .await
                    .map_err(store_error)?;
                unit.commit_upkeep().await?;
                return Ok(done);
            }
            let lock = lift(work, "security_events").await?;
            for row in rows {
                position += 1;
                done += 1;
                let id = row.id;
                let event = sealed(security_events::Model { position: Some(position), ..row });
                mac = self.0.event_seal.mac_of_event(&mac, &event.row);
                security_events::Entity::update_many()
                    .col_expr(Column::Position, Expr::val(position))
                    .col_expr(Column::Seal, Expr::val(mac.as_bytes().to_vec()))
                    .filter(Column::Id.eq(id))
                    .exec(work)
                    .await
                    .map_err(store_error)?;
            }
            fasten(work, "security_events", lock.as_deref()).await?;
            move_end(work, position, &mac).await?;
            unit.commit_upkeep().await?;
            told(done);
        }
    }

    /// Where the chain of events ends; none before the first.
    pub(crate) async fn events_end(&self) -> Result<Option<Head>, StoreError> {
        let chain = self.event_chain().await?.filter(|chain| chain.position > 0);
        Ok(chain.map(|chain| Head {
            position: chain.position,
            mac: chain.seal,
            key_id: self.0.event_seal.key_id().to_owned(),
            anew: None,
        }))
    }

    /// Where it begins.
    pub(crate) async fn events_start(&self) -> Result<Option<Floor>, StoreError> {
        let chain = self.event_chain().await?.filter(|chain| chain.floor_position != 0);
        Ok(chain.map(|chain| Floor {
            position: chain.floor_position,
            mac: chain.floor_seal,
            proof: chain.floor_proof,
        }))
    }

    /// The next events behind a position.
    pub(crate) async fn events_behind(
        &self,
        after: i64,
        limit: u32,
    ) -> Result<Vec<SealedEvent>, StoreError> {
        let select = security_events::Entity::find()
            .filter(security_events::Column::Position.gt(after))
            .order_by_asc(security_events::Column::Position)
            .limit(u64::from(limit))
            .into_query();
        let rows: Vec<security_events::Model> =
            self.scan().rows(&select).await.map_err(store_error)?;
        Ok(rows.into_iter().map(sealed).collect())
    }

    /// Events without a place in the chain, once all have one.
    pub(crate) async fn events_outside(&self) -> Result<u64, StoreError> {
        if self.event_chain().await?.is_none_or(|chain| chain.format < FORMAT) {
            return Ok(0);
        }
        security_events::Entity::find()
            .filter(security_events::Column::Position.is_null())
            .count(&self.scan())
            .await
            .map_err(store_error)
    }

    async fn event_chain(&self) -> Result<Option<security_chain::Model>, StoreError> {
        security_chain::Entity::find_by_id(1).one(&self.point()).await.map_err(store_error)
    }

    /// Removes security events from before a time from the start of their chain, `limit` at the most;
    /// says how many. They are verified first. One that is younger keeps those behind it. The database
    /// itself refuses to lose younger ones.
    ///
    /// # Errors
    /// When they are not as they were sealed, or the database is away.
    pub async fn forget_security_events(
        &self,
        before: Timestamp,
        limit: u32,
    ) -> Result<u64, StoreError> {
        use security_events::Column;

        let unit = self.unit().await?;
        let work = &*unit.work;
        let chain = chain(work).await?;
        let mut last =
            Mark { position: chain.floor_position, mac: mac(&chain.floor_seal, "floor_seal")? };
        let select = security_events::Entity::find()
            .filter(Column::Position.gt(last.position))
            .order_by_asc(Column::Position)
            .limit(u64::from(limit))
            .into_query();
        let rows: Vec<security_events::Model> = work.rows(&select).await.map_err(store_error)?;
        let old = rows.into_iter().map(sealed).take_while(|event| event.row.at < millis(before));
        let seal = &self.0.event_seal;
        let mut gone = 0;
        for event in old {
            let due = event.due(seal, &last.mac);
            let is_next = event.row.position == last.position + 1;
            let Some(mac) = due.filter(|mac| is_next && event.mac == mac.as_bytes()) else {
                return Err(StoreError::Damaged(format!(
                    "security event {} is not as it was sealed",
                    last.position + 1
                )));
            };
            last = Mark { position: event.row.position, mac };
            gone += 1;
        }
        if gone == 0 {
            return Ok(0);
        }
        trail_floor::Entity::update_many()
            .col_expr(trail_floor::Column::SecurityEventsBefore, Expr::val(millis(before)))
            .filter(trail_floor::Column::SecurityEventsBefore.lt(millis(before)))
            .exec(work)
            .await
            .map_err(store_error)?;
        let floor = Floor::behind(&last, seal);
        security_chain::Entity::update_many()
            .col_expr(security_chain::Column::FloorPosition, Expr::val(floor.position))
            .col_expr(security_chain::Column::FloorSeal, Expr::val(floor.mac))
            .col_expr(security_chain::Column::FloorProof, Expr::val(floor.proof))
            .exec(work)
            .await
            .map_err(store_error)?;
        security_events::Entity::delete_many()
            .filter(Column::Position.lte(last.position))
            .exec(work)
            .await
            .map_err(store_error)?;
        unit.commit_upkeep().await?;
        Ok(gone)
    }
}

async fn chain(work: &Work) -> Result<security_chain::Model, StoreError> {
    let select = security_chain::Entity::find_by_id(1).lock_exclusive().into_query();
    let chain: Option<security_chain::Model> = work.row(&select).await.map_err(store_error)?;
    chain.ok_or_else(|| StoreError::Damaged("security_chain is empty".to_owned()))
}

fn end_of(chain: &security_chain::Model) -> Result<(i64, Mac), StoreError> {
    Ok((chain.position, mac(&chain.seal, "seal")?))
}

fn mac(bytes: &[u8], what: &str) -> Result<Mac, StoreError> {
    let bytes = bytes.try_into();
    bytes
        .map(Mac::from_bytes)
        .map_err(|_| StoreError::Damaged(format!("security_chain.{what} has no 32 bytes")))
}

async fn move_end(work: &Work, position: i64, mac: &Mac) -> Result<(), StoreError> {
    security_chain::Entity::update_many()
        .col_expr(security_chain::Column::Position, Expr::val(position))
        .col_expr(security_chain::Column::Seal, Expr::val(mac.as_bytes().to_vec()))
        .exec(work)
        .await
        .map(|_| ())
        .map_err(store_error)
}

fn sealed(row: security_events::Model) -> SealedEvent {
    SealedEvent {
        row: EventInput {
            position: row.position.unwrap_or_default(),
            id: row.id,
            at: row.at,
            kind: row.kind.into(),
            user_id: row.user_id,
            actor_kind: row.actor_kind.into(),
            actor_id: row.actor_id,
            actor_name: row.actor_name.map(Into::into),
            detail: row.detail.map(Into::into),
            request_id: row.request_id.map(Into::into),
            address: row.address.map(Into::into),
            user_agent: row.user_agent.map(Into::into),
        },
        mac: row.seal.unwrap_or_default(),
    }
}

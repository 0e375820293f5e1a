//! The trail of a unit of work, as it is written: changes behind the end of their chain, and what
//! happened for security.
//!
//! On PostgreSQL the lock on the head of the chain, taken last, puts the commits of all instances in
//! one order without gaps; the feed (`feed.rs`) trusts it. The price is that commits with a trail do
//! not overlap there.
//!
//! Beside who, what and when a row says the change set (one for each request, command or batch, so that
//! what belongs together is found together), the change of another record that caused it, the role the
//! user had then (roles change, and `actor` alone would be judged by today's), and what was asked.
//! There is no column for the result: a row is there because its change was committed, and what is
//! refused is a security event.

mod anew;
mod around;
mod compare;
mod events;
pub mod personal;
pub mod record;
mod whose;
mod words;

use almoner_audit::{Circumstances, Mac, Seal, SealInput};
use almoner_kernel::{Action, Actor, Change, FieldValue, Snapshot, StoreError, Trail};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, Value, sea_query::Query,
};
use uuid::Uuid;

use crate::{
    commit::{at_once, in_chunks, insert_one},
    connection::{Known, Work},
    entities::{changes, trail_head},
    error::store_error,
    paging::millis,
    store::Inner,
};

use self::{
    around::Around,
    personal::{Side, Told},
};

pub use anew::Rechained;
pub use events::write_security_events;

/// Columns of a change.
const COLUMNS: usize = 30;

/// Writes changes and moves the end of the trail; says the position of the last one, if there was one.
pub async fn write_changes(
    inner: &Inner,
    work: &Work,
    trail: &Trail,
) -> Result<Option<i64>, StoreError> {
    if trail.changes.is_empty() {
        return Ok(None);
    }
    let around = Around::read(inner, work, trail).await?;
    let (mut position, mut seal) = (around.position, around.seal);
    let of = OfAll::new(inner, trail);
    let mut rows = Vec::with_capacity(trail.changes.len());
    for change in &trail.changes {
        position += 1;
        let id = change.id.map_or_else(|| inner.ids.next(), almoner_kernel::ChangeId::uuid);
        let row = ChangeRow::new(id, position, &of, change, &around)?;
        seal = row.sealed(&inner.seal, &seal);
        rows.push(row.into_active(seal));
    }
    if rows.len() == 1 {
        static ONE: Known = Known::new();
        for row in rows {
            insert_one(work, &ONE, row).await?;
        }
    } else {
        for chunk in rows.chunks(in_chunks(COLUMNS)) {
            at_once(work, changes::Entity::insert_many(chunk.to_vec())).await?;
        }
    }
    for change in &trail.changes {
        let own = (change.entity, change.entity_id);
        if change.action == Action::Purged && change.subject == Some(own) {
            personal::destroy(work, own.1).await?;
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

/// What all changes of a commit have in common.
struct OfAll<'a> {
    trail: &'a Trail,
    change_set: Uuid,
    role: Option<String>,
    operation: Option<&'a str>,
    address: Option<String>,
}

impl<'a> OfAll<'a> {
    fn new(inner: &Inner, trail: &'a Trail) -> Self {
        let (role, part) = match &trail.actor {
            Actor::Anonymous => (None, None),
            Actor::User(caller) => (Some(caller.role_names()), None),
            Actor::System(name) => (None, Some(*name)),
        };
        Self {
            trail,
            change_set: trail.origin.change_set.unwrap_or_else(|| inner.ids.next()),
            role,
            operation: trail.origin.operation.as_deref().or(part),
            address: trail.origin.address.map(|address| address.to_string()),
        }
    }
}

/// A change as it is stored, before its seal.
struct ChangeRow<'a> {
    id: Uuid,
    position: i64,
    of: &'a OfAll<'a>,
    change: &'a Change,
    before: Told,
    after: Told,
    digest: Option<Vec<u8>>,
    events: i64,
}

impl<'a> ChangeRow<'a> {
    fn new(
        id: Uuid,
        position: i64,
        of: &'a OfAll<'a>,
        change: &'a Change,
        around: &Around,
    ) -> Result<Self, StoreError> {
        let told = |side, fields, subject| {
            let key = around.keys.of(subject);
            personal::told(json(fields), change.personal, key, id, side)
        };
        let before = told(Side::Before, &change.before, change.subject_before)?;
        let after = told(Side::After, &change.after, change.subject)?;
        let (digest, events) = (around.digest(change), around.events);
        Ok(Self { id, position, of, change, before, after, digest, events })
    }

    /// Whom the values before are about, where that is somebody else than after.
    fn subject_before(&self) -> Option<Uuid> {
        let before = self.change.subject_before.map(|subject| subject.1);
        before.filter(|before| self.change.subject.is_none_or(|subject| subject.1 != *before))
    }

    fn subject_kind(&self) -> Option<&'static str> {
        self.change.subject.or(self.change.subject_before).map(|subject| subject.0)
    }

    fn sealed(&self, seal: &Seal, previous: &Mac) -> Mac {
        let OfAll { trail, change_set, role, operation, address } = self.of;
        let (actor_kind, actor_id, actor_name) = actor(&trail.actor);
        seal.mac(
            previous,
            &SealInput {
                position: self.position,
                id: self.id,
                at: millis(trail.at),
                actor_kind: actor_kind.into(),
                actor_id,
                actor_name: actor_name.map(Into::into),
                action: self.change.action.as_str().into(),
                entity: self.change.entity.into(),
                entity_id: self.change.entity_id,
                version: self.change.version.number(),
                before: self.before.fields.as_str().into(),
                after: self.after.fields.as_str().into(),
                reason: self.change.reason.as_deref().map(Into::into),
                request_id: trail.origin.request_id.as_deref().map(Into::into),
                address: address.as_deref().map(Into::into),
                user_agent: trail.origin.user_agent.as_deref().map(Into::into),
                format: SealInput::FORMAT,
                circumstances: Circumstances {
                    change_set: Some(*change_set),
                    cause: self.change.cause.map(almoner_kernel::ChangeId::uuid),
                    actor_role: role.clone().map(Into::into),
                    operation: operation.map(Into::into),
                    digest: self.digest.as_deref().map(Into::into),
                    subject_kind: self.subject_kind().map(Into::into),
                    subject_id: self.change.subject.map(|subject| subject.1),
                    before_subject_id: self.subject_before(),
                    before_sealed: self.before.sealed.as_deref().map(Into::into),
                    after_sealed: self.after.sealed.as_deref().map(Into::into),
                    events: Some(self.events),
                },
            },
        )
    }

    fn into_active(self, seal: Mac) -> changes::ActiveModel {
        let OfAll { trail, change_set, role, operation, address } = self.of;
        let (actor_kind, actor_id, actor_name) = actor(&trail.actor);
        let (subject_kind, before_subject_id) = (self.subject_kind(), self.subject_before());
        changes::ActiveModel {
            position: Set(self.position),
            id: Set(self.id),
            at: Set(millis(trail.at)),
            actor_kind: Set(actor_kind.to_owned()),
            actor_id: Set(actor_id),
            actor_name: Set(actor_name.map(str::to_owned)),
            action: Set(self.change.action.as_str().to_owned()),
            entity: Set(self.change.entity.to_owned()),
            entity_id: Set(self.change.entity_id),
            version: Set(self.change.version.number()),
            before: Set(self.before.fields),
            after: Set(self.after.fields),
            reason: Set(self.change.reason.clone()),
            request_id: Set(trail.origin.request_id.clone()),
            address: Set(address.clone()),
            user_agent: Set(trail.origin.user_agent.clone()),
            seal: Set(seal.as_bytes().to_vec()),
            format: Set(SealInput::FORMAT),
            change_set: Set(Some(*change_set)),
            cause: Set(self.change.cause.map(almoner_kernel::ChangeId::uuid)),
            actor_role: Set(role.clone()),
            operation: Set(operation.map(str::to_owned)),
            search: Set(words::of(self.change)),
            digest: Set(self.digest),
            subject_kind: Set(subject_kind.map(str::to_owned)),
            subject_id: Set(self.change.subject.map(|subject| subject.1)),
            before_subject_id: Set(before_subject_id),
            before_sealed: Set(self.before.sealed),
            after_sealed: Set(self.after.sealed),
            events: Set(Some(self.events)),
        }
    }
}

fn actor(actor: &Actor) -> (&'static str, Option<Uuid>, Option<&'static str>) {
    match actor {
        Actor::Anonymous => ("anonymous", None, None),
        Actor::User(caller) => ("user", Some(caller.user_id.uuid()), None),
        Actor::System(name) => ("system", None, Some(name)),
    }
}

/// A JSON object with its names in alphabetical order: the same fields give the same bytes.
fn json(snapshot: &Snapshot) -> serde_json::Map<String, serde_json::Value> {
    let fields = snapshot.iter().map(|(name, value)| {
        let value = match value {
            FieldValue::Null => serde_json::Value::Null,
            FieldValue::Bool(value) => (*value).into(),
            FieldValue::Int(value) => (*value).into(),
            FieldValue::Text(value) => value.as_str().into(),
            FieldValue::Parts(parts) => {
                let parts = parts.iter().map(|(id, part)| (id.to_string(), json(part).into()));
                serde_json::Value::Object(parts.collect())
            }
        };
        ((*name).to_owned(), value)
    });
    fields.collect()
}

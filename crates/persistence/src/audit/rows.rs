//! The trail between its rows and the domain.

use almoner_audit::{
    ActorOnRecord, ChangeRecord, Circumstances, SealInput, SealedChange, SecurityEventRecord,
};
use almoner_kernel::{ChangeId, SecurityEventId, StoreError, UserId, Version, trail::Subject};
use sea_orm::{EntityTrait, Iden, Iterable, QuerySelect, sea_query::Expr};
use uuid::Uuid;

use crate::{
    entities::{changes, security_events},
    paging::instant,
    trail::record::Covered,
};

/// Whose keys the two sides of a change were encrypted with.
pub fn subjects_of(covered: &Covered, row: &changes::Model) -> [Option<Subject>; 2] {
    let kind = row.subject_kind.as_deref().and_then(|kind| covered.subject(kind));
    let is_sealed = [&row.before_sealed, &row.after_sealed].map(Option::is_some);
    let ids = [row.before_subject_id.or(row.subject_id), row.subject_id];
    let of = |side: usize| kind.zip(ids[side].filter(|_| is_sealed[side]));
    [of(0), of(1)]
}

/// Every column of a change, in the order of the model, in a database that has those of the first format
/// alone.
pub fn of_older_schema() -> sea_orm::Select<changes::Entity> {
    use changes::Column;

    let mut select = changes::Entity::find().select_only();
    for column in Column::iter() {
        let name = column.to_string();
        select = match column {
            Column::Format => select.expr_as(Expr::val(1_i64), name),
            Column::ChangeSet | Column::Cause | Column::SubjectId | Column::BeforeSubjectId => {
                select.expr_as(Expr::val(None::<Uuid>), name)
            }
            Column::Events => select.expr_as(Expr::val(None::<i64>), name),
            Column::Search => select.expr_as(Expr::val(""), name),
            Column::Digest | Column::BeforeSealed | Column::AfterSealed => {
                select.expr_as(Expr::val(None::<Vec<u8>>), name)
            }
            Column::ActorRole | Column::Operation | Column::SubjectKind => {
                select.expr_as(Expr::val(None::<String>), name)
            }
            column => select.column(column),
        };
    }
    select
}

pub fn is_unreadable(error: &sea_orm::DbErr) -> bool {
    matches!(error, sea_orm::DbErr::Type(_))
}

fn actor(kind: &str, id: Option<Uuid>, name: Option<String>) -> Result<ActorOnRecord, StoreError> {
    ActorOnRecord::from_stored(kind, id.map(UserId::new), name)
        .ok_or_else(|| StoreError::Damaged("an actor on record contradicts itself".to_owned()))
}

pub fn into_change(row: changes::Model) -> Result<ChangeRecord, StoreError> {
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
        change_set: row.change_set,
        cause: row.cause.map(ChangeId::new),
        actor_role: row.actor_role,
        operation: row.operation,
        user_name: None,
    })
}

pub fn into_security_event(row: security_events::Model) -> Result<SecurityEventRecord, StoreError> {
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

pub fn into_sealed(row: changes::Model) -> SealedChange {
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
            format: row.format,
            circumstances: Circumstances {
                change_set: row.change_set,
                cause: row.cause,
                actor_role: row.actor_role.map(Into::into),
                operation: row.operation.map(Into::into),
                digest: row.digest.map(Into::into),
                subject_kind: row.subject_kind.map(Into::into),
                subject_id: row.subject_id,
                before_subject_id: row.before_subject_id,
                before_sealed: row.before_sealed.map(Into::into),
                after_sealed: row.after_sealed.map(Into::into),
                events: row.events,
            },
        }),
        mac: row.seal,
    }
}

//! The change trail.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "changes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub position: i64,
    pub id: Uuid,
    pub at: i64,
    pub actor_kind: String,
    pub actor_id: Option<Uuid>,
    pub actor_name: Option<String>,
    pub action: String,
    pub entity: String,
    pub entity_id: Uuid,
    pub version: i64,
    pub before: String,
    pub after: String,
    pub reason: Option<String>,
    pub request_id: Option<String>,
    pub address: Option<String>,
    pub user_agent: Option<String>,
    pub seal: Vec<u8>,
    pub format: i64,
    pub change_set: Option<Uuid>,
    pub cause: Option<Uuid>,
    pub actor_role: Option<String>,
    pub operation: Option<String>,
    pub search: String,
    pub digest: Option<Vec<u8>>,
    pub subject_kind: Option<String>,
    pub subject_id: Option<Uuid>,
    pub before_subject_id: Option<Uuid>,
    pub before_sealed: Option<Vec<u8>>,
    pub after_sealed: Option<Vec<u8>>,
    pub events: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

from_row!(
    position,
    id,
    at,
    actor_kind,
    actor_id,
    actor_name,
    action,
    entity,
    entity_id,
    version,
    before,
    after,
    reason,
    request_id,
    address,
    user_agent,
    seal,
    format,
    change_set,
    cause,
    actor_role,
    operation,
    search,
    digest,
    subject_kind,
    subject_id,
    before_subject_id,
    before_sealed,
    after_sealed,
    events,
);

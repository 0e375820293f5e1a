//! What is sent to webhooks.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhook_deliveries")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub webhook_id: Uuid,
    pub position: Option<i64>,
    pub event: String,
    pub record: Uuid,
    pub record_version: i64,
    pub happened_at: i64,
    pub state: String,
    pub attempts: i64,
    pub status: Option<i64>,
    pub failure: Option<String>,
    pub took_ms: Option<i64>,
    pub created_at: i64,
    pub began_at: Option<i64>,
    pub attempted_at: Option<i64>,
    pub next_at: Option<i64>,
    pub ended_at: Option<i64>,
    pub change_id: Option<Uuid>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

from_row!(
    id,
    webhook_id,
    position,
    event,
    record,
    record_version,
    happened_at,
    state,
    attempts,
    status,
    failure,
    took_ms,
    created_at,
    began_at,
    attempted_at,
    next_at,
    ended_at,
    change_id,
);

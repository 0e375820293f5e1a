//! Jobs.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "jobs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub kind: String,
    pub payload: String,
    pub unique_key: Option<String>,
    pub schedule: Option<String>,
    pub state: String,
    pub due_at: Option<i64>,
    pub attempts: i64,
    pub forgiven: i64,
    pub progress_done: Option<i64>,
    pub progress_total: Option<i64>,
    pub is_unwanted: bool,
    pub instance: Option<String>,
    pub reason: Option<String>,
    pub version: i64,
    pub created_at: i64,
    pub ended_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

from_row!(
    id,
    kind,
    payload,
    unique_key,
    schedule,
    state,
    due_at,
    attempts,
    forgiven,
    progress_done,
    progress_total,
    is_unwanted,
    instance,
    reason,
    version,
    created_at,
    ended_at,
);

//! Webhooks.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "webhooks")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub url: String,
    pub description: Option<String>,
    pub events: String,
    pub is_active: bool,
    pub disabled_reason: Option<String>,
    pub since: i64,
    pub failing_since: Option<i64>,
    pub quiet_until: Option<i64>,
    pub secret_sealed: Vec<u8>,
    pub old_secret_sealed: Option<Vec<u8>>,
    pub old_secret_until: Option<i64>,
    pub version: i64,
    pub created_by: Option<Uuid>,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

from_row!(
    id,
    url,
    description,
    events,
    is_active,
    disabled_reason,
    since,
    failing_since,
    quiet_until,
    secret_sealed,
    old_secret_sealed,
    old_secret_until,
    version,
    created_by,
    created_at,
    updated_at,
);

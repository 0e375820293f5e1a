//! Campaigns.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "campaigns")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: String,
    pub name_folded: String,
    pub description: Option<String>,
    pub goal_minor: Option<i64>,
    pub goal_currency: Option<String>,
    pub starts_on: Option<Date>,
    pub ends_on: Option<Date>,
    pub search: String,
    pub version: i64,
    pub created_by: Option<Uuid>,
    pub created_at: i64,
    pub updated_at: i64,
    pub deleted_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

from_row!(
    id,
    name,
    name_folded,
    description,
    goal_minor,
    goal_currency,
    starts_on,
    ends_on,
    search,
    version,
    created_by,
    created_at,
    updated_at,
    deleted_at,
);

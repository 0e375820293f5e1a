//! Custom roles.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "roles")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: String,
    pub label: String,
    pub description: Option<String>,
    pub permissions: String,
    pub scope: String,
    pub reaches: Option<String>,
    pub edit_window_minutes: Option<i64>,
    pub version: i64,
    pub created_at: i64,
    pub updated_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

from_row!(
    id,
    name,
    label,
    description,
    permissions,
    scope,
    reaches,
    edit_window_minutes,
    version,
    created_at,
    updated_at,
);

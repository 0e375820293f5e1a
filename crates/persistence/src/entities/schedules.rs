//! Schedules.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "schedules")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    pub id: Uuid,
    pub cron: String,
    pub time_zone: String,
    pub is_paused: bool,
    pub next_at: Option<i64>,
    pub fired_at: Option<i64>,
    pub version: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

from_row!(name, id, cron, time_zone, is_paused, next_at, fired_at, version);

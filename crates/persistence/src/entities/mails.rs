//! Mails to users.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "mails")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub template: String,
    pub user_id: Uuid,
    pub address: Option<String>,
    pub about: Option<Uuid>,
    pub state: String,
    pub problem: Option<String>,
    pub reply: Option<i64>,
    pub attempts: i64,
    pub tried_at: Option<i64>,
    pub language: Option<String>,
    pub version: i64,
    pub created_at: i64,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

from_row!(
    id, template, user_id, address, about, state, problem, reply, attempts, tried_at, language,
    version, created_at
);

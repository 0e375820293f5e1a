//! Users.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "users")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: String,
    pub name_sort: String,
    pub email: String,
    pub email_key: String,
    pub phone: Option<String>,
    pub locale: String,
    pub time_zone: String,
    pub role: String,
    pub active: bool,
    pub last_login_at: i64,
    pub password_hash: String,
    pub search: String,
    pub version: i64,
    pub created_at: i64,
    pub updated_at: i64,
    pub invited_at: Option<i64>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

from_row!(
    id,
    name,
    name_sort,
    email,
    email_key,
    phone,
    locale,
    time_zone,
    role,
    active,
    last_login_at,
    password_hash,
    search,
    version,
    created_at,
    updated_at,
    invited_at,
);

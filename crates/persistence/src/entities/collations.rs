//! How the keys of names were made.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "collations")]
pub struct Model {
    /// There is one row.
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub language: String,
    pub version: String,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

from_row!(id, language, version);

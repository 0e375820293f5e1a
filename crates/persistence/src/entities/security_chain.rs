//! Where the chain of security events begins and ends: one row.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "security_chain")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: i64,
    pub position: i64,
    pub seal: Vec<u8>,
    pub format: i64,
    pub floor_position: i64,
    pub floor_seal: Vec<u8>,
    pub floor_proof: Vec<u8>,
}

#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

from_row!(id, position, seal, format, floor_position, floor_seal, floor_proof);

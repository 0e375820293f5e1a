//! Donors.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "donors")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub kind: String,
    pub name: String,
    pub name_folded: String,
    pub email: Option<String>,
    pub email_key: Option<String>,
    pub phone: Option<String>,
    pub identity_kind: Option<String>,
    pub identity_masked: Option<String>,
    pub identity_sealed: Option<Vec<u8>>,
    pub identity_hash: Option<Vec<u8>>,
    pub address: Option<String>,
    pub language: Option<String>,
    pub notes: Option<String>,
    pub contact_consent: bool,
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
    kind,
    name,
    name_folded,
    email,
    email_key,
    phone,
    identity_kind,
    identity_masked,
    identity_sealed,
    identity_hash,
    address,
    language,
    notes,
    contact_consent,
    search,
    version,
    created_by,
    created_at,
    updated_at,
    deleted_at,
);

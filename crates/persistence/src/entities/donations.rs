//! Donations.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "donations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub donor_id: Option<Uuid>,
    pub campaign_id: Option<Uuid>,
    pub amount_minor: i64,
    pub currency: String,
    pub method: String,
    pub state: String,
    pub purpose: Option<String>,
    pub donated_on: Date,
    pub reference: Option<String>,
    pub notes: Option<String>,
    pub reason: Option<String>,
    pub settled_at: Option<i64>,
    pub search: String,
    pub donor_search: String,
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
    donor_id,
    campaign_id,
    amount_minor,
    currency,
    method,
    state,
    purpose,
    donated_on,
    reference,
    notes,
    reason,
    settled_at,
    search,
    donor_search,
    version,
    created_by,
    created_at,
    updated_at,
    deleted_at,
);

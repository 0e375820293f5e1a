//! Words to whoever keeps something too long.

use almoner_migrations::kinds::KindTable;
use almoner_records::{Guarded, Line, Record, Ref, Refusal, Related, Rules};
use chrono::NaiveDate;
use sea_orm_migration::prelude::*;

use super::{
    kinds::{LOANS, Loan},
    words,
};

/// A word to whoever keeps something too long.
#[derive(Clone, Debug, PartialEq, Eq, Record)]
#[record(many = "reminders", parent = "loan_id")]
pub struct Reminder {
    /// What it is about.
    #[field(filter, public, example = "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11")]
    pub loan_id: Ref<Loan>,
    /// What was said.
    #[field(label, example = "Called, nobody answered")]
    pub text: Line<500>,
    /// When.
    #[field(sort, example = "2026-06-20")]
    pub sent_on: NaiveDate,
}

impl Rules for Reminder {
    fn guard<'a>(&'a self, _before: Option<&'a Self>, related: &'a mut dyn Related) -> Guarded<'a> {
        Box::pin(async move {
            match related.word("loan_id", "state").await?.as_deref() {
                Some("lent" | "lost") => Ok(()),
                _ => Err(Refusal { code: "transition", detail: words::not_lent() }.into()),
            }
        })
    }
}

/// Where reminders are kept.
const REMINDERS: KindTable<'_> = KindTable {
    many: "reminders",
    columns: "loan_id {uuid} NOT NULL REFERENCES loans (id), text text NOT NULL, sent_on {date} NOT NULL",
    unique: &[],
    orders: &["loan_id", "sent_on"],
    words: &[],
};

/// Makes the tables of loans and reminders.
#[derive(DeriveMigrationName)]
pub struct Tables;

#[async_trait::async_trait]
impl MigrationTrait for Tables {
    async fn up(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        LOANS.create(manager).await?;
        REMINDERS.create(manager).await
    }

    async fn down(&self, manager: &SchemaManager) -> Result<(), DbErr> {
        REMINDERS.remove(manager).await?;
        LOANS.remove(manager).await
    }
}

//! The tables, as sea-orm sees them. What the columns mean is said by the domain types and the
//! migrations.

/// Reads a model's columns in the order its entity selects them: every column, in the order of the
/// fields. Which order that is, a test looks at.
macro_rules! from_row {
    ($($field:ident),+ $(,)?) => {
        impl crate::rows::FromRow for Model {
            fn from_row(row: &mut crate::rows::Row<'_>) -> Result<Self, sea_orm::DbErr> {
                Ok(Self { $($field: row.take()?),+ })
            }
        }

        #[cfg(test)]
        #[test]
        fn columns_are_read_in_the_order_they_are_selected() {
            use sea_orm::{Iden, Iterable};

            let selected: Vec<String> =
                Column::iter().map(|column| column.to_string()).collect();
            assert_eq!(selected, [$(stringify!($field)),+]);
        }
    };
}

pub mod answers;
pub mod changes;
pub mod clock;
pub mod devices;
pub mod donation_totals;
pub mod epochs;
pub mod job_runs;
pub mod jobs;
pub mod links;
pub mod login_attempts;
pub mod mails;
pub mod reset_requests;
pub mod roles;
pub mod schedules;
pub mod security_chain;
pub mod security_events;
pub mod sessions;
pub mod trail_floor;
pub mod trail_head;
pub mod user_roles;
pub mod users;
pub mod webhook_deliveries;
pub mod webhook_position;
pub mod webhooks;

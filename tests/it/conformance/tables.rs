//! The table of a kind has the columns that its description says, with the right types, and no other.

use std::collections::BTreeMap;

use almoner_records::{Holds, Kind};

use super::bench::Bench;
use crate::support::Backend;

of_every_kind![the_table_is_what_the_kind_says];

/// The columns that every table has: which hold what, and whether they may be absent.
const HOUSE: [(&str, Holds, bool); 6] = [
    ("id", Holds::Uuid, false),
    ("version", Holds::Int, false),
    ("created_by", Holds::Uuid, true),
    ("created_at", Holds::Int, false),
    ("updated_at", Holds::Int, false),
    ("deleted_at", Holds::Int, true),
];

/// What the database calls it: on SQLite it is what storage reads values back by.
fn type_of(backend: Backend, holds: Holds) -> &'static str {
    match (backend, holds) {
        (_, Holds::Text | Holds::Json) => "text",
        (_, Holds::Int) => "bigint",
        (_, Holds::Flag) => "boolean",
        (Backend::Postgres, Holds::Day) => "date",
        (Backend::Postgres, Holds::Uuid) => "uuid",
        (Backend::Postgres, Holds::Bytes) => "bytea",
        (Backend::Sqlite, Holds::Day) => "date_text",
        (Backend::Sqlite, Holds::Uuid) => "uuid_blob",
        (Backend::Sqlite, Holds::Bytes) => "blob",
    }
}

/// Every column that a kind knows.
fn known(kind: &Kind) -> BTreeMap<String, (Holds, bool)> {
    let mut known = BTreeMap::new();
    for (name, holds, may_be_absent) in HOUSE {
        known.insert(name.to_owned(), (holds, may_be_absent));
    }
    for field in kind.fields {
        for (at, column) in field.columns.iter().enumerate() {
            known.insert(field.column(at), (column.holds, field.is_optional));
        }
        if let Some(column) = field.unique_form_column() {
            known.insert(column, (Holds::Text, field.is_optional));
        }
        if field.target.is_some() && field.is_searched {
            known.insert(field.search_column(), (Holds::Text, false));
        }
    }
    if kind.is_searched() {
        known.insert("search".to_owned(), (Holds::Text, false));
    }
    known
}

async fn the_table_is_what_the_kind_says(bench: &Bench<'_>) {
    let world = bench.house.world;
    for kind in bench.kinds() {
        let many = kind.many;
        let (name, declared, may, columns) = match world.backend {
            Backend::Sqlite => {
                let columns = format!("FROM pragma_table_info('{many}') ORDER BY name");
                ("name", "type", "\"notnull\" = 0", columns)
            }
            Backend::Postgres => {
                let columns = format!(
                    "FROM information_schema.columns
                     WHERE table_name = '{many}' AND table_schema = current_schema()
                     ORDER BY column_name COLLATE \"C\""
                );
                ("column_name", "data_type", "is_nullable = 'YES'", columns)
            }
        };
        let names = world.texts(name, &columns).await;
        let types = world.texts(declared, &columns).await;
        let may = format!("CASE WHEN {may} THEN 'may' ELSE 'must' END");
        let absent = world.texts(&may, &columns).await;
        let known = known(kind);
        // The number of the row on SQLite, and the words of a row on PostgreSQL, are the database's own.
        let own = |name: &&String| *name != "seq" && *name != "words";
        let stored: Vec<&String> = names.iter().filter(own).collect();
        assert_eq!(stored, known.keys().collect::<Vec<_>>(), "{many}");
        for ((name, stored), may) in names.iter().zip(&types).zip(&absent) {
            let Some((holds, may_be_absent)) = known.get(name) else { continue };
            assert_eq!(stored.to_lowercase(), type_of(world.backend, *holds), "{many}.{name}");
            assert_eq!(may == "may", *may_be_absent, "{many}.{name}");
        }
    }
}

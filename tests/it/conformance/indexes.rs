//! Every filter, sort, lookup and unique value that a kind offers has its index. What the databases make of
//! these with many rows is looked at in `plans`.

use almoner_records::{Field, Filtering, Holds, Kind, Rows};

use super::bench::Bench;
use crate::support::{Backend, World};

of_every_kind![everything_that_is_offered_has_its_index];

async fn everything_that_is_offered_has_its_index(bench: &Bench<'_>) {
    for kind in bench.kinds() {
        assert_eq!(missing(bench.house.world, kind).await, Vec::<String>::new(), "{}", kind.many);
    }
}

/// What a kind offers and has no index for.
pub async fn missing(world: &World, kind: &'static Kind) -> Vec<String> {
    let definitions = definitions(world, kind).await;
    let indexes: Vec<Vec<String>> = definitions.iter().map(|one| parts(one)).collect();
    let unique: Vec<String> = definitions.iter().filter_map(|one| unique(one)).collect();
    let begins = |column: &str| indexes.iter().any(|index| index.first() == Some(&plain(column)));
    let has = |column: &str| indexes.iter().any(|index| index.contains(&plain(column)));
    let mut missing = Vec::new();
    let mut need = |what: String, is_there: bool| {
        if !is_there {
            missing.push(what);
        }
    };
    for field in kind.fields {
        let (name, key) = (field.name, field.key_column());
        match field.filtering {
            Filtering::None => {}
            Filtering::Is => need(format!("filter {name}"), begins(&key)),
            // Tried in the order of the sort.
            Filtering::Common => need(format!("filter {name}"), has(&key)),
            Filtering::Days => {
                need(format!("range {name}"), begins(&key) || begins(&sorted(field)));
            }
            Filtering::Money => {
                let currency = field.column_with("_currency");
                need(format!("range {name}"), has(&currency) && (has(&key) || has(&sorted(field))));
            }
        }
        if field.is_sorted {
            need(format!("sort {name}"), begins(&sorted(field)));
        }
        if field.is_looked_up || field.is_alike || field.target.is_some() {
            need(format!("lookup {name}"), begins(&key));
        }
        if field.is_unique {
            // By its name the database says which value is taken.
            let index = format!("{}_{name}", kind.many);
            need(format!("unique {name}"), unique.contains(&index));
        }
    }
    if kind.rows == Rows::OfCreator {
        need("the creator".to_owned(), begins("created_by"));
    }
    missing
}

/// What a field is sorted by, as `KindTable` says it.
fn sorted(field: &Field) -> String {
    let column = field.columns.iter().find(|column| column.suffix == field.sort);
    let smallest = match column.map(|column| column.holds) {
        Some(Holds::Int) => "-9223372036854775807",
        Some(Holds::Day) => "'0001-01-01'",
        _ => "''",
    };
    match field.is_optional {
        true => format!("coalesce({},{smallest})", field.sort_column()),
        false => field.sort_column(),
    }
}

/// The name of an index, when it is unique outside the trash.
fn unique(definition: &str) -> Option<String> {
    let name = definition.strip_prefix("CREATE UNIQUE INDEX ")?.split(' ').next()?;
    definition.contains("deleted_at IS NULL").then(|| name.trim_matches('"').to_owned())
}

/// The indexes of a table, as they were made.
async fn definitions(world: &World, kind: &Kind) -> Vec<String> {
    let many = kind.many;
    match world.backend {
        Backend::Sqlite => {
            let from = format!(
                "FROM sqlite_schema WHERE type = 'index' AND tbl_name = '{many}' AND sql IS NOT NULL"
            );
            world.texts("sql", &from).await
        }
        Backend::Postgres => {
            let from = format!(
                "FROM pg_indexes WHERE tablename = '{many}' AND schemaname = current_schema()"
            );
            world.texts("indexdef", &from).await
        }
    }
}

/// What stands in the first pair of brackets of a definition, cut at its commas.
fn parts(definition: &str) -> Vec<String> {
    let (mut parts, mut part, mut depth) = (Vec::new(), String::new(), 0);
    for char in definition.chars() {
        match char {
            '(' => depth += 1,
            ')' => depth -= 1,
            _ => {}
        }
        match (depth, char) {
            (0, ')') => break,
            (1, '(') if part.is_empty() && parts.is_empty() => {}
            (1, ',') => parts.push(plain(&std::mem::take(&mut part))),
            (0, _) => {}
            _ => part.push(char),
        }
    }
    parts.push(plain(&part));
    parts
}

/// An expression as both databases would write it.
fn plain(expression: &str) -> String {
    let mut text = expression.to_lowercase().replace(['"', ' ', '\n'], "");
    for cast in ["::text", "::date", "::bigint", "collate\"c\"", "collatec"] {
        text = text.replace(cast, "");
    }
    // PostgreSQL writes a negative number as a text that it reads.
    text.replace("'-9223372036854775807'", "-9223372036854775807")
        .replace("('0001-01-01')", "'0001-01-01'")
}

#[test]
fn an_index_is_read_as_it_was_made() {
    let made =
        "CREATE INDEX x ON t (coalesce(number, ''), id, deleted_at) WHERE deleted_at IS NULL";
    assert_eq!(parts(made), ["coalesce(number,'')", "id", "deleted_at"]);
    let made = "CREATE INDEX x ON public.t USING btree (COALESCE(paid_on, '0001-01-01'::date), id)";
    assert_eq!(parts(made), ["coalesce(paid_on,'0001-01-01')", "id"]);
}

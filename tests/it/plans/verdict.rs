//! What is wrong with a plan.

use almoner_kernel::Total;

use crate::support::Backend;

/// How strict to be with an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Order {
    /// The rows come out of an index in order: a page costs a page.
    FromIndex,
    /// What is left after several filters may be sorted.
    MaySort,
    /// Keys may be sorted, if indexes have every column it takes to find them.
    KeysMaySort,
    /// The keys come out of an index in order, and it has every column of the filters.
    KeysFromIndex,
}

/// Tables that an organisation fills with thousands of rows at the most: PostgreSQL reads a table of
/// a few pages whole, whatever its indexes. On SQLite they are judged like the others.
const SMALL: [&str; 11] = [
    "users",
    "roles",
    "user_roles",
    "sessions",
    "campaigns",
    "answers",
    "links",
    "login_attempts",
    "reset_requests",
    "schedules",
    "webhooks",
];

/// The lines of a plan that scan a table, or sort where an index should.
pub fn complaints(backend: Backend, sql: &str, plan: &[String], order: Order) -> Vec<String> {
    let is_wrong = |line: &&String| match backend {
        Backend::Sqlite => {
            is_sqlite_scan(line)
                || match order {
                    Order::FromIndex => sorts(line),
                    Order::MaySort => false,
                    Order::KeysMaySort => goes_to_the_table(line),
                    // The rows of the page are put in order once more, on the left.
                    Order::KeysFromIndex => {
                        goes_to_the_table(line) || (!is_count(sql) && sorted_keys(plan, line))
                    }
                }
        }
        Backend::Postgres => is_postgres_scan(line) && !(is_count(sql) && stops_early(line)),
    };
    plan.iter().filter(is_wrong).cloned().collect()
}

fn sorts(line: &str) -> bool {
    line.contains("USE TEMP B-TREE FOR ORDER BY")
}

/// True for what reads a list through an index that lacks a column. By row id, the rows of a
/// page are read whose keys were found before.
fn goes_to_the_table(line: &str) -> bool {
    let reads = |table| {
        line.contains(&format!("SEARCH {table} ")) || line.contains(&format!("SCAN {table} "))
    };
    // By its id, a donation's donor is read for its name.
    (reads("donations") || (reads("donors") && !line.ends_with("(id=?)")))
        && !line.contains("COVERING INDEX")
        && !line.contains("INTEGER PRIMARY KEY")
}

/// The keys and the rows of a page are sorted with one line each: two of them mean that the keys are.
fn sorted_keys(plan: &[String], line: &str) -> bool {
    sorts(line) && plan.iter().filter(|line| sorts(line)).count() > 1
}

fn is_postgres_scan(line: &str) -> bool {
    line.split_once("Seq Scan on ").is_some_and(|(_, rest)| {
        let table = rest.split([' ', '(']).next().unwrap_or_default();
        !SMALL.contains(&table)
    })
}

fn is_count(sql: &str) -> bool {
    sql.contains("\"counted\" FROM (SELECT")
}

/// A count stops behind its cap: where nearly every row matches, that is a few pages from the start
/// of the table, and cheaper than the same number of steps through an index.
fn stops_early(line: &str) -> bool {
    let rows = line.split("rows=").nth(1).and_then(|rest| rest.split(' ').next());
    rows.and_then(|rows| rows.parse::<u64>().ok()).is_some_and(|rows| rows > 2 * Total::CAP)
}

/// `SCAN x USING [COVERING] INDEX` and virtual tables read in an order or a range; a bare `SCAN x`
/// reads the table from end to end. The subqueries of a count and of a sum have names of their own.
fn is_sqlite_scan(line: &str) -> bool {
    line.contains("SCAN ")
        && !line.contains("USING INDEX")
        && !line.contains("USING COVERING INDEX")
        && !line.contains("VIRTUAL TABLE INDEX")
        && !line.contains("SCAN matches")
        && !line.contains("SCAN parts")
        && !line.contains("SCAN standing")
        && !line.contains("SCAN CONSTANT ROW")
        && !line.contains("(subquery")
}

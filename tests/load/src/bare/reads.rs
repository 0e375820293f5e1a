//! The statements of the reads, as the server sends them.

use std::{hint::black_box, time::Duration};

use almoner_kernel::text::fold;
use rusqlite::{Connection, Row, ToSql, types::Value};
use uuid::Uuid;

use super::{Done, repeat};
use crate::{dice::Dice, sample::Sample};

/// Every column of a donation, with the names it refers to.
const DONATION: &str = "SELECT donations.id, donor_id, campaign_id, amount_minor, currency, method,
    state, purpose, donated_on, reference, notes, reason, settled_at, donations.search,
    donations.donor_search, version, created_by, created_at, updated_at, deleted_at,
    (SELECT name FROM donors WHERE donors.id = donations.donor_id),
    (SELECT name FROM campaigns WHERE campaigns.id = donations.campaign_id)
    FROM donations";

/// A donation with values of its own.
struct Donation {
    _ids: [Option<Uuid>; 4],
    _numbers: [Option<i64>; 6],
    _texts: [Option<String>; 12],
}

impl Donation {
    fn read(row: &Row<'_>) -> rusqlite::Result<Self> {
        let id = |at| row.get::<_, Option<[u8; 16]>>(at).map(|id| id.map(Uuid::from_bytes));
        let number = |at| row.get::<_, Option<i64>>(at);
        let text = |at| row.get::<_, Option<String>>(at);
        Ok(Self {
            _ids: [id(0)?, id(1)?, id(2)?, id(16)?],
            _numbers: [number(3)?, number(12)?, number(15)?, number(17)?, number(18)?, number(19)?],
            _texts: [
                text(4)?,
                text(5)?,
                text(6)?,
                text(7)?,
                text(8)?,
                text(9)?,
                text(10)?,
                text(11)?,
                text(13)?,
                text(14)?,
                text(20)?,
                text(21)?,
            ],
        })
    }
}

fn rows(connection: &Connection, sql: &str, values: &[&dyn ToSql]) -> anyhow::Result<usize> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    let mut page = Vec::with_capacity(51);
    while let Some(row) = rows.next()? {
        page.push(Donation::read(row)?);
    }
    Ok(black_box(page).len())
}

fn bytes(id: &str) -> anyhow::Result<[u8; 16]> {
    Ok(Uuid::parse_str(id)?.into_bytes())
}

pub fn get(connection: &Connection, sample: &Sample, time: Duration) -> anyhow::Result<Done> {
    let sql = format!("{DONATION} WHERE donations.id = ?1");
    let mut dice = Dice::new(1);
    repeat(time, || {
        let ids = if dice.below(2) == 0 { &sample.scattered } else { &sample.recent };
        let found = rows(connection, &sql, &[&bytes(dice.pick::<String>(ids))?])?;
        anyhow::ensure!(found == 1, "no such donation");
        Ok(1)
    })
}

pub fn list(connection: &Connection, sample: &Sample, time: Duration) -> anyhow::Result<Done> {
    let first = format!("{DONATION} WHERE deleted_at IS NULL ORDER BY donations.id DESC LIMIT 51");
    let next = format!(
        "{DONATION} WHERE deleted_at IS NULL AND donations.id < ?1
         ORDER BY donations.id DESC LIMIT 51"
    );
    let mut dice = Dice::new(1);
    repeat(time, || {
        match &dice.pick(&sample.pages).after {
            Some(id) => rows(connection, &next, &[&bytes(id)?])?,
            None => rows(connection, &first, &[])?,
        };
        Ok(1)
    })
}

pub fn filtered(connection: &Connection, sample: &Sample, time: Duration) -> anyhow::Result<Done> {
    let mut dice = Dice::new(1);
    repeat(time, || {
        let (column, value) = filter(&mut dice, sample)?;
        rows(connection, &by(&column), &[&value])?;
        Ok(1)
    })
}

pub fn counted(connection: &Connection, sample: &Sample, time: Duration) -> anyhow::Result<Done> {
    let mut dice = Dice::new(1);
    repeat(time, || {
        let (column, value) = filter(&mut dice, sample)?;
        let sql = format!(
            "SELECT count(*) FROM (SELECT 1 FROM donations
             WHERE {column} = ?1 AND deleted_at IS NULL LIMIT 10001)"
        );
        let count: i64 = connection.prepare_cached(&sql)?.query_row([&value], |row| row.get(0))?;
        black_box(count);
        rows(connection, &by(&column), &[&value])?;
        Ok(1)
    })
}

fn filter(dice: &mut Dice, sample: &Sample) -> anyhow::Result<(String, Value)> {
    let filter = dice.pick(&sample.filters);
    let value = match filter.column.ends_with("_id") {
        true => Value::Blob(bytes(&filter.value)?.to_vec()),
        false => Value::Text(filter.value.clone()),
    };
    Ok((filter.column.clone(), value))
}

fn by(column: &str) -> String {
    format!(
        "{DONATION} WHERE {column} = ?1 AND deleted_at IS NULL
         ORDER BY donations.id DESC LIMIT 51"
    )
}

pub fn search(connection: &Connection, sample: &Sample, time: Duration) -> anyhow::Result<Done> {
    let sql = format!(
        "{DONATION} INNER JOIN donations_fts ON donations_fts.rowid = donations.seq
         WHERE deleted_at IS NULL AND donations_fts MATCH ?1
         ORDER BY donations_fts.rowid DESC LIMIT 51"
    );
    let mut dice = Dice::new(1);
    repeat(time, || {
        let folded = fold(dice.pick::<String>(&sample.searches));
        let words: Vec<_> = folded.split(' ').map(|word| format!("\"{word}\"")).collect();
        rows(connection, &sql, &[&format!("{}*", words.join(" "))])?;
        Ok(1)
    })
}

pub fn summary(connection: &Connection, sample: &Sample, time: Duration) -> anyhow::Result<Done> {
    let sql = "SELECT currency, method, count(*), sum(amount_minor / 1000000),
        sum(amount_minor % 1000000) FROM donations
        WHERE deleted_at IS NULL AND state = 'completed' AND donated_on >= ?1 AND donated_on <= ?2
        GROUP BY currency, method";
    let mut dice = Dice::new(1);
    repeat(time, || {
        let (first, last) = dice.pick(&sample.months);
        sums(connection, sql, &[&first.to_string(), &last.to_string()])
    })
}

pub fn summary_of_all(connection: &Connection, time: Duration) -> anyhow::Result<Done> {
    let sql = "SELECT currency, substr(donated_on, 1, 7) AS month, count(*),
        sum(amount_minor / 1000000), sum(amount_minor % 1000000) FROM donations
        WHERE deleted_at IS NULL AND state = 'completed' GROUP BY currency, month";
    repeat(time, || sums(connection, sql, &[]))
}

fn sums(connection: &Connection, sql: &str, values: &[&dyn ToSql]) -> anyhow::Result<u64> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(values)?;
    while let Some(row) = rows.next()? {
        let line: (String, String, i64, i64, i64) =
            (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?, row.get(4)?);
        black_box(line);
    }
    Ok(1)
}

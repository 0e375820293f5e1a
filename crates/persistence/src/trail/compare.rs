//! Records against the last change of each: what `audit verify` looks at beside the chain.

use std::collections::HashMap;

use almoner_audit::{Compared, Difference, Gone, How, SealInput};
use almoner_kernel::StoreError;
use sea_orm::{ConnectionTrait, DbErr, Statement, Value};
use uuid::Uuid;

use super::{
    around::marks,
    record::{Covered, Kind, Whole},
};
use crate::{
    connection::{Reader, Work},
    error::store_error,
    rows::{FromRow, Row},
    store::Store,
};

/// Ids that are asked for with one statement.
const AT_ONCE: usize = 500;

/// The last change of a record.
#[derive(Clone, PartialEq, Eq)]
struct Last {
    position: i64,
    format: i64,
    digest: Option<Vec<u8>>,
}

impl FromRow for Last {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbErr> {
        Ok(Self { position: row.take()?, format: row.take()?, digest: row.take()? })
    }
}

impl Store {
    /// Compares the next records of a kind with their last sealed state.
    pub(crate) async fn compared_records(
        &self,
        entity: &str,
        after: Option<Uuid>,
        limit: u32,
    ) -> Result<Compared, StoreError> {
        let nothing = Compared { last: None, records: 0, unsealed: 0, differences: Vec::new() };
        let Some(kind) = self.0.covered.of(entity) else { return Ok(nothing) };
        let reader = self.scan();
        let mark = marks(reader.get_database_backend(), 1, 1);
        let (columns, table) = (kind.listed("r"), kind.table);
        let rows: Vec<(Uuid, Whole)> = ask(
            &reader,
            format!(
                "SELECT r.id, {columns} FROM {table} r WHERE r.id > {mark} ORDER BY r.id LIMIT {limit}"
            ),
            vec![after.unwrap_or_default().into()],
        )
        .await?;
        let ids: Vec<Uuid> = rows.iter().map(|(id, _)| *id).collect();
        let lasts = last_changes(&reader, entity, &ids).await?;
        let mut compared = Compared {
            last: ids.last().copied(),
            records: u64::try_from(rows.len()).unwrap_or_default(),
            ..nothing
        };
        for (id, whole) in rows {
            match self.verdict(kind, id, &whole, lasts.get(&id)) {
                Ok(()) => {}
                Err(None) => compared.unsealed += 1,
                // It may have been changed between two readings.
                Err(Some(_)) => {
                    if let Some(how) = self.looked_at_again(kind, id).await? {
                        compared.differences.push(Difference { entity: kind.entity, id, how });
                    }
                }
            }
        }
        Ok(compared)
    }

    /// What is wrong with a record: nothing, that nobody can tell, or something.
    fn verdict(
        &self,
        kind: &Kind,
        id: Uuid,
        whole: &Whole,
        last: Option<&Last>,
    ) -> Result<(), Option<How>> {
        let Some(last) = last else { return Err(Some(How::Unrecorded)) };
        if last.format < SealInput::FORMAT {
            return Err(None);
        }
        match self.0.digests.of(kind.entity, id, whole) == last.digest {
            true => Ok(()),
            false => Err(Some(How::Altered)),
        }
    }

    /// The same of one record, read between two looks at its last change.
    async fn looked_at_again(&self, kind: &Kind, id: Uuid) -> Result<Option<How>, StoreError> {
        let reader = self.scan();
        let mark = marks(reader.get_database_backend(), 1, 1);
        loop {
            let before = last_changes(&reader, kind.entity, &[id]).await?;
            let (columns, table) = (kind.listed("r"), kind.table);
            let sql = format!("SELECT {columns} FROM {table} r WHERE r.id = {mark}");
            let whole: Vec<Whole> = ask(&reader, sql, vec![id.into()]).await?;
            if before != last_changes(&reader, kind.entity, &[id]).await? {
                continue;
            }
            // Destroyed meanwhile.
            let Some(whole) = whole.first() else { return Ok(None) };
            return Ok(self.verdict(kind, id, whole, before.get(&id)).err().flatten());
        }
    }

    /// The records of the next changes that should be there and are not.
    pub(crate) async fn gone_records(&self, after: i64, limit: u32) -> Result<Gone, StoreError> {
        let reader = self.scan();
        let mark = marks(reader.get_database_backend(), 1, 1);
        let rows: Vec<(i64, (String, Uuid))> = ask(
            &reader,
            format!(
                "SELECT position, entity, entity_id FROM changes WHERE position > {mark} \
                 ORDER BY position LIMIT {limit}"
            ),
            vec![after.into()],
        )
        .await?;
        let mut gone = Gone { last: rows.last().map(|row| row.0), differences: Vec::new() };
        for kind in self.0.covered.iter() {
            let mut ids: Vec<Uuid> = rows
                .iter()
                .filter(|(_, (entity, _))| entity == kind.entity)
                .map(|(_, (_, id))| *id)
                .collect();
            ids.sort_unstable();
            ids.dedup();
            gone.differences.extend(missing(&reader, kind, ids).await?);
        }
        if gone.last.is_none() {
            gone.differences.extend(missing_states(&reader, &self.0.covered).await?);
        }
        Ok(gone)
    }

    /// Keeps the last digests of records whose last change is about to go: up to a position.
    pub(crate) async fn keep_states(&self, work: &Work, to: i64) -> Result<(), StoreError> {
        let backend = work.get_database_backend();
        let mark = marks(backend, 1, 1);
        let last = format!(
            "FROM changes c WHERE c.position <= {mark} AND NOT EXISTS (SELECT 1 FROM changes l \
             WHERE l.entity_id = c.entity_id AND l.entity = c.entity AND l.position > c.position)"
        );
        for sql in [
            format!(
                "DELETE FROM sealed_states WHERE entity_id IN \
                 (SELECT c.entity_id {last} AND c.digest IS NULL)"
            ),
            format!(
                "INSERT INTO sealed_states (entity_id, entity, digest) \
                 SELECT c.entity_id, c.entity, c.digest {last} AND c.digest IS NOT NULL \
                 ON CONFLICT (entity_id) DO UPDATE SET digest = excluded.digest"
            ),
        ] {
            let statement = Statement::from_sql_and_values(backend, sql, [to.into()]);
            work.execute_raw(statement).await.map_err(store_error)?;
        }
        Ok(())
    }
}

/// Runs a statement in the words of the database.
async fn ask<T: FromRow + Send + 'static>(
    reader: &Reader<'_>,
    sql: String,
    values: Vec<Value>,
) -> Result<Vec<T>, StoreError> {
    let backend = reader.get_database_backend();
    let statement = Statement::from_sql_and_values(backend, sql, values);
    reader.run(statement).await.map_err(store_error)
}

/// The last change of each of these records. Of one whose last change is past its time, the digest that
/// was kept.
async fn last_changes(
    reader: &Reader<'_>,
    entity: &str,
    ids: &[Uuid],
) -> Result<HashMap<Uuid, Last>, StoreError> {
    let mut lasts = HashMap::with_capacity(ids.len());
    for ids in ids.chunks(AT_ONCE) {
        let backend = reader.get_database_backend();
        let marks = (marks(backend, 1, 1), marks(backend, 2, ids.len()));
        let values = || {
            let ids = ids.iter().map(|id| (*id).into());
            std::iter::once(entity.into()).chain(ids).collect::<Vec<Value>>()
        };
        let kept = format!(
            "SELECT entity_id, {none}, {format}, digest FROM sealed_states \
             WHERE entity = {} AND entity_id IN ({})",
            marks.0,
            marks.1,
            none = "CAST(0 AS bigint)",
            format = format_args!("CAST({} AS bigint)", SealInput::FORMAT),
        );
        let last = format!(
            "SELECT c.entity_id, c.position, c.format, c.digest FROM changes c \
             WHERE c.position IN (SELECT max(l.position) FROM changes l \
             WHERE l.entity = {} AND l.entity_id IN ({}) GROUP BY l.entity_id)",
            marks.0, marks.1
        );
        for sql in [kept, last] {
            lasts.extend(ask::<(Uuid, Last)>(reader, sql, values()).await?);
        }
    }
    Ok(lasts)
}

/// Those of some records that are not there, although their last change left them there.
async fn missing(
    reader: &Reader<'_>,
    kind: &Kind,
    mut ids: Vec<Uuid>,
) -> Result<Vec<Difference>, StoreError> {
    let backend = reader.get_database_backend();
    let mut there = std::collections::HashSet::new();
    for ids in ids.chunks(AT_ONCE) {
        let (table, marks) = (kind.table, marks(backend, 1, ids.len()));
        let sql = format!("SELECT id FROM {table} WHERE id IN ({marks})");
        let values = ids.iter().map(|id| (*id).into()).collect();
        there.extend(ask::<Uuid>(reader, sql, values).await?);
    }
    ids.retain(|id| !there.contains(id));
    let lasts = last_changes(reader, kind.entity, &ids).await?;
    ids.retain(|id| lasts.get(id).is_some_and(|last| last.digest.is_some()));
    let entity = kind.entity;
    Ok(ids.into_iter().map(|id| Difference { entity, id, how: How::Gone }).collect())
}

/// Records whose last change is past its time, that are not there any more without a later one.
async fn missing_states(
    reader: &Reader<'_>,
    covered: &Covered,
) -> Result<Vec<Difference>, StoreError> {
    let mut gone = Vec::new();
    for kind in covered.iter() {
        let (entity, table) = (kind.entity, kind.table);
        let sql = format!(
            "SELECT s.entity_id FROM sealed_states s WHERE s.entity = '{entity}' \
             AND NOT EXISTS (SELECT 1 FROM {table} r WHERE r.id = s.entity_id) \
             AND NOT EXISTS (SELECT 1 FROM changes c WHERE c.entity_id = s.entity_id)"
        );
        let ids: Vec<Uuid> = ask(reader, sql, Vec::new()).await?;
        gone.extend(ids.into_iter().map(|id| Difference { entity, id, how: How::Gone }));
    }
    Ok(gone)
}

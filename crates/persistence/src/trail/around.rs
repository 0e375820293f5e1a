//! What a commit reads before it writes its changes: where the trail ends, and the records as they are by
//! now. For one change, which is what most commits have, that is one statement: on PostgreSQL it costs no
//! round trip more than the end of the trail alone.

use std::collections::HashMap;

use almoner_audit::Mac;
use almoner_kernel::{Change, StoreError, Trail, trail::Subject};
use sea_orm::{ConnectionTrait, DbBackend, DbErr, Statement, Value};
use uuid::Uuid;

use super::{
    personal::{Keys, says_something},
    record::{Covered, Kind, Whole},
};
use crate::{
    connection::{Known, Work},
    error::store_error,
    rows::{FromRow, Row},
    store::Inner,
};

/// Records of one kind that are read with one statement.
pub const AT_ONCE: usize = 200;

/// What stands around the changes of a commit.
pub struct Around {
    /// Where the trail ends.
    pub position: i64,
    /// Its seal there.
    pub seal: Mac,
    /// How many security events there are.
    pub events: i64,
    /// The keys of the people that the changes say something of.
    pub keys: Keys,
    digests: HashMap<Uuid, Vec<u8>>,
}

impl Around {
    /// Reads it, and locks the end of the trail until the commit.
    pub async fn read(inner: &Inner, work: &Work, trail: &Trail) -> Result<Self, StoreError> {
        let (mut digests, mut keys) = (HashMap::new(), Keys::default());
        let subjects = subjects(&trail.changes);
        let head = match (trail.changes.as_slice(), subjects.as_slice()) {
            ([only], [] | [_]) => {
                let (kind, id) = (inner.covered.of(only.entity), only.entity_id);
                let subject = subjects.first().copied();
                let (head, whole) = head_with(work, kind, id, subject).await?;
                let digest = inner.digests.of(only.entity, id, &whole);
                digests.extend(digest.map(|digest| (id, digest)));
                if let (Some(subject), Some(stored)) = (subject, &head.key) {
                    keys.put(&inner.vault, subject, stored)?;
                }
                head
            }
            (many, subjects) => {
                for (kind, ids) in by_kind(&inner.covered, many) {
                    for ids in ids.chunks(AT_ONCE) {
                        let rows = records(work, kind, ids).await?;
                        digests.extend(rows.iter().filter_map(|(id, whole)| {
                            Some((*id, inner.digests.of(kind.entity, *id, whole)?))
                        }));
                    }
                }
                keys.read(&inner.vault, work, subjects).await?;
                head_with(work, None, Uuid::nil(), None).await?.0
            }
        };
        keys.make(&inner.vault, work, &subjects).await?;
        let seal = <[u8; 32]>::try_from(head.seal.as_slice())
            .map_err(|_| StoreError::Damaged("trail_head.seal has no 32 bytes".to_owned()))?;
        Ok(Self {
            position: head.position,
            seal: Mac::from_bytes(seal),
            events: head.events,
            keys,
            digests,
        })
    }

    /// The digest of the record of a change; none of one that is gone, or whose kind has none.
    pub fn digest(&self, change: &Change) -> Option<Vec<u8>> {
        self.digests.get(&change.entity_id).cloned()
    }
}

/// The people of whom some changes say something, each once.
fn subjects(changes: &[Change]) -> Vec<Subject> {
    let mut subjects: Vec<Subject> = Vec::new();
    for change in changes {
        let sides = [(&change.before, change.subject_before), (&change.after, change.subject)];
        for (side, subject) in sides {
            subjects.extend(subject.filter(|_| says_something(side, change.personal)));
        }
    }
    subjects.sort_unstable_by_key(|subject| subject.1);
    subjects.dedup_by_key(|subject| subject.1);
    subjects
}

/// Where the trail ends, and the stored key of a subject.
struct Head {
    position: i64,
    seal: Vec<u8>,
    key: Option<Vec<u8>>,
    events: i64,
}

impl FromRow for Head {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbErr> {
        Ok(Self { position: row.take()?, seal: row.take()?, key: row.take()?, events: row.take()? })
    }
}

/// The end of the trail, locked, with a record as it is and the key of its subject.
async fn head_with(
    work: &Work,
    kind: Option<&Kind>,
    id: Uuid,
    subject: Option<Subject>,
) -> Result<(Head, Whole), StoreError> {
    static ALONE: Known = Known::new();
    let backend = work.get_database_backend();
    // SQLite has one writer, and nothing to lock.
    let (first, second, lock) = match backend {
        DbBackend::Postgres => ("$1", "$2", " FOR UPDATE OF h"),
        _ => ("?", "?", ""),
    };
    let (known, mut values) = match kind {
        Some(kind) => (&kind.with_head, vec![id.into()]),
        None => (&ALONE, Vec::new()),
    };
    values.insert(0, subject.map(|subject| subject.1).into());
    let statement = known.written(backend, values, || {
        let (columns, record) = match kind {
            Some(kind) => (
                format!(", {}", kind.listed("r")),
                format!(" LEFT JOIN {} r ON r.id = {second}", kind.table),
            ),
            None => (String::new(), String::new()),
        };
        format!(
            "SELECT h.position, h.seal, k.sealed, s.position{columns} FROM trail_head h \
             JOIN security_chain s ON s.id = 1 \
             LEFT JOIN subject_keys k ON k.id = {first}{record} WHERE h.id = 1{lock}"
        )
    });
    let row = work.found(statement).await.map_err(store_error)?.pop();
    row.ok_or_else(|| StoreError::Damaged("trail_head is empty".to_owned()))
}

/// The ids of the records of some changes, each once.
fn by_kind<'c>(covered: &'c Covered, changes: &[Change]) -> Vec<(&'c Kind, Vec<Uuid>)> {
    let mut kinds: Vec<(&Kind, Vec<Uuid>)> = Vec::new();
    for change in changes {
        let Some(kind) = covered.of(change.entity) else { continue };
        match kinds.iter_mut().find(|(known, _)| known.entity == kind.entity) {
            Some((_, ids)) => ids.push(change.entity_id),
            None => kinds.push((kind, vec![change.entity_id])),
        }
    }
    for (_, ids) in &mut kinds {
        ids.sort_unstable();
        ids.dedup();
    }
    kinds
}

/// Records as they are, by their ids.
pub async fn records(
    work: &Work,
    kind: &Kind,
    ids: &[Uuid],
) -> Result<Vec<(Uuid, Whole)>, StoreError> {
    let backend = work.get_database_backend();
    let (columns, table) = (kind.listed("r"), kind.table);
    let sql = format!(
        "SELECT r.id, {columns} FROM {table} r WHERE r.id IN ({})",
        marks(backend, 1, ids.len())
    );
    let values: Vec<Value> = ids.iter().map(|id| (*id).into()).collect();
    let statement = Statement::from_sql_and_values(backend, sql, values);
    work.found(statement).await.map_err(store_error)
}

/// The position of the last change of each of some records.
pub async fn last_positions(
    work: &Work,
    kind: &Kind,
    ids: &[Uuid],
) -> Result<Vec<(Uuid, i64)>, StoreError> {
    let backend = work.get_database_backend();
    let sql = format!(
        "SELECT entity_id, max(position) FROM changes WHERE entity = {} AND entity_id IN ({}) \
         GROUP BY entity_id",
        marks(backend, 1, 1),
        marks(backend, 2, ids.len())
    );
    let ids = ids.iter().map(|id| (*id).into());
    let values: Vec<Value> = std::iter::once(kind.entity.into()).chain(ids).collect();
    let statement = Statement::from_sql_and_values(backend, sql, values);
    work.found(statement).await.map_err(store_error)
}

/// Places for some values from the n-th on.
pub fn marks(backend: DbBackend, first: usize, count: usize) -> String {
    let mark = |n: usize| match backend {
        DbBackend::Postgres => format!("${n}"),
        _ => "?".to_owned(),
    };
    (first..first + count).map(mark).collect::<Vec<_>>().join(", ")
}

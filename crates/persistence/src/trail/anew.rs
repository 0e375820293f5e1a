//! A trail whose rows were sealed in an older format is sealed anew, once: what was sealed before is
//! verified first, all of it, and again row by row as it is rewritten.
//!
//! It goes by batches, each a transaction of its own, and goes on where it was when a process died. Until
//! it is done the head says how far it is, and which seal the rest is still chained to.
//!
//! A broken chain is not sealed anew, or it would be blessed: the server logs an ERROR and works on,
//! and `audit verify` names the row as before. The trigger against updates is away within these
//! transactions alone. Marks noted of the older chain are told as such. Taking the schema down loses
//! what these seals cover: the way back is a backup.

use std::collections::HashMap;

use almoner_audit::{Finding, Mac, Mark, SealInput, SealedChange, Verifier};
use almoner_kernel::{Action, StoreError};
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, DbBackend, EntityTrait, QueryFilter,
    QueryOrder, QuerySelect, QueryTrait, Statement, sea_query::Expr,
};
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{
    around,
    personal::{self, Keys, Side},
    whose, words,
};
use crate::{
    audit::into_sealed,
    commit::UnitHandle,
    connection::Work,
    entities::{changes, trail_floor, trail_head},
    error::store_error,
    store::Store,
};

/// Rows of a batch: nobody else can write while it lasts.
const BATCH: u64 = 1_000;

/// Rows that are verified at once before anything is rewritten.
const VERIFIED: u32 = 10_000;

/// What became of a trail of an older format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Rechained {
    /// It is of the present format, or empty: nothing was done.
    Nothing,
    /// It was as it had been sealed, and is sealed anew.
    Done {
        /// The last row of the older format, as it was sealed before.
        before: Mark,
        /// The same row now.
        after: Mark,
    },
    /// It is not as it was sealed: nothing was sealed anew, so that verification still tells it.
    Broken(Finding),
}

impl Store {
    /// Seals a trail of an older format anew. `told` hears how many rows are done and how many there are
    /// in all, verifying and sealing each counted on its own.
    ///
    /// # Errors
    /// When the database is away; what was done stays, and the next call goes on.
    pub async fn chain_anew(
        &self,
        told: &mut (dyn FnMut(u64, u64) + Send),
    ) -> Result<Rechained, StoreError> {
        let head = trail_head::Entity::find_by_id(1).into_query();
        let head: Option<trail_head::Model> = self.point().row(&head).await.map_err(store_error)?;
        let Some(head) = head.filter(|head| head.format < SealInput::FORMAT) else {
            return Ok(Rechained::Nothing);
        };
        if head.anew_position == 0
            && let Some(finding) = self.finding(told).await?
        {
            return Ok(Rechained::Broken(finding));
        }
        loop {
            match self.next_batch(told).await? {
                Batch::More => {}
                Batch::Done(before, after) => return Ok(Rechained::Done { before, after }),
                Batch::Broken(finding) => return Ok(Rechained::Broken(finding)),
                // Another instance was faster.
                Batch::Nothing => return Ok(Rechained::Nothing),
            }
        }
    }

    /// The first thing that is wrong with the trail as it is.
    async fn finding(
        &self,
        told: &mut (dyn FnMut(u64, u64) + Send),
    ) -> Result<Option<Finding>, StoreError> {
        use almoner_audit::AuditTrail;

        let floor = self.floor().await?;
        let head = AuditTrail::head(self).await?;
        let mut verifier = Verifier::new(&self.0.seal, floor.as_ref(), head, None);
        let mut after = i64::MIN;
        while !verifier.is_broken() {
            let rows = self.sealed(after, VERIFIED).await?;
            for row in &rows {
                after = row.position;
                if verifier.read(row).is_break() {
                    break;
                }
            }
            let progress = verifier.progress();
            told(progress.verified, progress.expected);
            if rows.len() < VERIFIED as usize {
                break;
            }
        }
        let closing = AuditTrail::head(self).await?;
        Ok(verifier.finish(closing.as_ref()).finding)
    }

    async fn next_batch(
        &self,
        told: &mut (dyn FnMut(u64, u64) + Send),
    ) -> Result<Batch, StoreError> {
        let unit = self.unit().await?;
        let work = &*unit.work;
        let head = trail_head::Entity::find_by_id(1).lock_exclusive().into_query();
        let head: Option<trail_head::Model> = work.row(&head).await.map_err(store_error)?;
        let Some(head) = head.filter(|head| head.format < SealInput::FORMAT) else {
            return Ok(Batch::Nothing);
        };
        let start = starts(work, &head).await?;
        let select = changes::Entity::find()
            .filter(changes::Column::Position.gt(start.position))
            .order_by_asc(changes::Column::Position)
            .limit(BATCH)
            .into_query();
        let rows: Vec<changes::Model> = work.rows(&select).await.map_err(store_error)?;
        let digests = self.last_digests(work, &rows).await?;
        let lock = lift(work, "changes").await?;
        let mut at = start;
        for row in rows {
            let position = row.position;
            let digest = digests.get(&position).cloned();
            let Some(next) = self.sealed_anew(work, &at, row, digest).await? else {
                // Dropped with all of this batch.
                return Ok(Batch::Broken(Finding::Altered { position }));
            };
            at = next;
        }
        fasten(work, "changes", lock.as_deref()).await?;
        told(count(at.position), count(head.position));
        self.note(unit, &head, &at).await
    }

    /// The digests of the records of which some changes are the last ones, by position: what is sealed of
    /// a record that was last changed before there were digests is how it is now.
    async fn last_digests(
        &self,
        work: &Work,
        rows: &[changes::Model],
    ) -> Result<HashMap<i64, Vec<u8>>, StoreError> {
        let mut digests = HashMap::new();
        for kind in self.0.covered.iter() {
            let mut lasts: HashMap<Uuid, i64> = HashMap::new();
            for row in rows.iter().filter(|row| row.entity == kind.entity) {
                lasts.insert(row.entity_id, row.position);
            }
            let ids: Vec<Uuid> = lasts.keys().copied().collect();
            for ids in ids.chunks(around::AT_ONCE) {
                let later: Vec<(Uuid, i64)> = around::last_positions(work, kind, ids).await?;
                let is_last = |id: &Uuid| {
                    later.iter().any(|(known, last)| known == id && lasts.get(id) == Some(last))
                };
                for (id, whole) in around::records(work, kind, ids).await? {
                    let digest = self.0.digests.of(kind.entity, id, &whole);
                    let position = lasts.get(&id).copied().filter(|_| is_last(&id));
                    digests.extend(position.zip(digest));
                }
            }
        }
        Ok(digests)
    }

    /// Writes a row in the present format, with what is personal in it encrypted; none when it is not as
    /// it was sealed.
    async fn sealed_anew(
        &self,
        work: &Work,
        at: &Ends,
        stored: changes::Model,
        digest: Option<Vec<u8>>,
    ) -> Result<Option<Ends>, StoreError> {
        let SealedChange { position, row: Some(row), mac } = into_sealed(stored.clone()) else {
            return Ok(None);
        };
        let before = self.0.seal.mac(&at.before, &row);
        if position != at.position + 1 || mac != before.as_bytes() {
            return Ok(None);
        }
        let mut stored = stored;
        // What a command wrote in the middle of it has all of it.
        if stored.format < SealInput::FORMAT {
            self.bring_up(work, &mut stored, digest).await?;
        }
        let (purged, own) = (stored.action == Action::Purged.as_str(), stored.subject_id);
        let subject = own.filter(|own| purged && *own == stored.entity_id);
        let SealedChange { row: Some(row), .. } = into_sealed(stored.clone()) else {
            return Ok(None);
        };
        let after = self.0.seal.mac(&at.after, &row);
        let written = changes::ActiveModel {
            before: Set(stored.before),
            after: Set(stored.after),
            format: Set(stored.format),
            seal: Set(after.as_bytes().to_vec()),
            search: Set(stored.search),
            digest: Set(stored.digest),
            subject_kind: Set(stored.subject_kind),
            subject_id: Set(stored.subject_id),
            before_subject_id: Set(stored.before_subject_id),
            before_sealed: Set(stored.before_sealed),
            after_sealed: Set(stored.after_sealed),
            ..Default::default()
        };
        changes::Entity::update_many()
            .set(written)
            .filter(changes::Column::Position.eq(position))
            .exec(work)
            .await
            .map_err(store_error)?;
        if let Some(subject) = subject {
            personal::destroy(work, subject).await?;
        }
        Ok(Some(Ends { position, before, after }))
    }

    /// Gives a row of the first format what it lacks.
    async fn bring_up(
        &self,
        work: &Work,
        row: &mut changes::Model,
        digest: Option<Vec<u8>>,
    ) -> Result<(), StoreError> {
        // What is no JSON has always been shown as damaged, and stays as it is.
        let fields = |text: &str| serde_json::from_str::<Map<String, Value>>(text);
        if let (Ok(before), Ok(after)) = (fields(&row.before), fields(&row.after)) {
            let personal = self.0.covered.personal(&row.entity);
            let unfound = self.0.covered.unfound(&row.entity);
            row.search = words::of_stored(&unfound, &before, &after, row.reason.as_deref());
            let whom = whose::subjects(work, row, &before, &after).await?;
            let mut keys = Keys::default();
            let sides = [(&before, whom[0]), (&after, whom[1])];
            let mut subjects: Vec<_> = sides
                .iter()
                .filter(|(side, _)| personal.iter().any(|name| side.contains_key(*name)))
                .filter_map(|(_, subject)| *subject)
                .collect();
            subjects.dedup();
            keys.read(&self.0.vault, work, &subjects).await?;
            keys.make(&self.0.vault, work, &subjects).await?;
            let told = |side, fields, subject| {
                personal::told(fields, personal, keys.of(subject), row.id, side)
            };
            let (before, after) =
                (told(Side::Before, before, whom[0])?, told(Side::After, after, whom[1])?);
            (row.before, row.before_sealed) = (before.fields, before.sealed);
            (row.after, row.after_sealed) = (after.fields, after.sealed);
            row.subject_kind = whom[1].or(whom[0]).map(|subject| subject.0.to_owned());
            row.subject_id = whom[1].map(|subject| subject.1);
            row.before_subject_id = whom[0].filter(|_| whom[0] != whom[1]).map(|subject| subject.1);
        }
        row.digest = digest;
        row.format = SealInput::FORMAT;
        Ok(())
    }

    /// Writes down how far it is, and commits.
    async fn note(
        &self,
        unit: UnitHandle,
        head: &trail_head::Model,
        at: &Ends,
    ) -> Result<Batch, StoreError> {
        use trail_head::Column;

        let is_done = at.position >= head.position;
        let mut update = trail_head::Entity::update_many()
            .col_expr(Column::AnewPosition, Expr::val(at.position))
            .filter(Column::Id.eq(1_i64));
        update = match is_done {
            true => update
                .col_expr(Column::Format, Expr::val(SealInput::FORMAT))
                .col_expr(Column::Seal, Expr::val(at.after.as_bytes().to_vec()))
                .col_expr(Column::AnewSeal, Expr::val(None::<Vec<u8>>)),
            false => {
                update.col_expr(Column::AnewSeal, Expr::val(Some(at.before.as_bytes().to_vec())))
            }
        };
        update.exec(&*unit.work).await.map_err(store_error)?;
        unit.commit_upkeep().await?;
        let mark = |mac| Mark { position: at.position, mac };
        Ok(match is_done {
            true => Batch::Done(mark(at.before), mark(at.after)),
            false => Batch::More,
        })
    }
}

/// What became of a batch.
enum Batch {
    More,
    Done(Mark, Mark),
    Broken(Finding),
    Nothing,
}

/// The last row that was rewritten: its seal in the older chain and in the present one.
struct Ends {
    position: i64,
    before: Mac,
    after: Mac,
}

/// Where the next batch goes on: at the last row of the one before, or behind the floor.
async fn starts(work: &Work, head: &trail_head::Model) -> Result<Ends, StoreError> {
    let floor = trail_floor::Entity::find_by_id(1).one(work).await.map_err(store_error)?;
    let floor = floor.ok_or_else(|| StoreError::Damaged("trail_floor is empty".to_owned()))?;
    let position = head.anew_position;
    let Some(before) = head.anew_seal.as_deref().filter(|_| position > floor.position) else {
        let seal = mac(&floor.seal, "trail_floor.seal")?;
        return Ok(Ends { position: floor.position, before: seal, after: seal });
    };
    let row = changes::Entity::find_by_id(position).one(work).await.map_err(store_error)?;
    let row = row.ok_or_else(|| StoreError::Damaged("a change is missing".to_owned()))?;
    let (before, after) = (mac(before, "trail_head.anew_seal")?, mac(&row.seal, "changes.seal")?);
    Ok(Ends { position, before, after })
}

fn mac(bytes: &[u8], what: &str) -> Result<Mac, StoreError> {
    let bytes = bytes.try_into();
    bytes.map(Mac::from_bytes).map_err(|_| StoreError::Damaged(format!("{what} has no 32 bytes")))
}

fn count(position: i64) -> u64 {
    u64::try_from(position).unwrap_or_default()
}

/// Lets the rows of a table of the trail be altered until [`fasten`], in this transaction alone. Answers
/// what is to be made again.
pub async fn lift(work: &Work, table: &str) -> Result<Option<String>, StoreError> {
    let run = async |sql: String| work.execute_unprepared(&sql).await.map_err(store_error);
    if work.get_database_backend() == DbBackend::Postgres {
        run(format!("ALTER TABLE {table} DISABLE TRIGGER {table}_append_only")).await?;
        return Ok(None);
    }
    let kept = format!("SELECT sql FROM sqlite_schema WHERE name = '{table}_no_update'");
    let kept = Statement::from_string(DbBackend::Sqlite, kept);
    let kept = work.query_one_raw(kept).await.map_err(store_error)?;
    let kept: Option<String> =
        kept.map(|row| row.try_get("", "sql")).transpose().map_err(store_error)?;
    if kept.is_some() {
        run(format!("DROP TRIGGER {table}_no_update")).await?;
    }
    Ok(kept)
}

/// Keeps the rows of a table of the trail from being altered again.
pub async fn fasten(work: &Work, table: &str, kept: Option<&str>) -> Result<(), StoreError> {
    let sql = match (work.get_database_backend(), kept) {
        (DbBackend::Postgres, _) => {
            format!("ALTER TABLE {table} ENABLE TRIGGER {table}_append_only")
        }
        (_, Some(sql)) => sql.to_owned(),
        (_, None) => return Ok(()),
    };
    work.execute_unprepared(&sql).await.map(|_| ()).map_err(store_error)
}

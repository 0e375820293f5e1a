//! The rows of the writes: the donation, whose triggers fill the search, the sealed change, the end of
//! the trail. Batched as the server batches what waits at the same time.

use std::{
    borrow::Cow,
    time::{Duration, Instant},
};

use almoner_audit::{Circumstances, Mac, Seal, SealInput};
use rusqlite::{Connection, OptionalExtension, types::Value};
use uuid::{Builder, Uuid};

use super::{Done, repeat};
use crate::{dice::Dice, sample::Sample};

const INSERT: &str = "INSERT INTO donations (id, donor_id, campaign_id, amount_minor, currency,
    method, state, purpose, donated_on, reference, notes, reason, settled_at, search, donor_search,
    version, created_by, created_at, updated_at, deleted_at)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20)";
const UPDATE: &str = "UPDATE donations SET donor_id = ?2, campaign_id = ?3, amount_minor = ?4,
    currency = ?5, method = ?6, state = ?7, purpose = ?8, donated_on = ?9, reference = ?10,
    notes = ?11, reason = ?12, settled_at = ?13, search = ?14, donor_search = ?15, version = ?16,
    created_by = ?17, created_at = ?18, updated_at = ?19, deleted_at = ?20
    WHERE id = ?1 AND version = ?16 - 1";
const DONATION: &str = "SELECT id, donor_id, campaign_id, amount_minor, currency, method, state,
    purpose, donated_on, reference, notes, reason, settled_at, search, donor_search, version,
    created_by, created_at, updated_at, deleted_at FROM donations WHERE id = ?1";
const CHANGE: &str = "INSERT INTO changes (position, id, at, actor_kind, actor_id, actor_name,
    action, entity, entity_id, version, before, after, reason, request_id, address, user_agent, seal)
    VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17)";

// Columns of the above, from 0.
const REFERENCE: usize = 9;
const NOTES: usize = 10;
const SEARCH: usize = 13;
const VERSION: usize = 15;
const CREATED_AT: usize = 17;
const UPDATED_AT: usize = 18;

type Columns = Vec<Value>;

pub fn create(
    connection: &Connection,
    sample: &Sample,
    batch: u32,
    time: Duration,
) -> anyhow::Result<Done> {
    let mut models = Vec::new();
    for id in sample.scattered.iter().take(1_000) {
        let id = Uuid::parse_str(id)?;
        let after: Option<String> = connection
            .prepare_cached("SELECT after FROM changes WHERE entity_id = ?1 AND version = 1")?
            .query_row([id.as_bytes()], |row| row.get(0))
            .optional()?;
        models.push((donation(connection, id)?, after.unwrap_or_else(|| "{}".to_owned())));
    }
    let mut office = Office::open(connection)?;
    let mut made = 0;
    repeat(time, || {
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        for _ in 0..batch {
            let (model, after) = &models[office.dice.below(models.len())];
            let mut row = model.clone();
            let (id, now) = (office.id(), office.now());
            made += 1;
            let reference = format!("LOAD-0-{made}-{}", office.dice.below(1 << 30));
            row[0] = Value::Blob(id.as_bytes().to_vec());
            row[SEARCH] = Value::Text(almoner_kernel::text::fold(&format!(
                "{} {reference}",
                text(&row[SEARCH])
            )));
            row[REFERENCE] = Value::Text(reference);
            row[VERSION] = Value::Integer(1);
            row[CREATED_AT] = Value::Integer(now);
            row[UPDATED_AT] = Value::Integer(now);
            connection.prepare_cached(INSERT)?.execute(rusqlite::params_from_iter(row))?;
            office.change(connection, "create", id, 1, "{}", after)?;
        }
        connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(u64::from(batch))
    })
}

pub fn update(
    connection: &Connection,
    sample: &Sample,
    batch: u32,
    time: Duration,
) -> anyhow::Result<Done> {
    let mut office = Office::open(connection)?;
    repeat(time, || {
        connection.prepare_cached("BEGIN IMMEDIATE")?.execute([])?;
        for number in 0..batch as usize {
            let id = Uuid::parse_str(&sample.recent[number % sample.recent.len()])?;
            let mut row = donation(connection, id)?;
            let Value::Integer(version) = row[VERSION] else { anyhow::bail!("no version") };
            let note = format!("note {version} of {id}");
            let after = format!(r#"{{"notes":"{note}"}}"#);
            row[SEARCH] = Value::Text(almoner_kernel::text::fold(&note));
            row[NOTES] = Value::Text(note);
            row[VERSION] = Value::Integer(version + 1);
            row[UPDATED_AT] = Value::Integer(office.now());
            connection.prepare_cached(UPDATE)?.execute(rusqlite::params_from_iter(row))?;
            office.change(connection, "update", id, version + 1, r#"{"notes":null}"#, &after)?;
        }
        connection.prepare_cached("COMMIT")?.execute([])?;
        Ok(u64::from(batch))
    })
}

fn donation(connection: &Connection, id: Uuid) -> anyhow::Result<Columns> {
    let mut statement = connection.prepare_cached(DONATION)?;
    let row = statement
        .query_row([id.as_bytes()], |row| (0..20).map(|at| row.get::<_, Value>(at)).collect())?;
    Ok(row)
}

fn text(value: &Value) -> &str {
    match value {
        Value::Text(text) => text,
        _ => "",
    }
}

/// Ids, times and the end of the trail.
struct Office {
    dice: Dice,
    seal: Seal,
    position: i64,
    last: Mac,
    /// Milliseconds since 1970 at the start: after everything that is there.
    start: i64,
    started: Instant,
}

impl Office {
    fn open(connection: &Connection) -> anyhow::Result<Self> {
        let position =
            connection.query_row("SELECT position FROM trail_head", [], |row| row.get(0))?;
        let start: i64 =
            connection.query_row("SELECT max(at) FROM changes", [], |row| row.get(0))?;
        Ok(Self {
            dice: Dice::new(start.unsigned_abs()),
            seal: Seal::new([7; 32]),
            position,
            last: Mac::GENESIS,
            start: start + 1,
            started: Instant::now(),
        })
    }

    fn now(&self) -> i64 {
        let since = i64::try_from(self.started.elapsed().as_millis()).unwrap_or_default();
        self.start + since
    }

    fn id(&mut self) -> Uuid {
        let millis = self.now().unsigned_abs();
        Builder::from_unix_timestamp_millis(millis, &self.dice.bytes()).into_uuid()
    }

    /// Seals and writes a change, and moves the end of the trail.
    fn change(
        &mut self,
        connection: &Connection,
        action: &str,
        entity_id: Uuid,
        version: i64,
        before: &str,
        after: &str,
    ) -> anyhow::Result<()> {
        self.position += 1;
        let (id, actor, at) = (self.id(), Uuid::from_u128(1), self.now());
        let request = "019a9f3c-1111-7c41-9d55-3f0f6a0f8a11";
        let (address, agent) = ("127.0.0.1", "almoner-load");
        self.last = self.seal.mac(
            &self.last,
            &SealInput {
                position: self.position,
                id,
                at,
                actor_kind: "user".into(),
                actor_id: Some(actor),
                actor_name: None,
                action: Cow::Borrowed(action),
                entity: "donation".into(),
                entity_id,
                version,
                before: before.into(),
                after: after.into(),
                reason: None,
                request_id: Some(request.into()),
                address: Some(address.into()),
                user_agent: Some(agent.into()),
                format: 1,
                circumstances: Circumstances::default(),
            },
        );
        connection.prepare_cached(CHANGE)?.execute(rusqlite::params![
            self.position,
            id.as_bytes(),
            at,
            "user",
            actor.as_bytes(),
            None::<String>,
            action,
            "donation",
            entity_id.as_bytes(),
            version,
            before,
            after,
            None::<String>,
            request,
            address,
            agent,
            self.last.as_bytes(),
        ])?;
        connection
            .prepare_cached(
                "UPDATE trail_head SET position = ?1, seal = ?2, key_id = ?3 WHERE id = 1",
            )?
            .execute(rusqlite::params![self.position, self.last.as_bytes(), self.seal.key_id()])?;
        Ok(())
    }
}

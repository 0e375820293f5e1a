//! A database as the program made it before changes said more than what, who and when: the schema up to
//! that step, records, and a trail sealed in the first format.

use almoner_audit::{Circumstances, Mac, Seal, SealInput};
use uuid::Uuid;

use super::{AUDIT_KEY, Backend, START, World};

/// Steps of the schema that it has.
pub const STEPS: u32 = 10;

/// A change of that time.
pub struct OlderChange {
    pub action: &'static str,
    pub entity: &'static str,
    pub entity_id: Uuid,
    pub version: i64,
    pub before: String,
    pub after: String,
}

impl OlderChange {
    pub fn new(action: &'static str, entity: &'static str, id: u128, version: i64) -> Self {
        let nothing = || "{}".to_owned();
        let entity_id = Uuid::from_u128(id);
        Self { action, entity, entity_id, version, before: nothing(), after: nothing() }
    }

    pub fn from(self, before: &str) -> Self {
        Self { before: before.to_owned(), ..self }
    }

    pub fn to(self, after: &str) -> Self {
        Self { after: after.to_owned(), ..self }
    }
}

impl World {
    /// Writes and seals changes behind each other, from the first one, as a commit did.
    pub async fn older_trail(&self, changes: &[OlderChange]) {
        let seal = Seal::new(AUDIT_KEY);
        let mut last = Mac::GENESIS;
        let mut values = Vec::new();
        for (change, position) in changes.iter().zip(1_i64..) {
            let row = SealInput {
                position,
                id: Uuid::from_u128(0xC000 + u128::try_from(position).unwrap()),
                at: START.timestamp_millis() + position,
                actor_kind: "system".into(),
                actor_id: None,
                actor_name: Some("older".into()),
                action: change.action.into(),
                entity: change.entity.into(),
                entity_id: change.entity_id,
                version: change.version,
                before: change.before.as_str().into(),
                after: change.after.as_str().into(),
                reason: None,
                request_id: Some("request-0".into()),
                address: None,
                user_agent: None,
                format: 1,
                circumstances: Circumstances::default(),
            };
            last = seal.mac(&last, &row);
            let [id, entity_id] = [row.id, row.entity_id].map(|id| self.literal(id));
            let [before, after] = [&row.before, &row.after].map(|text| text.replace('\'', "''"));
            values.push(format!(
                "({position}, {id}, {}, 'system', 'older', '{}', '{}', {entity_id}, {}, \
                 '{before}', '{after}', 'request-0', {})",
                row.at,
                row.action,
                row.entity,
                row.version,
                self.bytes(last.as_bytes()),
            ));
        }
        for values in values.chunks(500) {
            let rows = values.join(", ");
            self.sql(&format!(
                "INSERT INTO changes (position, id, at, actor_kind, actor_name, action, entity, \
                 entity_id, version, before, after, request_id, seal) VALUES {rows}"
            ))
            .await;
        }
        let (position, key) = (changes.len(), seal.key_id());
        let last = self.bytes(last.as_bytes());
        self.sql(&format!(
            "UPDATE trail_head SET position = {position}, seal = {last}, key_id = '{key}'"
        ))
        .await;
    }

    /// Bytes as SQL.
    pub fn bytes(&self, bytes: &[u8]) -> String {
        let digits: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        match self.backend {
            Backend::Sqlite => format!("X'{digits}'"),
            Backend::Postgres => format!("'\\x{digits}'"),
        }
    }
}

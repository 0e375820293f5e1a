//! The whole of a record as it is stored, and its keyed digest: each change carries that of the record it
//! made, so that a record that was altered past the program is found.
//!
//! What follows from other columns is not in it (search texts, folded names and where they stand, the name of a donation's
//! donor), nor what changes without a trail (the last login, how a webhook fares). A column that is absent
//! has no bytes, so that a new column does not change what was sealed; to rename or take away one, or to
//! give one a value in every row, takes new digests.
//!
//! `audit verify` compares every record with its last digest, by batches, while the server writes, and
//! names those that were altered, put in or taken out. The digest has a sub-key of its own. The row is
//! read back in the statement that locks the end of the trail, so that PostgreSQL has no round trip
//! more. Jobs, schedules and mails are work in progress and have no digest. When the start of the trail
//! goes, the last digests of what has not changed since stay (`sealed_states`). Not seen: a digest is
//! bound to kind and id, but somebody without the key can put an older row back together with an older
//! digest there.

use std::fmt;

use almoner_accounts::{role::CustomRole, user::User};
use almoner_kernel::Audited;
use almoner_records::{Holds, Registry};
use almoner_webhooks::Webhook;
use hmac::{Hmac, KeyInit, Mac as _};
use sea_orm::DbErr;
use sha2::Sha256;
use uuid::Uuid;

use crate::{
    connection::Known,
    rows::{FromRow, Row},
};

/// A kind of record whose rows are covered.
pub struct Kind {
    /// [`Audited::ENTITY`].
    pub entity: &'static str,
    /// Its table.
    pub table: &'static str,
    /// The columns that are covered, in alphabetical order.
    columns: Vec<String>,
    /// [`Audited::PERSONAL`].
    pub personal: Vec<&'static str>,
    /// [`Audited::UNSEARCHED`].
    unsearched: Vec<&'static str>,
    /// True when records are about one of its kind.
    pub is_subject: bool,
    /// The statement that reads the end of the trail with one of its rows.
    pub with_head: Known,
}

impl Kind {
    fn of_house<R: Audited>(table: &'static str, columns: &[&str], is_subject: bool) -> Self {
        Self {
            entity: R::ENTITY,
            table,
            columns: columns.iter().map(|column| (*column).to_owned()).collect(),
            personal: R::PERSONAL.to_vec(),
            unsearched: R::UNSEARCHED.to_vec(),
            is_subject,
            with_head: Known::new(),
        }
    }

    fn described(kind: &'static almoner_records::Kind) -> Self {
        // What is sealed is stored for itself; the other columns that are only written follow from others.
        let own = kind.fields.iter().flat_map(|field| {
            let covered = field.columns.iter().enumerate();
            let covered =
                covered.filter(|(_, column)| column.is_read || column.holds == Holds::Bytes);
            covered.map(|(at, _)| field.column(at))
        });
        let common = ["created_at", "created_by", "deleted_at", "id", "updated_at", "version"];
        let mut columns: Vec<String> = own.chain(common.map(str::to_owned)).collect();
        columns.sort_unstable();
        let personal = kind.fields.iter().filter(|field| field.is_personal);
        let guarded = kind.fields.iter().filter(|field| field.right.is_some());
        let guarded: Vec<&str> = guarded.map(|field| field.name).collect();
        Self {
            entity: kind.one,
            table: kind.many,
            columns,
            personal: personal.map(|field| field.name).collect(),
            unsearched: kind.recorded_names(&guarded),
            is_subject: kind.subject == "self",
            with_head: Known::new(),
        }
    }

    /// Its columns, of a table under this name.
    pub fn listed(&self, table: &str) -> String {
        let columns: Vec<String> =
            self.columns.iter().map(|column| format!("{table}.{column}")).collect();
        columns.join(", ")
    }
}

/// Every kind that is covered: those of the registry, and those of the house.
pub struct Covered(Vec<Kind>);

impl Covered {
    /// The kinds of a registry, and users, roles and webhooks.
    pub fn new(registry: &'static Registry) -> Self {
        let mut kinds: Vec<Kind> =
            registry.kinds.iter().map(|kind| Kind::described(kind)).collect();
        kinds.push(Kind::of_house::<User>("users", USERS, true));
        kinds.push(Kind::of_house::<CustomRole>("roles", ROLES, false));
        kinds.push(Kind::of_house::<Webhook>("webhooks", WEBHOOKS, false));
        Self(kinds)
    }

    /// The one with that name; none for what is work in progress and no record: jobs, schedules, mails.
    pub fn of(&self, entity: &str) -> Option<&Kind> {
        self.0.iter().find(|kind| kind.entity == entity)
    }

    /// All of them.
    pub fn iter(&self) -> impl Iterator<Item = &Kind> {
        self.0.iter()
    }

    /// The name of a kind that records are about.
    pub fn subject(&self, entity: &str) -> Option<&'static str> {
        self.of(entity).filter(|kind| kind.is_subject).map(|kind| kind.entity)
    }

    /// The fields of a kind that the trail is not found by.
    pub fn unfound(&self, entity: &str) -> Vec<&'static str> {
        let of = |kind: &Kind| [&kind.personal[..], &kind.unsearched].concat();
        self.of(entity).map(of).unwrap_or_default()
    }

    /// The personal fields of a kind.
    pub fn personal(&self, entity: &str) -> &[&'static str] {
        self.of(entity).map_or(&[], |kind| &kind.personal)
    }
}

const USERS: &[&str] = &[
    "active",
    "created_at",
    "email",
    "id",
    "invited_at",
    "locale",
    "name",
    "password_hash",
    "phone",
    "role",
    "time_zone",
    "updated_at",
    "version",
];

const ROLES: &[&str] = &[
    "created_at",
    "description",
    "edit_window_minutes",
    "id",
    "label",
    "name",
    "permissions",
    "reaches",
    "scope",
    "updated_at",
    "version",
];

const WEBHOOKS: &[&str] = &[
    "created_at",
    "created_by",
    "description",
    "disabled_reason",
    "events",
    "id",
    "is_active",
    "old_secret_sealed",
    "old_secret_until",
    "secret_sealed",
    "since",
    "updated_at",
    "url",
    "version",
];

/// The rest of a row as bytes, see [`Row::rest`].
pub struct Whole(pub Option<Vec<u8>>);

impl FromRow for Whole {
    fn from_row(row: &mut Row<'_>) -> Result<Self, DbErr> {
        row.rest().map(Self)
    }
}

/// Makes digests, with a key that is used for nothing else.
pub struct Digests(Hmac<Sha256>);

impl Digests {
    pub fn new(key: &[u8; 32]) -> Self {
        // HMAC fills a key up to the block of its hash with zeros (RFC 2104, section 2).
        let mut block = [0; 64];
        block[..key.len()].copy_from_slice(key);
        Self(Hmac::new(&block.into()))
    }

    /// The digest of a record; none of one that is not there.
    pub fn of(&self, entity: &str, id: Uuid, whole: &Whole) -> Option<Vec<u8>> {
        let bytes = whole.0.as_ref()?;
        let keyed = self
            .0
            .clone()
            .chain_update(b"almoner record 1\n")
            .chain_update(entity.as_bytes())
            .chain_update([0])
            .chain_update(id.as_bytes())
            .chain_update(bytes);
        Some(keyed.finalize().into_bytes().to_vec())
    }
}

impl fmt::Debug for Digests {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Digests")
    }
}

//! The rules of the trail's reading side, one module for each part.

mod seal;
mod service;
mod verify;

use almoner_kernel::{ChangeId, UserId, Version};
use chrono::DateTime;
use uuid::Uuid;

use crate::{ActorOnRecord, ChangeRecord, Circumstances, Head, Mac, Seal, SealInput, SealedChange};

const KEY: [u8; 32] = [7; 32];

fn user_id() -> UserId {
    UserId::new(Uuid::from_u128(5))
}

/// A row with every column filled.
fn row(position: i64) -> SealInput<'static> {
    SealInput {
        position,
        id: Uuid::from_u128(1_000 + u128::try_from(position).unwrap_or_default()),
        at: 1_700_000_000_000 + position,
        actor_kind: "user".into(),
        actor_id: Some(user_id().uuid()),
        actor_name: Some("cli".into()),
        action: "updated".into(),
        entity: "donor".into(),
        entity_id: Uuid::from_u128(77),
        version: position + 1,
        before: r#"{"name":"a"}"#.into(),
        after: r#"{"name":"b"}"#.into(),
        reason: Some("typing error".into()),
        request_id: Some("r1".into()),
        address: Some("192.0.2.1".into()),
        user_agent: Some("curl/8".into()),
        format: SealInput::FORMAT,
        circumstances: Circumstances {
            change_set: Some(Uuid::from_u128(2)),
            cause: Some(Uuid::from_u128(3)),
            actor_role: Some("director".into()),
            operation: Some("updateDonor".into()),
            digest: Some(vec![4; 32].into()),
            subject_kind: Some("donor".into()),
            subject_id: Some(Uuid::from_u128(6)),
            before_subject_id: Some(Uuid::from_u128(7)),
            before_sealed: Some(vec![5; 40].into()),
            after_sealed: Some(vec![6; 41].into()),
            events: Some(9),
        },
    }
}

/// Seals rows one behind the other, as a commit does.
fn sealed(seal: &Seal, rows: impl IntoIterator<Item = SealInput<'static>>) -> Vec<SealedChange> {
    let mut previous = Mac::GENESIS;
    rows.into_iter()
        .map(|row| {
            previous = seal.mac(&previous, &row);
            SealedChange {
                position: row.position,
                row: Some(row),
                mac: previous.as_bytes().to_vec(),
            }
        })
        .collect()
}

/// The head that a commit writes behind these rows.
fn head(seal: &Seal, rows: &[SealedChange]) -> Option<Head> {
    rows.last().map(|row| Head {
        position: row.position,
        mac: row.mac.clone(),
        key_id: seal.key_id().to_owned(),
        anew: None,
    })
}

fn change(position: i64) -> ChangeRecord {
    ChangeRecord {
        position,
        id: ChangeId::new(Uuid::from_u128(1)),
        at: DateTime::from_timestamp(1_700_000_000, 0).unwrap(),
        actor: ActorOnRecord::User(user_id()),
        action: "updated".to_owned(),
        entity: "donor".to_owned(),
        entity_id: Uuid::from_u128(77),
        version: Version::FIRST,
        before: "{}".to_owned(),
        after: "{}".to_owned(),
        reason: None,
        request_id: Some("r1".to_owned()),
        address: Some("192.0.2.1".to_owned()),
        user_agent: Some("curl/8".to_owned()),
        change_set: Some(Uuid::from_u128(2)),
        cause: None,
        actor_role: Some("director".to_owned()),
        operation: Some("updateDonor".to_owned()),
        user_name: None,
    }
}

/// Permissions of kinds of record, which this crate does not know.
mod may {
    use almoner_kernel::Permission;

    pub(super) const DONORS_READ: Permission = Permission::new("donors:read");
}

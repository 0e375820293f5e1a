//! The bytes of a row and what is made of them.

use std::borrow::Cow;

use hmac::{Hmac, KeyInit, Mac as _};
use proptest::prelude::*;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use super::{KEY, row};
use crate::{Circumstances, EventInput, Mac, Mark, NotAMark, Seal, SealInput};

#[test]
fn a_seal_is_an_hmac_over_the_seal_before_and_the_row() {
    let seal = Seal::new(KEY);
    let previous = Mac::from_bytes([3; 32]);
    let mut hmac = Hmac::<Sha256>::new_from_slice(&KEY).unwrap();
    hmac.update(&[3; 32]);
    hmac.update(&row(1).canonical());
    let expected: [u8; 32] = hmac.finalize().into_bytes().into();
    assert_eq!(seal.mac(&previous, &row(1)).as_bytes(), &expected);
}

#[test]
fn seals_that_stand_in_databases_stay_valid() {
    // Computed with Python's hmac module. Another value here makes every stored trail look altered.
    let seal = |row| Seal::new(KEY).mac(&Mac::GENESIS, &row).to_string();
    let older = SealInput { format: 1, circumstances: Circumstances::default(), ..row(1) };
    assert_eq!(seal(older), "05d36fa7418d648e53470e08bcfa524e791bafdc2ccc3e0f944e97284ac8a55d");
    assert_eq!(seal(row(1)), "568b1bc8c9d1c1d87515fd42eef41446d902504fdcdeab4d3a17286a90687f01");
}

#[test]
fn seals_of_security_events_that_stand_in_databases_stay_valid() {
    let id = Uuid::from_u128;
    let event = EventInput {
        position: 1,
        id: id(2),
        at: 3,
        kind: "logged_in".into(),
        user_id: Some(id(4)),
        actor_kind: "user".into(),
        actor_id: Some(id(4)),
        actor_name: None,
        detail: Some("x".into()),
        request_id: Some("r1".into()),
        address: Some("192.0.2.1".into()),
        user_agent: None,
    };
    let seal = Seal::new(KEY);
    let mac = seal.of_events().mac_of_event(&Mac::GENESIS, &event);
    assert_eq!(mac.to_string(), "4b3106faf4bbf5e152f7090ebb69fc050274c1bfc7da4e32fb11bfabdfa20557");
    assert_ne!(mac, seal.mac_of_event(&Mac::GENESIS, &event));
    assert_eq!(seal.of_events().key_id(), seal.key_id());
}

#[test]
fn a_row_of_the_first_format_has_no_circumstances_without_other_bytes() {
    let older = SealInput { format: 1, circumstances: Circumstances::default(), ..row(1) };
    for circumstances in [
        Circumstances { change_set: Some(Uuid::nil()), ..Circumstances::default() },
        Circumstances { cause: Some(Uuid::nil()), ..Circumstances::default() },
        Circumstances { actor_role: Some("".into()), ..Circumstances::default() },
        Circumstances { operation: Some("".into()), ..Circumstances::default() },
        Circumstances { digest: Some(vec![].into()), ..Circumstances::default() },
        Circumstances { events: Some(0), ..Circumstances::default() },
    ] {
        let altered = SealInput { circumstances, ..older.clone() };
        assert_ne!(altered.canonical(), older.canonical());
    }
}

#[test]
fn a_row_starts_with_the_version_of_its_encoding_and_tells_absent_from_empty() {
    let absent = SealInput { reason: None, ..row(1) };
    let empty = SealInput { reason: Some("".into()), ..row(1) };
    assert!(absent.canonical().starts_with(b"almoner change 2\n\x01\0\0\0\0\0\0\0\x08"));
    assert_ne!(absent.canonical(), empty.canonical());
}

#[test]
fn text_cannot_move_from_one_field_to_the_next() {
    let one = SealInput { action: "ab".into(), entity: "c".into(), ..row(1) };
    let other = SealInput { action: "a".into(), entity: "bc".into(), ..row(1) };
    assert_ne!(one.canonical(), other.canonical());
}

#[test]
fn every_key_has_an_id_of_its_own_that_hides_it() {
    let seal = Seal::new(KEY);
    let digest = Sha256::digest([b"almoner audit key".as_slice(), &KEY].concat());
    let expected: String = digest[..8].iter().map(|byte| format!("{byte:02x}")).collect();
    assert_eq!(seal.key_id(), expected);
    assert_ne!(seal.key_id(), Seal::new([8; 32]).key_id());
    assert_eq!(format!("{seal:?}"), format!("Seal {{ key_id: {expected:?}, .. }}"));
}

#[test]
fn another_key_or_another_row_before_gives_another_seal() {
    let mac = Seal::new(KEY).mac(&Mac::GENESIS, &row(1));
    assert_ne!(mac, Seal::new([8; 32]).mac(&Mac::GENESIS, &row(1)));
    assert_ne!(mac, Seal::new(KEY).mac(&Mac::from_bytes([1; 32]), &row(1)));
}

#[test]
fn what_is_not_a_mark_is_refused() {
    let mac = "0".repeat(64);
    for text in [
        String::new(),
        ":".to_owned(),
        mac.clone(),
        format!(":{mac}"),
        format!("1:{}", &mac[1..]),
        format!("1:{mac}0"),
        format!("1:{mac}00"),
        format!("1:{}g", &mac[1..]),
        format!("1:{}ş", &mac[2..]),
        format!("-1:{mac}"),
        format!("+1:{mac}"),
        format!(" 1:{mac}"),
        format!("x:{mac}"),
        format!("9223372036854775808:{mac}"),
    ] {
        assert_eq!(text.parse::<Mark>(), Err(NotAMark), "{text:?}");
    }
    assert_eq!(format!("0:{mac}").parse(), Ok(Mark::GENESIS));
}

fn text() -> impl Strategy<Value = Cow<'static, str>> {
    "[\0\u{1}a]{0,3}".prop_map(Cow::Owned)
}

fn bytes() -> impl Strategy<Value = Option<Cow<'static, [u8]>>> {
    prop::option::of(prop::collection::vec(0..2_u8, 0..3).prop_map(Cow::Owned))
}

fn some_row() -> impl Strategy<Value = SealInput<'static>> {
    let id = || (0..2_u128).prop_map(Uuid::from_u128);
    let maybe = || prop::option::of(text());
    (
        (0..2_i64, id(), 0..2_i64, text(), prop::option::of(id()), maybe()),
        (text(), text(), id(), 0..2_i64, text(), text()),
        (maybe(), maybe(), maybe(), maybe()),
        (1..3_i64, prop::option::of(id()), prop::option::of(id()), maybe(), maybe(), bytes()),
        (
            maybe(),
            prop::option::of(id()),
            prop::option::of(id()),
            bytes(),
            bytes(),
            prop::option::of(0..2_i64),
        ),
    )
        .prop_map(|(who, what, whence, around, whom)| {
            let (position, id, at, actor_kind, actor_id, actor_name) = who;
            let (action, entity, entity_id, version, before, after) = what;
            let (reason, request_id, address, user_agent) = whence;
            let (format, change_set, cause, actor_role, operation, digest) = around;
            let (subject_kind, subject_id, before_subject_id, before_sealed, after_sealed, events) =
                whom;
            SealInput {
                position,
                id,
                at,
                actor_kind,
                actor_id,
                actor_name,
                action,
                entity,
                entity_id,
                version,
                before,
                after,
                reason,
                request_id,
                address,
                user_agent,
                format,
                circumstances: Circumstances {
                    change_set,
                    cause,
                    actor_role,
                    operation,
                    digest,
                    subject_kind,
                    subject_id,
                    before_subject_id,
                    before_sealed,
                    after_sealed,
                    events,
                },
            }
        })
}

/// Reads the bytes back: a reader that recovers every field is the proof that none is lost.
fn fields(canonical: &[u8]) -> Vec<Option<Vec<u8>>> {
    let mut rest = canonical
        .strip_prefix(b"almoner change 1\n")
        .or_else(|| canonical.strip_prefix(b"almoner change 2\n"))
        .unwrap();
    let mut fields = Vec::new();
    while let Some((&is_present, behind)) = rest.split_first() {
        if is_present == 0 {
            fields.push(None);
            rest = behind;
        } else {
            let (length, behind) = behind.split_at(8);
            let length = usize::try_from(u64::from_be_bytes(length.try_into().unwrap())).unwrap();
            let (field, behind) = behind.split_at(length);
            fields.push(Some(field.to_vec()));
            rest = behind;
        }
    }
    fields
}

proptest! {
    #[test]
    fn two_rows_have_the_same_bytes_only_when_they_are_the_same(
        one in some_row(),
        other in some_row(),
    ) {
        prop_assert_eq!(one == other, one.canonical() == other.canonical());
    }

    #[test]
    fn every_field_can_be_read_back_from_the_bytes(row in some_row()) {
        let text = |text: &Cow<'_, str>| Some(text.as_bytes().to_vec());
        let maybe = |field: &Option<Cow<'_, str>>| field.as_ref().and_then(text);
        let number = |number: i64| Some(number.to_be_bytes().to_vec());
        let id = |id: Uuid| Some(id.as_bytes().to_vec());
        let mut expected = vec![
            number(row.position), id(row.id), number(row.at), text(&row.actor_kind),
            row.actor_id.and_then(id), maybe(&row.actor_name), text(&row.action),
            text(&row.entity), id(row.entity_id), number(row.version), text(&row.before),
            text(&row.after), maybe(&row.reason), maybe(&row.request_id), maybe(&row.address),
            maybe(&row.user_agent),
        ];
        let circumstances = &row.circumstances;
        if row.format == 2 || *circumstances != Circumstances::default() {
            expected.extend([
                circumstances.change_set.and_then(id), circumstances.cause.and_then(id),
                maybe(&circumstances.actor_role), maybe(&circumstances.operation),
                circumstances.digest.as_ref().map(|digest| digest.to_vec()),
                maybe(&circumstances.subject_kind), circumstances.subject_id.and_then(id),
                circumstances.before_subject_id.and_then(id),
                circumstances.before_sealed.as_ref().map(|sealed| sealed.to_vec()),
                circumstances.after_sealed.as_ref().map(|sealed| sealed.to_vec()),
                circumstances.events.and_then(number),
            ]);
        }
        prop_assert_eq!(fields(&row.canonical()), expected);
    }

    #[test]
    fn a_mark_is_read_back_from_its_text(position in 0..=i64::MAX, mac in any::<[u8; 32]>()) {
        let mark = Mark { position, mac: Mac::from_bytes(mac) };
        prop_assert_eq!(mark.to_string().parse(), Ok(mark));
        prop_assert_eq!(mark.to_string().to_uppercase().parse(), Ok(mark));
    }

    #[test]
    fn any_text_is_a_mark_or_refused(text in "\\PC{0,80}|[0-9]{0,20}:[0-9a-f]{60,68}") {
        if let Ok(mark) = text.parse::<Mark>() {
            prop_assert_eq!(mark.to_string().parse(), Ok(mark));
        }
    }
}

#[test]
fn the_proof_of_a_floor_depends_on_key_position_and_seal() {
    let seal = Seal::new(KEY);
    let mark = Mark { position: 7, mac: Mac::from_bytes([9; 32]) };
    let mut proofs = vec![
        seal.proof(&mark),
        Seal::new([8; 32]).proof(&mark),
        seal.proof(&Mark { position: 8, ..mark }),
        seal.proof(&Mark { mac: Mac::from_bytes([8; 32]), ..mark }),
    ];
    // HMAC-SHA256 of "almoner trail floor 1\n", the position in 8 bytes and the seal.
    let mut bytes = b"almoner trail floor 1\n".to_vec();
    bytes.extend(7_i64.to_be_bytes());
    bytes.extend([9; 32]);
    let by_hand = <Hmac<Sha256> as KeyInit>::new_from_slice(&KEY).unwrap();
    let by_hand: [u8; 32] = by_hand.chain_update(&bytes).finalize().into_bytes().into();
    assert_eq!(proofs[0], Mac::from_bytes(by_hand));
    proofs.dedup();
    assert_eq!(proofs.len(), 4);
}

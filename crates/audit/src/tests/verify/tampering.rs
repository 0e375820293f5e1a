//! Rows and heads that were altered, taken out, put in or moved.

use proptest::prelude::*;
use uuid::Uuid;

use super::*;
use crate::SealInput;

type Alteration = (&'static str, fn(&mut SealInput<'static>));

#[test]
fn an_altered_column_is_found_whichever_it_is() {
    let alterations: [Alteration; 19] = [
        ("position", |row| row.position += 1),
        ("id", |row| row.id = Uuid::from_u128(1)),
        ("at", |row| row.at += 1),
        ("actor_kind", |row| row.actor_kind = "system".into()),
        ("actor_id", |row| row.actor_id = Some(Uuid::from_u128(1))),
        ("actor_id emptied", |row| row.actor_id = None),
        ("actor_name", |row| row.actor_name = Some("seed".into())),
        ("action", |row| row.action = "created".into()),
        ("entity", |row| row.entity = "donation".into()),
        ("entity_id", |row| row.entity_id = Uuid::from_u128(1)),
        ("version", |row| row.version += 1),
        ("before", |row| row.before = r#"{"name": "a"}"#.into()),
        ("after", |row| row.after = "{}".into()),
        ("reason", |row| row.reason = Some("typing errors".into())),
        ("reason emptied", |row| row.reason = None),
        ("reason blanked", |row| row.reason = Some("".into())),
        ("request_id", |row| row.request_id = Some("r2".into())),
        ("address", |row| row.address = Some("192.0.2.2".into())),
        ("user_agent", |row| row.user_agent = None),
    ];
    let rows = trail(5);
    for at in [0, 2, 4] {
        for (column, alter) in alterations {
            let mut tampered = rows.clone();
            tampered[at].row.iter_mut().for_each(alter);
            let verdict = verify(&tampered, head(&seal(), &rows), None);
            let position = rows[at].position;
            assert_eq!(verdict.finding, Some(Finding::Altered { position }), "{column}");
            assert_eq!(verdict.verified, at as u64, "{column}");
        }
    }
}

#[test]
fn an_altered_lost_or_unreadable_seal_is_found() {
    let rows = trail(3);
    for mac in [vec![], vec![0; 32], rows[0].mac.clone(), rows[1].mac[..31].to_vec()] {
        let mut tampered = rows.clone();
        tampered[1].mac = mac;
        assert_eq!(finding(&rows, &tampered), Some(Finding::Altered { position: 2 }));
    }
    let mut tampered = rows.clone();
    tampered[1].row = None;
    assert_eq!(finding(&rows, &tampered), Some(Finding::Altered { position: 2 }));
}

#[test]
fn a_row_that_is_gone_is_named() {
    let rows = trail(5);
    for (at, expected) in [
        (0, Finding::Missing { position: 1, next: 2 }),
        (2, Finding::Missing { position: 3, next: 4 }),
        (4, Finding::CutOff { position: 5, end: 5 }),
    ] {
        let mut tampered = rows.clone();
        tampered.remove(at);
        assert_eq!(finding(&rows, &tampered), Some(expected));
    }
    assert_eq!(finding(&rows, &[]), Some(Finding::CutOff { position: 1, end: 5 }));
}

#[test]
fn closing_the_gap_of_a_row_that_is_gone_does_not_hide_it() {
    let rows = trail(5);
    let mut tampered = rows.clone();
    tampered.remove(2);
    for (sealed, position) in tampered.iter_mut().zip(1..) {
        sealed.position = position;
        sealed.row.iter_mut().for_each(|row| row.position = position);
    }
    assert_eq!(finding(&rows, &tampered), Some(Finding::Altered { position: 3 }));
}

#[test]
fn an_inserted_row_is_named() {
    let rows = trail(3);
    let forged = |position: i64, mac: Vec<u8>| SealedChange {
        position,
        row: Some(SealInput { position, reason: Some("forged".into()), ..row(1) }),
        mac,
    };
    for (at, position, mac) in [
        (0, 0, vec![]),
        (0, -5, vec![9; 32]),
        (2, 2, rows[1].mac.clone()),
        (3, 3, vec![]),
        (3, 4, vec![]),
        (3, 4, rows[2].mac.clone()),
        (3, 40, vec![9; 32]),
        (3, i64::MAX, vec![9; 32]),
    ] {
        let mut tampered = rows.clone();
        tampered.insert(at, forged(position, mac));
        assert_eq!(finding(&rows, &tampered), Some(Finding::Inserted { position }));
    }
}

#[test]
fn making_room_for_an_inserted_row_does_not_hide_it() {
    let rows = trail(4);
    let mut tampered = rows.clone();
    tampered.insert(1, SealedChange { position: 2, row: Some(row(2)), mac: vec![9; 32] });
    for (sealed, position) in tampered.iter_mut().zip(1..) {
        sealed.position = position;
        sealed.row.iter_mut().for_each(|row| row.position = position);
    }
    assert_eq!(finding(&rows, &tampered), Some(Finding::Altered { position: 2 }));
}

#[test]
fn two_rows_that_changed_places_are_found() {
    let rows = trail(5);
    let mut tampered = rows.clone();
    tampered.swap(1, 3);
    assert_eq!(finding(&rows, &tampered), Some(Finding::Missing { position: 2, next: 4 }));
    for (sealed, position) in tampered.iter_mut().zip(1..) {
        sealed.position = position;
    }
    assert_eq!(finding(&rows, &tampered), Some(Finding::Altered { position: 2 }));
    for (sealed, position) in tampered.iter_mut().zip(1..) {
        sealed.row.iter_mut().for_each(|row| row.position = position);
    }
    assert_eq!(finding(&rows, &tampered), Some(Finding::Altered { position: 2 }));
}

#[test]
fn a_head_that_does_not_fit_its_rows_is_found() {
    let rows = trail(4);
    let at = |position: i64, mac: Vec<u8>| {
        Some(Head { position, mac, key_id: seal().key_id().to_owned(), anew: None })
    };
    for (head, expected) in [
        (None, Finding::HeadLost { end: 4 }),
        (at(4, vec![]), Finding::HeadAltered { position: 4 }),
        (at(4, rows[2].mac.clone()), Finding::HeadAltered { position: 4 }),
        (at(2, rows[1].mac.clone()), Finding::HeadBehind { position: 2, end: 4 }),
        (at(0, vec![0; 32]), Finding::HeadBehind { position: 0, end: 4 }),
        (at(6, rows[3].mac.clone()), Finding::CutOff { position: 5, end: 6 }),
    ] {
        assert_eq!(verify(&rows, head, None).finding, Some(expected));
    }
}

#[test]
fn only_a_mark_kept_elsewhere_shows_that_the_end_and_the_head_went_together() {
    let rows = trail(5);
    let cut = &rows[..3];
    assert!(verify(cut, head(&seal(), cut), None).is_intact());
    let verdict = verify(cut, head(&seal(), cut), Some(mark(&rows[4])));
    assert_eq!(verdict.finding, Some(Finding::CutOff { position: 4, end: 5 }));
    let gone = verify(&[], None, Some(mark(&rows[4])));
    assert_eq!(gone.finding, Some(Finding::CutOff { position: 1, end: 5 }));
}

#[test]
fn only_a_mark_kept_elsewhere_shows_a_trail_that_was_sealed_anew_with_the_key() {
    let rows = trail(5);
    let anew = sealed(
        &seal(),
        (1..=5).map(|at| SealInput {
            after: if at == 3 { "{}".into() } else { row(at).after },
            ..row(at)
        }),
    );
    assert!(verify(&anew, head(&seal(), &anew), None).is_intact());
    assert!(verify(&anew, head(&seal(), &anew), Some(mark(&rows[1]))).is_intact());
    for position in [3, 4, 5] {
        let noted = mark(&rows[usize::try_from(position).unwrap() - 1]);
        let verdict = verify(&anew, head(&seal(), &anew), Some(noted));
        assert_eq!(verdict.finding, Some(Finding::Rewritten { position }));
    }
    let no_genesis = Mark { position: 0, mac: Mac::from_bytes([1; 32]) };
    let verdict = verify(&rows, head(&seal(), &rows), Some(no_genesis));
    assert_eq!(verdict.finding, Some(Finding::Rewritten { position: 0 }));
}

proptest! {
    #[test]
    fn any_trail_that_was_sealed_verifies(count in 0..40_i64) {
        let rows = trail(count);
        let verdict = verify(&rows, head(&seal(), &rows), None);
        prop_assert!(verdict.is_intact());
        prop_assert_eq!(verdict.verified, u64::try_from(count).unwrap());
    }

    #[test]
    fn one_flipped_bit_of_a_seal_is_always_found(at in 0..8_usize, bit in 0..256_usize) {
        let rows = trail(8);
        let mut tampered = rows.clone();
        tampered[at].mac[bit / 8] ^= 1 << (bit % 8);
        let position = rows[at].position;
        prop_assert_eq!(finding(&rows, &tampered), Some(Finding::Altered { position }));
    }

    #[test]
    fn no_part_of_a_trail_in_another_order_passes_for_the_whole(
        order in prop::collection::vec(0..6_usize, 0..8),
    ) {
        let rows = trail(6);
        let tampered: Vec<_> = order.iter().map(|at| rows[*at].clone()).collect();
        prop_assert_eq!(finding(&rows, &tampered).is_none(), tampered == rows);
    }
}

//! Recording, changing and revealing donors.

use almoner_kernel::{
    Action, Actor, Caller, Context, Denied, Fault, FieldValue, IdentityKind, IdentityNumber, Kind,
    Patch, Permission, StoreError, Timestamp, Version,
};
use chrono::Duration;
use mockall::Sequence;

use super::{
    fixtures::*,
    mocks::{MockDonorsTx, Written, away, with_free_numbers},
};
use crate::{DonationsError, Donor, DonorKind, DonorPatch};

/// A transaction that finds the donor, stores one change of it and commits.
fn changing(donor: Donor) -> (MockDonorsTx, Written) {
    let mut tx = finding_donor(donor);
    tx.expect_update_donor().once().returning(|_| Ok(()));
    let written = tx.commits();
    (tx, written)
}

fn a_new_note() -> DonorPatch {
    DonorPatch { notes: Patch::Set("called".to_owned()), ..DonorPatch::default() }
}

#[tokio::test]
async fn a_new_donor_belongs_to_whoever_entered_it_and_shows_its_number_masked() {
    let mut tx = with_free_numbers();
    tx.expect_insert_donor()
        .once()
        .withf(|donor, number| {
            donor.id.uuid() == FRESH && number.is_some_and(|number| *number == national_id())
        })
        .returning(|_, _| Ok(()));
    tx.commits();
    let donor = donors_with(tx).create(&data_entry(), a_donor_draft()).await.unwrap();
    assert_eq!((donor.version, donor.created_by), (Version::FIRST, Some(ME)));
    assert_eq!((donor.created_at, donor.updated_at, donor.deleted_at), (noon(), noon(), None));
    let identity = donor.identity.unwrap();
    assert_eq!(identity.kind, IdentityKind::TrNationalId);
    assert_eq!(identity.masked, "*********46");
}

#[tokio::test]
async fn a_donor_the_program_entered_belongs_to_nobody() {
    let mut tx = MockDonorsTx::new();
    tx.expect_insert_donor().once().returning(|_, _| Ok(()));
    tx.commits();
    let donor = donors_with(tx).create(&the_program(), a_donor_draft()).await.unwrap();
    assert_eq!(donor.created_by, None);
}

#[tokio::test]
async fn the_trail_of_a_new_donor_has_every_given_field_and_no_empty_one() {
    let mut tx = with_free_numbers();
    tx.expect_insert_donor().once().returning(|_, _| Ok(()));
    let (cx, written) = (data_entry(), tx.commits());
    donors_with(tx).create(&cx, a_donor_draft()).await.unwrap();
    let trail = written.trail();
    assert_tells(&trail, &cx, Action::Created, FRESH, Version::FIRST);
    let change = the_change(&trail);
    assert_eq!(change.entity, "donor");
    assert_eq!(change.before, []);
    assert_eq!(
        change.after,
        [
            ("kind", text("person")),
            ("name", text("Ayşe Yılmaz")),
            ("email", text("ayse@example.org")),
            ("phone", text("+905321234567")),
            ("identity_kind", text("tr_national_id")),
            ("identity", text("*********46")),
            ("language", text("tr")),
            ("contact_consent", true.into()),
            ("deleted", false.into()),
        ]
    );
    assert!(!format!("{trail:?}").contains(NUMBER));
}

#[tokio::test]
async fn a_new_donor_with_a_taken_identity_number_is_refused_at_that_field() {
    let mut tx = MockDonorsTx::new();
    tx.expect_insert_donor().once().returning(|_, _| Err(StoreError::Taken("donors.identity")));
    let error = donors_with(tx).create(&admin(), a_donor_draft()).await.unwrap_err();
    assert_eq!(wrong_fields(&error), ["/identity/number taken"]);
    assert_eq!((error.kind(), error.code()), (Kind::Conflict, "taken"));
}

#[tokio::test]
async fn an_update_changes_what_it_names_and_keeps_the_rest() {
    let (tx, _) = changing(a_donor());
    let later = Context { at: noon() + Duration::minutes(3), ..admin() };
    let patch = DonorPatch {
        kind: Some(DonorKind::Organisation),
        name: Some(name("Yılmaz A.Ş.")),
        phone: Patch::Clear,
        address: Patch::Set("Ankara".to_owned()),
        contact_consent: Some(false),
        ..DonorPatch::default()
    };
    let after = donors_with(tx).update(&later, DONOR, CURRENT, patch).await.unwrap();
    let expected = Donor {
        kind: DonorKind::Organisation,
        name: name("Yılmaz A.Ş."),
        phone: None,
        address: Some("Ankara".to_owned()),
        contact_consent: false,
        version: CURRENT.next(),
        updated_at: later.at,
        ..a_donor()
    };
    assert_eq!(after, expected);
}

#[tokio::test]
async fn what_is_stored_is_what_is_answered() {
    let mut tx = finding_donor(a_donor());
    tx.expect_update_donor()
        .once()
        .withf(|donor| donor.version == CURRENT.next() && donor.notes.as_deref() == Some("called"))
        .returning(|_| Ok(()));
    tx.commits();
    let after = donors_with(tx).update(&admin(), DONOR, CURRENT, a_new_note()).await.unwrap();
    assert_eq!((after.version, after.notes.as_deref()), (CURRENT.next(), Some("called")));
}

#[tokio::test]
async fn the_trail_of_an_update_has_only_the_fields_that_differ() {
    let (tx, written) = changing(a_donor());
    let patch = DonorPatch {
        name: Some(a_donor().name),
        email: Patch::Set(email("ayse.yilmaz@example.org")),
        language: Patch::Clear,
        ..DonorPatch::default()
    };
    let cx = admin();
    donors_with(tx).update(&cx, DONOR, CURRENT, patch).await.unwrap();
    let trail = written.trail();
    assert_tells(&trail, &cx, Action::Updated, DONOR.uuid(), CURRENT.next());
    let change = the_change(&trail);
    assert_eq!(change.before, [("email", text("ayse@example.org")), ("language", text("tr"))]);
    assert_eq!(
        change.after,
        [
            ("email", text("ayse.yilmaz@example.org")),
            ("language", almoner_kernel::FieldValue::Null),
        ]
    );
}

#[tokio::test]
async fn an_update_that_says_nothing_about_the_number_leaves_it_alone() {
    let (tx, _) = changing(a_donor());
    let after = donors_with(tx).update(&admin(), DONOR, CURRENT, a_new_note()).await.unwrap();
    assert_eq!(after.identity, a_donor().identity);
}

#[tokio::test]
async fn a_new_number_is_stored_in_full_and_told_masked() {
    let (mut tx, written) = changing(a_donor());
    tx.expect_set_identity()
        .once()
        .withf(|id, number| *id == DONOR && number.is_some_and(|number| *number == passport()))
        .returning(|_, _| Ok(()));
    let patch = DonorPatch { identity: Patch::Set(passport()), ..DonorPatch::default() };
    let after = donors_with(tx).update(&admin(), DONOR, CURRENT, patch).await.unwrap();
    assert_eq!(after.identity, Some(passport().on_file()));
    let trail = written.trail();
    let change = the_change(&trail);
    assert_eq!(
        change.before,
        [("identity_kind", text("tr_national_id")), ("identity", text("*********46"))]
    );
    assert_eq!(
        change.after,
        [("identity_kind", text("foreign_id")), ("identity", text("*******78"))]
    );
    let told = format!("{trail:?}");
    assert!(!told.contains(NUMBER) && !told.contains(passport().expose()));
}

#[tokio::test]
async fn a_cleared_number_is_removed_from_storage() {
    let (mut tx, written) = changing(a_donor());
    tx.expect_set_identity()
        .once()
        .withf(|id, number| *id == DONOR && number.is_none())
        .returning(|_, _| Ok(()));
    let patch = DonorPatch { identity: Patch::Clear, ..DonorPatch::default() };
    let after = donors_with(tx).update(&admin(), DONOR, CURRENT, patch).await.unwrap();
    assert_eq!(after.identity, None);
    assert_eq!(names(&the_change(&written.trail()).after), ["identity_kind", "identity"]);
}

#[tokio::test]
async fn a_changed_number_that_is_taken_is_refused_at_that_field_and_nothing_is_committed() {
    let mut tx = finding_donor(a_donor());
    tx.expect_update_donor().once().returning(|_| Ok(()));
    tx.expect_set_identity().once().returning(|_, _| Err(StoreError::Taken("donors.identity")));
    let patch = DonorPatch { identity: Patch::Set(passport()), ..DonorPatch::default() };
    let error = donors_with(tx).update(&admin(), DONOR, CURRENT, patch).await.unwrap_err();
    assert_eq!(wrong_fields(&error), ["/identity/number taken"]);
}

#[tokio::test]
async fn a_donor_in_the_trash_cannot_be_changed() {
    let donors = donors_with(finding_donor(a_donor_in_the_trash()));
    let outcome = donors.update(&admin(), DONOR, CURRENT, a_new_note()).await;
    assert!(matches!(outcome, Err(DonationsError::NotFound)));
}

fn entered(at: Timestamp) -> Donor {
    Donor { created_at: at, ..a_donor() }
}

#[tokio::test]
async fn a_donor_entered_14_minutes_and_59_seconds_ago_can_be_corrected() {
    let just_in_time = entered(noon() - Duration::seconds(14 * 60 + 59));
    let (tx, _) = changing(just_in_time);
    assert!(donors_with(tx).update(&data_entry(), DONOR, CURRENT, a_new_note()).await.is_ok());
}

#[tokio::test]
async fn a_donor_entered_15_minutes_and_1_second_ago_can_no_longer_be_corrected() {
    let too_late = entered(noon() - Duration::seconds(15 * 60 + 1));
    let donors = donors_with(finding_donor(too_late));
    let error = donors.update(&data_entry(), DONOR, CURRENT, a_new_note()).await.unwrap_err();
    assert!(matches!(error, DonationsError::Denied(Denied::EditWindowClosed)));
    assert_eq!((error.kind(), error.code()), (Kind::Forbidden, "edit_window_closed"));
}

#[tokio::test]
async fn the_last_change_does_not_open_the_edit_window_again() {
    let touched_now = Donor { updated_at: noon(), ..entered(noon() - Duration::minutes(16)) };
    let donors = donors_with(finding_donor(touched_now));
    let outcome = donors.update(&data_entry(), DONOR, CURRENT, a_new_note()).await;
    assert!(matches!(outcome, Err(DonationsError::Denied(Denied::EditWindowClosed))));
}

#[tokio::test]
async fn a_role_without_edit_window_corrects_old_donors_too() {
    let (tx, _) = changing(entered(noon() - Duration::days(3_000)));
    assert!(donors_with(tx).update(&admin(), DONOR, CURRENT, a_new_note()).await.is_ok());
}

#[tokio::test]
async fn a_number_is_revealed_after_the_look_is_committed() {
    let (mut tx, mut order) = (MockDonorsTx::new(), Sequence::new());
    tx.expect_donor().once().in_sequence(&mut order).returning(|_, _| Ok(Some(a_donor())));
    tx.expect_identity()
        .once()
        .in_sequence(&mut order)
        .withf(|id| *id == DONOR)
        .returning(|_| Ok(Some(national_id())));
    tx.expect_commit().once().in_sequence(&mut order).returning(|_| Ok(()));
    let shown = donors_with(tx).reveal(&admin(), DONOR, "tax receipt".to_owned()).await.unwrap();
    assert_eq!(shown.expose(), NUMBER);
}

#[tokio::test]
async fn a_number_is_not_shown_when_the_look_cannot_be_recorded() {
    let mut tx = finding_donor(a_donor());
    tx.expect_identity().once().returning(|_| Ok(Some(national_id())));
    tx.fails_to_commit();
    let outcome = donors_with(tx).reveal(&admin(), DONOR, "tax receipt".to_owned()).await;
    assert!(matches!(outcome, Err(DonationsError::Store(StoreError::Unavailable(_)))));
}

#[tokio::test]
async fn the_trail_of_a_look_has_the_reason_and_not_the_number() {
    let mut tx = finding_donor(a_donor());
    tx.expect_identity().once().returning(|_| Ok(Some(national_id())));
    let (cx, written) = (admin(), tx.commits());
    donors_with(tx).reveal(&cx, DONOR, "tax receipt".to_owned()).await.unwrap();
    let trail = written.trail();
    assert_tells(&trail, &cx, Action::Revealed, DONOR.uuid(), CURRENT);
    let change = the_change(&trail);
    assert_eq!(change.reason.as_deref(), Some("tax receipt"));
    assert_eq!((&change.before, &change.after), (&Vec::new(), &Vec::new()));
    assert!(!format!("{trail:?}").contains(NUMBER));
}

#[tokio::test]
async fn a_donor_without_number_has_nothing_to_reveal_and_no_trail() {
    let mut tx = finding_donor(Donor { identity: None, ..a_donor() });
    tx.expect_identity().once().returning(|_| Ok(None));
    let outcome = donors_with(tx).reveal(&admin(), DONOR, "tax receipt".to_owned()).await;
    assert!(matches!(outcome, Err(DonationsError::NoIdentity)));
}

#[tokio::test]
async fn the_number_of_a_donor_in_the_trash_can_still_be_revealed() {
    let mut tx = finding_donor(a_donor_in_the_trash());
    tx.expect_identity().once().returning(|_| Ok(Some(national_id())));
    tx.commits();
    let shown = donors_with(tx).reveal(&admin(), DONOR, "court order".to_owned()).await;
    assert_eq!(shown.unwrap(), national_id());
}

#[tokio::test]
async fn a_number_that_cannot_be_decrypted_is_not_recorded_as_seen() {
    let mut tx = finding_donor(a_donor());
    tx.expect_identity().once().returning(|_| Err(away()));
    let outcome = donors_with(tx).reveal(&admin(), DONOR, "tax receipt".to_owned()).await;
    assert!(matches!(outcome, Err(DonationsError::Store(_))));
}

#[tokio::test]
async fn another_number_with_the_same_mask_is_named_in_the_trail() {
    let number = |text| IdentityNumber::parse(IdentityKind::ForeignId, text).unwrap();
    let (old, new) = (number("U12345678"), number("U99999978"));
    let mut tx = finding_donor(Donor { identity: Some(old.on_file()), ..a_donor() });
    tx.expect_identity().once().returning(move |_| Ok(Some(old.clone())));
    tx.expect_update_donor().once().returning(|_| Ok(()));
    tx.expect_set_identity().once().returning(|_, _| Ok(()));
    let written = tx.commits();
    let patch = DonorPatch { identity: Patch::Set(new), ..DonorPatch::default() };
    donors_with(tx).update(&admin(), DONOR, CURRENT, patch).await.unwrap();
    let masked = || vec![("identity", FieldValue::Text("*******78".to_owned()))];
    let trail = written.trail();
    assert_eq!((&the_change(&trail).before, &the_change(&trail).after), (&masked(), &masked()));
}

#[tokio::test]
async fn a_patch_that_changes_nothing_writes_nothing() {
    // No update and no commit is announced.
    let donor = donors_with(finding_donor(a_donor()))
        .update(&admin(), DONOR, CURRENT, DonorPatch::default())
        .await;
    assert_eq!(donor.unwrap(), a_donor());
}

#[tokio::test]
async fn the_edit_window_also_guards_the_way_into_the_trash() {
    let late = Donor { created_at: noon() - Duration::minutes(16), ..a_donor() };
    let mut cx = data_entry();
    if let Actor::User(caller) = &mut cx.actor {
        let may_delete = caller.permissions.with(Permission::DonorsDelete);
        *caller = Caller { permissions: may_delete, ..(**caller).clone() }.into();
    }
    let outcome = donors_with(finding_donor(late)).delete(&cx, DONOR, CURRENT).await;
    assert!(matches!(outcome, Err(DonationsError::Denied(Denied::EditWindowClosed))));
}

//! What a refusal tells the outside.

use std::error::Error;

use almoner_kernel::{
    Denied, Fault, FieldError, Invalid, Kind, Permission, Stale, StoreError, words::is_required,
};

use super::{fixtures::*, mocks::away};
use crate::{DonationsError, State};

fn every_refusal() -> Vec<(DonationsError, Kind, &'static str)> {
    use DonationsError::*;
    let field = || FieldError::new("/name", "required", is_required());
    vec![
        (Denied(almoner_kernel::Denied::Unauthenticated), Kind::Unauthenticated, "unauthenticated"),
        (
            Denied(almoner_kernel::Denied::Missing(Permission::DonorsRead)),
            Kind::Forbidden,
            "forbidden",
        ),
        (Denied(almoner_kernel::Denied::EditWindowClosed), Kind::Forbidden, "edit_window_closed"),
        (Invalid(almoner_kernel::Invalid::one(field())), Kind::Invalid, "validation"),
        (
            Stale(almoner_kernel::Stale { current: CURRENT, fields: Vec::new() }),
            Kind::Stale,
            "stale",
        ),
        (NotFound, Kind::NotFound, "not_found"),
        (Transition { from: State::Pending, to: State::Refunded }, Kind::Conflict, "transition"),
        (Settled { state: State::Completed, fields: vec!["amount"] }, Kind::Conflict, "settled"),
        (CompletedStays, Kind::Conflict, "completed_stays"),
        (NotInTrash, Kind::Conflict, "not_in_trash"),
        (HasDonations, Kind::Conflict, "has_donations"),
        (Taken(vec![field()]), Kind::Conflict, "taken"),
        (NoIdentity, Kind::Conflict, "no_identity"),
        (Store(away()), Kind::Unavailable, "unavailable"),
        (Store(StoreError::Raced), Kind::Conflict, "conflict"),
        (Store(StoreError::Replayed), Kind::Conflict, "replayed"),
        (Store(StoreError::Failed("syntax".into())), Kind::Internal, "internal"),
    ]
}

#[test]
fn every_refusal_has_its_kind_and_code() {
    for (error, kind, code) in every_refusal() {
        assert_eq!((error.kind(), error.code()), (kind, code), "{error:?}");
    }
}

#[test]
fn only_wrong_and_taken_values_name_fields_and_only_stale_tells_what_changed() {
    for (error, _, code) in every_refusal() {
        assert_eq!(!error.fields().is_empty(), ["validation", "taken"].contains(&code), "{code}");
        assert_eq!(error.stale().is_some(), code == "stale", "{code}");
        assert_eq!(error.retry_after().is_some(), code == "unavailable", "{code}");
    }
}

#[test]
fn a_refusal_is_told_as_it_is_logged_and_faults_of_the_program_are_not_told() {
    for (error, kind, code) in every_refusal() {
        let told = error.detail().map(|detail| detail.to_string());
        match error {
            DonationsError::Store(StoreError::Raced) => {
                assert_eq!(told.as_deref(), Some("the record was changed meanwhile"));
            }
            DonationsError::Store(_) => assert_eq!(told, None, "{kind:?} {code}"),
            error => assert_eq!(told, Some(error.to_string()), "{code}"),
        }
    }
}

#[test]
fn a_refusal_never_says_its_source_twice() {
    for (error, _, code) in every_refusal() {
        let mut source = error.source();
        while let Some(cause) = source {
            assert!(!error.to_string().contains(&cause.to_string()), "{code}");
            source = cause.source();
        }
    }
    let error = DonationsError::from(away());
    assert_eq!(error.to_string(), "storage failed");
    assert!(error.source().is_some(), "the log still learns why");
}

#[test]
fn a_taken_identity_number_is_a_wrong_field_of_the_request() {
    let error = DonationsError::from(StoreError::Taken("donors.identity"));
    assert_eq!(wrong_fields(&error), ["/identity/number taken"]);
}

#[test]
fn a_taken_campaign_name_is_a_wrong_field_of_the_request() {
    let error = DonationsError::from(StoreError::Taken("campaigns.name"));
    assert_eq!(wrong_fields(&error), ["/name taken"]);
}

#[test]
fn another_taken_value_is_a_conflict_without_a_field() {
    let error = DonationsError::from(StoreError::Taken("donations.id"));
    assert_eq!((error.kind(), error.code(), error.fields().len()), (Kind::Conflict, "conflict", 0));
}

#[test]
fn refusals_of_the_kernel_pass_through_in_their_own_words() {
    let denied = Denied::Missing(Permission::DonorsRead);
    assert_eq!(DonationsError::from(denied).to_string(), denied.to_string());
    let invalid = Invalid::one(FieldError::new("/name", "required", is_required()));
    assert_eq!(DonationsError::from(invalid.clone()).to_string(), invalid.to_string());
    let stale = Stale { current: CURRENT, fields: Vec::new() };
    assert_eq!(DonationsError::from(stale.clone()).to_string(), stale.to_string());
}

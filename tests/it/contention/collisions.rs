//! Values of others, many of which one user tries at once: no more of them are told than one after the
//! other.

use std::sync::Arc;

use almoner_accounts::{
    role::{BuiltIn, RoleNames},
    user::{Locale, NewUser, TimeZone},
};
use almoner_donations::{Donor, DonorKind};
use almoner_kernel::{Context, Fault, ScopeKind, UserId};
use almoner_records::Sealed;
use chrono::Duration;
use secrecy::SecretString;
use uuid::Uuid;

use super::{all_at_once, logins::administration, records};
use crate::support::{World, as_system, as_user, email, name, national_id};

on_both![
    no_more_numbers_are_told_than_one_after_the_other,
    no_more_addresses_are_told_than_one_after_the_other,
];

/// Somebody who sees their own records; the n-th request is the n-th last to have arrived, as the
/// sender of slow bodies pleases.
fn asking(n: u32) -> Context {
    let cx = as_user(UserId::new(Uuid::from_u128(0xA1)), ScopeKind::Own);
    Context { at: cx.at - Duration::seconds(i64::from(n)), ..cx }
}

fn numbered(n: u32) -> Donor {
    Donor {
        kind: DonorKind::Person,
        name: name("Ayşe"),
        email: None,
        phone: None,
        identity: Some(Sealed::fresh(national_id(n))),
        address: None,
        language: None,
        notes: None,
        contact_consent: false,
    }
}

/// How many were told that a value is taken, and how many to wait.
fn told<T, E: Fault>(outcomes: &[Result<T, E>]) -> (usize, usize) {
    let of = |code: &str| {
        outcomes.iter().filter(|outcome| outcome.as_ref().is_err_and(|e| e.code() == code)).count()
    };
    (of("taken") + of("email_taken"), of("rate_limited"))
}

async fn stored(world: &World) -> i64 {
    world.rows("security_events WHERE kind = 'hidden_value_taken'").await
}

async fn no_more_numbers_are_told_than_one_after_the_other(world: &World) {
    let service = records::<Donor>(&world.store, &world.ids);
    for n in 0..30 {
        service.create(&as_system(), numbered(n)).await.unwrap();
    }
    let outcomes = all_at_once((0..30).map(|n| {
        let service = service.clone();
        async move { service.create(&asking(n), numbered(n)).await }
    }))
    .await;
    assert_eq!(told(&outcomes), (5, 25), "{outcomes:?}");
    assert_eq!(stored(world).await, 5);
}

async fn no_more_addresses_are_told_than_one_after_the_other(world: &World) {
    let service = administration(world);
    world.save_user(&world.user("a@b.co")).await.unwrap();
    let outcomes = all_at_once((0..30).map(|n| {
        let service = Arc::clone(&service);
        let new = NewUser {
            name: name("Ayşe"),
            email: email("a@b.co"),
            phone: None,
            locale: Locale::default(),
            time_zone: TimeZone::default(),
            roles: RoleNames::one(BuiltIn::DataEntry.role_name()),
        };
        let password = SecretString::from("seven quiet boats leave at dawn");
        async move { service.create(&asking(n), new, Some(password)).await }
    }))
    .await;
    assert_eq!(told(&outcomes), (5, 25), "{outcomes:?}");
    assert_eq!(stored(world).await, 5);
}

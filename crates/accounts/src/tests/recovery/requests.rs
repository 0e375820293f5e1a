//! Asking for a link, and how it is answered.

use almoner_kernel::mail::{SEND, id_of_payload};

use super::*;
use crate::{
    login::{AddressKey, Failures, LoginWindow},
    ports::Attempt,
    recovery::ResetRequest,
};

/// What a request did, without what was typed.
async fn asked(world: World, address: &str) -> Vec<Did> {
    let stage = world.stage();
    stage.recovery.request(&stranger(), email(address)).await.unwrap();
    let mut did = stage.did();
    for did in &mut did {
        match did {
            Did::InsertedRequest(request) => request.email = email("somebody@example.org"),
            // The one of the mailbox is a keyed hash of it.
            Did::Attempted(key, _) => *key = AddressKey::of_mailbox("somebody"),
            _ => {}
        }
    }
    did
}

#[tokio::test]
async fn a_request_does_the_same_for_known_unknown_inactive_locked_and_invited() {
    let known = asked(world(), "zehra5@example.org").await;
    assert!(known.iter().any(|did| matches!(did, Did::Enqueued("accounts.password_reset", _))));
    assert_eq!(asked(world(), "nobody@example.org").await, known);
    let mut inactive = world();
    inactive.accounts[0].user.active = false;
    assert_eq!(asked(inactive, "zehra5@example.org").await, known);
    let device = Some(Failures { failed_logins: 5, locked_until: Some(at(10)) });
    let locked = World { device, ..world() };
    assert_eq!(asked(locked, "zehra5@example.org").await, known);
    let mut invited = world();
    invited.accounts[0].user.invited_at = Some(at(-5));
    assert_eq!(asked(invited, "zehra5@example.org").await, known);
    // Nothing is posted, and no link made, before the answer.
    assert!(!known.iter().any(|did| matches!(did, Did::Posted(_) | Did::InsertedLink(_))));
}

#[tokio::test]
async fn a_job_knows_an_id_and_nothing_else() {
    let did = asked(world(), "zehra5@example.org").await;
    let payload = did.iter().find_map(|did| match did {
        Did::Enqueued(_, payload) => Some(payload.clone()),
        _ => None,
    });
    assert!(id_of_payload("request_id", &payload.unwrap()).is_some());
}

#[tokio::test]
async fn where_no_mail_is_sent_a_request_does_nothing() {
    assert_eq!(asked(World { mail_is_off: true, ..world() }, "zehra5@example.org").await, []);
}

#[tokio::test]
async fn too_many_requests_are_answered_alike_and_lead_to_no_mail() {
    let full = LoginWindow { counted: 10, oldest: Some(at(-5)), ..LoginWindow::default() };
    let stage = World { window: full, ..world() }.stage();
    stage.recovery.request(&stranger(), email("zehra5@example.org")).await.unwrap();
    assert_eq!(stage.events(), [Event::PasswordResetLimited]);
    let is_refusal = |did: &Did| matches!(did, Did::Attempted(_, Attempt::Refused));
    assert!(stage.did().iter().any(is_refusal));
    assert!(!stage.did().iter().any(|did| matches!(did, Did::InsertedRequest(_))));
    // The next refusals of the window leave nothing behind.
    let full = LoginWindow { refusal_recorded: true, ..full };
    let stage = World { window: full, ..world() }.stage();
    stage.recovery.request(&stranger(), email("zehra5@example.org")).await.unwrap();
    assert_eq!(stage.did(), [Did::Began]);
}

fn request(address: &str, minutes_ago: i64) -> ResetRequest {
    ResetRequest { id: Uuid::from_u128(90), email: email(address), at: at(-minutes_ago) }
}

async fn answered(world: World, address: &str, minutes_ago: i64) -> Stage {
    let stage = World { requests: vec![request(address, minutes_ago)], ..world }.stage();
    stage.recovery.answer(&program(), Uuid::from_u128(90)).await.unwrap();
    stage
}

#[tokio::test]
async fn the_link_goes_to_whom_the_address_belongs_and_replaces_the_one_before() {
    let stage = answered(world(), "ZEHRA5@example.org", 1).await;
    assert_eq!(stage.events(), [Event::PasswordResetSent]);
    assert_eq!(stage.posted(), [(MailTemplate::PasswordReset, user_id(5), None)]);
    let did = stage.did();
    let place = |wanted: &dyn Fn(&Did) -> bool| did.iter().position(wanted).unwrap();
    let ended = place(&|did| *did == Did::EndedLinks(user_id(5)));
    let made = place(&|did| matches!(did, Did::InsertedLink(_)));
    assert!(ended < made, "the new link must stay");
    // Half an hour from when it was asked for, however long the job has waited.
    let Did::InsertedLink(link) = &did[made] else { unreachable!() };
    assert_eq!(link.expires_at, at(29));
    assert!(did.iter().any(|did| matches!(did, Did::Enqueued(SEND, _))));
}

#[tokio::test]
async fn nobody_else_is_sent_a_link() {
    let mut inactive = world();
    inactive.accounts[0].user.active = false;
    let mut invited = world();
    invited.accounts[0].user.invited_at = Some(at(-5));
    for (world, address, minutes_ago) in [
        (world(), "nobody@example.org", 1),
        (inactive, "zehra5@example.org", 1),
        (invited, "zehra5@example.org", 1),
        (world(), "zehra5@example.org", 30),
    ] {
        let stage = answered(world, address, minutes_ago).await;
        assert_eq!(stage.events(), [Event::PasswordResetIgnored]);
        assert_eq!(stage.posted(), []);
        assert!(stage.has_done(&Did::EndedRequest), "what was typed must not stay");
    }
}

#[tokio::test]
async fn a_request_that_was_answered_is_left_alone() {
    let stage = world().stage();
    stage.recovery.answer(&program(), Uuid::from_u128(90)).await.unwrap();
    assert_eq!(stage.did(), []);
}

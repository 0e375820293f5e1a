//! Choosing a new password with a link, and which links open nothing.

use secrecy::ExposeSecret;

use super::*;

#[tokio::test]
async fn a_link_changes_the_password_ends_every_session_and_unlocks() {
    let mut world = with_link(Purpose::PasswordReset);
    world.sessions = vec![session(1, 5, at(-5))];
    let stage = world.stage();
    let token = token(Purpose::PasswordReset);
    let device = stage.recovery.reset(&stranger(), token, secret(NEW), None).await.unwrap();
    assert!(device.is_some(), "the browser is known from now on");
    assert!(stage.has_done(&Did::SetPassword(hash_of(NEW))));
    let did = stage.did();
    let position = |one: &Did| did.iter().position(|did| did == one).unwrap();
    assert!(stage.has_done(&Did::Unlocked(user_id(5))));
    assert!(position(&Did::ForgotDevices) < position(&Did::MetDevice), "it is the only one");
    assert!(stage.has_done(&Did::EndedSessions { except: None }));
    assert!(stage.has_done(&Did::EndedLink(link(Purpose::PasswordReset).id)));
    assert_eq!(
        stage.committed(),
        Some((vec![Event::PasswordReset, Event::SessionEnded], vec![Action::PasswordChanged]))
    );
    assert_eq!(stage.posted(), [(MailTemplate::PasswordChanged, user_id(5), None)]);
}

#[tokio::test]
async fn a_browser_that_keeps_something_already_is_known_by_it() {
    let stage = with_link(Purpose::PasswordReset).stage();
    let kept = crate::session::DeviceKey::from_random([9; 32]).expose();
    let token = token(Purpose::PasswordReset);
    let device = stage.recovery.reset(&stranger(), token, secret(NEW), Some(&kept)).await.unwrap();
    assert!(device.is_none());
    assert!(stage.has_done(&Did::MetDevice));
}

#[tokio::test]
async fn a_link_that_is_forged_for_another_purpose_expired_or_spent_is_refused_alike() {
    let reset = Purpose::PasswordReset;
    let forged = crate::LinkKey::new(&[8; 32]).token(reset, link(reset).id);
    let mut expired = with_link(reset);
    expired.links[0].expires_at = at(0);
    let mut inactive = with_link(reset);
    inactive.accounts[0].user.active = false;
    for (world, token) in [
        (with_link(reset), forged),
        (with_link(reset), secret("")),
        (with_link(reset), secret(&"A".repeat(64))),
        (with_link(Purpose::Invitation), token(Purpose::Invitation)),
        (world(), token(reset)),
        (expired, token(reset)),
        (World { links_are_spent: true, ..with_link(reset) }, token(reset)),
        (inactive, token(reset)),
    ] {
        let stage = world.stage();
        let error = stage.recovery.reset(&stranger(), token, secret(NEW), None).await.unwrap_err();
        assert_eq!(codes(&error), [("/token".to_owned(), "link")]);
        assert!(!stage.did().iter().any(|did| matches!(did, Did::SetPassword(_))));
    }
}

#[tokio::test]
async fn a_forged_link_costs_neither_a_reading_nor_a_hash() {
    let stage = with_link(Purpose::PasswordReset).stage();
    let error = stage.recovery.reset(&stranger(), secret("x"), secret(NEW), None).await;
    assert_eq!(refused(error), "validation");
    assert_eq!(stage.did(), []);
}

#[tokio::test]
async fn a_password_that_does_not_fit_leaves_the_link_as_good_as_it_was() {
    let stage = with_link(Purpose::PasswordReset).stage();
    let token = token(Purpose::PasswordReset);
    let error = stage.recovery.reset(&stranger(), token, secret("zehra"), None).await.unwrap_err();
    assert!(codes(&error).iter().all(|(pointer, _)| pointer == "/new_password"));
    assert_eq!(stage.did(), []);
}

#[test]
fn a_token_is_good_for_its_link_its_purpose_and_its_key() {
    let id = LinkId::new(Uuid::from_u128(300));
    let key = link_key();
    let token = key.token(Purpose::PasswordReset, id);
    let text = token.expose_secret();
    assert_eq!(text.len(), 64);
    assert_eq!(key.read(Purpose::PasswordReset, text), Some(id));
    assert_eq!(key.read(Purpose::Invitation, text), None);
    assert_eq!(crate::LinkKey::new(&[1; 32]).read(Purpose::PasswordReset, text), None);
    for at in 0..text.len() {
        let mut wrong = text.to_owned().into_bytes();
        wrong[at] = if wrong[at] == b'A' { b'B' } else { b'A' };
        let wrong = String::from_utf8(wrong).unwrap();
        assert_eq!(key.read(Purpose::PasswordReset, &wrong), None, "{at}");
    }
    for wrong in ["", &text[1..], &format!("{text}A"), &text.replace('A', "="), &"é".repeat(32)] {
        assert_eq!(key.read(Purpose::PasswordReset, wrong), None);
    }
}

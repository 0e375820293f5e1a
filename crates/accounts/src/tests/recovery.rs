//! Choosing a password with a link, and who is told of what.

use almoner_kernel::{
    Action, EmailAddress, Fault, LinkId, MailTemplate, SecurityEventKind as Event, UserId,
    mail::{SEND, id_of_payload},
};
use chrono::Duration;
use secrecy::ExposeSecret;
use uuid::Uuid;

use super::world::*;
use crate::{
    authentication::LoginCommand,
    error::AccountsError,
    guard::CurrentPassword,
    link::{Link, Purpose},
    login::{AddressKey, Failures, LoginWindow},
    ports::{Attempt, Meeting},
    recovery::ResetRequest,
    role::BuiltIn,
    user::{NewUser, User, UserPatch},
};

const NEW: &str = "yeni bir sandal kıyıda";

fn email(text: &str) -> EmailAddress {
    EmailAddress::parse(text).unwrap()
}

fn world() -> World {
    World::of([user(5, "viewer")])
}

fn link(purpose: Purpose) -> Link {
    let id = LinkId::new(Uuid::from_u128(300));
    Link { id, user_id: user_id(5), purpose, expires_at: at(30) }
}

fn with_link(purpose: Purpose) -> World {
    World { links: vec![link(purpose)], ..world() }
}

fn token(purpose: Purpose) -> secrecy::SecretString {
    link_key().token(purpose, link(purpose).id)
}

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

fn codes(error: &AccountsError) -> Vec<(String, &'static str)> {
    error.fields().iter().map(|field| (field.pointer.clone(), field.code)).collect()
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

fn new_user() -> NewUser {
    NewUser {
        name: almoner_kernel::PersonName::parse("Ömer Şahin").unwrap(),
        email: email("omer@example.org"),
        phone: None,
        locale: Default::default(),
        time_zone: Default::default(),
        role: role_name("viewer"),
    }
}

#[tokio::test]
async fn a_user_without_a_password_is_invited_and_nobody_knows_their_password() {
    let stage = world().stage();
    let cx = caller(9, BuiltIn::Superadmin);
    let made = stage.administration.create(&cx, new_user(), None).await.unwrap();
    assert_eq!(made.invited_at, Some(at(0)));
    assert_eq!(stage.posted(), [(MailTemplate::Invitation, made.id, None)]);
    assert_eq!(stage.committed(), Some((vec![Event::UserInvited], vec![Action::Created])));
    let link = stage.did().into_iter().find_map(|did| match did {
        Did::InsertedLink(link) => Some(link),
        _ => None,
    });
    let link = link.unwrap();
    assert_eq!((link.purpose, link.expires_at), (Purpose::Invitation, at(0) + Duration::days(7)));
    assert!(stage.has_done(&Did::Hashed));
}

#[tokio::test]
async fn where_no_mail_is_sent_nobody_can_be_invited() {
    let cx = caller(9, BuiltIn::Superadmin);
    let stage = World { mail_is_off: true, ..world() }.stage();
    let made = stage.administration.create(&cx, new_user(), None).await;
    assert_eq!(refused(made), "mail_off");
    assert_eq!(refused(stage.administration.invite(&cx, user_id(5)).await), "mail_off");
    assert_eq!(stage.did(), []);
}

#[tokio::test]
async fn an_invitation_can_be_sent_again_until_it_is_accepted() {
    let cx = caller(9, BuiltIn::Superadmin);
    let stage = world().stage();
    assert_eq!(refused(stage.administration.invite(&cx, user_id(5)).await), "not_invited");
    let mut invited = world();
    invited.accounts[0].user.invited_at = Some(at(-100));
    let stage = invited.clone().stage();
    let after = stage.administration.invite(&cx, user_id(5)).await.unwrap();
    assert_eq!(after.invited_at, Some(at(0)));
    assert!(stage.has_done(&Did::EndedLinks(user_id(5))));
    assert_eq!(stage.posted(), [(MailTemplate::Invitation, user_id(5), None)]);
    assert_eq!(stage.committed(), Some((vec![Event::UserInvited], vec![Action::Invited])));
    invited.accounts[0].user.active = false;
    let stage = invited.stage();
    assert_eq!(refused(stage.administration.invite(&cx, user_id(5)).await), "not_active");
    // Somebody who may do less than the invited user.
    let mut mighty = World::of([user(5, "superadmin")]);
    mighty.accounts[0].user.invited_at = Some(at(-100));
    let invite = mighty.stage().administration.invite(&caller(9, BuiltIn::Admin), user_id(5)).await;
    assert_eq!(refused(invite), "user_not_manageable");
}

#[tokio::test]
async fn who_accepts_an_invitation_has_a_password_and_no_invitation() {
    let mut world = with_link(Purpose::Invitation);
    world.accounts[0].user.invited_at = Some(at(-100));
    let stage = world.stage();
    let token = token(Purpose::Invitation);
    stage.recovery.accept(&stranger(), token, secret(NEW), None).await.unwrap();
    assert!(stage.has_done(&Did::SetPassword(hash_of(NEW))));
    let joined = stage.did().into_iter().find_map(|did| match did {
        Did::UpdatedUser(user) => Some(user.invited_at),
        _ => None,
    });
    assert_eq!(joined, Some(None));
    assert_eq!(
        stage.committed(),
        Some((vec![Event::InvitationAccepted], vec![Action::PasswordChanged]))
    );
    assert_eq!(stage.posted(), []);
}

async fn changed_email(before: World) -> Vec<(MailTemplate, UserId, Option<EmailAddress>)> {
    let stage = before.stage();
    let patch = UserPatch { email: Some(email("new@example.org")), ..UserPatch::default() };
    let cx = caller(9, BuiltIn::Superadmin);
    let version = almoner_kernel::Version::FIRST;
    stage.administration.update(&cx, user_id(5), version, patch, None).await.unwrap();
    assert!(stage.has_done(&Did::EndedLinks(user_id(5))), "the old mailbox keeps a link");
    stage.posted()
}

#[tokio::test]
async fn a_new_address_is_told_to_the_old_one_unless_nobody_ever_answered_from_it() {
    let old = email("Zehra5@Example.org");
    assert_eq!(changed_email(world()).await, [(MailTemplate::EmailChanged, user_id(5), Some(old))]);
    let mut invited = world();
    invited.accounts[0].user.invited_at = Some(at(-100));
    assert_eq!(changed_email(invited).await, []);
}

#[tokio::test]
async fn a_new_password_is_told_and_ends_links() {
    let stage = World { sessions: vec![session(1, 5, at(-5))], ..world() }.stage();
    let cx = caller(5, BuiltIn::Viewer);
    let current = CurrentPassword { password: secret(PASSWORD), device: None };
    stage.profile.change_password(&cx, current, secret(NEW)).await.unwrap();
    assert_eq!(stage.posted(), [(MailTemplate::PasswordChanged, user_id(5), None)]);
    assert!(stage.has_done(&Did::EndedLinks(user_id(5))));
}

#[tokio::test]
async fn who_is_deactivated_has_no_link_any_more() {
    let stage = world().stage();
    let cx = caller(9, BuiltIn::Superadmin);
    stage.administration.deactivate(&cx, user_id(5)).await.unwrap();
    assert!(stage.has_done(&Did::EndedLinks(user_id(5))));
}

async fn logged_in(meeting: Meeting, device: Option<&str>) -> (Stage, Option<String>) {
    let stage = World { meeting: Some(meeting), ..world() }.stage();
    let command = LoginCommand {
        email: "zehra5@example.org".to_owned(),
        password: secret(PASSWORD),
        remember_me: false,
        device: device.map(str::to_owned),
    };
    let logged_in = stage.authentication.login(&stranger(), command).await.unwrap();
    (stage, logged_in.device.map(|device| device.expose()))
}

#[tokio::test]
async fn a_login_on_a_new_device_is_told_one_on_the_first_or_a_known_one_is_not() {
    let (stage, device) = logged_in(Meeting::New, None).await;
    assert_eq!(stage.posted(), [(MailTemplate::NewDevice, user_id(5), None)]);
    assert_eq!(stage.events(), [Event::LoggedIn, Event::NewDevice]);
    let device = device.expect("a browser without a device gets one");
    for meeting in [Meeting::First, Meeting::Known] {
        let (stage, given) = logged_in(meeting, Some(&device)).await;
        assert_eq!(given, None, "a browser that has a device keeps it");
        assert_eq!(stage.posted(), []);
        assert_eq!(stage.events(), [Event::LoggedIn]);
    }
    let (_, given) = logged_in(Meeting::Known, Some("nonsense")).await;
    assert!(given.is_some());
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

#[test]
fn a_device_is_known_by_another_hash_for_each_user() {
    let key = crate::session::DeviceKey::from_random([3; 32]);
    assert_ne!(key.hash(user_id(1)), key.hash(user_id(2)));
    assert_eq!(format!("{key:?}"), "***");
    let again = crate::session::DeviceKey::parse(&key.expose()).unwrap();
    assert_eq!(again.hash(user_id(1)), key.hash(user_id(1)));
}

#[test]
fn an_invited_user_says_so_in_the_trail() {
    use almoner_kernel::Audited;

    let before: User = user(5, "viewer");
    let invited = before.invited(at(1));
    assert_eq!(invited.version, before.version.next());
    assert_ne!(invited.snapshot(), before.snapshot());
    assert_eq!(invited.joined(at(2)).invited_at, None);
}

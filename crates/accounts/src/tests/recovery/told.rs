//! Who is told of what, and which links end with it.

use almoner_kernel::UserId;

use super::*;
use crate::{
    authentication::LoginCommand, guard::CurrentPassword, ports::Meeting, user::UserPatch,
};

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
fn a_device_is_known_by_another_hash_for_each_user() {
    let key = crate::session::DeviceKey::from_random([3; 32]);
    assert_ne!(key.hash(user_id(1)), key.hash(user_id(2)));
    assert_eq!(format!("{key:?}"), "***");
    let again = crate::session::DeviceKey::parse(&key.expose()).unwrap();
    assert_eq!(again.hash(user_id(1)), key.hash(user_id(1)));
}

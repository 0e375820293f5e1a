//! Users choose their first password themselves.

use chrono::Duration;

use super::*;
use crate::user::{NewUser, User};

fn new_user() -> NewUser {
    NewUser {
        name: almoner_kernel::PersonName::parse("Ömer Şahin").unwrap(),
        email: email("omer@example.org"),
        phone: None,
        locale: Default::default(),
        time_zone: Default::default(),
        roles: role_names("viewer"),
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

#[test]
fn an_invited_user_says_so_in_the_trail() {
    use almoner_kernel::Audited;

    let before: User = user(5, "viewer");
    let invited = before.invited(at(1));
    assert_eq!(invited.version, before.version.next());
    assert_ne!(invited.snapshot(), before.snapshot());
    assert_eq!(invited.joined(at(2)).invited_at, None);
}

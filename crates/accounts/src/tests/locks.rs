//! What keeps logins of a user off, who ends it, and the current password of somebody who moves.

use almoner_kernel::{
    Action, Context, EmailAddress, Fault, PageRequest, SecurityEventKind as Event, Version,
};

use super::world::*;
use crate::{
    guard::CurrentPassword,
    login::{Failures, Lock, LockKind},
    role::BuiltIn,
    user::{UserPatch, UserQuery},
};

#[tokio::test]
async fn unlocking_forgets_every_failure_and_says_so() {
    let stage = World::of([user(5, "viewer")]).stage();
    let cx = caller(1, BuiltIn::Admin);
    for expected in [None, Some(Version::FIRST)] {
        let stage = World::of([user(5, "viewer")]).stage();
        stage.administration.unlock(&cx, user_id(5), expected).await.unwrap();
        assert!(stage.has_done(&Did::Unlocked(user_id(5))));
        let committed = (vec![Event::AccountUnlocked], vec![Action::Unlocked]);
        assert_eq!(stage.committed(), Some(committed));
    }
    let stale = stage.administration.unlock(&cx, user_id(5), Some(Version::new(7))).await;
    assert_eq!(refused(stale), "stale");
    assert_eq!(refused(stage.administration.unlock(&cx, user_id(6), None).await), "not_found");
    let viewer = caller(1, BuiltIn::Viewer);
    assert_eq!(refused(stage.administration.unlock(&viewer, user_id(5), None).await), "forbidden");
    let mighty = World::of([user(5, "superadmin")]).stage();
    let refusal = mighty.administration.unlock(&cx, user_id(5), None).await;
    assert_eq!(refused(refusal), "user_not_manageable");
    let email = EmailAddress::parse("zehra5@example.org").unwrap();
    let by_user = stage.administration.unlock_by_email(&cx, &email).await;
    assert_eq!(refused(by_user), "forbidden");
    stage.administration.unlock_by_email(&program(), &email).await.unwrap();
}

fn to_email(text: &str) -> UserPatch {
    UserPatch { email: Some(EmailAddress::parse(text).unwrap()), ..UserPatch::default() }
}

#[tokio::test]
async fn a_new_address_of_ones_own_needs_the_current_password() {
    let cx = caller(5, BuiltIn::Admin);
    let current =
        |password: &str| Some(CurrentPassword { password: secret(password), device: None });
    let change = async |cx: &Context, patch: UserPatch, current: Option<CurrentPassword>| {
        let stage = World::of([user(5, "admin")]).stage();
        let (id, current) = (user_id(5), current.as_ref());
        let changed = stage.administration.update(cx, id, Version::FIRST, patch, current).await;
        (stage, changed)
    };
    let (stage, refusal) = change(&cx, to_email("new@example.org"), None).await;
    let error = refusal.unwrap_err();
    assert_eq!(
        (error.fields()[0].pointer.as_str(), error.fields()[0].code),
        ("/current_password", "required")
    );
    assert_eq!(stage.did(), []);

    let rehearsal = Context { dry_run: true, ..cx.clone() };
    for cx in [&cx, &rehearsal] {
        let (stage, refusal) = change(cx, to_email("new@example.org"), current("wrong")).await;
        assert_eq!(refusal.unwrap_err().fields()[0].code, "wrong_password");
        assert_eq!(stage.events(), [Event::PasswordRefused]);
        let counted = stage
            .did()
            .into_iter()
            .filter(|did| matches!(did, Did::Attempted(_, crate::ports::Attempt::Failed)));
        assert_eq!(counted.count(), 2);
        assert!(!stage.did().iter().any(|did| matches!(did, Did::UpdatedUser(_))));
    }

    let (_, changed) = change(&cx, to_email("new@example.org"), current(PASSWORD)).await;
    assert_eq!(changed.unwrap().email.as_str(), "new@example.org");
    // Neither what one has already, nor another's address.
    let (_, changed) = change(&cx, to_email("Zehra5@Example.org"), None).await;
    changed.unwrap();
    let (_, changed) = change(&caller(1, BuiltIn::Admin), to_email("new@example.org"), None).await;
    changed.unwrap();
}

#[tokio::test]
async fn what_keeps_a_user_off_is_seen_by_who_looks_after_users() {
    let locked = Failures { failed_logins: 5, locked_until: Some(at(9)) };
    let stage = World { device: Some(locked), ..World::of([user(5, "viewer")]) }.stage();
    let cx = caller(1, BuiltIn::Admin);
    let seen = stage.administration.find(&cx, user_id(5)).await.unwrap();
    assert_eq!(seen.locks, [Lock { kind: LockKind::Device, until: at(9) }]);
    let page = stage.administration.list(&cx, &UserQuery::default(), &PageRequest::default()).await;
    assert_eq!(page.unwrap().items, [seen]);
}

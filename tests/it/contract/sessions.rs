//! Sessions: found by the hash of their key, touched, and ended.

use std::collections::HashMap;

use almoner_accounts::{
    ports::StoredSession,
    role::{RoleName, RoleNames},
    session::{Session, SessionKeyHash},
    user::User,
};
use almoner_kernel::{SessionId, UserId};
use chrono::Duration;

use crate::support::{START, World, later, session_ids, session_noted};

on_both![
    a_session_with_every_field_comes_back_with_its_user,
    a_session_comes_with_the_custom_role_of_its_user,
    a_session_of_an_unknown_custom_role_comes_without_it,
    a_key_that_nobody_has_finds_nothing,
    many_sessions_are_found_together_each_beside_its_key,
    use_of_a_session_never_goes_back_in_time,
    use_of_an_ended_session_says_so,
    sessions_are_listed_newest_first_for_reading_and_oldest_first_for_ending,
    a_session_is_ended_by_its_user_alone,
    all_sessions_of_a_user_end_but_one,
    sessions_of_a_role_end,
    a_dropped_unit_ends_no_session,
];

async fn user(world: &World, address: &str, role: &str) -> User {
    let user = User { roles: RoleNames::from_stored(role), ..world.user(address) };
    world.save_user(&user).await.unwrap();
    user
}

async fn found(world: &World, key: &SessionKeyHash) -> Option<StoredSession> {
    let found = world.accounts().sessions_by_key(&[*key]).await.unwrap();
    assert!(found.iter().all(|(of, _)| of == key), "another one's session");
    found.into_iter().next().map(|(_, stored)| stored)
}

async fn left(world: &World, user: UserId) -> Vec<SessionId> {
    session_ids(&world.accounts().sessions(user).await.unwrap())
}

async fn a_session_with_every_field_comes_back_with_its_user(world: &World) {
    let user = user(world, "a@b.co", "viewer").await;
    let full = Session {
        created_at: later(1),
        last_seen_at: later(2),
        expires_at: later(3),
        idle_timeout: Duration::days(14),
        remembered: true,
        address: Some("2001:db8::".to_owned()),
        user_agent: Some("Ünlü Tarayıcı 🕌".to_owned()),
        ..world.session(user.id)
    };
    for session in [full, world.session(user.id)] {
        let key = world.save_session(&session).await;
        let stored = StoredSession { session, user: user.clone(), custom_roles: Vec::new() };
        assert_eq!(found(world, &key).await, Some(stored));
    }
}

async fn a_session_comes_with_the_custom_role_of_its_user(world: &World) {
    let roles = ["gift_desk", "stand"].map(|name| world.role(name));
    for role in &roles {
        world.save_role(role).await.unwrap();
    }
    let one = user(world, "a@b.co", "gift_desk").await;
    let several = user(world, "c@d.co", "stand,viewer,gift_desk").await;
    let key = world.save_session(&world.session(one.id)).await;
    let found_one = found(world, &key).await.unwrap();
    assert_eq!(found_one.custom_roles, roles[..1]);
    let key = world.save_session(&world.session(several.id)).await;
    let found_several = found(world, &key).await.unwrap();
    assert_eq!(found_several.user.roles, several.roles);
    let [desk, stand] = roles;
    assert_eq!(found_several.custom_roles, [stand, desk]);
}

async fn a_session_of_an_unknown_custom_role_comes_without_it(world: &World) {
    let user = user(world, "a@b.co", "nobodys").await;
    let key = world.save_session(&world.session(user.id)).await;
    assert_eq!(found(world, &key).await.unwrap().custom_roles, []);
}

async fn a_key_that_nobody_has_finds_nothing(world: &World) {
    let user = user(world, "a@b.co", "viewer").await;
    world.save_session(&world.session(user.id)).await;
    assert_eq!(found(world, &SessionKeyHash([0; 32])).await, None);
    assert_eq!(left(world, world.id()).await, []);
}

async fn many_sessions_are_found_together_each_beside_its_key(world: &World) {
    let role = world.role("gift_desk");
    world.save_role(&role).await.unwrap();
    let mut expected = HashMap::new();
    // More than one statement asks for, every length of the last one's list among them.
    let mut keys: Vec<_> = (0..430_u32).map(nobodys).collect();
    for (number, name) in
        ["viewer", "gift_desk", "gift_desk", "nobodys", "admin"].iter().enumerate()
    {
        let user = user(world, &format!("a{number}@b.co"), name).await;
        let session = world.session(user.id);
        let key = world.save_session(&session).await;
        keys.insert(number * 97, key);
        let custom_roles = (*name == "gift_desk").then(|| role.clone()).into_iter().collect();
        expected.insert(key, StoredSession { session, user, custom_roles });
    }
    let found = world.accounts().sessions_by_key(&keys).await.unwrap();
    assert_eq!(found.len(), expected.len());
    assert_eq!(found.into_iter().collect::<HashMap<_, _>>(), expected);
    assert_eq!(world.accounts().sessions_by_key(&keys[1..7]).await.unwrap(), []);
    assert_eq!(world.accounts().sessions_by_key(&[]).await.unwrap(), []);
}

fn nobodys(number: u32) -> SessionKeyHash {
    let mut key = [0xFF; 32];
    key[..4].copy_from_slice(&number.to_be_bytes());
    SessionKeyHash(key)
}

async fn use_of_a_session_never_goes_back_in_time(world: &World) {
    let user = user(world, "a@b.co", "viewer").await;
    let session = world.session(user.id);
    let key = world.save_session(&session).await;
    for (at, seen) in [(later(10), later(10)), (later(5), later(10)), (later(10), later(10))] {
        assert!(world.accounts().touch_session(session.id, at).await.unwrap());
        assert_eq!(found(world, &key).await.unwrap().session.last_seen_at, seen);
    }
    // It is no change of a record: nothing of it stands in the trail but the user's creation.
    assert_eq!(world.rows("changes").await, 1);
}

async fn use_of_an_ended_session_says_so(world: &World) {
    let user = user(world, "a@b.co", "viewer").await;
    let session = world.session(user.id);
    world.save_session(&session).await;
    let mut tx = world.accounts().begin().await.unwrap();
    assert!(tx.end_session(session.id, user.id).await.unwrap());
    tx.commit(session_noted()).await.unwrap();
    assert!(!world.accounts().touch_session(session.id, later(1)).await.unwrap());
}

async fn sessions_are_listed_newest_first_for_reading_and_oldest_first_for_ending(world: &World) {
    let user = user(world, "a@b.co", "viewer").await;
    let mut sessions: Vec<Session> = (0..3).map(|_| world.session(user.id)).collect();
    for session in &sessions {
        world.save_session(session).await;
    }
    let mut tx = world.accounts().begin().await.unwrap();
    assert_eq!(tx.sessions(user.id).await.unwrap(), sessions);
    drop(tx);
    sessions.reverse();
    assert_eq!(world.accounts().sessions(user.id).await.unwrap(), sessions);
}

async fn a_session_is_ended_by_its_user_alone(world: &World) {
    let (me, you) = (user(world, "a@b.co", "viewer").await, user(world, "c@d.co", "viewer").await);
    let session = world.session(me.id);
    let key = world.save_session(&session).await;
    let mut tx = world.accounts().begin().await.unwrap();
    assert!(!tx.end_session(session.id, you.id).await.unwrap());
    assert!(!tx.end_session(world.id(), me.id).await.unwrap());
    assert!(tx.end_session(session.id, me.id).await.unwrap());
    assert!(!tx.end_session(session.id, me.id).await.unwrap());
    tx.commit(session_noted()).await.unwrap();
    assert_eq!(found(world, &key).await, None);
}

async fn all_sessions_of_a_user_end_but_one(world: &World) {
    let (me, you) = (user(world, "a@b.co", "viewer").await, user(world, "c@d.co", "viewer").await);
    let sessions: Vec<Session> = (0..3).map(|_| world.session(me.id)).collect();
    let yours = world.session(you.id);
    for session in sessions.iter().chain([&yours]) {
        world.save_session(session).await;
    }
    let end = async |except| {
        let mut tx = world.accounts().begin().await.unwrap();
        let ended = tx.end_sessions(me.id, except).await.unwrap();
        tx.commit(session_noted()).await.unwrap();
        ended
    };
    assert_eq!(end(Some(sessions[1].id)).await, 2);
    assert_eq!(left(world, me.id).await, [sessions[1].id]);
    assert_eq!(end(None).await, 1);
    assert_eq!(end(None).await, 0);
    assert_eq!(left(world, you.id).await, [yours.id]);
}

async fn sessions_of_a_role_end(world: &World) {
    let desk = [user(world, "a@b.co", "gift_desk").await, user(world, "c@d.co", "gift_desk").await];
    let other = user(world, "e@f.co", "viewer").await;
    for holder in desk.iter().chain([&other]) {
        world.save_session(&world.session(holder.id)).await;
    }
    let mut tx = world.accounts().begin().await.unwrap();
    let role = RoleName::parse("gift_desk").unwrap();
    assert_eq!(tx.end_sessions_of_role(&role).await.unwrap(), 2);
    tx.commit(session_noted()).await.unwrap();
    assert_eq!(left(world, desk[0].id).await, []);
    assert_eq!(left(world, other.id).await.len(), 1);
}

async fn a_dropped_unit_ends_no_session(world: &World) {
    let user = user(world, "a@b.co", "viewer").await;
    let session = world.session(user.id);
    world.save_session(&session).await;
    let mut tx = world.accounts().begin().await.unwrap();
    assert_eq!(tx.end_sessions(user.id, None).await.unwrap(), 1);
    drop(tx);
    assert_eq!(left(world, user.id).await, [session.id]);
    assert_eq!(session.created_at, START);
}

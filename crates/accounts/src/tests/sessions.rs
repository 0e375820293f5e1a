//! Sessions in use, with storage behind them.

use std::{collections::HashSet, sync::Arc};

use almoner_kernel::{SecurityEventKind as Event, StoreError};
use chrono::Duration;
use parking_lot::Mutex;

use super::world::*;
use crate::{
    LiveSessions, Sessions,
    live::LivePolicy,
    ports::StoredSession,
    role::BuiltIn,
    session::{SessionKey, SessionKeyHash},
};

fn key() -> SessionKey {
    SessionKey::from_random([7; 32])
}

fn stored() -> StoredSession {
    StoredSession {
        session: session(1, 5, at(0)),
        user: user(5, "viewer"),
        custom_roles: Vec::new(),
    }
}

/// What storage finds when the first of these keys is a session's.
fn of(keys: &[SessionKeyHash], stored: StoredSession) -> Vec<(SessionKeyHash, StoredSession)> {
    vec![(keys[0], stored)]
}

fn over(store: MockStore) -> (Sessions, Arc<LiveSessions>) {
    let live = Arc::new(LiveSessions::new(LivePolicy::default()));
    (Sessions::new(Arc::new(store), Arc::new(Zeros), Arc::clone(&live)), live)
}

#[tokio::test]
async fn a_session_in_use_costs_one_read_and_a_write_a_minute() {
    let mut store = MockStore::new();
    store.expect_sessions_by_key().times(1).returning(|keys| Ok(of(keys, stored())));
    store.expect_touch_session().times(2).returning(|_, _| Ok(true));
    let (sessions, _) = over(store);
    for second in 0..=125 {
        let now = at(0) + Duration::seconds(second);
        let live = sessions.resolve(&key(), now).await.unwrap().unwrap();
        assert_eq!(live.caller.user_id, user_id(5));
        assert_eq!(live.last_seen_at(), now);
    }
}

#[tokio::test]
async fn use_keeps_a_session_alive_up_to_its_absolute_end() {
    let mut store = MockStore::new();
    store.expect_sessions_by_key().returning(|keys| Ok(of(keys, stored())));
    store.expect_touch_session().returning(|_, _| Ok(true));
    let (sessions, _) = over(store);
    for minute in (0..12 * 60).step_by(29) {
        assert!(sessions.resolve(&key(), at(minute)).await.unwrap().is_some(), "minute {minute}");
    }
    assert!(sessions.resolve(&key(), at(12 * 60)).await.unwrap().is_none());
}

#[tokio::test]
async fn a_session_that_is_not_used_ends_at_its_idle_time_out() {
    for (minute, alive) in [(29, true), (30, false), (31, false)] {
        let mut store = MockStore::new();
        store.expect_sessions_by_key().returning(|keys| Ok(of(keys, stored())));
        store.expect_touch_session().returning(|_, _| Ok(true));
        let (sessions, _) = over(store);
        let now = at(minute);
        assert_eq!(sessions.resolve(&key(), now).await.unwrap().is_some(), alive, "{minute}");
    }
}

#[tokio::test]
async fn a_clock_that_is_set_back_by_less_than_the_idle_time_out_ends_no_session() {
    for (minute, alive) in [(-29, true), (-30, false), (-24 * 60, false)] {
        let mut store = MockStore::new();
        store.expect_sessions_by_key().returning(|keys| Ok(of(keys, stored())));
        let (sessions, _) = over(store);
        let now = at(minute);
        assert_eq!(sessions.resolve(&key(), now).await.unwrap().is_some(), alive, "{minute}");
    }
}

#[tokio::test]
async fn a_session_goes_on_while_its_use_cannot_be_written() {
    let mut store = MockStore::new();
    store.expect_sessions_by_key().times(1).returning(|keys| Ok(of(keys, stored())));
    let full = || StoreError::Unavailable("the disk is full".into());
    store.expect_touch_session().times(2).returning(move |_, _| Err(full()));
    let (sessions, _) = over(store);
    for minute in [0, 1, 2] {
        assert!(sessions.resolve(&key(), at(minute)).await.unwrap().is_some(), "{minute}");
    }
}

#[tokio::test]
async fn the_session_of_an_inactive_user_is_dead() {
    let mut store = MockStore::new();
    store.expect_sessions_by_key().returning(|keys| {
        let mut stored = stored();
        stored.user.active = false;
        Ok(of(keys, stored))
    });
    let (sessions, live) = over(store);
    assert!(sessions.resolve(&key(), at(1)).await.unwrap().is_none());
    assert!(live.is_empty());
}

#[tokio::test]
async fn a_session_that_another_process_ended_is_noticed_when_its_use_is_written() {
    let mut store = MockStore::new();
    store.expect_sessions_by_key().times(1).returning(|keys| Ok(of(keys, stored())));
    store.expect_touch_session().times(1).returning(|_, _| Ok(false));
    let (sessions, live) = over(store);
    assert!(sessions.resolve(&key(), at(0)).await.unwrap().is_some());
    assert!(sessions.resolve(&key(), at(2)).await.unwrap().is_none());
    assert!(live.is_empty());
}

#[tokio::test]
async fn a_revocation_during_a_load_keeps_the_dead_session_out_of_memory() {
    // The load reads the living session; before it comes back, the user is revoked.
    let slot: Arc<Mutex<Option<Arc<LiveSessions>>>> = Arc::default();
    let mut store = MockStore::new();
    let revoker = Arc::clone(&slot);
    store.expect_sessions_by_key().times(2).returning(move |keys| match revoker.lock().take() {
        Some(live) => {
            live.forget_user(user_id(5));
            Ok(of(keys, stored()))
        }
        None => Ok(Vec::new()),
    });
    let (sessions, live) = over(store);
    *slot.lock() = Some(Arc::clone(&live));
    assert!(sessions.resolve(&key(), at(0)).await.unwrap().is_some(), "it ran at the same time");
    assert!(live.is_empty());
    assert!(
        sessions.resolve(&key(), at(0)).await.unwrap().is_none(),
        "the next request is refused"
    );
}

#[tokio::test]
async fn a_custom_role_that_is_missing_is_damage_and_not_a_session() {
    let mut store = MockStore::new();
    store.expect_sessions_by_key().returning(|keys| {
        let mut stored = stored();
        stored.user.roles = role_names("viewer,phantom");
        Ok(of(keys, stored))
    });
    let (sessions, _) = over(store);
    assert!(matches!(sessions.resolve(&key(), at(0)).await, Err(StoreError::Damaged(_))));
}

#[tokio::test]
async fn many_listeners_cost_one_read_which_is_of_those_that_memory_does_not_know() {
    let known = key();
    let [living, idle, unknown] = [2, 3, 4].map(|byte| SessionKeyHash([byte; 32]));
    let mut store = MockStore::new();
    store
        .expect_sessions_by_key()
        .times(1)
        .withf({
            let known = known.hash();
            move |keys| keys == [known]
        })
        .returning(|keys| Ok(of(keys, stored())));
    store
        .expect_sessions_by_key()
        .times(1)
        .withf(move |keys| keys == [living, idle, unknown])
        .returning(move |_| {
            let of =
                |id, last_seen| StoredSession { session: session(id, 5, last_seen), ..stored() };
            Ok(vec![(idle, of(3, at(-60))), (living, of(2, at(0)))])
        });
    let (sessions, _) = over(store);
    assert_eq!(sessions.look([known.hash()], at(0)).await.unwrap().len(), 1);
    let alive = sessions.look([living, known.hash(), idle, unknown], at(1)).await.unwrap();
    assert_eq!(
        alive.keys().copied().collect::<HashSet<_>>(),
        HashSet::from([known.hash(), living])
    );
    assert_eq!(alive[&living].session.id, session(2, 5, at(0)).id);
    assert_eq!(alive[&living].last_seen_at(), at(0), "looking is no use of a session");
}

#[tokio::test]
async fn a_damaged_session_ends_its_own_listeners_and_nobody_elses() {
    let [sound, damaged] = [2, 3].map(|byte| SessionKeyHash([byte; 32]));
    let mut store = MockStore::new();
    store.expect_sessions_by_key().times(3).returning(move |keys| match keys.contains(&damaged) {
        true => Err(StoreError::Damaged("users.time_zone is not a time zone".to_owned())),
        false => Ok(of(keys, stored())),
    });
    let (sessions, _) = over(store);
    let alive = sessions.look([damaged, sound], at(0)).await.unwrap();
    assert_eq!(alive.into_keys().collect::<Vec<_>>(), [sound]);
}

#[tokio::test]
async fn storage_that_is_away_ends_nobodys_listening() {
    let mut store = MockStore::new();
    let away = || StoreError::Unavailable("connection refused".into());
    store.expect_sessions_by_key().times(1).returning(move |_| Err(away()));
    let (sessions, _) = over(store);
    let looked = sessions.look([key().hash()], at(0)).await;
    assert!(matches!(looked, Err(StoreError::Unavailable(_))));
}

#[tokio::test]
async fn users_see_their_living_sessions_and_which_one_they_are_in() {
    let mut world = World::of([user(5, "viewer")]);
    world.sessions = vec![session(2, 5, at(-10)), session(1, 5, at(-20)), session(3, 5, at(-40))];
    let own = world.stage().sessions.own(&caller(5, BuiltIn::Viewer)).await.unwrap();
    let shown: Vec<_> = own.iter().map(|own| (own.session.id, own.is_current)).collect();
    assert_eq!(shown, [(session_id(2), false), (session_id(1), true)]);
}

#[tokio::test]
async fn only_an_own_session_can_be_ended() {
    let mut world = World::of([user(5, "viewer")]);
    world.sessions = vec![session(2, 5, at(-10)), session(3, 6, at(-10))];
    let stage = world.stage();
    let cx = caller(5, BuiltIn::Viewer);
    assert_eq!(refused(stage.sessions.end(&cx, session_id(3)).await), "not_found");
    assert_eq!(stage.committed(), None);
    stage.sessions.end(&cx, session_id(2)).await.unwrap();
    assert!(stage.has_done(&Did::EndedSession(session_id(2))));
    assert_eq!(stage.events(), [Event::SessionEnded]);
}

#[tokio::test]
async fn all_other_sessions_end_at_once() {
    let mut world = World::of([user(5, "viewer")]);
    world.sessions = vec![session(1, 5, at(-1)), session(2, 5, at(-1)), session(3, 5, at(-1))];
    let stage = world.stage();
    let renewed = stage.sessions.end_others(&caller(5, BuiltIn::Viewer)).await.unwrap();
    assert_eq!(renewed.session.id, session_id(1));
    assert!(stage.has_done(&Did::Rekeyed(session_id(1))), "a copy of its cookie opens nothing");
    assert!(stage.has_done(&Did::EndedSessions { except: Some(session_id(1)) }));
    assert_eq!(stage.events(), [Event::SessionEnded]);
}

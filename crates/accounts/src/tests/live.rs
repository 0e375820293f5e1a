//! The memory of live sessions.

use std::sync::Arc;

use almoner_kernel::Timestamp;
use chrono::Duration;

use super::world::*;
use crate::{
    LiveSessions,
    live::{LivePolicy, LiveSession, Revoked},
    role::{BuiltIn, Role},
    session::SessionKeyHash,
};

fn key(number: u8) -> SessionKeyHash {
    SessionKeyHash([number; 32])
}

/// Session `number` of a user, loaded at an instant.
fn loaded(number: u8, user: u128, role: BuiltIn, now: Timestamp) -> Arc<LiveSession> {
    let session = session(number.into(), user, now);
    let caller = Role::caller(&[Role::BuiltIn(role)], session.user_id, session.id);
    Arc::new(LiveSession::new(session, caller, now))
}

fn keep(live: &LiveSessions, number: u8, user: u128, role: BuiltIn) {
    assert!(live.insert(live.ticket(), key(number), &loaded(number, user, role, at(0))));
}

fn known(live: &LiveSessions, numbers: &[u8]) -> Vec<u8> {
    numbers.iter().copied().filter(|n| live.find(&key(*n), at(1)).is_some()).collect()
}

fn three() -> LiveSessions {
    let live = LiveSessions::new(LivePolicy::default());
    keep(&live, 1, 5, BuiltIn::Viewer);
    keep(&live, 2, 5, BuiltIn::Viewer);
    keep(&live, 3, 6, BuiltIn::Admin);
    live
}

#[test]
fn forgetting_reaches_one_session_one_user_or_one_role() {
    let live = three();
    live.forget_session(session_id(1));
    assert_eq!(known(&live, &[1, 2, 3]), [2, 3]);
    let live = three();
    live.forget_user(user_id(5));
    assert_eq!(known(&live, &[1, 2, 3]), [3]);
    let live = three();
    live.forget_role(&role_name("viewer"));
    assert_eq!(known(&live, &[1, 2, 3]), [3]);
    live.forget_role(&role_name("admin"));
    assert!(live.is_empty());
}

#[test]
fn a_load_that_began_before_any_revocation_is_not_kept() {
    let live = LiveSessions::new(LivePolicy::default());
    let ticket = live.ticket();
    live.forget_user(user_id(99));
    assert!(!live.insert(ticket, key(1), &loaded(1, 5, BuiltIn::Viewer, at(0))));
    assert!(live.is_empty());
    keep(&live, 1, 5, BuiltIn::Viewer);
}

#[test]
fn racing_loads_and_revocations_leave_no_dead_session() {
    // Readers load what is alive and keep it; the revoker kills, then forgets, as a use case does.
    let live = LiveSessions::new(LivePolicy::default());
    let alive = std::sync::atomic::AtomicBool::new(true);
    for _ in 0..200 {
        alive.store(true, std::sync::atomic::Ordering::SeqCst);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    for _ in 0..20 {
                        let ticket = live.ticket();
                        if alive.load(std::sync::atomic::Ordering::SeqCst) {
                            live.insert(ticket, key(1), &loaded(1, 5, BuiltIn::Viewer, at(0)));
                        }
                    }
                });
            }
            scope.spawn(|| {
                let revocation = live.revoking(vec![Revoked::User(user_id(5))], at(0));
                alive.store(false, std::sync::atomic::Ordering::SeqCst);
                revocation.done();
            });
        });
        assert!(live.find(&key(1), at(0)).is_none());
    }
}

#[test]
fn a_revocation_whose_caller_went_away_sends_its_sessions_to_storage_for_a_while() {
    let live = three();
    drop(live.revoking(vec![Revoked::User(user_id(5))], at(0)));
    assert_eq!(known(&live, &[1, 2, 3]), [3]);
    let during = loaded(1, 5, BuiltIn::Viewer, at(1));
    assert!(!live.insert(live.ticket(), key(1), &during), "the commit may still arrive");
    let after = loaded(1, 5, BuiltIn::Viewer, at(2));
    assert!(live.insert(live.ticket(), key(1), &after), "by now it has, or never will");
}

#[test]
fn a_completed_revocation_lets_new_loads_in_at_once() {
    let live = three();
    live.revoking(vec![Revoked::Session(session_id(1))], at(0)).done();
    assert_eq!(known(&live, &[1, 2, 3]), [2, 3]);
    keep(&live, 1, 5, BuiltIn::Viewer);
}

#[test]
fn use_moves_the_idle_time_out_and_never_the_absolute_one() {
    let live = LiveSessions::new(LivePolicy::default());
    keep(&live, 1, 5, BuiltIn::Viewer);
    assert!(live.find(&key(1), at(29)).is_some());
    assert!(live.find(&key(1), at(58)).is_some());
    assert!(live.find(&key(1), at(88)).is_none(), "30 minutes after the last use");
    keep(&live, 2, 5, BuiltIn::Viewer);
    for minute in (0..720).step_by(20) {
        assert!(live.find(&key(2), at(minute)).is_some());
    }
    assert!(live.find(&key(2), at(720)).is_none());
}

#[test]
fn an_entry_is_trusted_for_a_second_when_other_processes_can_revoke() {
    let second = Duration::seconds(1);
    let live =
        LiveSessions::new(LivePolicy { revalidate_after: Some(second), ..LivePolicy::default() });
    keep(&live, 1, 5, BuiltIn::Viewer);
    assert!(live.find(&key(1), at(0) + Duration::milliseconds(999)).is_some());
    assert!(live.find(&key(1), at(0) + second).is_none());
    // The clock was set back, who knows how long after the load.
    assert!(live.find(&key(1), at(0) - Duration::milliseconds(999)).is_some());
    assert!(live.find(&key(1), at(0) - second).is_none());
}

#[test]
fn a_reload_does_not_lose_what_this_process_has_seen() {
    let live = LiveSessions::new(LivePolicy::default());
    keep(&live, 1, 5, BuiltIn::Viewer);
    live.find(&key(1), at(20));
    let again = loaded(1, 5, BuiltIn::Viewer, at(0));
    assert!(live.insert(live.ticket(), key(1), &again));
    assert_eq!(again.last_seen_at(), at(20));
    assert_eq!(live.len(), 1);
}

#[test]
fn a_full_memory_drops_what_was_used_longest_ago() {
    let live = LiveSessions::new(LivePolicy { capacity: 32, ..LivePolicy::default() });
    for number in 0..32 {
        keep(&live, number, number.into(), BuiltIn::Viewer);
    }
    for number in 0..32 {
        if number != 3 && number != 9 {
            live.find(&key(number), at(1));
        }
    }
    keep(&live, 40, 40, BuiltIn::Viewer);
    assert_eq!(live.len(), 31, "a sixteenth leaves, one comes");
    assert_eq!(known(&live, &[2, 3, 4, 9, 10, 40]), [2, 4, 10, 40]);
}

#[test]
fn a_memory_of_nothing_keeps_nothing() {
    let live = LiveSessions::new(LivePolicy { capacity: 0, ..LivePolicy::default() });
    assert!(!live.insert(live.ticket(), key(1), &loaded(1, 5, BuiltIn::Viewer, at(0))));
}

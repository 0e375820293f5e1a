//! What is past its time goes, and nothing else.

use almoner_kernel::{SecurityEvent, SecurityEventKind, Trail};

use crate::support::{World, as_system, later};

on_both![
    old_security_events_go_and_younger_ones_stay,
    security_events_cannot_be_removed_before_their_time,
    the_database_can_be_tended,
];

async fn happened(world: &World, millis: i64) {
    let event = SecurityEvent { kind: SecurityEventKind::LoginFailed, user_id: None, detail: None };
    let trail = Trail { at: later(millis), ..Trail::of(&as_system()).security(event) };
    world.trail().begin().await.unwrap().commit(trail).await.unwrap();
}

async fn old_security_events_go_and_younger_ones_stay(world: &World) {
    for millis in [0, 1, 2, 3, 4] {
        happened(world, millis).await;
    }
    let forget = async |millis, limit| {
        world.store.forget_security_events(later(millis), limit).await.unwrap()
    };
    assert_eq!(forget(0, 10).await, 0);
    assert_eq!(forget(3, 2).await, 2);
    assert_eq!(forget(3, 2).await, 1);
    assert_eq!(forget(3, 2).await, 0);
    // A clock that is set back brings nothing back.
    assert_eq!(forget(1, 2).await, 0);
    assert_eq!(world.rows("security_events").await, 2);
    happened(world, 5).await;
    assert_eq!(world.rows("security_events").await, 3);
    assert!(world.verify().await.is_intact());
}

async fn security_events_cannot_be_removed_before_their_time(world: &World) {
    happened(world, 0).await;
    happened(world, 5).await;
    world.store.forget_security_events(later(3), 10).await.unwrap();
    happened(world, 6).await;
    for statement in ["DELETE FROM security_events", "UPDATE security_events SET detail = 'x'"] {
        assert!(world.try_sql(statement).await.is_err(), "{statement}");
    }
    assert_eq!(world.rows("security_events").await, 2);
}

async fn the_database_can_be_tended(world: &World) {
    happened(world, 0).await;
    world.store.tend().await.unwrap();
    assert_eq!(world.rows("security_events").await, 1);
}

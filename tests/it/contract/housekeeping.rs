//! What is past its time goes, and nothing else.

use std::sync::Arc;

use almoner_audit::{Audit, Finding, Seal};
use almoner_kernel::{SecurityEvent, SecurityEventKind, Trail};

use crate::support::{AUDIT_KEY, World, as_system, created, later};

on_both![
    old_security_events_go_and_younger_ones_stay,
    security_events_cannot_be_removed_before_their_time,
    old_changes_go_and_the_trail_stays_intact,
    changes_cannot_be_removed_before_their_time,
    changes_that_webhooks_were_not_told_of_stay,
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

/// Ten changes, one each millisecond, of which webhooks have been told.
async fn ten_changes(world: &World) {
    for millis in 0..10 {
        let donor = world.donor(&format!("Donor {millis}"));
        let mut unit = world.donors().begin().await.unwrap();
        unit.insert(&donor).await.unwrap();
        unit.commit(Trail { at: later(millis), ..created(&donor) }).await.unwrap();
    }
    told(world, 10).await;
}

async fn told(world: &World, position: i64) {
    world.sql(&format!("UPDATE webhook_position SET position = {position}")).await;
}

async fn shorten(world: &World, millis: i64, limit: u32) -> u64 {
    let seal = Seal::new(AUDIT_KEY);
    let audit = Audit::new(Arc::new(world.store.clone()));
    audit.shorten(&as_system(), &seal, later(millis), limit).await.unwrap()
}

async fn old_changes_go_and_the_trail_stays_intact(world: &World) {
    ten_changes(world).await;
    let noted = world.verify().await.last;
    assert_eq!(shorten(world, 0, 10).await, 0);
    assert_eq!(shorten(world, 5, 3).await, 3);
    assert_eq!(shorten(world, 5, 3).await, 2);
    assert_eq!(shorten(world, 5, 3).await, 0);
    // A clock that is set back brings nothing back.
    assert_eq!(shorten(world, 1, 3).await, 0);
    assert_eq!(world.rows("changes").await, 5);
    let verdict = world.verify_since(Some(noted)).await;
    assert_eq!((verdict.finding, verdict.floor, verdict.verified), (None, 5, 5));
    // The trail goes on, and the last change stays whatever its age.
    world.save_donor(&world.donor("Another")).await;
    told(world, 11).await;
    assert_eq!(shorten(world, 1_000_000_000, 100).await, 5);
    let verdict = world.verify().await;
    assert_eq!((verdict.finding, verdict.floor, verdict.verified), (None, 10, 1));
    assert!(world.feed_after(5, 10).await.iter().map(|notice| notice.position).eq([11]));
}

async fn changes_cannot_be_removed_before_their_time(world: &World) {
    ten_changes(world).await;
    shorten(world, 5, 100).await;
    for statement in ["DELETE FROM changes WHERE position = 6", "UPDATE changes SET reason = 'x'"] {
        assert!(world.try_sql(statement).await.is_err(), "{statement}");
    }
    // Whoever raises the floor by hand can remove rows, and is found out.
    world.sql("UPDATE trail_floor SET position = 7; DELETE FROM changes WHERE position < 8").await;
    assert_eq!(world.verify().await.finding, Some(Finding::FloorAltered { position: 7 }));
}

async fn changes_that_webhooks_were_not_told_of_stay(world: &World) {
    ten_changes(world).await;
    told(world, 4).await;
    assert_eq!(shorten(world, 8, 100).await, 0);
    assert_eq!(shorten(world, 8, 4).await, 4);
    assert_eq!(world.rows("changes").await, 6);
    assert!(world.verify().await.is_intact());
}

async fn the_database_can_be_tended(world: &World) {
    happened(world, 0).await;
    world.store.tend().await.unwrap();
    assert_eq!(world.rows("security_events").await, 1);
}

//! Somebody with full access to the database, but not to the key, touches security events: verification
//! names them.

use almoner_audit::{Audit, Finding, Seal, Verdict};
use almoner_kernel::{SecurityEvent, SecurityEventKind, Trail};
use std::sync::Arc;
use uuid::Uuid;

use crate::support::{AUDIT_KEY, Backend, World, as_system, later, older, run_empty};

on_both![
    an_altered_event_is_named_whatever_the_column,
    an_event_that_was_taken_out_or_put_in_is_named,
    the_end_cannot_be_put_back_behind_what_a_change_has_seen,
    events_past_their_time_are_accounted_for,
    what_was_tampered_with_is_not_removed_as_old,
    an_emptied_trail_is_found,
];

async fn happened(world: &World, times: i64) {
    for n in 0..times {
        let event = SecurityEvent {
            kind: SecurityEventKind::LoginFailed,
            user_id: None,
            detail: Some(format!("event {n}")),
        };
        let cx = almoner_kernel::Context { at: later(n), ..as_system() };
        let trail = Trail::of(&cx).security(event);
        world.trail().begin().await.unwrap().commit(trail).await.unwrap();
    }
}

async fn verified(world: &World) -> Verdict {
    let audit = Audit::new(Arc::new(world.store.clone()));
    let (cx, seal) = (as_system(), Seal::new(AUDIT_KEY));
    let changes = audit.verify(&cx, &seal, None, &mut |_| {}).await.unwrap();
    audit.verify_events(&cx, &seal, changes.events, &mut |_| {}).await.unwrap()
}

async fn unlock(world: &World) {
    let unlocked = match world.backend {
        Backend::Sqlite => {
            "DROP TRIGGER security_events_no_update; DROP TRIGGER security_events_no_delete"
        }
        Backend::Postgres => {
            "DROP TRIGGER security_events_append_only ON security_events;
             DROP TRIGGER security_events_old_only ON security_events"
        }
    };
    world.sql(unlocked).await;
}

async fn an_altered_event_is_named_whatever_the_column(world: &World) {
    happened(world, 5).await;
    unlock(world).await;
    let (id, bytes) = (world.literal(Uuid::from_u128(1)), world.bytes(&[0]));
    for alteration in [
        format!("id = {id}"),
        "at = at + 1".to_owned(),
        "kind = 'logged_in'".to_owned(),
        format!("user_id = {id}"),
        "actor_kind = 'user'".to_owned(),
        format!("actor_id = {id}"),
        "actor_name = NULL".to_owned(),
        "detail = NULL".to_owned(),
        "request_id = 'r'".to_owned(),
        "address = NULL".to_owned(),
        "user_agent = ''".to_owned(),
        format!("seal = {bytes}"),
    ] {
        world.sql("CREATE TABLE kept AS SELECT * FROM security_events WHERE position = 3").await;
        world.sql(&format!("UPDATE security_events SET {alteration} WHERE position = 3")).await;
        let verdict = verified(world).await;
        assert_eq!(verdict.finding, Some(Finding::Altered { position: 3 }), "{alteration}");
        world
            .sql(
                "DELETE FROM security_events WHERE position = 3;
                 INSERT INTO security_events SELECT * FROM kept;
                 DROP TABLE kept",
            )
            .await;
        assert_eq!(verified(world).await.verified, 5);
    }
}

async fn an_event_that_was_taken_out_or_put_in_is_named(world: &World) {
    happened(world, 5).await;
    unlock(world).await;
    let id = world.literal(Uuid::from_u128(1));
    let insert = format!(
        "INSERT INTO security_events (id, at, kind, actor_kind) VALUES ({id}, 1, 'x', 'user')"
    );
    world.sql(&insert).await;
    assert_eq!(verified(world).await.finding, Some(Finding::Outside { rows: 1 }));
    world.sql("DELETE FROM security_events WHERE position IS NULL").await;
    assert!(verified(world).await.is_intact());
    world.sql("DELETE FROM security_events WHERE position = 5").await;
    assert_eq!(verified(world).await.finding, Some(Finding::CutOff { position: 5, end: 5 }));
    world.sql("DELETE FROM security_events WHERE position = 2").await;
    assert_eq!(verified(world).await.finding, Some(Finding::Missing { position: 2, next: 3 }));
}

async fn the_end_cannot_be_put_back_behind_what_a_change_has_seen(world: &World) {
    happened(world, 4).await;
    world.save_donor(&world.donor("Zeynep")).await;
    happened(world, 1).await;
    unlock(world).await;
    for (kept, finding) in [(4, None), (3, Some(Finding::CutOff { position: 4, end: 4 }))] {
        world
            .sql(&format!(
                "DELETE FROM security_events WHERE position > {kept};
                 UPDATE security_chain SET position = {kept},
                     seal = (SELECT seal FROM security_events WHERE position = {kept})"
            ))
            .await;
        assert_eq!(verified(world).await.finding, finding);
    }
}

async fn events_past_their_time_are_accounted_for(world: &World) {
    happened(world, 10).await;
    assert_eq!(world.store.forget_security_events(later(6), 4).await.unwrap(), 4);
    assert_eq!(world.store.forget_security_events(later(6), 4).await.unwrap(), 2);
    let verdict = verified(world).await;
    assert_eq!((verdict.verified, verdict.floor, verdict.finding), (4, 6, None));
    happened(world, 1).await;
    assert_eq!(verified(world).await.verified, 5);
    // Whoever raises the floor by hand is found out.
    world
        .sql(
            "UPDATE trail_floor SET security_events_before = 9999999999999;
             UPDATE security_chain SET floor_position = 7;
             DELETE FROM security_events WHERE position <= 7",
        )
        .await;
    assert_eq!(verified(world).await.finding, Some(Finding::FloorAltered { position: 7 }));
}

async fn what_was_tampered_with_is_not_removed_as_old(world: &World) {
    happened(world, 5).await;
    unlock(world).await;
    world.sql("UPDATE security_events SET detail = 'x' WHERE position = 2").await;
    let refused = world.store.forget_security_events(later(9), 10).await.unwrap_err();
    assert!(refused.to_string().contains("security event 2"), "{refused}");
    assert_eq!(world.rows("security_events").await, 5);
}

async fn an_emptied_trail_is_found(world: &World) {
    world.save_user(&world.user("elif@example.org")).await.unwrap();
    world.save_donor(&world.donor("Zeynep")).await;
    happened(world, 2).await;
    unlock(world).await;
    let unlocked = match world.backend {
        Backend::Sqlite => "DROP TRIGGER changes_no_delete",
        Backend::Postgres => "DROP TRIGGER changes_below_floor_only ON changes",
    };
    world.sql(unlocked).await;
    let zeros = world.bytes(&[0; 32]);
    for table in ["trail_head", "security_chain"] {
        world.sql(&format!("UPDATE {table} SET position = 0, seal = {zeros}")).await;
    }
    world.sql("DELETE FROM changes; DELETE FROM security_events").await;
    // Each chain by itself looks like a new one; the records do not.
    assert!(world.verify().await.is_intact());
    assert!(verified(world).await.is_intact());
    assert_eq!(world.compare().await.all, 2);
}

mod older_events {
    #[test]
    fn on_sqlite() {
        super::run_empty(super::Backend::Sqlite, super::older_events_are_sealed_once);
    }

    #[test]
    #[cfg_attr(without_postgres, ignore = "ALMONER_TEST_POSTGRES_URL is not set")]
    fn on_postgres() {
        super::run_empty(super::Backend::Postgres, super::older_events_are_sealed_once);
    }
}

async fn older_events_are_sealed_once(world: &World) {
    world.store.migrate_up(Some(older::STEPS)).await.unwrap();
    let rows: Vec<String> = (0..1_500)
        .map(|n| {
            let id = world.literal(Uuid::from_u128(9_000 - n));
            format!("({id}, {n}, 'logged_in', 'anonymous')")
        })
        .collect();
    let rows = rows.join(", ");
    world
        .sql(&format!("INSERT INTO security_events (id, at, kind, actor_kind) VALUES {rows}"))
        .await;
    world.store.migrate_up(None).await.unwrap();
    // A command beside the server that has not started yet.
    happened(world, 1).await;
    let done = world.store.chain_events(&mut |_| {}).await.unwrap();
    assert_eq!(done, 1_500);
    assert_eq!(world.store.chain_events(&mut |_| {}).await.unwrap(), 0);
    assert_eq!(verified(world).await.verified, 1_501);
    let order =
        world.texts("at", "FROM security_events WHERE position IN (2, 3, 1501) ORDER BY position");
    assert_eq!(order.await, ["0", "1", "1499"]);
    let refused = world.try_sql("UPDATE security_events SET detail = 'x'").await.unwrap_err();
    assert!(refused.contains("append-only"), "{refused}");
}

//! A database of an older version is brought up to date: its trail is sealed anew, once, and only when it
//! is as it had been sealed.

use almoner_audit::{Finding, Mark};
use almoner_persistence::{Rechained, Store};

use crate::support::{Backend, World, older, older::OlderChange, run_empty};

/// One list, on each database without a schema.
macro_rules! bare {
    ($($case:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test] fn $case() { super::run_empty(super::Backend::Sqlite, super::$case); })+
        }
        mod postgres {
            $(
                #[test]
                #[cfg_attr(without_postgres, ignore = "ALMONER_TEST_POSTGRES_URL is not set")]
                fn $case() { super::run_empty(super::Backend::Postgres, super::$case); }
            )+
        }
    };
}

bare![
    an_older_trail_is_sealed_anew_once_and_goes_on,
    an_older_trail_that_was_altered_is_not_blessed,
    what_was_sealed_anew_before_a_crash_stays_and_the_rest_follows,
    two_instances_that_start_at_once_seal_it_anew_together,
    a_new_database_has_nothing_to_seal_anew,
    a_trail_whose_start_is_past_its_time_is_sealed_anew_behind_it,
];

const DONOR: u128 = 0xD0;

/// A donor whose notes were changed again and again.
async fn older_database(world: &World, changes: i64) {
    world.store.migrate_up(Some(older::STEPS)).await.unwrap();
    let id = world.literal(uuid::Uuid::from_u128(DONOR));
    world
        .sql(&format!(
            "INSERT INTO donors (id, kind, name, name_folded, contact_consent, search, version,
                                 created_at, updated_at)
             VALUES ({id}, 'person', 'Ayşe', 'ayse', {}, 'ayse', {changes}, 1, 1)",
            match world.backend {
                Backend::Sqlite => "0",
                Backend::Postgres => "FALSE",
            }
        ))
        .await;
    let created = OlderChange::new("created", "donor", DONOR, 1)
        .to(r#"{"contact_consent":false,"kind":"person","name":"Ayşe"}"#);
    let changed = (2..=changes).map(|version| {
        OlderChange::new("updated", "donor", DONOR, version)
            .from(&format!(r#"{{"notes":"it's {}"}}"#, version - 1))
            .to(&format!(r#"{{"notes":"it's {version}"}}"#))
    });
    world.older_trail(&std::iter::once(created).chain(changed).collect::<Vec<_>>()).await;
}

async fn anew(store: &Store) -> Rechained {
    store.chain_anew(&mut |_, _| {}).await.unwrap()
}

async fn an_older_trail_is_sealed_anew_once_and_goes_on(world: &World) {
    older_database(world, 2_500).await;
    world.store.migrate_up(None).await.unwrap();
    let before = world.verify().await;
    assert_eq!((before.verified, before.finding.clone()), (2_500, None));
    let Rechained::Done { before: old, after } = anew(&world.store).await else {
        panic!("it was not sealed anew")
    };
    assert_eq!(old, before.last);
    assert_eq!(after.position, 2_500);
    assert_ne!(after.mac, old.mac);
    let now = world.verify().await;
    assert_eq!((now.verified, now.last, now.finding), (2_500, after, None));
    assert_eq!(world.number("min(format)", "FROM changes").await, 2);
    assert_eq!(anew(&world.store).await, Rechained::Nothing);

    world.save_donor(&world.donor("Zeynep")).await;
    assert_eq!(world.verify().await.verified, 2_501);
    assert!(world.verify_since(Some(after)).await.is_intact());
    let told = world.verify_since(Some(old)).await.finding;
    assert_eq!(told, Some(Finding::SealedAnew { position: 2_500, end: 2_500 }));
    let refusal = world.try_sql("UPDATE changes SET reason = 'x' WHERE position = 1").await;
    assert!(refusal.unwrap_err().contains("append-only"));
}

async fn an_older_trail_that_was_altered_is_not_blessed(world: &World) {
    older_database(world, 20).await;
    world.store.migrate_up(None).await.unwrap();
    let [unlock, lock] = match world.backend {
        Backend::Sqlite => ["DROP TRIGGER changes_no_update", ""],
        Backend::Postgres => [
            "ALTER TABLE changes DISABLE TRIGGER changes_append_only",
            "ALTER TABLE changes ENABLE TRIGGER changes_append_only",
        ],
    };
    world.sql(unlock).await;
    world.sql("UPDATE changes SET after = '{}' WHERE position = 12").await;
    world.sql(lock).await;
    let altered = Finding::Altered { position: 12 };
    assert_eq!(anew(&world.store).await, Rechained::Broken(altered.clone()));
    assert_eq!(world.number("max(format)", "FROM changes").await, 1);
    // The office works on; what is wrong is told as before.
    world.save_donor(&world.donor("Zeynep")).await;
    assert_eq!(world.verify().await.finding, Some(altered.clone()));
    assert_eq!(anew(&world.store).await, Rechained::Broken(altered));
}

async fn what_was_sealed_anew_before_a_crash_stays_and_the_rest_follows(world: &World) {
    older_database(world, 2_500).await;
    world.store.migrate_up(None).await.unwrap();
    let noted: Mark = world.verify().await.last;
    let store = world.store.clone();
    // Verifying is told once; then each batch, before it is committed.
    let crashed = tokio::spawn(async move {
        let mut told = 0;
        store
            .chain_anew(&mut |_, _| {
                told += 1;
                assert!(told < 3, "the process dies in the second batch");
            })
            .await
    });
    assert!(crashed.await.unwrap_err().is_panic());
    assert_eq!(world.number("count(*)", "FROM changes WHERE format = 2").await, 1_000);
    assert_eq!(world.number("anew_position", "FROM trail_head").await, 1_000);
    let verdict = world.verify_since(Some(noted)).await;
    assert_eq!((verdict.verified, verdict.finding), (2_500, None), "in the middle of it");
    // A command beside the server that is not there.
    world.save_donor(&world.donor("Zeynep")).await;
    assert_eq!(world.verify().await.verified, 2_501);

    let Rechained::Done { after, .. } = anew(&world.store).await else { panic!("not done") };
    assert_eq!(after.position, 2_501);
    let verdict = world.verify().await;
    assert_eq!((verdict.verified, verdict.finding), (2_501, None));
    assert_eq!(world.number("min(format)", "FROM changes").await, 2);
}

async fn two_instances_that_start_at_once_seal_it_anew_together(world: &World) {
    older_database(world, 2_500).await;
    world.store.migrate_up(None).await.unwrap();
    let other = Store::open(world.options(false, 2)).await.unwrap();
    let (one, two) = tokio::join!(anew(&world.store), anew(&other));
    let done = [&one, &two];
    assert!(done.iter().any(|done| matches!(done, Rechained::Done { .. })), "{done:?}");
    assert!(!done.iter().any(|done| matches!(done, Rechained::Broken(_))), "{done:?}");
    other.close().await.unwrap();
    let verdict = world.verify().await;
    assert_eq!((verdict.verified, verdict.finding), (2_500, None));
}

async fn a_new_database_has_nothing_to_seal_anew(world: &World) {
    world.store.migrate_up(None).await.unwrap();
    assert_eq!(anew(&world.store).await, Rechained::Nothing);
    world.save_donor(&world.donor("Zeynep")).await;
    assert_eq!(anew(&world.store).await, Rechained::Nothing);
    assert_eq!(world.verify().await.verified, 1);
}

async fn a_trail_whose_start_is_past_its_time_is_sealed_anew_behind_it(world: &World) {
    older_database(world, 30).await;
    let seal = world.texts(
        match world.backend {
            Backend::Sqlite => "hex(seal)",
            Backend::Postgres => "encode(seal, 'hex')",
        },
        "FROM changes WHERE position = 10",
    );
    let mark: Mark = format!("10:{}", seal.await[0].to_lowercase()).parse().unwrap();
    let floor =
        almoner_audit::Floor::behind(&mark, &almoner_audit::Seal::new(crate::support::AUDIT_KEY));
    let (seal, proof) = (world.bytes(&floor.mac), world.bytes(&floor.proof));
    world
        .sql(&format!("UPDATE trail_floor SET position = 10, seal = {seal}, proof = {proof}"))
        .await;
    world.sql("DELETE FROM changes WHERE position <= 10").await;
    world.store.migrate_up(None).await.unwrap();
    assert_eq!(world.verify().await.verified, 20);
    assert!(matches!(anew(&world.store).await, Rechained::Done { .. }));
    let verdict = world.verify().await;
    assert_eq!((verdict.verified, verdict.floor, verdict.finding), (20, 10, None));
}

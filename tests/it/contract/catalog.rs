//! The schema on PostgreSQL is held against the one that the program makes.

use crate::support::{Backend, World, run};

#[test]
#[cfg_attr(without_postgres, ignore = "ALMONER_TEST_POSTGRES_URL is not set")]
fn whatever_was_done_to_the_schema_is_named() {
    run(Backend::Postgres, whatever_was_done);
}

async fn whatever_was_done(world: &World) {
    let difference = async || world.store.catalog_difference().await.unwrap();
    assert_eq!(difference().await, None);
    world.save_donor(&world.donor("Zeynep")).await;
    assert_eq!(difference().await, None);
    for (done, undone, told) in [
        (
            "ALTER TABLE changes DISABLE TRIGGER changes_append_only",
            "ALTER TABLE changes ENABLE TRIGGER changes_append_only",
            "the trigger \"changes_append_only\" is not as this program makes it",
        ),
        (
            "CREATE TRIGGER mine AFTER UPDATE ON users EXECUTE FUNCTION almoner_append_only()",
            "DROP TRIGGER mine ON users",
            "it has the trigger \"mine\", which this program does not make",
        ),
        (
            "CREATE RULE mine AS ON DELETE TO donations DO INSTEAD NOTHING",
            "DROP RULE mine ON donations",
            "it has the rule \"mine\", which this program does not make",
        ),
        (
            "ALTER TABLE users ADD COLUMN mine text",
            "ALTER TABLE users DROP COLUMN mine",
            "it has the column \"users.mine\", which this program does not make",
        ),
        (
            "CREATE FUNCTION mine() RETURNS int LANGUAGE sql AS 'SELECT 1'",
            "DROP FUNCTION mine()",
            "it has the function \"mine\", which this program does not make",
        ),
        (
            "ALTER INDEX jobs_due RENAME TO jobs_due_kept",
            "ALTER INDEX jobs_due_kept RENAME TO jobs_due",
            "it has the index \"jobs_due_kept\", which this program does not make",
        ),
    ] {
        world.sql(done).await;
        assert_eq!(difference().await.as_deref(), Some(told));
        world.sql(undone).await;
        assert_eq!(difference().await, None, "{undone}");
    }
    let body = "$$ BEGIN RETURN NULL; END $$";
    world
        .sql(&format!(
            "CREATE OR REPLACE FUNCTION almoner_append_only() RETURNS trigger LANGUAGE plpgsql AS {body}"
        ))
        .await;
    let told = "the function \"almoner_append_only\" is not as this program makes it";
    assert_eq!(difference().await.as_deref(), Some(told));
}

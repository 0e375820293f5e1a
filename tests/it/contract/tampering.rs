//! Somebody with full access to the database, but not to the key, touches the trail: verification
//! names the row.

use almoner_audit::{Finding, Mark};

use crate::support::{Backend, World, text, with};

on_both![
    an_altered_row_is_named_whatever_the_column,
    a_row_that_was_taken_out_is_named,
    the_last_row_taken_out_is_named,
    a_row_that_was_put_in_is_named,
    a_row_put_before_the_first_is_named,
    two_rows_that_changed_places_are_named,
    a_head_that_was_put_back_or_removed_is_told,
    a_mark_noted_elsewhere_shows_that_the_end_was_cut_off,
    a_trail_longer_than_a_batch_is_read_to_its_end,
];

const ROWS: i64 = 5;

async fn with_trail(world: &World) {
    for n in 0..ROWS {
        let donor = with(world.donor(&format!("Donor {n}")), |it| {
            it.own.notes = text(Some("note".to_owned()));
        });
        world.save_donor(&donor).await;
    }
    assert_eq!(world.verify().await.verified, ROWS as u64);
    let unlocked = match world.backend {
        Backend::Sqlite => {
            "DROP TRIGGER changes_no_update; DROP TRIGGER changes_no_delete;
             DROP TRIGGER IF EXISTS changes_no_replace"
        }
        Backend::Postgres => {
            "DROP TRIGGER changes_append_only ON changes;
             DROP TRIGGER changes_below_floor_only ON changes"
        }
    };
    world.sql(unlocked).await;
    assert!(world.verify().await.is_intact());
}

async fn an_altered_row_is_named_whatever_the_column(world: &World) {
    with_trail(world).await;
    let id = world.literal(uuid::Uuid::from_u128(1));
    let bytes = match world.backend {
        Backend::Sqlite => "X'00'",
        Backend::Postgres => r"'\x00'",
    };
    let mut alterations = vec![
        format!("id = {id}"),
        "at = at + 1".to_owned(),
        "actor_kind = 'anonymous', actor_name = NULL".to_owned(),
        format!("actor_id = {id}"),
        "actor_name = 'cli'".to_owned(),
        "action = 'updated'".to_owned(),
        "entity = 'campaign'".to_owned(),
        format!("entity_id = {id}"),
        "version = version + 1".to_owned(),
        "before = '{ }'".to_owned(),
        "after = '{}'".to_owned(),
        "reason = 'because'".to_owned(),
        "reason = ''".to_owned(),
        "request_id = NULL".to_owned(),
        "address = '192.0.2.8'".to_owned(),
        "user_agent = NULL".to_owned(),
        format!("seal = {bytes}"),
        "seal = (SELECT seal FROM changes WHERE position = 2)".to_owned(),
    ];
    if world.backend == Backend::Sqlite {
        // Values that are not even of the type of their column.
        for column in ["at", "version", "action", "entity_id", "seal", "after"] {
            alterations.push(format!("{column} = 1.5"));
        }
        alterations.push("after = X'FF'".to_owned());
        alterations.push("action = CAST(X'FF' AS text)".to_owned());
        alterations.push("entity_id = X'00'".to_owned());
    }
    for alteration in alterations {
        world.sql("CREATE TABLE kept AS SELECT * FROM changes WHERE position = 3").await;
        world.sql(&format!("UPDATE changes SET {alteration} WHERE position = 3")).await;
        let verdict = world.verify().await;
        assert_eq!(verdict.finding, Some(Finding::Altered { position: 3 }), "{alteration}");
        assert_eq!(verdict.verified, 2);
        world
            .sql(
                "DELETE FROM changes WHERE position = 3;
                 INSERT INTO changes SELECT * FROM kept;
                 DROP TABLE kept",
            )
            .await;
        assert!(world.verify().await.is_intact());
    }
}

async fn a_row_that_was_taken_out_is_named(world: &World) {
    with_trail(world).await;
    world.sql("DELETE FROM changes WHERE position IN (2, 3)").await;
    let finding = world.verify().await.finding;
    assert_eq!(finding, Some(Finding::Missing { position: 2, next: 4 }));
}

async fn the_last_row_taken_out_is_named(world: &World) {
    with_trail(world).await;
    world.sql("DELETE FROM changes WHERE position >= 4").await;
    let finding = world.verify().await.finding;
    assert_eq!(finding, Some(Finding::CutOff { position: 4, end: 5 }));
}

const COPY: &str = "id, at, actor_kind, actor_id, actor_name, action, entity, entity_id, version,
                    before, after, reason, request_id, address, user_agent, seal";

/// Puts a copy of the third row in, under another id and at another place.
async fn put_in(world: &World, position: i64) {
    let id = world.literal(uuid::Uuid::from_u128(1));
    let copied = COPY.replacen("id", id.as_str(), 1);
    world
        .sql(&format!(
            "INSERT INTO changes (position, {COPY})
             SELECT {position}, {copied} FROM changes WHERE position = 3",
        ))
        .await;
}

async fn a_row_that_was_put_in_is_named(world: &World) {
    with_trail(world).await;
    put_in(world, 6).await;
    assert_eq!(world.verify().await.finding, Some(Finding::Inserted { position: 6 }));
}

async fn a_row_put_before_the_first_is_named(world: &World) {
    with_trail(world).await;
    put_in(world, i64::MIN + 1).await;
    let finding = world.verify().await.finding;
    assert_eq!(finding, Some(Finding::Inserted { position: i64::MIN + 1 }));
}

async fn two_rows_that_changed_places_are_named(world: &World) {
    with_trail(world).await;
    world
        .sql(
            "UPDATE changes SET position = 100 WHERE position = 2;
             UPDATE changes SET position = 2 WHERE position = 3;
             UPDATE changes SET position = 3 WHERE position = 100",
        )
        .await;
    assert_eq!(world.verify().await.finding, Some(Finding::Altered { position: 2 }));
}

async fn a_head_that_was_put_back_or_removed_is_told(world: &World) {
    with_trail(world).await;
    let kept = "CREATE TABLE kept AS SELECT * FROM trail_head";
    let restored = "DELETE FROM trail_head; INSERT INTO trail_head SELECT * FROM kept";
    world.sql(kept).await;
    let third = "(SELECT seal FROM changes WHERE position = 3)";
    for (alteration, finding) in [
        (
            format!("UPDATE trail_head SET position = 3, seal = {third}"),
            Finding::HeadBehind { position: 3, end: 5 },
        ),
        (format!("UPDATE trail_head SET seal = {third}"), Finding::HeadAltered { position: 5 }),
        ("UPDATE trail_head SET position = 6".to_owned(), Finding::CutOff { position: 6, end: 6 }),
        ("DELETE FROM trail_head".to_owned(), Finding::HeadLost { end: 5 }),
    ] {
        world.sql(&alteration).await;
        assert_eq!(world.verify().await.finding, Some(finding), "{alteration}");
        world.sql(restored).await;
        assert!(world.verify().await.is_intact());
    }
    world.sql("UPDATE trail_head SET key_id = '0123456789abcdef'").await;
    let finding = world.verify().await.finding;
    assert!(matches!(finding, Some(Finding::WrongKey { .. })), "{finding:?}");
}

async fn a_mark_noted_elsewhere_shows_that_the_end_was_cut_off(world: &World) {
    with_trail(world).await;
    let noted: Mark = world.verify().await.last;
    world
        .sql(
            "DELETE FROM changes WHERE position > 3;
             UPDATE trail_head
             SET position = 3, seal = (SELECT seal FROM changes WHERE position = 3)",
        )
        .await;
    assert!(world.verify().await.is_intact(), "without a mark nobody can tell");
    let finding = world.verify_since(Some(noted)).await.finding;
    assert_eq!(finding, Some(Finding::CutOff { position: 4, end: 5 }));
}

async fn a_trail_longer_than_a_batch_is_read_to_its_end(world: &World) {
    let donor = world.donor("Often");
    for rows in [6_000, 4_000, 100] {
        let mut trail = crate::support::created(&donor);
        for _ in 1..rows {
            trail = trail.created(&donor);
        }
        world.trail().begin().await.unwrap().commit(trail).await.unwrap();
        assert!(world.verify().await.is_intact());
    }
    assert_eq!(world.verify().await.verified, 10_100);
    let unlocked = match world.backend {
        Backend::Sqlite => "DROP TRIGGER changes_no_update",
        Backend::Postgres => "DROP TRIGGER changes_append_only ON changes",
    };
    world.sql(unlocked).await;
    world.sql("UPDATE changes SET version = 2 WHERE position = 10050").await;
    assert_eq!(world.verify().await.finding, Some(Finding::Altered { position: 10_050 }));
}

//! `audit verify` on a file that somebody has opened with another program.

use rusqlite::Connection;
use serde_json::json;

use super::almoner::Almoner;

#[tokio::test]
async fn verify_names_the_row_that_was_touched_and_ends_with_4() {
    let mut almoner = Almoner::new();
    almoner.start();
    almoner.create_admin();
    let browser = almoner.log_in().await;
    for name in ["Ahmet Işık", "Zeynep Kaya", "Mehmet Demir"] {
        browser.post("/donors", &json!({ "kind": "person", "name": name })).await.expect(201);
    }
    let verified = almoner.run(&["audit", "verify"]);
    assert_eq!(verified.status.code(), Some(0));
    let printed = String::from_utf8(verified.stdout).unwrap();
    let head = printed.lines().nth(1).unwrap().to_owned();
    almoner.signal("-TERM");
    assert!(almoner.ended());

    let file = Connection::open(almoner.database()).unwrap();
    let refused = file.execute("UPDATE changes SET reason = 'nothing'", []).unwrap_err();
    assert!(refused.to_string().contains("append-only"), "{refused}");
    let triggers: Vec<String> = file
        .prepare("SELECT sql FROM sqlite_schema WHERE name IN ('changes_no_update', 'changes_no_delete')")
        .unwrap()
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    assert_eq!(triggers.len(), 2);
    // What somebody does who can write to the file, and wants nobody to see it.
    let tampered = |what: &dyn Fn()| {
        file.execute_batch("DROP TRIGGER changes_no_update; DROP TRIGGER changes_no_delete")
            .unwrap();
        what();
        file.execute_batch(&triggers.join(";")).unwrap();
    };
    let said = |arguments: &[&str]| {
        let output = almoner.run(arguments);
        assert_eq!(output.status.code(), Some(4));
        String::from_utf8(output.stdout).unwrap()
    };

    let actor: Vec<u8> = file
        .query_row("SELECT actor_id FROM changes WHERE position = 3", [], |row| row.get(0))
        .unwrap();
    tampered(&|| {
        file.execute("UPDATE changes SET actor_id = zeroblob(16) WHERE position = 3", []).unwrap();
    });
    assert!(said(&["audit", "verify"]).contains("row 3 was altered"));
    tampered(&|| {
        file.execute("UPDATE changes SET actor_id = ?1 WHERE position = 3", [&actor]).unwrap();
    });
    assert!(almoner.run(&["audit", "verify"]).status.success());

    // Cut off together with the head: a mark that was kept elsewhere tells, and the records do.
    let seal: Vec<u8> = file
        .query_row("SELECT seal FROM changes WHERE position = 2", [], |row| row.get(0))
        .unwrap();
    tampered(&|| {
        file.execute("DELETE FROM changes WHERE position > 2", []).unwrap();
    });
    assert!(said(&["audit", "verify"]).contains("row 3 is missing"));
    file.execute("UPDATE trail_head SET position = 2, seal = ?1", [seal]).unwrap();
    let told = said(&["audit", "verify"]);
    assert_eq!(told.matches("no change of the trail made it").count(), 2, "{told}");
    assert!(said(&["audit", "verify", "--expect-head", &head]).contains("row 3 is missing"));
}

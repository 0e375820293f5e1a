//! A right to a field counts where it reaches as far as the records are met: otherwise the field stays
//! hidden, for those records too that the right would reach.

use serde_json::{Value, json};

use super::{lent, path, wheelchair};
use crate::{
    http::{
        house::{House, PASSWORD},
        reading::{errors, refused},
    },
    support::Browser,
};

on_both_shelves![
    a_right_that_reaches_less_far_shows_nothing,
    a_right_that_reaches_as_far_shows_the_field,
    a_child_is_written_as_far_as_its_parent_and_read_as_far,
];

const HIDDEN: [&str; 3] = ["paid_on", "paid_by", "damage"];

fn paid() -> Value {
    let mut new = wheelchair();
    new["damage"] = json!("Zebrafish");
    new
}

/// Somebody with roles of their own, logged in.
async fn with(house: &House<'_>, email: &str, roles: &[(&str, &str, &[&str])]) -> Browser {
    let superadmin = house.superadmin().await;
    let mut names = Vec::new();
    for (role, scope, permissions) in roles {
        let new =
            json!({ "name": role, "label": role, "scope": scope, "permissions": permissions });
        superadmin.post("/roles", &new).await.expect(201);
        names.push(*role);
    }
    let user = json!({ "name": "Somebody", "email": email, "roles": names, "password": PASSWORD });
    superadmin.post("/users", &user).await.expect(201);
    Browser::log_in(&house.url, email, PASSWORD).await
}

async fn a_right_that_reaches_less_far_shows_nothing(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let theirs = superadmin.post("/loans", &paid()).await.expect(201);
    let own = ["loans:read", "loans:create", "loans:update", "loans:money"];
    let roles: [(&str, &str, &[&str]); 2] =
        [("cashier", "own", &own), ("reader", "all", &["loans:read", "audit:read"])];
    let cashier = with(house, "cashier@example.org", &roles).await;
    let made = cashier.post("/loans", &paid()).await.expect(201);
    let history = format!("{}/history", path(&theirs.body));
    for at in [path(&theirs.body), path(&made.body)] {
        let read = cashier.get(&at).await.expect(200);
        assert_eq!(read.body["hidden"], json!(HIDDEN));
        assert!(!read.body.to_string().contains("Zebrafish"));
    }
    for at in ["/loans", "/audit/changes?entity=loan", &history] {
        let read = cashier.get(at).await.expect(200);
        assert!(!read.body.to_string().contains("Zebrafish"), "{at}");
    }
    for query in ["/loans?sort=paid_on", "/loans?paid_on=any", "/loans/summary?group_by=paid_month"]
    {
        refused(cashier.get(query).await, 403, "forbidden");
    }
    let asked = json!({ "paid_by": "+905321234567" });
    refused(cashier.post("/loans/lookup", &asked).await, 403, "forbidden");
    // The role that has the right changes the field of the records it reaches.
    let change = json!({ "damage": "Zebra" });
    let changed = cashier.patch(&path(&made.body), 1, &change).await.expect(200);
    assert_eq!(changed.text("/damage"), "Zebra");
    refused(cashier.patch(&path(&theirs.body), 1, &change).await, 404, "not_found");
}

async fn a_right_that_reaches_as_far_shows_the_field(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let theirs = superadmin.post("/loans", &paid()).await.expect(201);
    let roles: [(&str, &str, &[&str]); 2] =
        [("reader", "all", &["loans:read"]), ("money", "all", &["loans:money"])];
    let cashier = with(house, "cashier@example.org", &roles).await;
    assert_eq!(cashier.get(&path(&theirs.body)).await.expect(200).text("/damage"), "Zebrafish");
    cashier.get("/loans?sort=paid_on").await.expect(200);
}

async fn a_child_is_written_as_far_as_its_parent_and_read_as_far(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let roles: [(&str, &str, &[&str]); 2] = [
        ("writer", "own", &["loans:read", "loans:create", "loans:update", "loans:hand_out"]),
        ("reader", "all", &["loans:read"]),
    ];
    let writer = with(house, "writer@example.org", &roles).await;
    let (theirs, own) = (lent(&superadmin).await, lent(&writer).await);
    let word =
        |loan: &Value| json!({ "loan_id": loan["id"], "text": "Called", "sent_on": "2026-06-20" });
    let told = superadmin.post("/reminders", &word(&theirs)).await.expect(201);
    let answer = writer.post("/reminders", &word(&theirs)).await.expect(422);
    assert_eq!(errors(&answer), [("/loan_id", "unknown")]);
    writer.post("/reminders", &word(&own)).await.expect(201);
    assert_eq!(writer.get("/reminders").await.expect(200).list("/items").len(), 2);
    let at = format!("/reminders/{}", told.text("/id"));
    writer.get(&at).await.expect(200);
    refused(writer.patch(&at, 1, &json!({ "text": "x" })).await, 404, "not_found");
}

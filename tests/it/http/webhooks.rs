//! Webhooks over HTTP.

use serde_json::json;

use super::{house::House, reading::every};
use crate::support::{Answer, Browser};

in_both_houses![
    a_webhook_is_created_changed_and_deleted_and_shows_its_secret_where_it_was_made,
    what_is_wrong_with_a_webhook_is_said_at_once,
    a_url_that_only_the_server_reaches_is_refused,
    tests_and_replays_are_deliveries,
    there_are_at_most_a_hundred_webhooks,
];

async fn made(browser: &Browser) -> Answer {
    let new = json!({
        "url": "https://example.org/hooks",
        "description": "Books",
        "events": ["donor.updated", "donation.*"],
    });
    browser.post("/webhooks", &new).await.expect(201)
}

async fn a_webhook_is_created_changed_and_deleted_and_shows_its_secret_where_it_was_made(
    house: &House<'_>,
) {
    let superadmin = house.superadmin().await;
    let answer = made(&superadmin).await;
    let path = format!("/webhooks/{}", answer.text("/id"));
    assert_eq!(answer.header("location"), format!("/api/v1{path}"));
    let secret = answer.text("/secret");
    assert!(secret.starts_with("whsec_") && secret.len() == 50, "{secret}");
    let mut shown = answer.body;
    shown.as_object_mut().unwrap().remove("secret");
    assert_eq!(shown["events"], json!(["donation.*", "donor.updated"]));
    assert_eq!(superadmin.get(&path).await.expect(200).body, shown);
    assert_eq!(superadmin.get("/webhooks").await.expect(200).list("/items"), [shown]);

    let patch = json!({ "is_active": false, "description": null });
    let changed = superadmin.patch(&path, 1, &patch).await.expect(200);
    assert_eq!((&changed.body["is_active"], changed.number("/version")), (&json!(false), 2));
    assert!(changed.body.get("description").is_none());
    superadmin.patch(&path, 1, &json!({ "is_active": true })).await.expect(412);
    let off = superadmin.act(&format!("{path}/test")).await.expect(409);
    assert_eq!(off.text("/code"), "webhook_disabled");
    superadmin.patch(&path, 2, &json!({ "is_active": true })).await.expect(200);

    let rotated = superadmin.act(&format!("{path}/rotate")).await.expect(200);
    assert_ne!(rotated.text("/secret"), secret);
    assert_eq!(rotated.version(), "4");
    let trail = house.world.texts("after", "FROM changes WHERE entity = 'webhook'").await;
    assert_eq!(trail.len(), 4);
    assert!(trail.iter().all(|change| !change.contains(&secret)), "{trail:?}");
    assert_eq!(house.world.rows("answers").await, 0);

    let history = superadmin.get(&format!("{path}/history")).await.expect(200);
    assert_eq!(every(history.list("/items"), "/version"), ["4", "3", "2", "1"]);
    let shown = &history.list("/items")[2];
    assert_eq!((&shown["action"], &shown["entity"]), (&json!("updated"), &json!("webhook")));

    superadmin.delete(&path, 1).await.expect(412);
    superadmin.delete(&path, 4).await.expect(204);
    superadmin.get(&path).await.expect(404);
    superadmin.get(&format!("{path}/deliveries")).await.expect(404);
}

async fn what_is_wrong_with_a_webhook_is_said_at_once(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let new = json!({ "url": "https://10.0.0.1/", "events": ["donation.eaten"] });
    let wrong = superadmin.post("/webhooks", &new).await.expect(422);
    let mut complaints: Vec<(String, String)> = wrong
        .list("/errors")
        .iter()
        .map(|one| ["pointer", "code"].map(|name| one[name].as_str().unwrap().to_owned()))
        .map(|[pointer, code]| (pointer, code))
        .collect();
    complaints.sort();
    let expected = [("/events", "event_type"), ("/url", "url")];
    assert_eq!(complaints, expected.map(|(a, b)| (a.to_owned(), b.to_owned())));
    let path = format!("/webhooks/{}", made(&superadmin).await.text("/id"));
    let empty = json!({ "events": [], "url": null, "is_active": null });
    let wrong = superadmin.patch(&path, 1, &empty).await.expect(422);
    assert_eq!(wrong.list("/errors").len(), 3);
}

async fn a_url_that_only_the_server_reaches_is_refused(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    for url in [
        "http://example.org/",
        "https://127.0.0.1/",
        "https://[::ffff:10.0.0.1]/",
        "https://0xa9fea9fe/latest/meta-data",
        "https://example.org:25/",
        "https://user:word@example.org/",
    ] {
        let new = json!({ "url": url, "events": ["donation.created"] });
        let refused = superadmin.post("/webhooks", &new).await.expect(422);
        assert_eq!(refused.text("/errors/0/pointer"), "/url");
        assert_eq!(refused.text("/errors/0/code"), "url");
    }
    assert_eq!(house.world.rows("webhooks").await, 0);
}

async fn tests_and_replays_are_deliveries(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let path = format!("/webhooks/{}", made(&superadmin).await.text("/id"));
    let ping = superadmin.act(&format!("{path}/test")).await.expect(202);
    assert_eq!((ping.text("/event"), ping.text("/state")), ("test.ping".into(), "pending".into()));
    let list = superadmin.get(&format!("{path}/deliveries?state=pending")).await.expect(200);
    assert_eq!(list.list("/items"), std::slice::from_ref(&ping.body));
    let replay = format!("{path}/deliveries/{}/replay", ping.text("/id"));
    let early = superadmin.act(&replay).await.expect(409);
    assert_eq!(early.text("/code"), "delivery_pending");

    house.world.sql("UPDATE webhook_deliveries SET state = 'failed', ended_at = 1").await;
    let again = superadmin.act(&replay).await.expect(202);
    assert_eq!(again.text("/message_id"), ping.text("/message_id"));
    assert_eq!(house.world.rows("jobs").await, 2);
    // In the address of another webhook it is nobody's.
    let other = format!("/webhooks/{}", made(&superadmin).await.text("/id"));
    let foreign = format!("{other}/deliveries/{}/replay", ping.text("/id"));
    superadmin.act(&foreign).await.expect(404);
    superadmin.act(&format!("{other}/deliveries/nothing/replay")).await.expect(404);
}

async fn there_are_at_most_a_hundred_webhooks(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    for _ in 0..100 {
        made(&superadmin).await;
    }
    let new = json!({ "url": "https://example.org/hooks", "events": ["donation.*"] });
    let answer = superadmin.post("/webhooks", &new).await.expect(409);
    assert_eq!(answer.text("/code"), "webhook_limit");
    let one = superadmin.get("/webhooks?limit=1").await.expect(200).text("/items/0/id");
    superadmin.delete(&format!("/webhooks/{one}"), 1).await.expect(204);
    made(&superadmin).await;
}

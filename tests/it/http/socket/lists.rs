//! What is followed over a socket is what is read: lists as they are, topics as they change, and
//! nothing that a request would have been refused.

use reqwest::Method;
use serde_json::json;
use tokio_tungstenite::tungstenite::{Message, http::HeaderValue};

use super::{Kept, at, open, room, subscribe};
use crate::{
    http::{
        house::{House, a_donor},
        reading::refused,
    },
    support::{Browser, Heard, Socket},
};

in_both_houses![
    a_page_of_ours_opens_a_socket_and_nobody_else,
    a_list_over_a_socket_is_the_list_that_is_read,
    every_list_that_can_be_followed_can_be_followed_over_a_socket,
    a_client_that_was_away_goes_on_where_it_stopped,
    after_the_database_was_put_back_a_subscription_begins_anew,
    nothing_is_heard_of_a_subscription_that_was_ended,
    nobody_hears_of_records_outside_of_their_scope,
    topics_are_told_over_a_socket,
    a_refused_subscription_says_what_a_request_would_have_been_told,
];

async fn a_page_of_ours_opens_a_socket_and_nobody_else(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let url = &house.url;
    let attempt = async |browser: &Browser, name: &'static str, value: Option<&'static str>| {
        let change = Socket::attempt(browser, url, |request| match value {
            Some(value) => {
                request.headers_mut().insert(name, HeaderValue::from_static(value));
            }
            None => drop(request.headers_mut().remove(name)),
        });
        *change.await.err().expect("no socket")
    };
    let stranger = house.stranger();
    refused(attempt(&stranger, "x-nothing", None).await, 401, "unauthenticated");
    refused(attempt(&stranger, "origin", Some("https://evil.test")).await, 401, "unauthenticated");
    for origin in [None, Some("https://evil.test"), Some("null"), Some("")] {
        refused(attempt(&superadmin, "origin", origin).await, 403, "csrf");
    }
    let version = attempt(&superadmin, "sec-websocket-version", Some("8")).await;
    let version = refused(version, 426, "upgrade_required");
    assert_eq!(version.header("sec-websocket-version"), "13");
    refused(attempt(&superadmin, "sec-websocket-key", Some("short")).await, 400, "bad_request");
    for method in [Method::GET, Method::HEAD] {
        let plain = superadmin.request(method.clone(), "/socket").header("Origin", url);
        let plain = crate::support::Answer::to(plain).await;
        assert_eq!((plain.status, plain.header("upgrade")), (426, "websocket"), "{method}");
    }
    let query = superadmin.get("/socket?topics=donors").await;
    refused(query, 400, "bad_request");

    let mut socket = open(house, &superadmin).await;
    assert!(!socket.headers.contains_key("sec-websocket-protocol"));
    let pong = socket.ask(json!({ "type": "ping", "id": "1" }), "pong").await;
    assert_eq!(pong, json!({ "type": "pong", "id": "1" }));
    socket.frame(Message::Close(None)).await;
    assert_eq!(socket.heard().await, Heard::Closed(1000, String::new()));
    let offered = Socket::attempt(&superadmin, url, |request| {
        let names = HeaderValue::from_static("chat, almoner.v1");
        request.headers_mut().insert("sec-websocket-protocol", names);
    });
    let offered = offered.await.expect("a socket");
    assert_eq!(offered.headers["sec-websocket-protocol"], "almoner.v1");
    let forged = superadmin.get("/audit/security-events?kind=forgery_refused").await.expect(200);
    assert_eq!(forged.list("/items").len(), 4);
}

async fn a_list_over_a_socket_is_the_list_that_is_read(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    for name in ["Ayşe", "Bora"] {
        a_donor(&superadmin, name).await;
    }
    let mut socket = open(house, &superadmin).await;
    for path in ["/donors", "/donors?sort=name&q=%C3%A7a", "/donors?kind=person&limit=3"] {
        let mut kept = Kept::default();
        socket.ask(subscribe(path, path), "subscribed").await;
        assert_eq!(kept.next(&mut socket).await, "snapshot");
        kept.catches_up(&mut socket, &superadmin, path).await;
        let new = a_donor(&superadmin, "Çağla").await;
        kept.catches_up(&mut socket, &superadmin, path).await;
        assert!(kept.items.iter().any(|item| item["id"] == new["id"]), "{path}");
        let new = at("donors", &new);
        superadmin.patch(&new, 1, &json!({ "name": "Aylin" })).await.expect(200);
        kept.catches_up(&mut socket, &superadmin, path).await;
        superadmin.delete(&new, 2).await.expect(204);
        kept.catches_up(&mut socket, &superadmin, path).await;
        socket.ask(json!({ "type": "unsubscribe", "id": path }), "unsubscribed").await;
    }
}

async fn every_list_that_can_be_followed_can_be_followed_over_a_socket(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let mut socket = open(house, &superadmin).await;
    let document = almoner_http::openapi::api_document(&almoner_kinds::REGISTRY);
    let mut count = 0;
    for (path, item) in document["paths"].as_object().unwrap() {
        let content = &item["get"]["responses"]["200"]["content"];
        let is_list = content["application/json"].is_object();
        if !is_list || !content["text/event-stream"].is_object() {
            continue;
        }
        let message = json!({ "type": "subscribe", "id": path, "list": path });
        socket.ask(message, "subscribed").await;
        let event = socket.expect("event").await;
        assert_eq!((&event["subscription"], &event["event"]), (&json!(path), &json!("snapshot")));
        count += 1;
    }
    assert!(count >= 5, "{count}");
}

async fn a_client_that_was_away_goes_on_where_it_stopped(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    a_donor(&superadmin, "A").await;
    a_donor(&superadmin, "B").await;
    let mut socket = open(house, &superadmin).await;
    let mut kept = Kept::default();
    socket.ask(subscribe("a", "/donors"), "subscribed").await;
    kept.next(&mut socket).await;
    drop(socket);
    a_donor(&superadmin, "C").await;
    house
        .restarted(async |house| {
            let superadmin = house.superadmin().await;
            let mut socket = open(house, &superadmin).await;
            let mut again = subscribe("again", "/donors");
            again["last_event_id"] = json!(kept.last);
            socket.ask(again.clone(), "subscribed").await;
            assert_eq!(kept.next(&mut socket).await, "keep");
            assert_eq!(kept.next(&mut socket).await, "upsert");
            kept.catches_up(&mut socket, &superadmin, "/donors").await;
            // With a mark of another list it begins anew.
            again["list"] = json!("/api/v1/donors?kind=person");
            again["id"] = json!("other");
            socket.ask(again, "subscribed").await;
            assert_eq!(kept.next(&mut socket).await, "resync");
            assert_eq!(kept.next(&mut socket).await, "snapshot");
        })
        .await;
}

async fn after_the_database_was_put_back_a_subscription_begins_anew(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    a_donor(&superadmin, "A").await;
    let mut socket = open(house, &superadmin).await;
    let mut kept = Kept::default();
    socket.ask(subscribe("a", "/donors"), "subscribed").await;
    kept.next(&mut socket).await;
    drop(socket);
    house
        .put_back(async |house| {
            let superadmin = house.superadmin().await;
            let mut socket = open(house, &superadmin).await;
            let mut again = subscribe("again", "/donors");
            again["last_event_id"] = json!(kept.last);
            socket.ask(again, "subscribed").await;
            assert_eq!(kept.next(&mut socket).await, "resync");
            assert_eq!(kept.next(&mut socket).await, "snapshot");
        })
        .await;
}

async fn nothing_is_heard_of_a_subscription_that_was_ended(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let mut socket = open(house, &superadmin).await;
    for id in ["a", "b"] {
        socket.ask(subscribe(id, "/donors"), "subscribed").await;
        socket.expect("event").await;
    }
    let end = json!({ "type": "unsubscribe", "id": "a" });
    socket.ask(end.clone(), "unsubscribed").await;
    socket.send(end).await;
    socket.refused("a", "not_found").await;
    a_donor(&superadmin, "Ayşe").await;
    assert_eq!(socket.expect("event").await["subscription"], "b");
    socket.ask(json!({ "type": "ping" }), "pong").await;
    // The name is free again.
    socket.ask(subscribe("a", "/campaigns"), "subscribed").await;
    socket.expect("event").await;
    socket.send(subscribe("b", "/campaigns")).await;
    socket.refused("b", "subscription_in_use").await;
}

async fn nobody_hears_of_records_outside_of_their_scope(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let clerk = house.somebody(&superadmin, "data_entry").await;
    let foreign = a_donor(&superadmin, "Foreign").await;
    let mut socket = open(house, &clerk).await;
    let mut kept = Kept::default();
    socket.ask(subscribe("a", "/donors"), "subscribed").await;
    kept.next(&mut socket).await;
    assert!(kept.items.is_empty());
    let topics = json!({ "type": "subscribe", "id": "t", "topics": ["donors"] });
    socket.ask(topics, "subscribed").await;
    superadmin.patch(&at("donors", &foreign), 1, &json!({ "name": "Far" })).await.expect(200);
    let own = a_donor(&clerk, "Own").await;
    for _ in 0..2 {
        let event = socket.expect("event").await;
        assert!(event.to_string().contains(own["id"].as_str().unwrap()), "{event}");
    }
    socket.send(json!({ "type": "join", "id": "r", "room": room(&foreign) })).await;
    socket.refused("r", "not_found").await;
    socket.ask(json!({ "type": "join", "room": room(&own) }), "joined").await;
}

async fn topics_are_told_over_a_socket(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let mut socket = open(house, &superadmin).await;
    let mut topics = json!({ "type": "subscribe", "id": "t", "topics": ["donors", "campaigns"] });
    socket.ask(topics.clone(), "subscribed").await;
    let donor = a_donor(&superadmin, "Ayşe").await;
    let event = socket.expect("event").await;
    assert_eq!((&event["event"], &event["data"]["id"]), (&json!("change"), &donor["id"]));
    assert_eq!(event["data"]["topic"], "donors");
    let missed = a_donor(&superadmin, "Bora").await;
    socket.expect("event").await;
    topics["id"] = json!("again");
    topics["last_event_id"] = event["id"].clone();
    socket.ask(topics, "subscribed").await;
    let event = socket.expect("event").await;
    assert_eq!(event["data"]["id"], missed["id"]);
}

async fn a_refused_subscription_says_what_a_request_would_have_been_told(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let viewer = house.somebody(&superadmin, "viewer").await;
    let mut socket = open(house, &viewer).await;
    let paths = [
        ("/users", 403),
        ("/audit/changes", 403),
        ("/donors?colour=red&sort=age", 400),
        ("/donors?q=%FF", 400),
        ("/donors?limit=0", 400),
        ("/donors/", 404),
        ("/nothing", 404),
    ];
    for (path, status) in paths {
        let answer = viewer.get(path).await.expect(status);
        socket.send(subscribe("x", path)).await;
        let mut problem = socket.expect("error").await["problem"].clone();
        problem["request_id"] = answer.body["request_id"].clone();
        assert_eq!(problem, answer.body, "{path}");
    }
    // What can be read and not followed is no list here.
    socket.send(subscribe("x", "/users/me")).await;
    socket.refused("x", "not_found").await;
    socket.send(subscribe("x", "/donors?count=exact")).await;
    let problem = socket.refused("x", "bad_request").await;
    assert_eq!(problem["errors"][0]["code"], "not_live");
    socket.send(json!({ "type": "subscribe", "id": "x", "topics": ["everything"] })).await;
    let problem = socket.refused("x", "bad_request").await;
    assert_eq!(problem["errors"][0]["parameter"], "topics");
    socket.send(json!({ "type": "subscribe", "id": "x", "topics": ["donors", "users"] })).await;
    socket.refused("x", "forbidden").await;
    // It is written down, as for a request.
    let events = superadmin.get("/audit/security-events?kind=access_denied").await.expect(200);
    let of_socket = events.list("/items").iter().filter(|event| {
        event["detail"].as_str().is_some_and(|detail| detail.starts_with("GET /api/v1/socket: "))
    });
    assert_eq!(of_socket.count(), 3);
}

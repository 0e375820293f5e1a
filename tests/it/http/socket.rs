//! The socket: lists, topics and rooms over one connection.

use chrono::Duration;
use reqwest::Method;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Message, http::HeaderValue};

use super::{
    house::{House, PASSWORD, a_donor, in_house_with},
    reading::{errors, refused},
};
use crate::support::{Backend, Browser, Event, Heard, Socket};

in_both_houses![
    a_page_of_ours_opens_a_socket_and_nobody_else,
    a_list_over_a_socket_is_the_list_that_is_read,
    every_list_that_can_be_followed_can_be_followed_over_a_socket,
    a_client_that_was_away_goes_on_where_it_stopped,
    nothing_is_heard_of_a_subscription_that_was_ended,
    nobody_hears_of_records_outside_of_their_scope,
    topics_are_told_over_a_socket,
    a_refused_subscription_says_what_a_request_would_have_been_told,
    a_room_is_for_those_who_may_read_its_record,
    those_in_a_room_see_and_hear_one_another,
    a_user_is_in_a_room_once_and_leaves_it_when_the_connection_is_gone,
    whoever_may_not_read_a_record_any_more_leaves_its_room,
    a_session_that_ends_ends_its_sockets,
    a_role_that_changes_ends_the_sockets_of_its_users,
    a_socket_is_no_use_of_the_session,
    what_is_no_message_is_told_and_the_socket_goes_on,
    what_is_no_text_ends_a_socket,
    a_server_that_stops_ends_its_sockets,
];

fn at(kind: &str, record: &Value) -> String {
    format!("/{kind}/{}", record["id"].as_str().unwrap())
}

fn room(record: &Value) -> String {
    format!("donors:{}", record["id"].as_str().unwrap())
}

fn subscribe(id: &str, path: &str) -> Value {
    json!({ "type": "subscribe", "id": id, "list": format!("/api/v1{path}") })
}

/// One list of a socket, as a client keeps it.
#[derive(Default)]
struct Kept {
    items: Vec<Value>,
    last: Option<String>,
}

impl Kept {
    /// Waits for the next event; its name.
    async fn next(&mut self, socket: &mut Socket) -> String {
        let event = socket.expect("event").await;
        let name = event["event"].as_str().unwrap().to_owned();
        let id = event["id"].as_str().map(str::to_owned);
        let event = Event { name: name.clone(), data: event["data"].clone(), id };
        event.apply(&mut self.items);
        if event.id.is_some() {
            self.last = event.id;
        }
        name
    }

    /// Waits until the list is the one that is read.
    async fn catches_up(&mut self, socket: &mut Socket, browser: &Browser, path: &str) {
        let now = browser.get(path).await.expect(200).list("/items").to_vec();
        while self.items != now {
            self.next(socket).await;
        }
    }
}

async fn open(house: &House<'_>, browser: &Browser) -> Socket {
    Socket::of(browser, &house.url).await
}

/// A socket in a room.
async fn in_room(house: &House<'_>, browser: &Browser, room: &str) -> (Socket, Value) {
    let mut socket = open(house, browser).await;
    let joined = socket.ask(json!({ "type": "join", "room": room }), "joined").await;
    (socket, joined)
}

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
    let document = almoner_http::openapi::api_document();
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

async fn a_room_is_for_those_who_may_read_its_record(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let member = house.somebody(&superadmin, "member").await;
    let donor = a_donor(&superadmin, "Ayşe").await;
    let (_, joined) = in_room(house, &superadmin, &room(&donor)).await;
    assert_eq!(joined["present"].as_array().unwrap().len(), 1);
    assert_eq!(joined["present"][0]["name"], "Ayşe Yılmaz");
    let mut socket = open(house, &member).await;
    let nobody = "donors:019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11";
    for (room, code) in [(room(&donor).as_str(), "forbidden"), (nobody, "forbidden")] {
        socket.send(json!({ "type": "join", "id": "1", "room": room })).await;
        socket.refused("1", code).await;
    }
    for message in ["say", "leave"] {
        let mut message = json!({ "type": message, "id": "2", "room": room(&donor) });
        if message["type"] == "say" {
            message["kind"] = json!("typing");
        }
        socket.send(message).await;
        socket.refused("2", "conflict").await;
    }
    let mut socket = open(house, &superadmin).await;
    socket.send(json!({ "type": "join", "id": "3", "room": nobody })).await;
    socket.refused("3", "not_found").await;
    socket.send(json!({ "type": "join", "id": "4", "room": "donors:1" })).await;
    let problem = socket.refused("4", "validation").await;
    assert_eq!(problem["errors"][0]["pointer"], "/room");
}

async fn those_in_a_room_see_and_hear_one_another(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let viewer = house.somebody(&superadmin, "viewer").await;
    let donor = a_donor(&superadmin, "Ayşe").await;
    let (mut first, _) = in_room(house, &superadmin, &room(&donor)).await;
    let (mut second, joined) = in_room(house, &viewer, &room(&donor)).await;
    let names: Vec<&Value> =
        joined["present"].as_array().unwrap().iter().map(|person| &person["name"]).collect();
    assert_eq!(names, ["Ayşe Yılmaz", "viewer"]);
    let seen = first.expect("presence").await;
    assert_eq!((&seen["user"]["name"], &seen["state"]), (&json!("viewer"), &json!("joined")));
    assert_eq!(seen["room"], room(&donor));
    // No more than a name and an id is told of anybody.
    assert_eq!(seen["user"].as_object().unwrap().len(), 2);

    let data = json!({ "field": "notes", "at": 3 });
    let say = json!({ "type": "say", "room": room(&donor), "kind": "typing", "data": data });
    second.send(say).await;
    let said = first.expect("said").await;
    assert_eq!((&said["kind"], &said["data"]), (&json!("typing"), &data));
    assert_eq!(said["from"], seen["user"]);
    // Whoever says something knows it.
    second.ask(json!({ "type": "ping" }), "pong").await;
    let leave = json!({ "type": "leave", "id": "l", "room": room(&donor) });
    let left = second.ask(leave, "left").await;
    assert_eq!(left, json!({ "type": "left", "id": "l", "room": room(&donor) }));
    assert_eq!(first.expect("presence").await["state"], "left");
    let say = json!({ "type": "say", "room": room(&donor), "kind": "typing" });
    first.send(say).await;
    second.ask(json!({ "type": "ping" }), "pong").await;
    // Whoever says too much is told when to go on.
    for _ in 0..60 {
        let say = json!({ "type": "say", "id": "s", "room": room(&donor), "kind": "typing" });
        first.send(say).await;
    }
    let error = first.expect("error").await;
    assert_eq!((&error["id"], &error["problem"]["code"]), (&json!("s"), &json!("rate_limited")));
    assert_eq!(error["retry_after"], 1);
    // Nothing of it is kept.
    let changes = superadmin.get("/audit/changes?entity=donor").await.expect(200);
    assert_eq!(changes.list("/items").len(), 1);
}

async fn a_user_is_in_a_room_once_and_leaves_it_when_the_connection_is_gone(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let viewer = house.somebody(&superadmin, "viewer").await;
    let donor = a_donor(&superadmin, "Ayşe").await;
    let (mut watching, _) = in_room(house, &superadmin, &room(&donor)).await;
    let (one, _) = in_room(house, &viewer, &room(&donor)).await;
    let (mut other, joined) = in_room(house, &viewer, &room(&donor)).await;
    assert_eq!(joined["present"].as_array().unwrap().len(), 2);
    assert_eq!(watching.expect("presence").await["state"], "joined");
    drop(one);
    // The other connection hears what a third one says, and nothing is heard of the first.
    let say = json!({ "type": "say", "room": room(&donor), "kind": "typing" });
    watching.send(say).await;
    other.expect("said").await;
    drop(other);
    assert_eq!(watching.expect("presence").await["state"], "left");
}

async fn whoever_may_not_read_a_record_any_more_leaves_its_room(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let donor = a_donor(&superadmin, "Ayşe").await;
    let (mut socket, _) = in_room(house, &superadmin, &room(&donor)).await;
    let path = at("donors", &donor);
    superadmin.patch(&path, 1, &json!({ "name": "Aylin" })).await.expect(200);
    superadmin.delete(&path, 2).await.expect(204);
    socket.ask(json!({ "type": "ping" }), "pong").await;
    superadmin.delete(&format!("{path}?purge=true"), 3).await.expect(204);
    let left = socket.expect("left").await;
    assert_eq!(left, json!({ "type": "left", "room": room(&donor), "code": "not_found" }));
    socket.send(json!({ "type": "join", "id": "1", "room": room(&donor) })).await;
    socket.refused("1", "not_found").await;
}

async fn a_session_that_ends_ends_its_sockets(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let donor = a_donor(&superadmin, "Ayşe").await;
    let (mut watching, _) = in_room(house, &superadmin, &room(&donor)).await;
    for (end, email) in [("logout", "a@example.org"), ("deactivate", "b@example.org")] {
        let user = house.user(&superadmin, email, "viewer").await;
        let browser = Browser::log_in(&house.url, email, PASSWORD).await;
        let (mut socket, _) = in_room(house, &browser, &room(&donor)).await;
        assert_eq!(watching.expect("presence").await["state"], "joined");
        socket.ask(subscribe("a", "/donors"), "subscribed").await;
        assert_eq!(socket.expect("event").await["event"], "snapshot");
        match end {
            "logout" => drop(browser.act("/auth/logout").await.expect(204)),
            _ => {
                let path = format!("{}/deactivate", at("users", &user));
                superadmin.act(&path).await.expect(200);
            }
        }
        // Nothing more is told.
        let say = json!({ "type": "say", "room": room(&donor), "kind": "typing" });
        watching.send(say).await;
        a_donor(&superadmin, "Unseen").await;
        assert_eq!(socket.expect("end").await, json!({ "type": "end", "code": "unauthenticated" }));
        assert_eq!(socket.heard().await, Heard::Closed(4401, "unauthenticated".to_owned()));
        assert_eq!(watching.expect("presence").await["state"], "left");
        let answer = Socket::attempt(&browser, &house.url, |_| {}).await;
        refused(*answer.err().expect("no socket"), 401, "unauthenticated");
    }
}

async fn a_role_that_changes_ends_the_sockets_of_its_users(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let role = json!({
        "name": "volunteer",
        "label": "Gönüllü",
        "permissions": ["donors:read", "campaigns:read"],
        "scope": "all",
    });
    superadmin.post("/roles", &role).await.expect(201);
    let browser = house.somebody(&superadmin, "volunteer").await;
    let donor = a_donor(&superadmin, "Ayşe").await;
    let (mut socket, _) = in_room(house, &browser, &room(&donor)).await;
    let less = json!({ "permissions": ["campaigns:read"] });
    superadmin.patch("/roles/volunteer", 1, &less).await.expect(200);
    let (code, number, reason) = socket.end().await;
    let expected = if code == "rights_changed" { 4403 } else { 4401 };
    assert_eq!((number, reason), (expected, code));
}

async fn a_socket_is_no_use_of_the_session(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let browser = house.somebody(&superadmin, "viewer").await;
    let mut socket = open(house, &browser).await;
    for _ in 0..2 {
        house.clock.forward(Duration::minutes(14));
        superadmin.get("/users/me").await.expect(200);
        socket.ask(json!({ "type": "ping" }), "pong").await;
    }
    socket.ask(subscribe("a", "/donors"), "subscribed").await;
    house.clock.forward(Duration::minutes(3));
    superadmin.get("/users/me").await.expect(200);
    let (code, number, _) = socket.end().await;
    assert_eq!((code.as_str(), number), ("unauthenticated", 4401));
}

async fn what_is_no_message_is_told_and_the_socket_goes_on(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let mut socket = open(house, &superadmin).await;
    socket.frame(Message::text("{")).await;
    assert_eq!(socket.expect("error").await["problem"]["code"], "bad_request");
    socket.send(json!({ "type": "shout", "id": "7" })).await;
    let problem = socket.refused("7", "validation").await;
    assert_eq!(problem["errors"][0]["pointer"], "/type");
    let large = json!({
        "type": "say",
        "id": "8",
        "room": "donors:019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11",
        "kind": "typing",
        "data": { "text": "x".repeat(5_000) },
    });
    socket.send(large).await;
    let problem = socket.refused("8", "validation").await;
    let answer = crate::support::Answer {
        status: 422,
        headers: socket.headers.clone(),
        body: problem.clone(),
    };
    assert_eq!(errors(&answer), [("/data", "too_long")]);
    // The problem has the id of the request that opened the socket.
    assert_eq!(problem["request_id"], socket.headers["x-request-id"].to_str().unwrap());
    socket.ask(json!({ "type": "ping" }), "pong").await;
    let turkish = Socket::attempt(&superadmin, &house.url, |request| {
        request.headers_mut().insert("accept-language", HeaderValue::from_static("tr"));
    });
    let mut turkish = turkish.await.expect("a socket");
    turkish.send(json!({ "type": "leave", "id": "1" })).await;
    assert_eq!(turkish.refused("1", "validation").await["title"], "İstek geçerli değil");
}

async fn what_is_no_text_ends_a_socket(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let long = |length| Message::text("x".repeat(length));
    let frames = [
        (Message::binary(vec![1, 2, 3]), "not_text", 1003),
        (long(16 * 1024 + 1), "payload_too_large", 1009),
        (long(1024 * 1024), "payload_too_large", 1009),
    ];
    for (frame, code, number) in frames {
        let mut socket = open(house, &superadmin).await;
        socket.frame(frame).await;
        assert_eq!(socket.end().await, (code.to_owned(), number, code.to_owned()));
    }
    let mut socket = open(house, &superadmin).await;
    // The longest one that is read: it is no JSON.
    socket.frame(long(16 * 1024)).await;
    assert_eq!(socket.expect("error").await["problem"]["code"], "bad_request");
    // Nothing is read of a frame once its head says too much.
    let mut socket = open(house, &superadmin).await;
    let mut head = vec![0x81, 0xFF];
    head.extend((1_u64 << 40).to_be_bytes());
    socket.bytes(&head).await;
    let expected = ("payload_too_large".to_owned(), 1009, "payload_too_large".to_owned());
    assert_eq!(socket.end().await, expected);
    for (bytes, code, number) in
        [(&[0xC1, 0x80][..], "protocol", 1002), (&[0x89, 0xFE], "protocol", 1002)]
    {
        let mut socket = open(house, &superadmin).await;
        socket.bytes(&[bytes, &[0, 126, 0, 0, 0, 0]].concat()).await;
        assert_eq!(socket.end().await, (code.to_owned(), number, code.to_owned()));
    }
    // A flood is answered at first, and no single message of it is refused.
    let mut socket = open(house, &superadmin).await;
    for _ in 0..400 {
        socket.send(json!({ "type": "ping" })).await;
    }
    let mut answered = 0;
    loop {
        let message = socket.message().await;
        if message["type"] != "pong" {
            assert_eq!(message, json!({ "type": "end", "code": "flood" }));
            break;
        }
        answered += 1;
    }
    assert!((120..400).contains(&answered), "{answered}");
    assert_eq!(socket.heard().await, Heard::Closed(1008, "flood".to_owned()));
}

async fn a_server_that_stops_ends_its_sockets(house: &House<'_>) {
    let mut sockets = Vec::new();
    house
        .restarted(async |house| {
            let superadmin = house.superadmin().await;
            let mut following = open(house, &superadmin).await;
            following.ask(subscribe("a", "/donors"), "subscribed").await;
            sockets.push(following);
            sockets.push(open(house, &superadmin).await);
        })
        .await;
    for socket in &mut sockets {
        let (code, number, _) = socket.end().await;
        assert_eq!((code.as_str(), number), ("stopping", 1001));
    }
}

#[test]
#[cfg_attr(without_postgres, ignore = "ALMONER_TEST_POSTGRES_URL is not set")]
fn those_in_a_room_see_and_hear_one_another_through_two_instances() {
    in_house_with(
        Backend::Postgres,
        |_| {},
        async |house: &House<'_>| {
            let superadmin = house.superadmin().await;
            let viewer = house.somebody(&superadmin, "viewer").await;
            let donor = a_donor(&superadmin, "Ayşe").await;
            let (mut here, _) = in_room(house, &superadmin, &room(&donor)).await;
            house
                .with_another(async |other| {
                    let (mut there, joined) = in_room(other, &viewer, &room(&donor)).await;
                    let seen = here.expect("presence").await;
                    assert_eq!(seen["user"]["name"], "viewer");
                    // Whoever was there before is told at once, or as soon as the two instances know
                    // of each other.
                    if joined["present"].as_array().unwrap().len() < 2 {
                        let seen = there.expect("presence").await;
                        assert_eq!(seen["user"]["name"], "Ayşe Yılmaz");
                    }
                    let data = json!({ "text": "ş".repeat(2_000) });
                    let say = |kind: &str| {
                        json!({ "type": "say", "room": room(&donor), "kind": kind, "data": data })
                    };
                    there.send(say("from_there")).await;
                    let said = here.expect("said").await;
                    assert_eq!((&said["kind"], &said["data"]), (&json!("from_there"), &data));
                    assert_eq!(said["from"]["name"], "viewer");
                    here.send(say("from_here")).await;
                    assert_eq!(there.expect("said").await["kind"], "from_here");
                    // Nobody who listens at the database understands it, or can speak.
                    let forged = "SELECT pg_notify('almoner_signals', '{\"from\":1}')";
                    house.world.sql(forged).await;
                    there.send(say("still")).await;
                    assert_eq!(here.expect("said").await["kind"], "still");
                })
                .await;
            // The other instance has stopped.
            assert_eq!(here.expect("presence").await["state"], "left");
        },
    );
}

#[test]
fn one_user_has_so_many_sockets_and_subscriptions_and_no_more() {
    let few = |settings: &mut almoner_http::HttpSettings| settings.live.max_of_user = 3;
    in_house_with(Backend::Sqlite, few, async |house: &House<'_>| {
        let superadmin = house.superadmin().await;
        let mut first = open(house, &superadmin).await;
        let _second = open(house, &superadmin).await;
        first.ask(subscribe("a", "/donors"), "subscribed").await;
        first.expect("event").await;
        let third = Socket::attempt(&superadmin, &house.url, |_| {}).await;
        refused(*third.err().expect("no socket"), 429, "rate_limited");
        first.send(subscribe("b", "/campaigns")).await;
        let error = first.expect("error").await;
        assert_eq!(
            (&error["id"], &error["problem"]["code"]),
            (&json!("b"), &json!("rate_limited"))
        );
        assert_eq!(error["retry_after"], 30);
        first.ask(json!({ "type": "unsubscribe", "id": "a" }), "unsubscribed").await;
        first.ask(subscribe("b", "/campaigns"), "subscribed").await;
    });
}

#[test]
fn one_socket_has_so_many_subscriptions_and_rooms_and_no_more() {
    let many = |settings: &mut almoner_http::HttpSettings| settings.live.max_of_user = 100;
    in_house_with(Backend::Sqlite, many, async |house: &House<'_>| {
        let superadmin = house.superadmin().await;
        let mut socket = open(house, &superadmin).await;
        let topics =
            |id: usize| json!({ "type": "subscribe", "id": id.to_string(), "topics": ["donors"] });
        for id in 0..50 {
            socket.ask(topics(id), "subscribed").await;
        }
        socket.send(topics(50)).await;
        let error = socket.expect("error").await;
        assert_eq!(
            (&error["id"], &error["problem"]["code"]),
            (&json!("50"), &json!("socket_limit"))
        );
        assert!(error.get("retry_after").is_none());
        drop(socket);
        let mut socket = open(house, &superadmin).await;
        for number in 0..51 {
            let donor = a_donor(&superadmin, &format!("Donor {number}")).await;
            socket.send(json!({ "type": "join", "id": "r", "room": room(&donor) })).await;
            match number {
                50 => drop(socket.refused("r", "socket_limit").await),
                _ => drop(socket.expect("joined").await),
            }
        }
    });
}

#[test]
fn a_subscription_counts_as_a_request() {
    let few = |settings: &mut almoner_http::HttpSettings| {
        settings.quotas.is_on = true;
        settings.quotas.stranger = std::num::NonZeroU32::new(50).unwrap();
        settings.quotas.user = std::num::NonZeroU32::new(10).unwrap();
    };
    in_house_with(Backend::Sqlite, few, async |house: &House<'_>| {
        let superadmin = house.superadmin().await;
        let mut socket = open(house, &superadmin).await;
        let mut begun = 0;
        loop {
            socket.send(subscribe("a", "/donors")).await;
            let answer = socket.expect_either("subscribed", "error").await;
            if answer["type"] == "error" {
                assert_eq!(answer["problem"]["code"], "rate_limited");
                assert!(answer["retry_after"].as_u64().is_some_and(|seconds| seconds > 0));
                break;
            }
            begun += 1;
            socket.expect("event").await;
            socket.ask(json!({ "type": "unsubscribe", "id": "a" }), "unsubscribed").await;
        }
        assert!((5..=10).contains(&begun), "{begun}");
        refused(superadmin.get("/donors").await, 429, "rate_limited");
    });
}

#[test]
fn a_client_that_does_not_read_is_cut_off() {
    in_house_with(
        Backend::Sqlite,
        |_| {},
        async |house: &House<'_>| {
            let superadmin = house.superadmin().await;
            let notes = "ş".repeat(4_000);
            let items: Vec<Value> = (0..200)
                .map(|number| {
                    json!({ "kind": "person", "name": format!("Donor {number}"), "notes": notes })
                })
                .map(|value| json!({ "op": "create", "value": value }))
                .collect();
            let items = items.chunks(50);
            for items in items {
                superadmin.post("/donors/batch", &json!({ "items": items })).await.expect(200);
            }
            let donor = a_donor(&superadmin, "Ayşe").await;
            let (mut watching, _) = in_room(house, &superadmin, &room(&donor)).await;
            let viewer = house.somebody(&superadmin, "viewer").await;
            let (mut slow, _) = in_room(house, &viewer, &room(&donor)).await;
            assert_eq!(watching.expect("presence").await["state"], "joined");
            for id in 0..40 {
                slow.send(subscribe(&id.to_string(), "/donors?limit=200")).await;
            }
            // It reads nothing; the server holds it for gone, and for no user of a room.
            assert_eq!(watching.expect("presence").await["state"], "left");
            // Much of what it would have been told was never sent.
            let mut snapshots = 0;
            let last = loop {
                match slow.heard().await {
                    Heard::Message(message) if message["event"] == "snapshot" => snapshots += 1,
                    Heard::Message(_) => {}
                    last => break last,
                }
            };
            assert!(snapshots < 10, "{snapshots}");
            if let Heard::Closed(number, reason) = last {
                assert_eq!((number, reason.as_str()), (1013, "too_slow"));
            }
        },
    );
}

//! What ends a socket, and is told to whoever holds it: a session, a role or a server that is no
//! more, what is no text, and reading nothing; and what does not end it.

use chrono::Duration;
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::{Message, http::HeaderValue};

use super::{at, in_room, open, room, subscribe};
use crate::{
    http::{
        house::{House, PASSWORD, a_donor, in_house_with},
        reading::{errors, refused},
    },
    support::{Backend, Browser, Heard, Socket},
};

in_both_houses![
    a_session_that_ends_ends_its_sockets,
    a_role_that_changes_ends_the_sockets_of_its_users,
    a_socket_is_no_use_of_the_session,
    what_is_no_message_is_told_and_the_socket_goes_on,
    what_is_no_text_ends_a_socket,
    a_server_that_stops_ends_its_sockets,
];

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

//! What a client is told.

use almoner_records::Registry;
use serde_json::json;

use super::{
    ID, Members, anything, data, handle, kind, mark, object, own, reference, room, room_name,
};

pub(super) fn messages(registry: &Registry) -> Members {
    let room = || room(registry);
    vec![
        (
            "SocketEvent",
            object(
                "event",
                "Something of a subscription: an event of the stream, or `mark`, which only says that \
                 nothing happened up to its `id`.",
                &["subscription", "event", "data"],
                json!({
                    "subscription": handle("The subscription."),
                    "event": {
                        "description": "The name of the event.",
                        "type": "string",
                        "enum": ["snapshot", "upsert", "remove", "keep", "resync", "change", "mark"],
                    },
                    "id": mark("Where to go on from; events up to the next one with it belong together."),
                    "data": anything("What the event of the stream says."),
                }),
                json!({
                    "subscription": "pending",
                    "event": "remove",
                    "id": "4712-9f3c2a7b",
                    "data": { "id": ID },
                }),
            ),
        ),
        (
            "SocketSubscribed",
            object(
                "subscribed",
                "A subscription begins.",
                &["id"],
                json!({ "id": handle("The subscription.") }),
                json!({ "id": "pending" }),
            ),
        ),
        (
            "SocketUnsubscribed",
            object(
                "unsubscribed",
                "A subscription is over.",
                &["id"],
                json!({ "id": handle("The subscription.") }),
                json!({ "id": "pending" }),
            ),
        ),
        (
            "SocketJoined",
            object(
                "joined",
                "You are in a room.",
                &["room", "present"],
                json!({
                    "id": own(),
                    "room": room(),
                    "present": {
                        "description": "Who is there, you among them, each user once.",
                        "type": "array",
                        "items": reference("SocketUser"),
                        "maxItems": 65_536,
                    },
                }),
                json!({ "id": "1", "room": room_name(), "present": [{ "id": ID, "name": "Ayşe Yılmaz" }] }),
            ),
        ),
        (
            "SocketLeft",
            object(
                "left",
                "You are in a room no more.",
                &["room"],
                json!({
                    "id": own(),
                    "room": room(),
                    "code": {
                        "description": "Why, when you did not ask for it: the code of the problem with \
                                        which the record is read now.",
                        "type": "string",
                        "format": "word",
                    },
                }),
                json!({ "room": room_name(), "code": "not_found" }),
            ),
        ),
        (
            "SocketPresence",
            object(
                "presence",
                "Somebody comes into a room, or is there no more with any connection.",
                &["room", "user", "state"],
                json!({
                    "room": room(),
                    "user": reference("SocketUser"),
                    "state": {
                        "description": "Which of the two.",
                        "type": "string",
                        "enum": ["joined", "left"],
                    },
                }),
                json!({
                    "room": room_name(),
                    "user": { "id": ID, "name": "Ayşe Yılmaz" },
                    "state": "joined",
                }),
            ),
        ),
        (
            "SocketSaid",
            object(
                "said",
                "Somebody says something in a room.",
                &["room", "from", "kind"],
                json!({
                    "room": room(),
                    "from": reference("SocketUser"),
                    "kind": kind(),
                    "data": data(),
                }),
                json!({
                    "room": room_name(),
                    "from": { "id": ID, "name": "Ayşe Yılmaz" },
                    "kind": "typing",
                    "data": { "field": "notes" },
                }),
            ),
        ),
        (
            "SocketPong",
            object(
                "pong",
                "The answer to a ping.",
                &[],
                json!({ "id": own() }),
                json!({ "id": "3" }),
            ),
        ),
        (
            "SocketError",
            object(
                "error",
                "Something cannot be done. The socket goes on.",
                &["problem"],
                json!({
                    "id": handle("What you called it, if you did and it could be read."),
                    "problem": reference("Problem"),
                    "retry_after": {
                        "description": "Seconds until it may be tried again; absent when waiting does \
                                        not help.",
                        "type": "integer",
                        "format": "int64",
                        "minimum": 0,
                        "maximum": u32::MAX,
                    },
                }),
                json!({
                    "id": "pending",
                    "problem": {
                        "type": "/problems/forbidden",
                        "title": "You may not do this",
                        "status": 403,
                        "code": "forbidden",
                    },
                }),
            ),
        ),
        (
            "SocketEnd",
            object(
                "end",
                "The last message: the socket is closed.",
                &["code"],
                json!({ "code": {
                    "description": "Why. More may be added.",
                    "type": "string",
                    "format": "word",
                } }),
                json!({ "code": "unauthenticated" }),
            ),
        ),
    ]
}

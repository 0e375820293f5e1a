//! What a client sends.

use almoner_records::Registry;
use serde_json::json;

use super::{Members, data, handle, kind, mark, object, own, room, room_name};
use crate::live::socket::MAX_MESSAGE;

pub(super) fn requests(registry: &Registry) -> Members {
    let room = || room(registry);
    vec![
        (
            "SocketSubscribe",
            object(
                "subscribe",
                "Follow a list, or topics: one of the two. `subscribed` or `error` answers.",
                &["id"],
                json!({
                    "id": handle("What you call the subscription."),
                    "list": {
                        "description": "A list that can be followed: the address that GET has, from its \
                                        first page on.",
                        "type": "string",
                        "pattern": "^/[!-~]*$",
                        "minLength": 1,
                        "maxLength": MAX_MESSAGE,
                    },
                    "topics": {
                        "description": "Kinds of records to hear of, as `GET /events` has them; each once.",
                        "type": "array",
                        "items": { "type": "string", "format": "word" },
                        "minItems": 1,
                        "maxItems": 16,
                    },
                    "last_event_id": mark("The `id` of the last event that was seen, to go on behind it."),
                }),
                json!({ "id": "pending", "list": "/api/v1/donations?state=pending" }),
            ),
        ),
        (
            "SocketUnsubscribe",
            object(
                "unsubscribe",
                "End a subscription. `unsubscribed` answers, and nothing more is heard of it.",
                &["id"],
                json!({ "id": handle("The subscription.") }),
                json!({ "id": "pending" }),
            ),
        ),
        (
            "SocketJoin",
            object(
                "join",
                "Come into the room of a record. `joined` or `error` answers.",
                &["room"],
                json!({ "id": own(), "room": room() }),
                json!({ "id": "1", "room": room_name() }),
            ),
        ),
        (
            "SocketLeave",
            object(
                "leave",
                "Leave a room. `left` or `error` answers.",
                &["room"],
                json!({ "id": own(), "room": room() }),
                json!({ "id": "2", "room": room_name() }),
            ),
        ),
        (
            "SocketSay",
            object(
                "say",
                "Tell the others in a room something that nobody keeps. Only an `error` answers.",
                &["room", "kind"],
                json!({ "id": own(), "room": room(), "kind": kind(), "data": data() }),
                json!({ "room": room_name(), "kind": "typing", "data": { "field": "notes" } }),
            ),
        ),
        (
            "SocketPing",
            object(
                "ping",
                "Ask for a `pong`, where a program cannot see the pings of the protocol.",
                &[],
                json!({ "id": own() }),
                json!({ "id": "3" }),
            ),
        ),
    ]
}

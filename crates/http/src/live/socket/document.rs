//! The messages of a socket, as the contract describes them: OpenAPI has no place for what follows a
//! 101, so they are components, and the answer refers to them.

use serde_json::{Map, Value, json};

use super::message::{MAX_SAID, TYPES};
use crate::live::rooms::KINDS;

/// What a client may send.
pub(crate) const REQUEST: &str = "SocketRequest";

/// What a client is told.
pub(crate) const MESSAGE: &str = "SocketMessage";

const ID: &str = "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11";

/// The content of the answer that opens a socket.
pub(crate) fn content() -> Value {
    json!({ "application/json": {
        "schema": {
            "description": "Client and server send these, each in one text message.",
            "anyOf": [reference(REQUEST), reference(MESSAGE)],
        },
        "examples": {
            "subscribe": { "summary": "From the client", "value": example(&requests(), "SocketSubscribe") },
            "event": { "summary": "From the server", "value": example(&messages(), "SocketEvent") },
        },
    } })
}

/// Every component: the two unions, and their members.
pub(crate) fn components() -> Map<String, Value> {
    let (requests, messages) = (requests(), messages());
    let mut all = Map::new();
    all.insert(REQUEST.to_owned(), union("What a client sends over a socket.", &requests));
    all.insert(MESSAGE.to_owned(), union("What a client is told over a socket.", &messages));
    all.insert("SocketUser".to_owned(), user());
    for (name, member) in requests.into_iter().chain(messages) {
        all.insert(name.to_owned(), member);
    }
    all
}

type Members = Vec<(&'static str, Value)>;

fn requests() -> Members {
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
                        "maxLength": super::MAX_MESSAGE,
                    },
                    "topics": {
                        "description": "Kinds of records to hear of, as `GET /events` has them.",
                        "type": "array",
                        "items": { "type": "string", "format": "word" },
                        "minItems": 1,
                        "maxItems": 16,
                        "uniqueItems": true,
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

fn messages() -> Members {
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

/// A message: its type, and what else is in it.
fn object(
    type_: &str,
    description: &str,
    required: &[&str],
    mut properties: Value,
    mut example: Value,
) -> Value {
    properties["type"] =
        json!({ "description": "The type of message.", "type": "string", "enum": [type_] });
    example["type"] = json!(type_);
    let mut schema = json!({
        "description": description,
        "type": "object",
        "required": ([&["type"], required].concat()),
        "properties": properties,
        "example": example,
    });
    if TYPES.contains(&type_) {
        schema["additionalProperties"] = json!(false);
    }
    schema
}

fn union(description: &str, members: &Members) -> Value {
    let mapping = members.iter().map(|(name, schema)| {
        let type_ = schema["properties"]["type"]["enum"][0].as_str().unwrap_or_default();
        (type_.to_owned(), json!(format!("#/components/schemas/{name}")))
    });
    json!({
        "description": description,
        "oneOf": members.iter().map(|(name, _)| reference(name)).collect::<Vec<_>>(),
        "discriminator": { "propertyName": "type", "mapping": mapping.collect::<Map<_, _>>() },
    })
}

fn user() -> Value {
    json!({
        "description": "A user, as those in the same room see them.",
        "type": "object",
        "required": ["id", "name"],
        "properties": {
            "id": { "description": "The user's id.", "type": "string", "format": "uuid" },
            "name": {
                "description": "The user's name.",
                "type": "string",
                "format": "line",
                "minLength": 1,
                "maxLength": 200,
            },
        },
        "example": { "id": ID, "name": "Ayşe Yılmaz" },
    })
}

fn example(members: &Members, name: &str) -> Value {
    let member = members.iter().find(|(known, _)| *known == name);
    member.map_or(Value::Null, |(_, schema)| schema["example"].clone())
}

fn reference(name: &str) -> Value {
    json!({ "$ref": format!("#/components/schemas/{name}") })
}

fn handle(description: &str) -> Value {
    json!({
        "description": description,
        "type": "string",
        "pattern": "^[!-~]+$",
        "minLength": 1,
        "maxLength": 64,
    })
}

fn own() -> Value {
    handle("What you call the message; the answer has it too.")
}

fn mark(description: &str) -> Value {
    json!({
        "description": description,
        "type": "string",
        "pattern": "^[0-9]+-[0-9a-f]{8}$",
        "minLength": 10,
        "maxLength": 28,
    })
}

fn room() -> Value {
    let nouns: Vec<&str> = KINDS.iter().map(|(noun, _)| *noun).collect();
    let nouns = nouns.join("|");
    json!({
        "description": "The room of a record: its kind, and its id.",
        "type": "string",
        "pattern": format!("^({nouns}):[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}$"),
        "minLength": 42,
        "maxLength": 46,
    })
}

fn room_name() -> String {
    format!("donors:{ID}")
}

fn kind() -> Value {
    json!({ "description": "What kind of thing is said.", "type": "string", "format": "word" })
}

fn data() -> Value {
    anything(&format!("What is said, at most {MAX_SAID} bytes of JSON."))
}

fn anything(description: &str) -> Value {
    json!({ "description": description, "type": "object", "additionalProperties": true })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::live::socket::message::Request;

    #[test]
    fn every_type_of_message_is_described_and_every_example_is_understood() {
        let types = requests().into_iter().map(|(_, schema)| schema["example"]["type"].clone());
        let mut types: Vec<String> = types.map(|name| name.as_str().unwrap().to_owned()).collect();
        types.sort();
        assert_eq!(types, TYPES);
        for (name, schema) in requests() {
            let request = Request::parse(&schema["example"].to_string());
            assert_eq!(schema["example"]["type"], request.expect(name).name());
        }
    }
}

//! What clients are told, as it is written.

use serde_json::{Value, json};

use crate::{
    live::{
        rooms::{self, Person, Room},
        stream::Told,
    },
    problem::Problem,
};

/// Something of a type, with the id of what it answers.
fn answer(type_: &str, id: Option<&str>, mut more: Value) -> String {
    more["type"] = json!(type_);
    if let Some(id) = id {
        more["id"] = json!(id);
    }
    more.to_string()
}

pub(super) fn subscribed(id: &str) -> String {
    answer("subscribed", Some(id), json!({}))
}

pub(super) fn unsubscribed(id: &str) -> String {
    answer("unsubscribed", Some(id), json!({}))
}

pub(super) fn joined(id: Option<&str>, room: Room, present: &[Person]) -> String {
    let present: Vec<Value> = present.iter().map(rooms::body).collect();
    answer("joined", id, json!({ "room": room.to_string(), "present": present }))
}

/// `code` says why, when nobody asked for it.
pub(super) fn left(id: Option<&str>, room: Room, code: Option<&str>) -> String {
    let mut left = json!({ "room": room.to_string() });
    if let Some(code) = code {
        left["code"] = json!(code);
    }
    answer("left", id, left)
}

pub(super) fn pong(id: Option<&str>) -> String {
    answer("pong", id, json!({}))
}

pub(super) fn error(id: Option<&str>, problem: &Problem) -> String {
    answer("error", id, json!({ "problem": problem.body() }))
}

pub(super) fn end(code: &str) -> String {
    answer("end", None, json!({ "code": code }))
}

/// The events of a subscription, one message for each.
pub(super) fn events(subscription: &str, told: &Told) -> Vec<String> {
    let subscription = json!(subscription).to_string();
    let mut messages = Vec::new();
    told.each_or_mark(|name, data, mark| {
        // Our names, and JSON: only the client's own word has to be escaped.
        let mark = mark.map_or_else(String::new, |mark| format!(r#","id":"{mark}""#));
        messages.push(format!(
            r#"{{"type":"event","subscription":{subscription},"event":"{name}"{mark},"data":{data}}}"#
        ));
    });
    messages
}

#[cfg(test)]
mod tests {
    use almoner_kernel::UserId;
    use uuid::Uuid;

    use super::*;
    use crate::live::stream::Event;

    #[test]
    fn what_clients_are_told_is_json_whatever_they_call_it() {
        let mut told = Told::new(&"9f3c2a7b".into());
        told.push(Event::new("upsert", json!({ "index": 0 })));
        told.push(Event::new("remove", json!({ "id": 1 })));
        told.mark(12);
        let read = |messages: Vec<String>| -> Vec<Value> {
            messages.iter().map(|text| serde_json::from_str(text).unwrap()).collect()
        };
        let events = read(events("a\"b\\", &told));
        assert_eq!(
            events,
            [
                json!({ "type": "event", "subscription": "a\"b\\", "event": "upsert", "data": { "index": 0 } }),
                json!({
                    "type": "event",
                    "subscription": "a\"b\\",
                    "event": "remove",
                    "id": "12-9f3c2a7b",
                    "data": { "id": 1 },
                }),
            ]
        );
        let heartbeat = Told::heartbeat(&"9f3c2a7b".into(), 13);
        let events = read(super::events("a", &heartbeat));
        assert_eq!(
            events,
            [json!({
                "type": "event",
                "subscription": "a",
                "event": "mark",
                "id": "13-9f3c2a7b",
                "data": {},
            })]
        );
        let room = Room::parse("donors:019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11").unwrap();
        let ayse = Person { id: UserId::new(Uuid::nil()), name: "Ayşe \"A\"".into() };
        let joined = joined(Some("1"), room, &[ayse]);
        let joined: Value = serde_json::from_str(&joined).unwrap();
        assert_eq!(joined["present"][0]["name"], "Ayşe \"A\"");
        assert_eq!(end("silent"), r#"{"code":"silent","type":"end"}"#);
    }
}

//! What clients are told, as it is written.

use serde_json::{Value, json};

use crate::{
    kit::problem::Problem,
    live::{
        rooms::{self, Person, Room},
        stream::Told,
    },
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
    let mut error = json!({ "problem": problem.body() });
    if let Some(seconds) = problem.seconds_to_wait() {
        error["retry_after"] = json!(seconds);
    }
    answer("error", id, error)
}

pub(super) fn end(code: &str) -> String {
    answer("end", None, json!({ "code": code }))
}

/// An event of a subscription, by its number from 0; none behind the last.
pub(super) fn event(subscription: &str, told: &Told, number: usize) -> Option<String> {
    let subscription = json!(subscription);
    let (name, data, mark) = told.at_or_mark(number)?;
    // Our names, and JSON: only the client's own word has to be escaped.
    let mark = mark.map_or_else(String::new, |mark| format!(r#","id":"{mark}""#));
    Some(format!(
        r#"{{"type":"event","subscription":{subscription},"event":"{name}"{mark},"data":{data}}}"#
    ))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use almoner_kernel::UserId;
    use uuid::Uuid;

    use super::*;
    use crate::{kit::problem::registry, live::stream::Event};

    #[test]
    fn what_clients_are_told_is_json_whatever_they_call_it() {
        let mut told = Told::new(&"9f3c2a7b".into());
        told.push(Event::new("upsert", json!({ "index": 0 })));
        told.push(Event::new("remove", json!({ "id": 1 })));
        told.mark(12);
        let events = |id: &str, told: &Told| -> Vec<Value> {
            let events = (0..).map_while(|number| event(id, told, number));
            events.map(|text| serde_json::from_str(&text).unwrap()).collect()
        };
        let two = events("a\"b\\", &told);
        assert_eq!(
            two,
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
        assert_eq!(
            events("a", &heartbeat),
            [json!({
                "type": "event",
                "subscription": "a",
                "event": "mark",
                "id": "13-9f3c2a7b",
                "data": {},
            })]
        );
        let name = "donors:019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11";
        let room = Room::parse(name, &almoner_kinds::REGISTRY).unwrap();
        let ayse = Person { id: UserId::new(Uuid::nil()), name: "Ayşe \"A\"".into() };
        let joined = joined(Some("1"), room, &[ayse]);
        let joined: Value = serde_json::from_str(&joined).unwrap();
        assert_eq!(joined["present"][0]["name"], "Ayşe \"A\"");
        let read = |text: String| serde_json::from_str::<Value>(&text).unwrap();
        let limited =
            Problem::new(registry::RATE_LIMITED).retry_after(Duration::from_millis(1_200));
        assert_eq!(read(error(Some("1"), &limited))["retry_after"], 2);
        let limit = read(error(None, &Problem::new(registry::SOCKET_LIMIT)));
        assert_eq!((limit.get("retry_after"), &limit["problem"]["status"]), (None, &json!(409)));
        assert_eq!(end("silent"), r#"{"code":"silent","type":"end"}"#);
    }
}

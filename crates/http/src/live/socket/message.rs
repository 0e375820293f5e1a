//! What clients may say over a socket.

use almoner_kernel::{FieldError, Fields, Invalid, fault::Unfit, words::is_required};
use almoner_records::Registry;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;

use crate::{
    kit::{body, problem::Problem, words},
    live::rooms::Room,
};

/// The longest message of a client, bytes.
pub(crate) const MAX_MESSAGE: usize = 16 * 1024;

/// The longest `data` of what is said, bytes of JSON.
pub(crate) const MAX_SAID: usize = 4 * 1024;

/// What a client says.
#[derive(Debug, PartialEq)]
pub(crate) enum Request {
    /// Follow something.
    Subscribe { id: String, what: Wanted, last: Option<String> },
    /// Follow it no longer.
    Unsubscribe { id: String },
    /// Come into a room.
    Join { id: Option<String>, room: Room },
    /// Leave it.
    Leave { id: Option<String>, room: Room },
    /// Say something in it.
    Say { id: Option<String>, room: Room, kind: String, data: Option<Value> },
    /// Ask for a sign of life.
    Ping { id: Option<String> },
}

/// What a client wants to follow.
#[derive(Debug, PartialEq)]
pub(crate) enum Wanted {
    /// The address of a list: its path, and its query.
    List { path: String, query: String },
    /// Topics, separated by commas as `GET /events` has them.
    Topics(String),
}

/// Every type of message that a client may send.
pub(crate) const TYPES: [&str; 6] = ["join", "leave", "ping", "say", "subscribe", "unsubscribe"];

/// A message that is not one of them, with its id if that could be read.
#[derive(Debug)]
pub(crate) struct Unreadable {
    pub(crate) id: Option<String>,
    pub(crate) problem: Problem,
}

impl Request {
    /// Its type, as a label of metrics.
    pub(crate) const fn name(&self) -> &'static str {
        match self {
            Self::Subscribe { .. } => "subscribe",
            Self::Unsubscribe { .. } => "unsubscribe",
            Self::Join { .. } => "join",
            Self::Leave { .. } => "leave",
            Self::Say { .. } => "say",
            Self::Ping { .. } => "ping",
        }
    }

    /// Parses a message.
    ///
    /// # Errors
    /// 400 when it is not JSON, 422 with the pointers of what is wrong in it.
    pub(crate) fn parse(text: &str, registry: &Registry) -> Result<Self, Unreadable> {
        let mut value =
            body::parsed(text.as_bytes()).map_err(|problem| Unreadable { id: None, problem })?;
        let id = value["id"].as_str().and_then(|id| handle(id.to_owned()).ok());
        read(&mut value, registry).map_err(|invalid| Unreadable { id, problem: invalid.into() })
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SubscribeFields {
    id: Option<String>,
    list: Option<String>,
    topics: Option<Vec<String>>,
    last_event_id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct IdField {
    id: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RoomFields {
    id: Option<String>,
    room: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SayFields {
    id: Option<String>,
    room: Option<String>,
    kind: Option<String>,
    data: Option<Value>,
}

fn read(message: &mut Value, registry: &Registry) -> Result<Request, Invalid> {
    let Some(fields) = message.as_object_mut() else {
        return Err(Invalid::one(FieldError::new("", "type", words::must_be_a_json_object())));
    };
    let type_ = match fields.remove("type") {
        Some(Value::String(type_)) => type_,
        Some(_) => {
            return Err(Invalid::one(FieldError::new("/type", "type", words::must_be_a_string())));
        }
        None => return Err(Invalid::one(FieldError::new("/type", "required", is_required()))),
    };
    let message = message.take();
    match type_.as_str() {
        "subscribe" => subscribe(message),
        "unsubscribe" => {
            let (IdField { id }, mut fields) = fields_of(message)?;
            let id = fields.required("/id", id, handle);
            fields.finish(id.map(|id| Request::Unsubscribe { id }))
        }
        "join" | "leave" => {
            let (RoomFields { id, room }, mut fields) = fields_of(message)?;
            let id = fields.optional("/id", id, handle);
            let room = fields.required("/room", room, |room| Room::parse(&room, registry));
            fields.finish(room.map(|room| match type_.as_str() {
                "join" => Request::Join { id, room },
                _ => Request::Leave { id, room },
            }))
        }
        "say" => say(message, registry),
        "ping" => {
            let (IdField { id }, mut fields) = fields_of(message)?;
            let id = fields.optional("/id", id, handle);
            fields.finish(Some(Request::Ping { id }))
        }
        _ => {
            let types = TYPES.map(|name| format!("\"{name}\"")).join(", ");
            Err(Invalid::one(FieldError::new("/type", "choice", words::must_be_one_of(types))))
        }
    }
}

fn subscribe(message: Value) -> Result<Request, Invalid> {
    let (given, mut fields): (SubscribeFields, _) = fields_of(message)?;
    let id = fields.required("/id", given.id, handle);
    let last = given.last_event_id;
    let what = match (given.list, given.topics) {
        (Some(list), None) => fields.required("/list", Some(list), |list| address(&list)),
        (None, Some(topics)) => Some(Wanted::Topics(topics.join(","))),
        _ => {
            let detail = words::either_list_or_topics();
            fields.wrong(FieldError::new("/list", "exclusive", detail));
            None
        }
    };
    let read = id.zip(what).map(|(id, what)| Request::Subscribe { id, what, last });
    fields.finish(read)
}

fn say(message: Value, registry: &Registry) -> Result<Request, Invalid> {
    let (given, mut fields): (SayFields, _) = fields_of(message)?;
    let id = fields.optional("/id", given.id, handle);
    let room = fields.required("/room", given.room, |room| Room::parse(&room, registry));
    let kind = fields.required("/kind", given.kind, kind);
    let data = fields.optional("/data", given.data, data);
    let read = room.zip(kind).map(|(room, kind)| Request::Say { id, room, kind, data });
    fields.finish(read)
}

fn fields_of<T: DeserializeOwned>(message: Value) -> Result<(T, Fields), Invalid> {
    let (given, errors) = body::recovered(message)?;
    Ok((given, Fields::with(errors)))
}

/// What a client calls a subscription or a message by.
fn handle(id: String) -> Result<String, Unfit> {
    let is_fit = (1..=64).contains(&id.len()) && id.bytes().all(|byte| byte.is_ascii_graphic());
    if is_fit { Ok(id) } else { Err(Unfit::new("format", words::must_be_a_handle())) }
}

fn address(list: &str) -> Result<Wanted, Unfit> {
    let (path, query) = list.split_once('?').unwrap_or((list, ""));
    let is_fit = path.starts_with('/') && list.bytes().all(|byte| byte.is_ascii_graphic());
    match is_fit && !list.contains('#') {
        true => Ok(Wanted::List { path: path.to_owned(), query: query.to_owned() }),
        false => Err(Unfit::new("format", words::must_be_a_list_address())),
    }
}

fn kind(kind: String) -> Result<String, Unfit> {
    let mut bytes = kind.bytes();
    let is_fit = kind.len() <= 64
        && bytes.next().is_some_and(|first| first.is_ascii_lowercase())
        && bytes.all(|byte| byte == b'_' || byte.is_ascii_lowercase() || byte.is_ascii_digit());
    if is_fit { Ok(kind) } else { Err(Unfit::new("format", words::must_be_a_word())) }
}

fn data(data: Value) -> Result<Value, Unfit> {
    if !data.is_object() {
        return Err(Unfit::new("type", words::must_be_an_object()));
    }
    match data.to_string().len() <= MAX_SAID {
        true => Ok(data),
        false => Err(Unfit::new("too_long", words::too_many_bytes(MAX_SAID))),
    }
}

#[cfg(test)]
mod tests {
    use almoner_kinds::REGISTRY;
    use serde_json::json;

    use super::*;

    const ROOM: &str = "donors:019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11";

    fn room() -> Room {
        Room::parse(ROOM, &REGISTRY).unwrap()
    }

    /// The code of the problem, and the pointer and code of each error.
    fn refused(text: &str) -> (Option<String>, String, Vec<(String, String)>) {
        let Unreadable { id, problem } = Request::parse(text, &REGISTRY).unwrap_err();
        let errors = problem.body().errors.into_iter();
        let errors = errors.map(|error| (error.pointer.unwrap(), error.code.into_owned()));
        (id, problem.code().to_owned(), errors.collect())
    }

    fn errors(message: Value) -> Vec<(String, String)> {
        let (_, code, errors) = refused(&message.to_string());
        assert_eq!(code, "validation");
        errors
    }

    fn error(pointer: &str, code: &str) -> Vec<(String, String)> {
        vec![(pointer.to_owned(), code.to_owned())]
    }

    #[test]
    fn every_message_of_a_client_is_understood() {
        let one = |message: Value| Request::parse(&message.to_string(), &REGISTRY).unwrap();
        let list =
            json!({ "type": "subscribe", "id": "a", "list": "/api/v1/donors?q=%C3%A7&limit=3" });
        let what = Wanted::List {
            path: "/api/v1/donors".to_owned(),
            query: "q=%C3%A7&limit=3".to_owned(),
        };
        assert_eq!(one(list), Request::Subscribe { id: "a".to_owned(), what, last: None });
        let topics = json!({
            "type": "subscribe",
            "id": "b",
            "topics": ["donors", "users"],
            "last_event_id": "4-x",
        });
        let what = Wanted::Topics("donors,users".to_owned());
        let last = Some("4-x".to_owned());
        assert_eq!(one(topics), Request::Subscribe { id: "b".to_owned(), what, last });
        assert_eq!(
            one(json!({ "type": "unsubscribe", "id": "a" })),
            Request::Unsubscribe { id: "a".to_owned() }
        );
        assert_eq!(
            one(json!({ "type": "join", "room": ROOM })),
            Request::Join { id: None, room: room() }
        );
        assert_eq!(
            one(json!({ "type": "leave", "room": ROOM, "id": "1" })),
            Request::Leave { id: Some("1".to_owned()), room: room() }
        );
        let data = json!({ "b": 1, "a": [null] });
        assert_eq!(
            one(json!({ "type": "say", "room": ROOM, "kind": "typing", "data": data })),
            Request::Say { id: None, room: room(), kind: "typing".to_owned(), data: Some(data) }
        );
        assert_eq!(one(json!({ "type": "ping" })), Request::Ping { id: None });
    }

    #[test]
    fn what_is_no_message_is_told_with_its_place() {
        for broken in ["", "{", "nonsense", r#"{"type":"ping","type":"ping"}"#] {
            assert_eq!(refused(broken).1, "bad_request", "{broken}");
        }
        assert_eq!(errors(json!([])), error("", "type"));
        assert_eq!(errors(json!({})), error("/type", "required"));
        assert_eq!(errors(json!({ "type": 1 })), error("/type", "type"));
        assert_eq!(errors(json!({ "type": "shout" })), error("/type", "choice"));
        assert_eq!(errors(json!({ "type": "ping", "of": 1 })), error("/of", "unknown_field"));
        assert_eq!(errors(json!({ "type": "unsubscribe" })), error("/id", "required"));
        assert_eq!(errors(json!({ "type": "join", "room": "donors:1" })), error("/room", "room"));
        let both = json!({ "type": "subscribe", "id": "a", "list": "/x", "topics": ["donors"] });
        assert_eq!(errors(both), error("/list", "exclusive"));
        assert_eq!(errors(json!({ "type": "subscribe", "id": "a" })), error("/list", "exclusive"));
        let id = |id: &str| json!({ "type": "unsubscribe", "id": id });
        for wrong in ["", "a b", "ş", &"x".repeat(65)] {
            assert_eq!(errors(id(wrong)), error("/id", "format"), "{wrong}");
        }
        for wrong in ["", "donors", "https://example.org/", "/donors#a", "/donors?q=ş", "/a b"] {
            let message = json!({ "type": "subscribe", "id": "a", "list": wrong });
            assert_eq!(errors(message), error("/list", "format"), "{wrong}");
        }
    }

    #[test]
    fn everything_that_is_wrong_is_told_at_once_and_to_whom() {
        let message = json!({ "type": "say", "id": "7", "room": 1, "kind": "A", "data": "x" });
        let (id, code, mut errors) = refused(&message.to_string());
        errors.sort();
        assert_eq!((id.as_deref(), code.as_str()), (Some("7"), "validation"));
        let pointers: Vec<&str> = errors.iter().map(|(pointer, _)| pointer.as_str()).collect();
        assert_eq!(pointers, ["/data", "/kind", "/room"]);
    }

    #[test]
    fn what_is_said_is_short() {
        let say = |length: usize| {
            let data = json!({ "t": "x".repeat(length - r#"{"t":""}"#.len()) });
            json!({ "type": "say", "room": ROOM, "kind": "typing", "data": data })
        };
        assert!(Request::parse(&say(MAX_SAID).to_string(), &REGISTRY).is_ok());
        assert_eq!(errors(say(MAX_SAID + 1)), error("/data", "too_long"));
    }
}

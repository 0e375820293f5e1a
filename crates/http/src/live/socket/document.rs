//! The messages of a socket, as the contract describes them: OpenAPI has no place for what follows a
//! 101, so they are components, and the answer refers to them.

mod messages;
mod requests;

use almoner_records::Registry;
use serde_json::{Map, Value, json};

use self::{messages::messages, requests::requests};
use super::message::{MAX_SAID, TYPES};
use crate::live::rooms;

/// What a client may send.
pub(crate) const REQUEST: &str = "SocketRequest";

/// What a client is told.
pub(crate) const MESSAGE: &str = "SocketMessage";

const ID: &str = "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11";

/// The content of the answer that opens a socket.
pub(crate) fn content(registry: &Registry) -> Value {
    json!({ "application/json": {
        "schema": {
            "description": "Client and server send these, each in one text message.",
            "anyOf": [reference(REQUEST), reference(MESSAGE)],
        },
        "examples": {
            "subscribe": { "summary": "From the client", "value": example(&requests(registry), "SocketSubscribe") },
            "event": { "summary": "From the server", "value": example(&messages(registry), "SocketEvent") },
        },
    } })
}

/// Every component: the two unions, and their members.
pub(crate) fn components(registry: &Registry) -> Map<String, Value> {
    let (requests, messages) = (requests(registry), messages(registry));
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

/// A message: its type, and what else is in it.
fn object(
    type_: &str,
    description: &str,
    required: &[&str],
    mut properties: Value,
    mut example: Value,
) -> Value {
    properties["type"] = json!({
        "description": "The type of message.",
        "type": "string",
        "enum": [type_],
        // `join` is what every text can do in Python.
        "x-enum-varnames": [type_.to_uppercase()],
    });
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

fn room(registry: &Registry) -> Value {
    let nouns: Vec<&str> = rooms::kinds(registry).into_iter().map(|(noun, _)| noun).collect();
    let lengths = || nouns.iter().map(|noun| noun.len() + ":".len() + ID.len());
    let (shortest, longest) = (lengths().min(), lengths().max());
    let nouns = nouns.join("|");
    json!({
        "description": "The room of a record: its kind, and its id.",
        "type": "string",
        "pattern": format!("^({nouns}):[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}$"),
        "minLength": shortest,
        "maxLength": longest,
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
    use almoner_kinds::REGISTRY;

    use super::*;
    use crate::live::socket::message::Request;

    #[test]
    fn every_type_of_message_is_described_and_every_example_is_understood() {
        let types =
            requests(&REGISTRY).into_iter().map(|(_, schema)| schema["example"]["type"].clone());
        let mut types: Vec<String> = types.map(|name| name.as_str().unwrap().to_owned()).collect();
        types.sort();
        assert_eq!(types, TYPES);
        for (name, schema) in requests(&REGISTRY) {
            let request = Request::parse(&schema["example"].to_string(), &REGISTRY);
            assert_eq!(schema["example"]["type"], request.expect(name).name());
        }
    }
}

//! No text of a request brings a NUL as far as the database, which on PostgreSQL keeps none: every place
//! of every operation that takes a text is tried.

use almoner_http::openapi::api_document;
use reqwest::Method;
use serde_json::{Value, json};

use super::operations::{Operation, call, operations};
use crate::{
    http::house::{House, in_house},
    support::{Answer, Backend, Browser},
};

#[test]
fn a_nul_in_any_text_is_refused_on_sqlite() {
    in_house(Backend::Sqlite, try_everywhere);
}

#[test]
#[cfg_attr(without_postgres, ignore = "ALMONER_TEST_POSTGRES_URL is not set")]
fn a_nul_in_any_text_is_refused_on_postgres() {
    in_house(Backend::Postgres, try_everywhere);
}

async fn try_everywhere(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let document = api_document(&almoner_kinds::REGISTRY);
    let (mut paths, mut queries, mut bodies) = (0, 0, 0);
    for operation in operations() {
        let described = described(&document, &operation);
        let call = call(house.world, &operation, None).await;
        let version = match operation.id.as_str() {
            "updateMe" => superadmin.get("/users/me").await.body["version"].as_i64(),
            _ => call.version,
        };
        let ask = async |path: &str, body: Option<&Value>| {
            let status = ask(house, &superadmin, &operation, path, body, version).await;
            assert!(status < 500, "{status}: {} {path} {body:?}", operation.name());
            status
        };
        let body = call.body.as_ref();
        let (path, query) = operation.path.split_once('?').unwrap_or((&operation.path, ""));
        for text in ["%00", "a%00b"] {
            for (at, _) in path.match_indices('{') {
                let end = at + path[at..].find('}').unwrap() + 1;
                // The other parameters, if any, are words of no record.
                let path = format!("{}{text}{}?{query}", &path[..at], &path[end..]);
                let path = path.replace("{delivery}", "x").replace("{id}", "x");
                assert_eq!(ask(&path, body).await, 400, "{path}");
                paths += 1;
            }
            for name in parameters(described, "query") {
                let sign = if call.path.contains('?') { '&' } else { '?' };
                let path = format!("{}{sign}{name}={text}", call.path);
                assert_eq!(ask(&path, body).await, 400, "{path}");
                queries += 1;
            }
        }
        let Some(example) = example(described) else { continue };
        let base = body.filter(|body| body.as_object().is_some_and(|body| !body.is_empty()));
        let base = base.cloned().unwrap_or(example);
        for body in with_a_nul(&document, described, &base) {
            let status = ask(&call.path, Some(&body)).await;
            let hashed = body.to_string().split_once("\\u0000").is_some_and(|(before, _)| {
                before.rsplit('"').nth(2).is_some_and(|key| key.ends_with("password"))
            });
            assert!(hashed || status >= 400, "{status}: {} {body}", operation.name());
            bodies += 1;
        }
    }
    assert!(paths > 60 && queries > 80 && bodies > 80, "{paths} {queries} {bodies}");
    assert!(house.world.verify().await.is_intact());
}

async fn ask(
    house: &House<'_>,
    caller: &Browser,
    operation: &Operation,
    path: &str,
    body: Option<&Value>,
    version: Option<i64>,
) -> u16 {
    let mut request = caller.request(operation.method.clone(), path);
    if operation.id == "openSocket" {
        request = request.header("Origin", &house.url);
    }
    if let Some(body) = body {
        request = request.json(body);
    }
    if let Some(version) = version {
        request = request.header("If-Match", format!("\"{version}\""));
    }
    // A refused login has given the session away.
    if operation.method == Method::POST && operation.path == "/auth/login" {
        request = house.stranger().request(Method::POST, path).json(body.unwrap_or(&json!({})));
    }
    Answer::to(request).await.status
}

fn described<'d>(document: &'d Value, operation: &Operation) -> &'d Value {
    let path = operation.path.split('?').next().unwrap();
    let method = operation.method.as_str().to_lowercase();
    &document["paths"][format!("/api/v1{path}")][method]
}

fn parameters<'d>(described: &'d Value, place: &'d str) -> impl Iterator<Item = &'d str> {
    let parameters = described["parameters"].as_array().into_iter().flatten();
    parameters.filter(move |one| one["in"] == place).map(|one| one["name"].as_str().unwrap())
}

fn content(described: &Value) -> Option<&Value> {
    described["requestBody"]["content"].as_object()?.values().next()
}

fn example(described: &Value) -> Option<Value> {
    let content = content(described)?;
    let first = || content["examples"].as_object()?.values().next()?.get("value");
    content.get("example").or_else(first).cloned()
}

/// The body, once with a NUL in each of its texts, and once in each field that it could have.
fn with_a_nul(document: &Value, described: &Value, base: &Value) -> Vec<Value> {
    let mut pointers = Vec::new();
    texts(base, String::new(), &mut pointers);
    let mut bodies: Vec<Value> = pointers
        .into_iter()
        .map(|pointer| {
            let mut body = base.clone();
            *body.pointer_mut(&pointer).unwrap() = json!("a\0b");
            body
        })
        .collect();
    let mut schema = &content(described).unwrap()["schema"];
    if let Some(name) = schema["$ref"].as_str() {
        schema = &document["components"]["schemas"][name.rsplit('/').next().unwrap()];
    }
    for name in schema["properties"].as_object().into_iter().flatten().map(|(name, _)| name) {
        if base.get(name).is_none() {
            let mut body = base.clone();
            body[name] = json!("a\0b");
            bodies.push(body);
        }
    }
    bodies
}

fn texts(value: &Value, pointer: String, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(pointer),
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                texts(item, format!("{pointer}/{index}"), found);
            }
        }
        Value::Object(fields) => {
            for (name, field) in fields {
                texts(field, format!("{pointer}/{name}"), found);
            }
        }
        _ => {}
    }
}

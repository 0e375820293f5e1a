//! What can be done next with the record of an answer: every answer that is a record, and every
//! DELETE, links to the operations on the same record. A client, or a test, walks from one to the
//! next without knowing how addresses are made.

use serde_json::{Map, Value, json};

/// An operation on one record, such as `PATCH /api/v1/donors/{id}`.
struct Step {
    path: String,
    method: String,
    name: String,
    takes_version: bool,
}

/// Adds the links of every operation.
pub(super) fn complete(document: &mut Value) {
    let steps: Vec<Step> = operations(document).filter_map(Step::of).collect();
    let paths = document.get_mut("paths").and_then(Value::as_object_mut);
    for (path, item) in paths.into_iter().flatten() {
        for (method, operation) in item.as_object_mut().into_iter().flatten() {
            let responses = operation.get_mut("responses").and_then(Value::as_object_mut);
            for (status, response) in responses.into_iter().flatten() {
                let links = links(&steps, path, method, status, response);
                if !links.is_empty() {
                    response["links"] = Value::Object(links);
                }
            }
        }
    }
}

fn operations(document: &Value) -> impl Iterator<Item = (&String, &String, &Value)> {
    let paths = document["paths"].as_object().into_iter().flatten();
    paths.flat_map(|(path, item)| {
        let operations = item.as_object().into_iter().flatten();
        operations.map(move |(method, operation)| (path, method, operation))
    })
}

impl Step {
    fn of((path, method, operation): (&String, &String, &Value)) -> Option<Self> {
        record(path)?;
        let parameters = operation["parameters"].as_array();
        Some(Self {
            path: path.clone(),
            method: method.clone(),
            name: operation["operationId"].as_str()?.to_owned(),
            takes_version: parameters.into_iter().flatten().any(|one| one["name"] == "If-Match"),
        })
    }

    /// The link to this step, with the key from `key` and the version of the answer, if it has one.
    fn link(&self, parameter: &str, key: &str, has_version: bool) -> Value {
        let mut parameters = Map::from_iter([(format!("path.{parameter}"), json!(key))]);
        if self.takes_version && has_version {
            parameters.insert("header.If-Match".to_owned(), json!("$response.header.ETag"));
        }
        json!({ "operationId": self.name, "parameters": parameters })
    }
}

/// Splits the address of a record, or of something about it, into that of its list and the name of
/// its key: `/api/v1/donors/{id}/history` is of `/api/v1/donors` and `id`. What lies within a record
/// has a second key, which the record does not tell.
fn record(path: &str) -> Option<(&str, &str)> {
    let (list, rest) = path.split_once("/{")?;
    let (parameter, rest) = rest.split_once('}')?;
    (!rest.contains('{')).then_some((list, parameter))
}

fn links(
    steps: &[Step],
    path: &str,
    method: &str,
    status: &str,
    response: &Value,
) -> Map<String, Value> {
    let has_version = response["headers"]["ETag"].is_object();
    // A 304 has no body to take the key from.
    let is_record = has_version && ["200", "201"].contains(&status);
    let is_gone = method == "delete" && status == "204" && record(path).is_some();
    if !is_record && !is_gone {
        return Map::new();
    }
    let own = record(path);
    // What an action on a record has made is another record.
    let is_another = method == "post" && status == "201" && own.is_some();
    if is_another {
        return Map::new();
    }
    let list = own.map_or(path, |(list, _)| list);
    let same = |step: &&Step| {
        let is_itself = step.path == path && step.method == method;
        let is_of_list = record(&step.path).is_some_and(|(of, _)| of == list);
        // What lies in the trash, or is gone, can be brought back and has a history.
        is_of_list && !is_itself && (is_record || step.path != path)
    };
    let found = steps.iter().filter(same).filter_map(|step| {
        let (_, parameter) = record(&step.path)?;
        let key = match is_record {
            true => format!("$response.body#/{parameter}"),
            false => format!("$request.path.{parameter}"),
        };
        Some((step.name.clone(), step.link(parameter, &key, has_version)))
    });
    found.collect()
}

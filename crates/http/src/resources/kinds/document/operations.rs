//! The operations of a kind.

use almoner_kernel::Permission;
use almoner_records::{By, Kind, Reason, Registry, Step, service::MAX_ALIKE};
use serde_json::{Map, Value, json};
use utoipa::IntoParams;

use super::{
    super::show::POSSIBLE_DUPLICATES,
    a,
    bodies::REASON,
    examples::{self, ID, OTHER_ID},
    lists::{self, chosen, or},
    reference, schemas, summary,
};
use crate::{
    kit::{
        etag::{IfMatchParam, IfNoneMatchParam},
        query::PageParams,
    },
    resources::{
        audit::bodies::ChangeBody,
        batch::{self, BatchParams},
        shared::{DeletionParams, OptionalIfMatchParam},
    },
    routes::API,
};

/// Every operation of a kind, by address.
pub(super) fn of(kind: &'static Kind, registry: &Registry) -> Vec<(String, Value)> {
    let at = |rest: &str| format!("{API}/{}{rest}", kind.path);
    let mut all = vec![
        (at(""), json!({ "get": lists::list(kind, registry), "post": create(kind, registry) })),
        (at("/batch"), json!({ "post": batch(kind, registry) })),
        (
            at("/{id}"),
            json!({ "get": get(kind, registry), "patch": update(kind, registry), "delete": delete(kind, registry) }),
        ),
        (at("/{id}/restore"), json!({ "post": restore(kind, registry) })),
        (at("/{id}/history"), json!({ "get": history(kind) })),
    ];
    if kind.fields.iter().any(|field| field.is_looked_up) {
        all.push((at("/lookup"), json!({ "post": lookup(kind, registry) })));
    }
    if kind.has_summary() {
        all.push((at("/summary"), json!({ "get": summary::summarise(kind, registry) })));
    }
    let steps = kind.steps.iter();
    all.extend(steps.map(|one| {
        (at(&format!("/{{id}}/{}", one.name)), json!({ "post": step(kind, one, registry) }))
    }));
    all
}

/// What an operation is about.
pub(super) struct About {
    pub(super) id: String,
    pub(super) summary: String,
    pub(super) description: String,
    pub(super) permission: &'static str,
}

pub(super) fn operation(
    kind: &'static Kind,
    about: About,
    parameters: Vec<Value>,
    responses: Value,
) -> Value {
    let mut operation = json!({
        "operationId": about.id,
        "tags": [kind.path],
        "summary": about.summary,
        "description": about.description,
        "responses": responses,
        "x-permission": about.permission,
    });
    if !parameters.is_empty() {
        operation["parameters"] = json!(parameters);
    }
    operation
}

fn with_body(mut operation: Value, schema: &str, example: &Value) -> Value {
    operation["requestBody"] = json!({
        "required": true,
        "content": { "application/json": { "schema": reference(schema), "example": example } },
    });
    operation
}

pub(super) fn ok(status: &str, description: &str, schema: &str, example: &Value) -> Value {
    json!({ status: {
        "description": description,
        "content": { "application/json": { "schema": reference(schema), "example": example } },
    } })
}

/// The parameters that a type of the house documents.
pub(super) fn params<P: IntoParams>() -> Vec<Value> {
    let all = P::into_params(|| None);
    all.into_iter().filter_map(|parameter| serde_json::to_value(parameter).ok()).collect()
}

fn id(kind: &'static Kind) -> Value {
    json!({
        "name": "id", "in": "path", "required": true,
        "description": format!("The id of the {}", kind.noun()),
        "schema": { "type": "string", "format": "uuid" },
        "example": ID,
    })
}

fn create(kind: &'static Kind, registry: &Registry) -> Value {
    let mut description = kind.about.to_owned();
    let unique: Vec<String> = kind.unique().map(|field| format!("`{}`", field.name)).collect();
    if !unique.is_empty() {
        description.push_str(&format!(
            " When another record outside the trash has the same {}, the answer is a 409 with the code \
             `taken`.",
            or(&unique),
        ));
    }
    if kind.references().next().is_some() {
        description
            .push_str(" What it names must exist outside the trash and within the caller's scope.");
    }
    if schemas::has_twins(kind) {
        description.push_str(&format!(
            " `{POSSIBLE_DUPLICATES}` of the answer names up to {MAX_ALIKE} records that may be the same, \
             within what the caller may read: nothing is refused for them, and the record itself and its \
             `ETag` know nothing of them.",
        ));
    }
    let about = About {
        id: format!("create_{}", kind.one),
        summary: format!("Create {}", a(kind)),
        description,
        permission: kind.permissions.create.as_str(),
    };
    let made = format!("The new {}", kind.noun());
    let (schema, example) = match schemas::has_twins(kind) {
        true => (format!("Created{}", kind.name), examples::created(kind, registry)),
        false => (kind.name.to_owned(), examples::record(kind, registry)),
    };
    let made = ok("201", &made, &schema, &example);
    let operation = operation(kind, about, Vec::new(), made);
    with_body(operation, &format!("New{}", kind.name), &examples::new(kind))
}

fn batch(kind: &'static Kind, registry: &Registry) -> Value {
    let nouns = kind.nouns();
    let about = About {
        id: format!("batch_{}", kind.many),
        summary: format!("Change many {nouns}"),
        description: batch::about(&nouns),
        permission: kind.permissions.create.as_str(),
    };
    let results = format!("BatchResults_{}", kind.name);
    let record = examples::record(kind, registry);
    let mut responses =
        ok("200", "Everything is stored", &results, &batch::results_example(kind.path, &record));
    let mixed = ok(
        "207",
        "With `mode=each`: what became of each item",
        &results,
        &batch::mixed_example(kind.path, &record),
    );
    if let (Some(all), Value::Object(mixed)) = (responses.as_object_mut(), mixed) {
        all.extend(mixed);
    }
    let operation = operation(kind, about, params::<BatchParams>(), responses);
    let schema = format!("BatchBody_New{0}_{0}Patch", kind.name);
    let example = json!({ "items": [
        { "op": "create", "value": examples::new(kind) },
        { "op": "update", "id": ID, "version": 1, "value": examples::patch(kind) },
        { "op": "delete", "id": OTHER_ID, "version": 4 },
    ] });
    one_of(
        with_body(operation, &schema, &example),
        &[kind.permissions.update, kind.permissions.delete],
    )
}

/// An operation that takes one of several permissions; what it is asked to do may take another of them.
fn one_of(mut operation: Value, others: &[Permission]) -> Value {
    operation["x-permission-or"] = others.iter().map(|other| other.as_str()).collect();
    operation
}

fn lookup(kind: &'static Kind, registry: &Registry) -> Value {
    let by = kind.fields.iter().filter(|field| field.is_looked_up);
    let names: Vec<String> = by.map(|field| format!("`{}`", field.name)).collect();
    let about = About {
        id: format!("lookup_{}", kind.many),
        summary: format!("Look {} up", kind.nouns()),
        description: format!(
            "Those outside the trash with exactly this {}, newest first, at most {}. Give exactly one of \
             them: as a body, because personal data does not belong into addresses. Nothing is written, \
             so the request can be repeated as it is.",
            or(&names),
            almoner_records::service::MAX_FOUND,
        ),
        permission: kind.permissions.read.as_str(),
    };
    let found = json!({ "items": [examples::record(kind, registry)] });
    let found =
        ok("200", "Those that were found, on one page", &format!("ListOf_{}", kind.name), &found);
    let mut operation = operation(kind, about, Vec::new(), found);
    operation["x-not-repeatable"] = json!(true);
    with_body(operation, &format!("{}Lookup", kind.name), &examples::lookup(kind))
}

fn get(kind: &'static Kind, registry: &Registry) -> Value {
    let about = About {
        id: format!("get_{}", kind.one),
        summary: format!("Get {}", a(kind)),
        description: format!("One {}, in the trash or not.", kind.noun()),
        permission: kind.permissions.read.as_str(),
    };
    let parameters = [vec![id(kind), chosen(kind)], params::<IfNoneMatchParam>()].concat();
    let found =
        ok("200", &format!("The {}", kind.noun()), kind.name, &examples::record(kind, registry));
    operation(kind, about, parameters, found)
}

fn update(kind: &'static Kind, registry: &Registry) -> Value {
    let objects: Vec<String> = kind
        .fields
        .iter()
        .filter(|field| field.is_sent && field.input.json == almoner_records::Json::Object)
        .map(|field| format!("`{}`", field.name))
        .collect();
    let whole = match objects.is_empty() {
        true => String::new(),
        false => format!(" An object ({}) is replaced as a whole.", objects.join(", ")),
    };
    let about = About {
        id: format!("update_{}", kind.one),
        summary: format!("Change {}", a(kind)),
        description: format!(
            "An absent field stays, `null` empties it.{whole} Roles with an edit window may only correct \
             what was entered a short time ago.",
        ),
        permission: kind.permissions.update.as_str(),
    };
    let parameters = [vec![id(kind)], params::<IfMatchParam>()].concat();
    let changed = ok(
        "200",
        &format!("The changed {}", kind.noun()),
        kind.name,
        &examples::record(kind, registry),
    );
    let operation = operation(kind, about, parameters, changed);
    with_body(operation, &format!("{}Patch", kind.name), &examples::patch(kind))
}

fn delete(kind: &'static Kind, registry: &Registry) -> Value {
    let noun = kind.noun();
    let (parts, holders): (Vec<_>, Vec<_>) =
        registry.names_of(kind.many).partition(|(holder, field)| holder.parent == Some(field.name));
    let holders: Vec<String> = holders.into_iter().map(|(holder, _)| holder.nouns()).collect();
    let parts: Vec<String> = parts.into_iter().map(|(part, _)| part.nouns()).collect();
    let with_it = match parts.is_empty() {
        true => String::new(),
        false => format!(" Its {} go into the trash, back and away with it.", parts.join(" and ")),
    };
    let held = match holders.is_empty() {
        true => String::new(),
        false => format!(" that no {} name", or(&holders)),
    };
    let about = About {
        id: format!("delete_{}", kind.one),
        summary: format!("Delete {}", a(kind)),
        description: format!(
            "Puts the {noun} in the trash; records that name it go on naming it. With `purge=true` one in \
             the trash{held} is destroyed for good, which needs the permission `{}` instead; answers kept \
             for repeated requests that show it go with it.{with_it}",
            kind.permissions.purge,
        ),
        permission: kind.permissions.delete.as_str(),
    };
    let parameters =
        [vec![id(kind)], params::<IfMatchParam>(), params::<DeletionParams>()].concat();
    let gone =
        json!({ "204": { "description": format!("The {noun} is in the trash, or destroyed") } });
    one_of(operation(kind, about, parameters, gone), &[kind.permissions.purge])
}

fn restore(kind: &'static Kind, registry: &Registry) -> Value {
    let taken = match kind.unique().next() {
        Some(_) => {
            " When another record has taken a unique value meanwhile, the answer is a 409 with the code \
             `taken`."
        }
        None => "",
    };
    let about = About {
        id: format!("restore_{}", kind.one),
        summary: format!("Restore {}", a(kind)),
        description: format!("Brings {} back from the trash.{taken}", a(kind)),
        permission: kind.permissions.delete.as_str(),
    };
    let back = format!("The restored {}", kind.noun());
    let back = versioned(ok("200", &back, kind.name, &examples::record(kind, registry)));
    operation(kind, about, vec![id(kind)], back)
}

/// Says of an answer that it has an `ETag`.
fn versioned(mut responses: Value) -> Value {
    responses["200"]["headers"] = json!({ "ETag": {
        "description": "The version of the record, for If-Match.",
        "schema": { "type": "string" },
    } });
    responses
}

fn history(kind: &'static Kind) -> Value {
    let about = About {
        id: format!("get_{}_history", kind.one),
        summary: format!("Get the history of {}", a(kind)),
        description: format!(
            "Every change of the {}, the newest first. Client address and browser are shown only with the \
             permission `audit:read`.",
            kind.noun(),
        ),
        permission: kind.permissions.read.as_str(),
    };
    let parameters = [vec![id(kind)], params::<PageParams>()].concat();
    let example = json!({ "items": [ChangeBody::example_of(kind.one)] });
    let page = ok("200", "A page of changes", "ListOf_Change", &example);
    let mut operation = operation(kind, about, parameters, page);
    operation["tags"] = json!(["audit"]);
    operation
}

fn step(kind: &'static Kind, step: &Step, registry: &Registry) -> Value {
    let verb = step.name.replace('-', " ");
    let mut capital = verb.chars();
    let title: String =
        capital.next().into_iter().flat_map(char::to_uppercase).chain(capital).collect();
    let about = About {
        id: format!("{}_{}", step.name.replace('-', "_"), kind.one),
        summary: format!("{title} {}", a(kind)),
        description: format!(
            "{} From another state the answer is a 409 with the code `transition`.{}{}",
            step.about,
            match step.by {
                By::Anyone => "",
                By::Another =>
                    " Whoever entered it cannot take this step: 409 with the code `second_person`.",
            },
            match step.reason {
                Reason::Optional => " Send `{}` when there is no reason to note.",
                _ => "",
            },
        ),
        permission: step.permission.as_str(),
    };
    let parameters = [vec![id(kind)], params::<OptionalIfMatchParam>()].concat();
    let mut example = examples::record(kind, registry);
    if !step.to.is_empty()
        && let Some(state) = kind.fields.iter().find(|field| field.form.words.contains(&step.to))
    {
        example[state.name] = json!(step.to);
    }
    let after = format!("The {} after the step", kind.noun());
    let after = ok("200", &after, kind.name, &example);
    let after = if step.has_body() { after } else { versioned(after) };
    let operation = operation(kind, about, parameters, after);
    match step.has_body() {
        true => with_body(operation, step.body, &step_example(kind, step)),
        false => operation,
    }
}

fn step_example(kind: &'static Kind, step: &Step) -> Value {
    let reason = (step.reason != Reason::None).then(|| ("reason".to_owned(), json!(REASON)));
    let taken = kind.fields.iter().filter(|field| step.takes.contains(&field.name));
    let taken = taken.map(|field| (field.name.to_owned(), examples::value(field, &field.input)));
    Value::Object(reason.into_iter().chain(taken).collect::<Map<_, _>>())
}

//! The list of a kind: its filters, its orders, and what of each record is shown.

use almoner_records::{Kind, Registry, Rows, query};
use serde_json::{Value, json};

use super::{
    super::chosen::{FIELDS, names},
    examples::{self, ID},
    operations::{About, ok, operation, params},
    schemas::plain,
};
use crate::{kit::query::PageParams, live::list::FollowerParam};

pub(super) fn list(kind: &'static Kind, registry: &Registry) -> Value {
    let whose = match kind.rows {
        Rows::All => format!("Every {} of the organisation", kind.noun()),
        Rows::OfCreator | Rows::OfParent => {
            format!("The {} within the caller's scope", kind.nouns())
        }
    };
    let about = About {
        id: format!("list_{}", kind.many),
        summary: format!("List {}", kind.nouns()),
        description: format!("{whose}, newest first."),
        permission: kind.permissions.read.as_str(),
    };
    let parameters =
        [params::<PageParams>(), filters(kind), vec![chosen(kind)], params::<FollowerParam>()]
            .concat();
    let schema = format!("ListOf_{}", kind.name);
    let page = ok(
        "200",
        &format!("One page of {}", kind.nouns()),
        &schema,
        &examples::list(kind, registry),
    );
    operation(kind, about, parameters, page)
}

/// The filters, the words and the trash of a list.
pub(super) fn narrowing(kind: &'static Kind) -> Vec<Value> {
    let mut all: Vec<Value> = query::parameters(kind).iter().map(filter).collect();
    if kind.is_searched() {
        let searched = kind.fields.iter().filter(|field| field.is_searched);
        let names: Vec<String> = searched
            .map(|field| match field.target {
                Some(_) => field.label_name.replace('_', " "),
                None => field.name.replace('_', " "),
            })
            .collect();
        all.push(json!({
            "name": "q", "in": "query", "required": false,
            "description": format!(
                "Words to find in {}, all of them; the last one may be the beginning of a word. Case \
                 and Turkish letters do not matter.",
                or(&names),
            ),
            "schema": { "type": "string", "format": "line", "minLength": 1, "maxLength": 200 },
            "example": "yilmaz rec",
        }));
    }
    all.push(json!({
        "name": "deleted", "in": "query", "required": false,
        "description": "`only` lists the trash instead.",
        "schema": { "type": "string", "enum": ["only"],
            "description": "`deleted=only`: the trash instead of the list. A field of filters that offer it." },
        "example": "only",
    }));
    all
}

/// The same, and the order.
fn filters(kind: &'static Kind) -> Vec<Value> {
    let mut all = narrowing(kind);
    let sorts = query::sorts(kind);
    let quoted: Vec<String> = sorts.iter().map(|name| format!("`{name}`")).collect();
    let words: Vec<String> =
        sorts.iter().flat_map(|name| [(*name).to_owned(), format!("-{name}")]).collect();
    all.push(json!({
        "name": "sort", "in": "query", "required": false,
        "description": format!("The order: {}, with `-` in front for descending.", or(&quoted)),
        "schema": { "type": "string", "default": "-created_at", "enum": words },
        "example": sorts.last().copied().unwrap_or("created_at"),
    }));
    all
}

/// A filter. Several values stand in one parameter, with commas between them.
fn filter(parameter: &query::Parameter) -> Value {
    let mut one = plain(&parameter.form);
    if let Some(one) = one.as_object_mut() {
        one.remove("description");
    }
    let (mut about, mut schema) = (parameter.about.clone(), one.clone());
    let is_id = parameter.form.format == "uuid";
    if let (query::Asks::IsOrAbsent(_), true) = (parameter.asks, is_id) {
        schema = json!({
            "type": "string", "minLength": 3, "maxLength": 36,
            "pattern": "^(none|any|[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12})$",
        });
    }
    if parameter.values > 1 {
        about = format!(
            "{about} With several, separated by commas and {} at the most, each of them will do.",
            parameter.values,
        );
        schema = json!({ "oneOf": [
            schema,
            { "type": "array", "items": one, "minItems": 1, "maxItems": parameter.values },
        ] });
    }
    let mut filter = json!({
        "name": parameter.name, "in": "query", "required": false,
        "description": about, "schema": schema, "example": example(parameter),
    });
    if parameter.values > 1 {
        filter["style"] = json!("form");
        filter["explode"] = json!(false);
    }
    filter
}

/// What of each record is shown.
pub(super) fn chosen(kind: &'static Kind) -> Value {
    let names = names(kind);
    let example: Vec<&str> = names.iter().copied().skip(1).take(2).collect();
    json!({
        "name": FIELDS, "in": "query", "required": false,
        "description": "Show only these fields of each record, separated by commas; `id` and `version` \
                        are always shown. What is required in the schema of the answer is absent unless it is \
                        named. The `ETag` is that of what is shown. A list that is followed shows the same.",
        "schema": {
            "type": "array", "minItems": 1, "maxItems": names.len(),
            "items": { "type": "string", "enum": names, "description": "The name of a field." },
        },
        "style": "form", "explode": false, "example": example,
    })
}

fn example(parameter: &query::Parameter) -> Value {
    match (parameter.form.json, parameter.example.as_str()) {
        (almoner_records::Json::Flag, text) => json!(text == "true"),
        (_, "") => json!(ID),
        (_, text) => json!(text),
    }
}

/// `a, b or c`.
pub(super) fn or(words: &[String]) -> String {
    match words.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        _ => words.concat(),
    }
}

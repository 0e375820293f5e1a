//! The summary of a kind in the contract.

use almoner_records::{
    Kind, Registry,
    summing::{self, Grouping, MAX_LINES, MAX_SUMMED, Of},
};
use serde_json::{Map, Value, json};

use super::{
    super::summary::{GROUP_BY, SUM},
    examples, lists,
    operations::{About, ok, operation},
    reference,
    schemas::{described, shown},
};

/// The operation.
pub(super) fn summarise(kind: &'static Kind, registry: &Registry) -> Value {
    let about = About {
        id: format!("summarise_{}", kind.many),
        summary: format!("Sum up {}", kind.nouns()),
        description: format!(
            "How many {} within the caller's scope fit the filters, one line for each group, in the order of the \
             groups. It looks at {MAX_SUMMED} records and gives {MAX_LINES} lines at the most: beyond that the \
             answer is a 409 with the code `too_much_to_sum`.",
            kind.nouns(),
        ),
        permission: kind.permissions.read.as_str(),
    };
    let mut parameters = lists::narrowing(kind);
    let groups: Vec<String> = Grouping::all(kind).map(|grouping| grouping.name()).collect();
    if let Some(first) = groups.first() {
        parameters.push(json!({
            "name": GROUP_BY, "in": "query", "required": false,
            "description": "One line for each value of these, each once and separated by commas.",
            "schema": {
                "type": "array", "minItems": 0, "maxItems": groups.len(),
                "items": { "type": "string", "enum": groups, "description": "What makes a group." },
            },
            "style": "form", "explode": false, "example": [first],
        }));
    }
    let sums: Vec<&str> = summing::sums(kind).map(|field| field.name).collect();
    if let Some(first) = sums.first() {
        parameters.push(json!({
            "name": SUM, "in": "query", "required": false,
            "description": "Add these amounts up; one line for each currency then.",
            "schema": { "type": "string", "enum": sums }, "example": first,
        }));
    }
    let page = ok("200", "The lines", &name(kind), &example(kind, registry));
    operation(kind, about, parameters, page)
}

fn name(kind: &Kind) -> String {
    format!("{}Summary", kind.name)
}

/// Its schemas.
pub(super) fn schemas(kind: &'static Kind) -> Vec<(String, Value)> {
    let line = format!("{}SummaryLine", kind.name);
    let items = json!({
        "type": "array", "maxItems": MAX_LINES, "items": reference(&line),
        "description": "The lines. A group without records has none.",
    });
    let summary = json!({
        "type": "object", "properties": { "items": items }, "required": ["items"],
        "description": format!("How many {}, one line for each group.", kind.nouns()),
    });
    let mut properties = Map::new();
    for grouping in Grouping::all(kind) {
        let field = grouping.field;
        let schema = match grouping.of {
            Of::Month => json!({
                "type": "string", "minLength": 7, "maxLength": 7, "pattern": "^[0-9]{4}-[0-9]{2}$",
                "description": format!("The month of `{}`, when grouped by it.", field.name),
                "example": "2026-03",
            }),
            Of::Word | Of::Flag | Of::Record => {
                let about = format!("When grouped by it: {}", lower(field.about));
                described(field, &shown(&field.form), &about)
            }
        };
        properties.insert(grouping.name(), schema);
        if grouping.of == Of::Record {
            let label = json!({
                "type": "string", "format": "line", "minLength": 1, "maxLength": 200,
                "description": format!("What the {} is called.", field.stem().replace('_', " ")),
                "example": "Elif Kaya",
            });
            properties.insert(field.label_name.to_owned(), label);
        }
    }
    let count = json!({
        "type": "integer", "format": "int64", "minimum": 0, "example": 42,
        "description": format!("How many {}.", kind.nouns()),
    });
    properties.insert("count".to_owned(), count);
    if summing::sums(kind).next().is_some() {
        properties.insert(SUM.to_owned(), reference("Money"));
    }
    let one = json!({
        "type": "object", "properties": properties, "required": ["count"],
        "description": "The records of one group. What they lack of what makes the group is absent.",
    });
    vec![(name(kind), summary), (line, one)]
}

fn lower(about: &str) -> String {
    let mut chars = about.chars();
    chars.next().into_iter().flat_map(char::to_lowercase).chain(chars).collect()
}

fn example(kind: &'static Kind, registry: &Registry) -> Value {
    let mut line = Map::new();
    if let Some(grouping) = Grouping::all(kind).next() {
        let value = match grouping.of {
            Of::Month => json!("2026-03"),
            Of::Word | Of::Flag | Of::Record => {
                examples::value(grouping.field, &grouping.field.form)
            }
        };
        line.insert(grouping.name(), value);
        if grouping.of == Of::Record {
            let label = examples::label(grouping.field, registry);
            line.insert(grouping.field.label_name.to_owned(), label);
        }
    }
    line.insert("count".to_owned(), json!(42));
    json!({ "items": [line] })
}

//! Looks at a body with the schema that the contract has for it, and complains as the real handlers do:
//! the same codes and pointers, as far as a schema knows them. As much of JSON Schema as the contract
//! uses; what depends on records or settings is nobody's business here.

use std::collections::HashMap;

use almoner_kernel::{EmailAddress, FieldError, Words, fault::Unfit, words as common};
use almoner_records::{reference, values, words as lookup};
use regex::Regex;
use serde_json::{Map, Value};

use super::resolved;
use crate::kit::{
    problem::{MAX_COMPLAINTS, shown},
    words,
};

/// The schemas of a document, and every pattern in it.
pub(super) struct Schemas {
    document: Value,
    patterns: HashMap<String, Regex>,
}

impl Schemas {
    pub(super) fn of(document: &Value) -> Self {
        let mut patterns = HashMap::new();
        collect(document, &mut patterns);
        Self { document: document.clone(), patterns }
    }

    /// What is wrong with a body.
    pub(super) fn complaints(&self, schema: &Value, body: &Value) -> Vec<FieldError> {
        let mut found = Vec::new();
        self.check(schema, body, "", &mut found);
        found.truncate(MAX_COMPLAINTS);
        found
    }

    fn check(&self, schema: &Value, value: &Value, place: &str, found: &mut Vec<FieldError>) {
        let schema = resolved(&self.document, schema);
        if let Some(branches) = schema["oneOf"].as_array().or_else(|| schema["anyOf"].as_array()) {
            return self.choose(branches, value, place, found);
        }
        let wrong = |Unfit { code, detail }| FieldError::new(place, code, detail);
        if let Some(unfit) = of_another_type(&schema["type"], value) {
            return found.push(wrong(unfit));
        }
        if let Some(words) = schema["enum"].as_array().filter(|words| !words.contains(value)) {
            let words: Vec<&str> = words.iter().filter_map(Value::as_str).collect();
            return found.push(wrong(Unfit::new("choice", common::choice(&words))));
        }
        match value {
            Value::String(text) => found.extend(self.text(schema, text).map(wrong)),
            Value::Number(_) => found.extend(number(schema, value).map(wrong)),
            Value::Array(items) => {
                found.extend(size(schema, items.len()).map(wrong));
                for (at, item) in items.iter().enumerate() {
                    self.check(&schema["items"], item, &format!("{place}/{at}"), found);
                }
            }
            Value::Object(fields) => self.object(schema, fields, place, found),
            Value::Null | Value::Bool(_) => {}
        }
    }

    /// One of the forms must fit; when none does, the one that is meant says why.
    fn choose(&self, forms: &[Value], value: &Value, place: &str, found: &mut Vec<FieldError>) {
        let mut least: Option<Vec<FieldError>> = None;
        let mut names = Vec::new();
        for form in forms.iter().map(|form| resolved(&self.document, form)) {
            let mut complaints = Vec::new();
            self.check(form, value, place, &mut complaints);
            if complaints.is_empty() {
                return;
            }
            if let Some((field, name)) = tag(form) {
                if value[field] == name {
                    return found.append(&mut complaints);
                }
                names.push((field, name));
            }
            let is_null = form["type"] == "null";
            let is_better = least.as_ref().is_none_or(|least| complaints.len() < least.len());
            if !is_null && is_better {
                least = Some(complaints);
            }
        }
        match names.first() {
            // Every form has a name, and the body has none of them.
            Some((field, _)) if names.len() == forms.len() && value.is_object() => {
                let names: Vec<&str> = names.iter().map(|(_, name)| *name).collect();
                let (code, detail) = match value.get(field) {
                    Some(_) => ("choice", common::choice(&names)),
                    None => ("required", common::is_required()),
                };
                found.push(FieldError::new(format!("{place}/{field}"), code, detail));
            }
            _ => found.extend(least.into_iter().flatten()),
        }
    }

    fn object(
        &self,
        schema: &Value,
        fields: &Map<String, Value>,
        place: &str,
        found: &mut Vec<FieldError>,
    ) {
        let at = |name: &str| format!("{place}/{}", name.replace('~', "~0").replace('/', "~1"));
        for name in schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str) {
            if !fields.contains_key(name) {
                found.push(FieldError::new(at(name), "required", common::is_required()));
            }
        }
        let rest = &schema["additionalProperties"];
        for (name, value) in fields {
            match (schema["properties"].get(name), rest) {
                (Some(schema), _) => self.check(schema, value, &at(name), found),
                (None, Value::Bool(false)) => {
                    let detail = common::not_a_known_field();
                    found.push(FieldError::new(at(&shown(name)), "unknown_field", detail));
                }
                (None, Value::Object(_)) => self.check(rest, value, &at(name), found),
                (None, _) => {}
            }
        }
        let is_one = |name: &str| schema[name] == 1;
        if is_one("minProperties") && is_one("maxProperties") && fields.len() != 1 {
            found.push(FieldError::new(place, "one_of", lookup::one_field_to_look_up()));
        }
    }

    fn text(&self, schema: &Value, text: &str) -> Option<Unfit> {
        let length = text.chars().count() as u64;
        let least = schema["minLength"].as_u64().filter(|least| length < *least);
        let most = schema["maxLength"].as_u64().filter(|most| length > *most);
        let format = schema["format"].as_str().unwrap_or_default();
        let of_format = match format {
            "email" => EmailAddress::parse(text).err(),
            "uuid" => reference::id::<()>(text).err(),
            "date" => values::day(text).err(),
            "date-time" => values::sent_instant(text).err(),
            _ => None,
        };
        if of_format.is_some() {
            return of_format;
        }
        match (least, most) {
            (Some(_), _) if text.is_empty() => {
                return Some(Unfit::new("required", common::must_not_be_empty()));
            }
            (Some(least), _) => return Some(Unfit::new("too_short", common::too_short(least))),
            (None, Some(most)) => return Some(Unfit::new("too_long", common::too_long(most))),
            (None, None) => {}
        }
        let pattern = self.patterns.get(schema["pattern"].as_str()?)?;
        let is_free = pattern.as_str().contains(r"\x7F");
        match () {
            () if pattern.is_match(text) => None,
            () if is_free && text.trim().is_empty() => {
                Some(Unfit::new("required", common::must_not_be_empty()))
            }
            () if is_free => Some(Unfit::new("control_character", common::control_characters())),
            () => Some(Unfit::new("format", words::wrong_form())),
        }
    }
}

/// Compiles every pattern within.
fn collect(value: &Value, patterns: &mut HashMap<String, Regex>) {
    match value {
        Value::Object(fields) => {
            if let Some(pattern) = fields.get("pattern").and_then(Value::as_str) {
                match Regex::new(pattern) {
                    Ok(regex) => {
                        patterns.insert(pattern.to_owned(), regex);
                    }
                    Err(error) => tracing::warn!(pattern, %error, "a pattern is not checked"),
                }
            }
            fields.values().for_each(|value| collect(value, patterns));
        }
        Value::Array(items) => items.iter().for_each(|item| collect(item, patterns)),
        _ => {}
    }
}

/// The field that has one word alone, and the word: what tells a form from the others.
fn tag(form: &Value) -> Option<(&str, &str)> {
    let fields = form["properties"].as_object()?;
    fields.iter().find_map(|(name, schema)| match schema["enum"].as_array()?.as_slice() {
        [only] => Some((name.as_str(), only.as_str()?)),
        _ => None,
    })
}

fn of_another_type(types: &Value, value: &Value) -> Option<Unfit> {
    let types = match types {
        Value::String(one) => vec![one.as_str()],
        Value::Array(several) => several.iter().filter_map(Value::as_str).collect(),
        _ => return None,
    };
    let is_a = |name: &str| match name {
        "null" => value.is_null(),
        "string" => value.is_string(),
        "boolean" => value.is_boolean(),
        "integer" => value.is_i64() || value.is_u64(),
        "number" => value.is_number(),
        "array" => value.is_array(),
        "object" => value.is_object(),
        _ => true,
    };
    if types.iter().any(|name| is_a(name)) {
        return None;
    }
    if value.is_null() {
        return Some(Unfit::new("required", common::is_required()));
    }
    let detail = match types.first().copied() {
        Some("string") => common::must_be_a_string(),
        Some("boolean") => common::must_be_a_boolean(),
        Some("integer") => common::must_be_a_whole_number(),
        Some("number") => common::must_be_a_number(),
        Some("array") => words::must_be_an_array(),
        _ => common::must_be_an_object(),
    };
    Some(Unfit::new("type", detail))
}

fn number(schema: &Value, value: &Value) -> Option<Unfit> {
    let value = value.as_i64();
    let (least, most) = (schema["minimum"].as_i64(), schema["maximum"].as_i64());
    let is_within = value.is_some_and(|value| {
        least.is_none_or(|least| value >= least) && most.is_none_or(|most| value <= most)
    });
    let detail = || words::out_of_range(least.unwrap_or(i64::MIN), most.unwrap_or(i64::MAX));
    unless(is_within, "range", detail)
}

fn size(schema: &Value, count: usize) -> Option<Unfit> {
    let (least, most) = (schema["minItems"].as_u64(), schema["maxItems"].as_u64());
    let count = count as u64;
    let is_within =
        least.is_none_or(|least| count >= least) && most.is_none_or(|most| count <= most);
    let detail = || words::items_out_of_range(most.unwrap_or(u64::MAX));
    unless(is_within, "range", detail)
}

fn unless(is_fine: bool, code: &'static str, detail: impl FnOnce() -> Words) -> Option<Unfit> {
    (!is_fine).then(|| Unfit::new(code, detail()))
}

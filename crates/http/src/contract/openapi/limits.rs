//! The limits of every value, from its form: a resource writes the form of a text once (`format =
//! "line"`), and the pattern and the lengths that follow from it are added here.

use std::collections::HashMap;

use serde_json::{Map, Value, json};

/// A form of text, as `format` names it.
struct Form {
    format: &'static str,
    /// True for a format of the OpenAPI or JSON Schema registries, which stays in the document; the
    /// others are names of our own, which only their pattern explains.
    is_registered: bool,
    pattern: Option<&'static str>,
    lengths: Option<(u64, u64)>,
}

/// Every form. Lengths are in characters.
const FORMS: &[Form] = &[
    registered("uuid", (36, 36)),
    registered("date", (10, 10)),
    // From `2026-03-14T09:26:53Z` to nanoseconds with an offset.
    registered("date-time", (20, 35)),
    // RFC 5321: 64 characters, `@`, and at most 255; the shortest with a dot is `a@b.c`.
    registered("email", (5, 320)),
    // One line: `kernel::text::line`. White space around it is trimmed, and nothing else is nothing.
    own("line", LINE, None),
    // Text with line breaks and tabs: `kernel::text::free_text`, trimmed as well.
    own("text", TEXT, None),
    // A name of ours in lower snake_case, of a list that may grow.
    own("word", "^[a-z][a-z0-9_]*$", Some((1, 64))),
    // E.164: a plus sign and at most 15 digits.
    own("e164", r"^\+[1-9][0-9]{1,14}$", Some((3, 16))),
    // BCP 47 without extensions, at most 35 characters (RFC 5646, 4.4.1).
    own("language", "^[A-Za-z]{2,8}([-_][A-Za-z0-9]{1,8})*$", Some((2, 35))),
    // A name of the IANA database; the longest has 32 characters.
    own("time_zone", "^[A-Za-z0-9_+/-]+$", Some((2, 64))),
    // The name of a role: `accounts::role::RoleName`.
    own("role_name", "^[a-z][a-z0-9]*(_[a-z0-9]+)*$", Some((3, 40))),
    // What a job does: words with points between them.
    own("job_kind", r"^[a-z][a-z0-9_]*(\.[a-z][a-z0-9_]*)*$", Some((3, 64))),
    // What a webhook is told of: `webhooks::event::EventType`.
    own("event_type", r"^[a-z][a-z_]*\.([a-z][a-z_]*|\*)$", Some((3, 64))),
    // The secret of a webhook: 32 bytes in base64 behind `whsec_`.
    own("webhook_secret", "^whsec_[A-Za-z0-9+/]{43}=$", Some((50, 50))),
    // The `webhook-id` of a message: the webhook, and the change or the delivery; once, the position of
    // the change.
    own("message_id", "^msg_[0-9a-f]{32}_[0-9a-f]+$", Some((38, 69))),
    // An IPv4 or IPv6 address; the longest has 45 characters.
    own("ip", "^[0-9A-Fa-f.:]+$", Some((2, 45))),
    // What `client::handed_on_request_id` lets through; ours are UUIDs.
    own("request_id", "^[A-Za-z0-9._-]+$", Some((1, 128))),
    // W3C Trace Context: 16 bytes, not all zero.
    own("trace_id", "^[0-9a-f]{32}$", Some((32, 32))),
    // A sealed position: 42 bytes and, at the most, the folded form of 200 characters.
    own("cursor", "^[A-Za-z0-9_-]+$", Some((1, 16_384))),
    // The value of a header, which may be empty; HTTP itself rules out control characters.
    own("header", r"^[^\x00-\x08\x0A-\x1F\x7F]*$", Some((0, 512))),
    // 32 bytes in base64url.
    own("token", "^[A-Za-z0-9_-]+$", Some((43, 43))),
    // An `ETag` is a version and a mark of what is shown (`etag.rs`). A change is made from a version,
    // whatever is shown beside it. What is known already is known as it was shown: a bare version there
    // is no mistake, and matches nothing.
    own("etag", "^\"[1-9][0-9]*\\.[A-Za-z0-9_-]{22}\"$", Some((26, 44))),
    own("version", "^\"[1-9][0-9]*(\\.[A-Za-z0-9_-]{22})?\"$", Some((3, 44))),
    own("known_version", "^(W/)?\"[1-9][0-9]*(\\.[A-Za-z0-9_-]{22})?\"$", Some((3, 46))),
];

/// What may stand around and between the words of a line. No pattern says `\u…`, which not every engine
/// of regular expressions knows: spaces are written as they are, controls as `\x…`, and the separators
/// of lines and paragraphs, at which editors break, are among `\s`.
macro_rules! spaces {
    () => {
        " \u{A0}\u{1680}\u{2000}-\u{200A}\u{202F}\u{205F}\u{3000}\u{FEFF}"
    };
}

/// What nobody sees, and is left out of a line.
macro_rules! unseen {
    () => {
        "\u{AD}\u{34F}\u{61C}\u{180E}\u{200B}-\u{200F}\u{202A}-\u{202E}\u{2060}-\u{206F}"
    };
}

/// White space and what nobody sees, then a character that is neither, then whatever a line may have.
const LINE: &str = concat!(
    "^[",
    spaces!(),
    unseen!(),
    r"]*[^\s\x00-\x1F\x7F-\x9F",
    unseen!(),
    r"](?:[^\s\x00-\x1F\x7F-\x9F]|[",
    spaces!(),
    "])*$",
);

/// The same, over more lines than one.
const TEXT: &str = concat!(
    r"^[^\S\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F]*",
    r"[^\s\x00-\x1F\x7F-\x9F]",
    r"[^\x00-\x08\x0B\x0C\x0E-\x1F\x7F-\x9F]*$",
);

const fn registered(format: &'static str, lengths: (u64, u64)) -> Form {
    Form { format, is_registered: true, pattern: None, lengths: Some(lengths) }
}

const fn own(format: &'static str, pattern: &'static str, lengths: Option<(u64, u64)>) -> Form {
    Form { format, is_registered: false, pattern: Some(pattern), lengths }
}

/// Completes every schema within: what is written already stays.
pub(super) fn complete(document: &mut Value) {
    let words = lists_of_words(document);
    super::schemas::visit(document, &mut |_, schema| {
        if is_of_type(schema, "string") {
            complete_text(schema);
        }
        if is_of_type(schema, "integer") {
            complete_number(schema);
        }
        if is_of_type(schema, "array") {
            complete_list(schema, &words);
        }
    });
}

/// True when values of the schema may be of that type.
pub(super) fn is_of_type(schema: &Map<String, Value>, name: &str) -> bool {
    match schema.get("type") {
        Some(Value::String(one)) => one == name,
        Some(Value::Array(several)) => several.iter().any(|one| one == name),
        _ => false,
    }
}

fn complete_text(schema: &mut Map<String, Value>) {
    let format = schema.get("format").and_then(Value::as_str);
    let Some(form) = FORMS.iter().find(|form| Some(form.format) == format) else { return };
    if let Some(pattern) = form.pattern {
        schema.entry("pattern").or_insert_with(|| json!(pattern));
    }
    if let Some((min, max)) = form.lengths {
        schema.entry("minLength").or_insert_with(|| json!(min));
        schema.entry("maxLength").or_insert_with(|| json!(max));
    }
    if !form.is_registered {
        schema.remove("format");
    }
}

/// A number is as large as its type can hold, unless something smaller is said.
fn complete_number(schema: &mut Map<String, Value>) {
    let format = schema.entry("format").or_insert_with(|| json!("int64"));
    let (min, max) = match format.as_str() {
        Some("int32") => (i64::from(i32::MIN), i64::from(i32::MAX)),
        _ => (i64::MIN, i64::MAX),
    };
    schema.entry("minimum").or_insert_with(|| json!(min));
    schema.entry("maximum").or_insert_with(|| json!(max));
}

/// How many words each closed list among the components has, by the reference to it.
fn lists_of_words(document: &Value) -> HashMap<String, usize> {
    let schemas = document["components"]["schemas"].as_object();
    schemas
        .into_iter()
        .flatten()
        .filter_map(|(name, schema)| {
            let words = schema["enum"].as_array()?.len();
            Some((format!("#/components/schemas/{name}"), words))
        })
        .collect()
}

/// An array of words from a closed list has each of them once at the most. That is not said as
/// `uniqueItems`: generated clients make a set of it then, which in JavaScript is written as `{}`.
fn complete_list(schema: &mut Map<String, Value>, lists: &HashMap<String, usize>) {
    let items = schema.get("items");
    let reference = items.and_then(|items| items["$ref"].as_str());
    let words = items.and_then(|items| items["enum"].as_array()).map(Vec::len);
    if let Some(words) = words.or_else(|| reference.and_then(|name| lists.get(name)).copied()) {
        schema.entry("maxItems").or_insert_with(|| json!(words));
    }
}

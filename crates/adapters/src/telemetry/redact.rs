//! What must never reach a log, whoever logs it by accident: the last net under the rule that nobody
//! logs it in the first place. It knows fields by their names. What leaves for another system is
//! also looked through as text, for what can be told by its shape; names of people cannot.

use std::{
    cell::RefCell,
    collections::HashMap,
    net::{IpAddr, SocketAddr},
    sync::LazyLock,
};

use almoner_accounts::session::masked_address;
use almoner_kernel::EmailAddress;
use regex::{Captures, Regex};
use serde_json::Value;
use url::Url;

/// Words that make a field secret wherever they stand in its name: `new_password`,
/// `http.request.header.cookie`, `refresh-token`.
pub const NEVER_LOG: &[&str] = &[
    "api_key",
    "authorization",
    "cookie",
    "credential",
    "csrf",
    "donor_name",
    "iban",
    "idempotency_key",
    "identity",
    "master_key",
    "national_id",
    "notes",
    "passwd",
    "password",
    "phone",
    "postal_address",
    "private_key",
    "request_body",
    "response_body",
    "secret",
    "session_key",
    "tax_number",
    "token",
];

/// What stands in a log line instead of a secret.
pub(super) const REDACTED: &str = "[redacted]";

/// The value as it may be logged under that name.
pub fn cleaned(name: &'static str, value: Value) -> Value {
    // The names are those in the program's text: a few dozen, looked at once by each thread.
    let treatment =
        KNOWN.with_borrow_mut(|known| *known.entry(name).or_insert_with(|| treatment(name)));
    treated(treatment, value)
}

/// The text as it may be sent to another system under that name.
pub(super) fn sendable(name: &str, text: &str) -> String {
    // Ours, and no text of anybody: digits in them are no number of a person.
    if SAFE.contains(&name) {
        return text.to_owned();
    }
    match treated(treatment(name), Value::from(text)) {
        Value::String(text) => scrubbed(&text),
        _ => REDACTED.to_owned(),
    }
}

/// Fields whose values are made by the program, or masked already.
const SAFE: &[&str] =
    &["client", "code", "level", "method", "request_id", "route", "target", "trace_id", "user_id"];

/// The text without what can be told by its shape: values behind the words of [`NEVER_LOG`], values
/// of rows in complaints of a database, e-mail addresses, account and identity numbers, phone
/// numbers, network addresses. In doubt it goes: a report that says too little can be looked up in
/// the log by its request id.
pub(super) fn scrubbed(text: &str) -> String {
    let shapes = match &*SHAPES {
        Ok(shapes) => shapes,
        // The test of this very expression makes it unreachable; never send what was not looked at.
        Err(_) => return REDACTED.to_owned(),
    };
    shapes.replace_all(text, |found: &Captures<'_>| replacement(text, found)).into_owned()
}

/// The text with nothing between its quotes.
pub(super) fn unquoted(text: &str) -> String {
    let mut parts = text.split('"');
    let mut kept = parts.next().unwrap_or_default().to_owned();
    let mut is_quoted = true;
    for part in parts {
        kept.push_str(if is_quoted { "\"…\"" } else { part });
        is_quoted = !is_quoted;
    }
    kept
}

/// The address with its password replaced by `***`, wherever it stands. What cannot be read as an
/// address loses everything up to its last `@`.
pub fn masked_url(text: &str) -> String {
    let Ok(mut url) = Url::parse(text) else {
        return match (text.split_once("://"), text.rsplit_once('@')) {
            (Some((scheme, _)), Some((_, rest))) => format!("{scheme}://***@{rest}"),
            (Some((scheme, _)), None) => format!("{scheme}://***"),
            (None, _) => "***".to_owned(),
        };
    };
    if url.password().is_some() && url.set_password(Some("***")).is_err() {
        return "***".to_owned();
    }
    // libpq also takes the password as a parameter.
    if url.query_pairs().any(|(name, _)| name.eq_ignore_ascii_case("password")) {
        url.set_query(Some("***"));
    }
    url.to_string()
}

fn replacement(text: &str, found: &Captures<'_>) -> String {
    let group = |name| found.name(name).map(|group| group.as_str());
    let whole = &found[0];
    if group("uuid").is_some() {
        return whole.to_owned();
    }
    if let Some(label) = group("label").or_else(|| group("label2")) {
        return format!("{label}{REDACTED}");
    }
    if group("email").is_some() {
        return "[e-mail]".to_owned();
    }
    if group("iban").is_some() {
        return "[account]".to_owned();
    }
    if group("number").is_some() {
        return "[number]".to_owned();
    }
    // `mod::path` and `12:30:45` have the letters of an address and are none.
    let is_word =
        |char: Option<char>| char.is_some_and(|char| char.is_alphanumeric() || char == '_');
    let (before, after) =
        found.get(0).map_or(("", ""), |whole| (&text[..whole.start()], &text[whole.end()..]));
    if is_word(before.chars().next_back()) || is_word(after.chars().next()) {
        return whole.to_owned();
    }
    match whole.trim_end_matches(['.', ':']).parse::<IpAddr>() {
        Ok(ip) if ip.is_loopback() || ip.is_unspecified() => whole.to_owned(),
        Ok(_) => "[address]".to_owned(),
        Err(_) => whole.to_owned(),
    }
}

/// The first that fits at a place wins.
static SHAPES: LazyLock<Result<Regex, regex::Error>> = LazyLock::new(|| {
    let words: Vec<String> = NEVER_LOG.iter().map(|word| word.replace('_', "[-_ ]?")).collect();
    let words = words.join("|");
    Regex::new(&format!(
        r#"(?xi)
        (?<uuid> \b[0-9a-f]{{8}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{4}}-[0-9a-f]{{12}}\b )
        | (?<label>
            # Key (email)=(…) and Failing row contains (…), as PostgreSQL says it; they end a text.
            \)=\(? | \brow\ contains\ \(?
        ) .*
        | (?<label2> \b[\w.-]*(?:{words})[\w.-]*["']? \s*[=:]\s* ) (?: "[^"]*" | '[^']*' | [^\s,;)}}\]]+ )
        | (?<email> [^\s<>()\[\]"',;:=@%]+ (?:@|%40) [^\s<>()\[\]"',;:=@]+ )
        | (?<iban>
            \b[a-z]{{2}}[0-9]{{2}} (?: [a-z0-9]{{11,30}} | (?:[\ -][a-z0-9]{{4}}){{2,7}} (?:[\ -][a-z0-9]{{1,3}})? ) \b
        )
        | (?<number> \+?\(?[0-9] (?: [\ ()/.-]{{0,2}}[0-9] ){{9,}} )
        | [0-9]{{1,3}}(?:\.[0-9]{{1,3}}){{3}}
        | [0-9a-f]{{0,4}}:[0-9a-f:]*:[0-9a-f:.]*
        "#
    ))
});

fn treated(treatment: Treatment, value: Value) -> Value {
    match treatment {
        Treatment::Keep => value,
        Treatment::Redact => Value::from(REDACTED),
        Treatment::MaskEmail => masked(&value, email),
        Treatment::MaskAddress => masked(&value, address),
        Treatment::CutQuery => masked(&value, |text| {
            text.split_once('?').map_or_else(|| text.to_owned(), |(path, _)| format!("{path}?…"))
        }),
        Treatment::MaskUrl => masked(&value, masked_url),
    }
}

thread_local! {
    static KNOWN: RefCell<HashMap<&'static str, Treatment>> = RefCell::default();
}

#[derive(Clone, Copy)]
enum Treatment {
    Keep,
    Redact,
    MaskEmail,
    MaskAddress,
    /// Filters and searches hold names and amounts.
    CutQuery,
    /// The database's address holds its password.
    MaskUrl,
}

fn treatment(name: &str) -> Treatment {
    let name = name.to_ascii_lowercase().replace('-', "_");
    if NEVER_LOG.iter().any(|secret| name.contains(secret)) {
        return Treatment::Redact;
    }
    match name.rsplit('.').next().unwrap_or(&name) {
        "body" | "query" | "query_string" | "q" => Treatment::Redact,
        last if last == "e_mail" || last.ends_with("email") => Treatment::MaskEmail,
        "addr" | "address" | "client_address" | "client_ip" | "forwarded" | "ip" | "peer"
        | "peer_addr" | "remote_addr" | "x_forwarded_for" => Treatment::MaskAddress,
        "path" | "path_and_query" | "target" | "uri" => Treatment::CutQuery,
        "database" | "database_url" | "dsn" | "url" => Treatment::MaskUrl,
        _ => Treatment::Keep,
    }
}

fn masked(value: &Value, mask: impl Fn(&str) -> String) -> Value {
    match value {
        Value::String(text) => Value::from(mask(text)),
        Value::Null => Value::Null,
        _ => Value::from(REDACTED),
    }
}

fn email(text: &str) -> String {
    // Values logged with `?` come in quotes, or masked already.
    let text = text.trim_matches('"');
    match EmailAddress::is_like(text) {
        true => EmailAddress::from_stored(text.to_owned()).masked(),
        false => REDACTED.to_owned(),
    }
}

fn address(text: &str) -> String {
    let parsed = text
        .parse::<IpAddr>()
        .ok()
        .or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()));
    match parsed {
        Some(ip) if ip.is_loopback() || ip.is_unspecified() => text.to_owned(),
        Some(ip) => masked_address(ip),
        None => REDACTED.to_owned(),
    }
}

//! What must never reach a log, whoever logs it by accident: the last net under the rule that nobody
//! logs it in the first place. It knows fields by their names; text inside a message is beyond it.

use std::{
    cell::RefCell,
    collections::HashMap,
    net::{IpAddr, SocketAddr},
};

use almoner_accounts::session::masked_address;
use almoner_kernel::EmailAddress;
use serde_json::Value;

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
const REDACTED: &str = "[redacted]";

/// The value as it may be logged under that name.
pub fn cleaned(name: &'static str, value: Value) -> Value {
    // The names are those in the program's text: a few dozen, looked at once by each thread.
    let treatment =
        KNOWN.with_borrow_mut(|known| *known.entry(name).or_insert_with(|| treatment(name)));
    match treatment {
        Treatment::Keep => value,
        Treatment::Redact => Value::from(REDACTED),
        Treatment::MaskEmail => masked(&value, email),
        Treatment::MaskAddress => masked(&value, address),
        Treatment::CutQuery => masked(&value, |text| {
            text.split_once('?').map_or_else(|| text.to_owned(), |(path, _)| format!("{path}?…"))
        }),
        Treatment::MaskUrl => masked(&value, crate::config::masked_url),
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
    match EmailAddress::parse(text.trim_matches('"')) {
        Ok(address) => address.masked(),
        Err(_) => REDACTED.to_owned(),
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

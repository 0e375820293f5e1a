//! The configuration as a TOML file that can be used: every key with the value that holds, in the order
//! of the example file. Secrets are not in it; a comment names those that are set. Keys that nobody gave
//! and that follow from others are comments too, so that they go on following.

use std::collections::BTreeMap;

use figment::Figment;

use super::{
    Config,
    reader::Reader,
    schema::{self, KEYS, Key},
};

/// Keys whose value is not shown. The first superadmin's address needs the password beside it.
const SECRETS: [&Key; 5] = [
    schema::ADMIN_EMAIL,
    schema::ADMIN_PASSWORD,
    schema::SENTRY_DSN,
    schema::MAIL_PASSWORD,
    schema::METRICS_TOKEN,
];

/// Keys that take several values.
const LISTS: [&Key; 4] =
    [schema::TRUSTED_PROXIES, schema::CURRENCIES, schema::CORS_ORIGINS, schema::PASSWORD_WORDS];

/// The file, without the line break at its end.
pub(super) fn toml(layers: Figment, config: &Config) -> String {
    let mut reader = Reader::new(layers, Vec::new());
    let (mut file, mut table) = (String::new(), "");
    for key in KEYS {
        let (own_table, name) = key.path.split_once('.').unwrap_or(("", key.path));
        let Some(line) = line(&mut reader, key, name, config) else { continue };
        if own_table != table {
            table = own_table;
            file.push_str(&format!("\n[{table}]\n"));
        }
        file.push_str(&line);
        file.push('\n');
    }
    file.trim_end().to_owned()
}

/// What is said of a key; nothing when it is absent.
fn line(reader: &mut Reader, key: &'static Key, name: &str, config: &Config) -> Option<String> {
    if !reader.has(key) {
        return followed(key, config).map(|value| format!("# {name} = {}", quoted(&value)));
    }
    if LISTS.contains(&key) {
        let items = reader.list(key, |text| Ok(text.to_owned()))?;
        let items: Vec<String> = items.iter().map(|item| quoted(item)).collect();
        return Some(format!("{name} = [{}]", items.join(", ")));
    }
    if key == schema::RATE_LIMIT_ROLES {
        let entries: BTreeMap<String, String> = reader.table(key, |text| Ok(text.to_owned()))?;
        let entries: Vec<String> = entries
            .iter()
            .map(|(role, value)| format!("{} = {}", quoted(role), plain(value)))
            .collect();
        return Some(match entries.is_empty() {
            true => format!("{name} = {{}}"),
            false => format!("{name} = {{ {} }}", entries.join(", ")),
        });
    }
    let text = reader.verbatim(key, |text| Ok(text.to_owned()))?;
    let is_secret = SECRETS.contains(&key)
        || (key == schema::DATABASE_URL && config.database.masked().contains("***"));
    Some(match is_secret && !text.is_empty() {
        true => format!("# {name} is set and not shown: give it here, or as {}", key.variable),
        false => format!("{name} = {}", plain(&text)),
    })
}

/// The value of a key that nobody gave, where it follows from others.
fn followed(key: &Key, config: &Config) -> Option<String> {
    if key == schema::KEY_FILE {
        Some(config.key_file.display().to_string())
    } else if key == schema::PUBLIC_URL {
        Some(config.public_url.as_text())
    } else if key == schema::DATABASE_URL {
        Some(config.database.masked())
    } else if key == schema::LINKS_RESET {
        Some(config.links.password_reset.to_string())
    } else if key == schema::LINKS_INVITATION {
        Some(config.links.invitation.to_string())
    } else {
        None
    }
}

/// A value as the example file has it: whole numbers as they are, everything else in quotes.
fn plain(text: &str) -> String {
    match text.parse::<i64>() {
        Ok(number) if number.to_string() == text => text.to_owned(),
        _ => quoted(text),
    }
}

/// A basic string of TOML.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for char in text.chars() {
        match char {
            '"' => quoted.push_str("\\\""),
            '\\' => quoted.push_str("\\\\"),
            char if char.is_control() => {
                quoted.push_str(&format!("\\u{:04X}", u32::from(char)));
            }
            char => quoted.push(char),
        }
    }
    quoted.push('"');
    quoted
}

//! How mail leaves the server, and where its links lead.

use std::{path::PathBuf, time::Duration};

use almoner_adapters::mail::{LinkSettings, MailRoute, SmtpPassword, SmtpRoute, SmtpTls};
use almoner_kernel::{EmailAddress, PersonName};
use almoner_mail::Mailbox;
use chrono::TimeDelta;
use secrecy::SecretString;
use url::{Host, Url};

use super::{
    WebOrigin,
    read::{bounded, optional, path},
    reader::Reader,
    schema as key, values,
};

/// How mail leaves the server.
#[derive(Clone, Debug)]
pub struct MailSettings {
    /// Which way.
    pub route: MailRoute,
    /// Whom it is from.
    pub from: Mailbox,
    /// Whom answers go to.
    pub reply_to: Option<Mailbox>,
    /// Mails about one thing that one user gets in an hour.
    pub per_recipient: u32,
}

/// What the transport is named as.
enum Named {
    Off,
    Smtp { host: String, port: u16, implicit: bool, user: Option<String>, is_local: bool },
    Folder(PathBuf),
    Log,
}

/// The way mail goes: `None` when something is wrong, `Some(None)` when there is none.
pub(super) fn mail(reader: &mut Reader) -> Option<Option<MailSettings>> {
    let named = reader.read(key::MAIL_TRANSPORT, transport);
    let from = optional(reader, key::MAIL_FROM, mailbox);
    let reply_to = optional(reader, key::MAIL_REPLY_TO, mailbox);
    let tls = reader.read(key::MAIL_TLS, |text| match text {
        "required" => Ok(SmtpTls::StartTls),
        "opportunistic" => Ok(SmtpTls::Opportunistic),
        "off" => Ok(SmtpTls::Off),
        _ => Err("must be required, opportunistic or off".to_owned()),
    });
    let given = if reader.has(key::MAIL_PASSWORD) {
        reader.verbatim(key::MAIL_PASSWORD, |text| Ok(SecretString::from(text))).map(Some)
    } else {
        Some(None)
    };
    let file = optional(reader, key::MAIL_PASSWORD_FILE, file);
    let ca_file = optional(reader, key::MAIL_CA_FILE, self::file);
    let timeout = reader.read(key::MAIL_TIMEOUT, |text| {
        let range = Duration::from_secs(1)..=Duration::from_secs(600);
        bounded(values::span(text)?, range, "must be from 1s to 10m")
    });
    let per_recipient = reader.read(key::MAIL_PER_RECIPIENT, values::whole(1..=1_000));

    let named = named?;
    if matches!(named, Named::Off) {
        // The rest is read all the same, so that a mistake is not found only when mail is set up.
        from.and(reply_to).and(tls).and(given).and(file).and(ca_file).and(timeout)?;
        return per_recipient.map(|_| None);
    }
    let from = from?;
    if from.is_none() {
        reader.wrong(key::MAIL_FROM, "is required beside mail.transport");
    }
    let password = match (given?, file?) {
        (Some(_), Some(_)) => {
            reader.wrong(key::MAIL_PASSWORD_FILE, "is one too many beside mail.password");
            return None;
        }
        (Some(given), None) => Some(SmtpPassword::Given(given)),
        (None, Some(file)) => Some(SmtpPassword::File(file)),
        (None, None) => None,
    };
    let route = match named {
        Named::Off => return None,
        Named::Log => MailRoute::Log,
        Named::Folder(folder) => MailRoute::Folder(folder),
        Named::Smtp { host, port, implicit, user, is_local } => {
            let tls = if implicit { SmtpTls::Implicit } else { tls? };
            if user.is_some() != password.is_some() {
                let detail = "must be given together with a user in mail.transport, such as \
                              smtps://user@mail.example.org";
                reader.wrong(key::MAIL_PASSWORD, detail);
                return None;
            }
            let is_safe = matches!(tls, SmtpTls::Implicit | SmtpTls::StartTls) || is_local;
            if user.is_some() && !is_safe {
                reader.wrong(key::MAIL_TLS, "must be required where a password is sent");
                return None;
            }
            let (ca_file, timeout) = (ca_file?, timeout?);
            MailRoute::Smtp(SmtpRoute { host, port, tls, user, password, ca_file, timeout })
        }
    };
    let (reply_to, per_recipient) = (reply_to?, per_recipient?);
    Some(Some(MailSettings { route, from: from?, reply_to, per_recipient }))
}

/// Where links lead; by default to pages of the public address.
pub(super) fn links(reader: &mut Reader, public_url: Option<&WebOrigin>) -> Option<LinkSettings> {
    const DAY: u64 = 86_400;

    let reset = optional(reader, key::LINKS_RESET, page);
    let invitation = optional(reader, key::LINKS_INVITATION, page);
    let lifetime = reader.read(key::LINKS_INVITATION_LIFETIME, |text| {
        let detail = "must be from 1h to 60d";
        let range = Duration::from_secs(3_600)..=Duration::from_secs(60 * DAY);
        TimeDelta::from_std(bounded(values::span(text)?, range, detail)?)
            .map_err(|_| detail.to_owned())
    });
    let mut page_or = |chosen: Option<Url>, key, path: &str| {
        if chosen.is_some() {
            return chosen;
        }
        let own = page(&format!("{}{path}", public_url?.as_text()));
        own.map_err(|detail| reader.wrong(key, detail)).ok()
    };
    Some(LinkSettings {
        password_reset: page_or(reset?, key::LINKS_RESET, "/password-reset")?,
        invitation: page_or(invitation?, key::LINKS_INVITATION, "/invitation")?,
        invitation_lifetime: lifetime?,
    })
}

fn transport(text: &str) -> Result<Named, String> {
    const SHAPE: &str = "must be off, log, file:FOLDER, smtp://HOST or smtps://HOST";
    match text {
        "off" => return Ok(Named::Off),
        "log" => return Ok(Named::Log),
        _ => {}
    }
    if let Some(folder) = text.strip_prefix("file:") {
        let folder = folder.strip_prefix("//").unwrap_or(folder);
        return path(folder).map(Named::Folder).map_err(|_| "names no folder".to_owned());
    }
    let url = Url::parse(text).map_err(|_| SHAPE.to_owned())?;
    let (implicit, port) = match url.scheme() {
        "smtps" => (true, 465),
        "smtp" => (false, 587),
        _ => return Err(SHAPE.to_owned()),
    };
    if url.password().is_some() {
        return Err("holds a password: give it as mail.password or mail.password_file".to_owned());
    }
    let is_bare =
        matches!(url.path(), "" | "/") && url.query().is_none() && url.fragment().is_none();
    let host = url.host().filter(|_| is_bare).ok_or_else(|| SHAPE.to_owned())?;
    let is_local = match &host {
        Host::Domain(name) => *name == "localhost",
        Host::Ipv4(address) => address.is_loopback(),
        Host::Ipv6(address) => address.is_loopback(),
    };
    // A scheme that is none of the web's keeps an IPv4 address as a name.
    let is_local = is_local || url.host_str().is_some_and(|host| host.starts_with("127."));
    let host = match host {
        Host::Ipv6(address) => address.to_string(),
        host => host.to_string(),
    };
    let user = match url.username() {
        "" => None,
        // A user is often an address, whose @ is written %40.
        user => Some(decoded(user).ok_or_else(|| SHAPE.to_owned())?),
    };
    Ok(Named::Smtp { host, port: url.port().unwrap_or(port), implicit, user, is_local })
}

/// Undoes `%40` and its like.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('%') {
        bytes.extend_from_slice(before.as_bytes());
        bytes.push(u8::from_str_radix(after.get(..2)?, 16).ok()?);
        rest = &after[2..];
    }
    bytes.extend_from_slice(rest.as_bytes());
    String::from_utf8(bytes).ok()
}

/// `Umut Derneği <posta@umutdernegi.org>`, or the address alone.
fn mailbox(text: &str) -> Result<Mailbox, String> {
    const SHAPE: &str = "must be an e-mail address, or a name and an address such as \
                         Umut Derneği <posta@example.org>";
    let (name, address) = match text.strip_suffix('>').map(|text| text.rsplit_once('<')) {
        Some(Some((name, address))) => (Some(name.trim().trim_matches('"')), address),
        Some(None) => return Err(SHAPE.to_owned()),
        None => (None, text),
    };
    let name = name.filter(|name| !name.is_empty()).map(PersonName::parse).transpose();
    Ok(Mailbox {
        name: name.map_err(|_| SHAPE.to_owned())?,
        address: EmailAddress::parse(address).map_err(|_| SHAPE.to_owned())?,
    })
}

fn page(text: &str) -> Result<Url, String> {
    let url = Url::parse(text).ok().filter(|url| {
        matches!(url.scheme(), "http" | "https") && url.host().is_some() && url.fragment().is_none()
    });
    url.ok_or_else(|| "must be the http or https address of a page, without a fragment".to_owned())
}

fn file(text: &str) -> Result<PathBuf, String> {
    let file = path(text)?;
    if file.is_file() { Ok(file) } else { Err("is not a file".to_owned()) }
}

//! With which requests browsers send the cookies: the setting, and whether pages of another origin are
//! of the same site, as far as that can be told without the list of public suffixes.

use almoner_http::settings::SameSite;
use url::Host;

use super::{Config, WebOrigin, reader::Reader, schema};

/// Reads `session.same_site`; none when it is wrong.
pub(super) fn same_site(reader: &mut Reader, public_url: Option<&WebOrigin>) -> Option<SameSite> {
    let setting = reader.read(schema::SESSION_SAME_SITE, |text| match text {
        "strict" => Ok(SameSite::Strict),
        "lax" => Ok(SameSite::Lax),
        "none" => Ok(SameSite::None),
        _ => Err("must be strict, lax or none".to_owned()),
    })?;
    if setting == SameSite::None && public_url.is_some_and(|url| !url.is_https()) {
        // Browsers throw such cookies away, and nobody could log in.
        let detail = "none needs secure cookies: public_url (ALMONER_PUBLIC_URL) must be https";
        reader.wrong(schema::SESSION_SAME_SITE, detail);
        return None;
    }
    Some(setting)
}

/// What should be known of the cookies at start.
pub(super) fn warnings(config: &Config) -> Vec<String> {
    if config.same_site == SameSite::None {
        return vec![
            "session.same_site (ALMONER_SESSION_SAME_SITE) is none: browsers send the session with \
             requests of every page there is, and only Origin and the CSRF token tell them apart"
                .to_owned(),
        ];
    }
    let foreign = config.cors_origins.iter().filter(|origin| {
        let (ours, theirs) = (&config.public_url, *origin);
        !(ours.is_https() == theirs.is_https() && are_same_site(ours, theirs))
    });
    foreign
        .map(|origin| {
            format!(
                "cors.origins (ALMONER_CORS_ORIGINS) names {origin}, which is another site than \
                 public_url (ALMONER_PUBLIC_URL) {}: browsers send no session with requests of its \
                 pages. Use one host name and scheme for both, or a proxy in front of them",
                config.public_url
            )
        })
        .collect()
}

/// True when the hosts belong to the same registrable domain, or may.
fn are_same_site(one: &WebOrigin, other: &WebOrigin) -> bool {
    match (one.host(), other.host()) {
        (Some(Host::Domain(one)), Some(Host::Domain(other))) => {
            registrable(one) == registrable(other)
        }
        // An address is a site of its own.
        (one, other) => one == other,
    }
}

/// The part of a name that somebody can register: `umut.org.tr` of `app.umut.org.tr`.
fn registrable(name: &str) -> &str {
    let mut labels = name.rsplit('.');
    let is_short = labels.next().is_some_and(|last| last.len() == 2);
    let has_kind = is_short && labels.next().is_some_and(|label| KINDS.contains(&label));
    let dot = name.rmatch_indices('.').nth(if has_kind { 2 } else { 1 });
    dot.map_or(name, |(at, _)| &name[at + 1..])
}

/// What countries have below them, and nobody can register: `org.tr`, `co.uk`.
const KINDS: &[&str] = &[
    "ac", "asso", "av", "bel", "biz", "co", "com", "dr", "edu", "gen", "go", "gob", "gouv", "gov",
    "info", "k12", "ltd", "mil", "name", "ne", "net", "nhs", "nom", "or", "org", "plc", "pol",
    "sch", "tel", "tv", "web",
];

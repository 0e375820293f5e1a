//! The session cookie. The secret key in it is made by the login use case and judged by
//! [`crate::services::Callers`]; actix-session only signs, carries and renews the cookie.
//!
//! `anyhow` stands in this crate once, here: actix-session's storage trait names it in its signatures
//! and exports no other way to.

use std::{collections::HashMap, time::Duration};

use actix_session::{
    SessionExt, SessionMiddleware,
    config::{BrowserSession, CookieContentSecurity},
    storage::{LoadError, SaveError, SessionKey, SessionStore, UpdateError},
};
use actix_web::{
    HttpMessage, HttpRequest,
    cookie::{Cookie, Key, time},
    http::header::{HeaderMap, HeaderValue, SET_COOKIE},
    web::Data,
};
use almoner_accounts::session::{DeviceKey, Renewed};
use almoner_kernel::{SessionId, Timestamp};

use crate::{
    kit::{
        cx::SESSION_KEY,
        problem::{Problem, registry},
    },
    middleware::csrf,
    settings::HttpSettings,
    site::Site,
};

/// A session that has just begun.
#[derive(Clone, Debug)]
pub struct NewSession {
    /// The secret key: it goes into the cookie and nowhere else.
    pub key: SecretKey,
    /// The public id of the session.
    pub id: SessionId,
    /// How long the browser keeps the cookie; until it is closed when absent.
    pub remember_for: Option<Duration>,
    /// What the browser is to be known by at later logins, when it had nothing of the kind.
    pub device: Option<SecretKey>,
}

impl NewSession {
    /// A session with the key that was made for it at `now`.
    pub(crate) fn of(
        session: &almoner_accounts::session::Session,
        key: &almoner_accounts::session::SessionKey,
        device: Option<DeviceKey>,
        now: Timestamp,
    ) -> Self {
        let remember_for = session.remembered.then(|| session.expires_at - now);
        Self {
            key: SecretKey(key.expose()),
            id: session.id,
            remember_for: remember_for.and_then(|time| time.to_std().ok()),
            device: device.map(|device| SecretKey(device.expose())),
        }
    }
}

/// A session key, which cannot be printed.
#[derive(Clone)]
pub struct SecretKey(pub String);

impl std::fmt::Debug for SecretKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("***")
    }
}

/// Gives the browser the cookies of a new session; returns the CSRF token for the answer.
///
/// # Errors
/// 500 when the request did not pass the session middleware.
pub fn begin(req: &HttpRequest, new: NewSession) -> Result<String, Problem> {
    let site = site(req)?;
    let session = req.get_session();
    // A fresh cookie at each login, also for somebody who comes with an old one.
    session.renew();
    session.clear();
    session.insert(SESSION_KEY, &new.key.0).map_err(|error| Problem::internal(&error))?;
    let token = csrf::token(&site.settings.keys.csrf, new.id);
    let NewSession { remember_for, device, .. } = new;
    let cookies = Cookies::Set { csrf_token: token.clone(), remember_for, device };
    req.extensions_mut().insert(cookies);
    Ok(token)
}

/// Gives the browser the cookies of a session that goes on with a new key.
///
/// # Errors
/// As [`begin`].
pub(crate) fn renew(req: &HttpRequest, renewed: &Renewed, now: Timestamp) -> Result<(), Problem> {
    let Renewed { key, session } = renewed;
    begin(req, NewSession::of(session, key, None, now))?;
    Ok(())
}

/// Gives the browser what it is to be known by, without a session.
pub(crate) fn remember_device(req: &HttpRequest, device: Option<DeviceKey>) {
    if let Some(device) = device {
        req.extensions_mut().insert(Cookies::Device(SecretKey(device.expose())));
    }
}

/// Takes the cookies of an ended session back.
pub fn end(req: &HttpRequest) {
    req.get_session().purge();
    req.extensions_mut().insert(Cookies::Take);
}

/// The CSRF token of the request's own session, for answers that repeat it.
///
/// # Errors
/// 500 when the request did not pass the session middleware.
pub fn csrf_token(req: &HttpRequest, session: SessionId) -> Result<String, Problem> {
    Ok(csrf::token(&site(req)?.settings.keys.csrf, session))
}

/// Names of the cookies. The `__Host-` prefix binds a cookie to host, path and TLS; browsers refuse
/// it over plain HTTP.
pub fn cookie_names(settings: &HttpSettings) -> (&'static str, &'static str) {
    match settings.public_url.is_https() {
        true => ("__Host-almoner_session", "__Host-almoner_csrf"),
        false => ("almoner_session", "almoner_csrf"),
    }
}

/// What the handler decided about the cookies.
#[derive(Clone, Debug)]
pub(crate) enum Cookies {
    Set { csrf_token: String, remember_for: Option<Duration>, device: Option<SecretKey> },
    Take,
    Device(SecretKey),
}

impl Cookies {
    /// Completes what actix-session wrote: its life time is one for all sessions, ours is not; and
    /// the readable cookie goes along.
    pub(crate) fn write(&self, settings: &HttpSettings, headers: &mut HeaderMap) {
        if let Self::Device(device) = self {
            return append(headers, &device_cookie(settings, device));
        }
        let (session_name, csrf_name) = cookie_names(settings);
        let mut csrf = Cookie::build(csrf_name, "")
            .path("/")
            .same_site(settings.same_site)
            .secure(settings.public_url.is_https())
            .finish();
        match self {
            Self::Set { csrf_token, remember_for, device } => {
                csrf.set_value(csrf_token.clone());
                if let Some(device) = device {
                    append(headers, &device_cookie(settings, device));
                }
                if let Some(seconds) = remember_for.map(|time| time.as_secs()) {
                    csrf.set_max_age(time::Duration::seconds(seconds.cast_signed()));
                    remember(headers, session_name, seconds);
                }
            }
            Self::Take | Self::Device(_) => csrf.make_removal(),
        }
        append(headers, &csrf);
    }
}

fn append(headers: &mut HeaderMap, cookie: &Cookie<'_>) {
    if let Ok(value) = HeaderValue::from_str(&cookie.to_string()) {
        headers.append(SET_COOKIE, value);
    }
}

/// What the browser was known by at an earlier login.
pub(crate) fn device_of(req: &HttpRequest) -> Option<String> {
    let site = site(req).ok()?;
    Some(req.cookie(device_name(&site.settings))?.value().to_owned())
}

/// It outlives sessions, also at logout: it says which browser this is, not who uses it.
fn device_cookie(settings: &HttpSettings, device: &SecretKey) -> Cookie<'static> {
    Cookie::build(device_name(settings), device.0.clone())
        .path("/")
        .same_site(settings.same_site)
        .secure(settings.public_url.is_https())
        .http_only(true)
        // As long as browsers keep any cookie.
        .max_age(time::Duration::days(400))
        .finish()
}

fn device_name(settings: &HttpSettings) -> &'static str {
    match settings.public_url.is_https() {
        true => "__Host-almoner_device",
        false => "almoner_device",
    }
}

/// The middleware that signs and reads the session cookie.
pub(crate) fn middleware(settings: &HttpSettings) -> SessionMiddleware<KeyOnly> {
    SessionMiddleware::builder(KeyOnly, Key::from(&settings.keys.cookie))
        .cookie_name(cookie_names(settings).0.to_owned())
        .cookie_secure(settings.public_url.is_https())
        .cookie_http_only(true)
        .cookie_same_site(settings.same_site)
        .cookie_path("/".to_owned())
        .cookie_content_security(CookieContentSecurity::Signed)
        .session_lifecycle(BrowserSession::default())
        .build()
}

/// A session store that stores nothing: the key in the cookie is the whole state.
#[derive(Clone, Copy, Debug)]
pub(crate) struct KeyOnly;

impl SessionStore for KeyOnly {
    async fn load(&self, key: &SessionKey) -> Result<Option<HashMap<String, String>>, LoadError> {
        let json = serde_json::to_string(key.as_ref());
        let json = json.map_err(|error| LoadError::Other(error.into()))?;
        Ok(Some(HashMap::from([(SESSION_KEY.to_owned(), json)])))
    }

    async fn save(
        &self,
        state: HashMap<String, String>,
        _: &time::Duration,
    ) -> Result<SessionKey, SaveError> {
        key_in(&state).map_err(SaveError::Other)
    }

    async fn update(
        &self,
        _: SessionKey,
        state: HashMap<String, String>,
        _: &time::Duration,
    ) -> Result<SessionKey, UpdateError> {
        key_in(&state).map_err(UpdateError::Other)
    }

    async fn update_ttl(&self, _: &SessionKey, _: &time::Duration) -> Result<(), anyhow::Error> {
        Ok(())
    }

    /// Ending a session is the logout use case's business.
    async fn delete(&self, _: &SessionKey) -> Result<(), anyhow::Error> {
        Ok(())
    }
}

fn key_in(state: &HashMap<String, String>) -> Result<SessionKey, anyhow::Error> {
    let json = state.get(SESSION_KEY).map_or("", String::as_str);
    Ok(SessionKey::try_from(serde_json::from_str::<String>(json)?)?)
}

fn remember(headers: &mut HeaderMap, name: &str, seconds: u64) {
    let cookies: Vec<HeaderValue> = headers.remove(SET_COOKIE).collect();
    for cookie in cookies {
        let text = cookie.to_str().unwrap_or_default();
        let is_ours = text.strip_prefix(name).is_some_and(|rest| rest.starts_with('='));
        let longer = format!("{text}; Max-Age={seconds}");
        let longer = HeaderValue::from_str(&longer).ok().filter(|_| is_ours);
        headers.append(SET_COOKIE, longer.unwrap_or(cookie));
    }
}

fn site(req: &HttpRequest) -> Result<&Data<Site>, Problem> {
    req.app_data::<Data<Site>>().ok_or_else(|| Problem::new(registry::INTERNAL))
}

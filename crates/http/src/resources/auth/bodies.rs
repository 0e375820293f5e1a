//! Logins, sessions and changes of a password, as they are sent and shown.

use almoner_accounts::{
    authentication::LoginCommand, session::Session, sessions::OwnSession, user::User,
};
use almoner_kernel::{
    Caller, EmailAddress, Fields, Invalid,
    fault::Unfit,
    words::{is_required, too_long},
};
use almoner_records::Registry;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::resources::{
    reaches::ReachesBody,
    shared,
    users::bodies::{UserBody, user_example},
    words::PermissionName,
};

/// Who logs in, and the proof.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = Login)]
pub(crate) struct LoginBody {
    /// The user's e-mail address, whatever the case.
    #[schema(
        required = true,
        nullable = false,
        format = Email,
        max_length = 320,
        example = "elif.kaya@umutdernegi.org",
    )]
    email: Option<String>,
    /// The user's password.
    #[schema(
        required = true,
        nullable = false,
        format = Password,
        write_only,
        max_length = 1024,
        example = "kestane rengi yelkenli 84",
    )]
    password: Option<String>,
    /// True for a session that outlives the browser.
    #[serde(default, deserialize_with = "shared::given")]
    #[schema(nullable = false, default = false, example = true)]
    remember_me: Option<bool>,
}

impl LoginBody {
    /// Looks at the shape only: a text that is no address is treated like an unknown one.
    pub(crate) fn command(self, mut fields: Fields) -> Result<LoginCommand, Invalid> {
        let email = fields.required("/email", self.email, Ok);
        let password = fields.required("/password", self.password, |text| Ok(text.into()));
        let remember_me = self.remember_me.unwrap_or_default();
        let command = email.zip(password);
        fields.finish(command.map(|(email, password)| LoginCommand {
            email,
            password,
            remember_me,
            device: None,
        }))
    }
}

/// The old and the new password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PasswordChange)]
pub(crate) struct PasswordChangeBody {
    /// The password you have now.
    #[schema(
        required = true,
        nullable = false,
        format = Password,
        write_only,
        max_length = 1024,
        example = "kestane rengi yelkenli 84",
    )]
    current_password: Option<String>,
    /// The password you want: 12 to 128 characters unless the operator has decided otherwise, of
    /// any kind, neither well known nor easy to guess.
    #[schema(
        required = true,
        nullable = false,
        format = Password,
        write_only,
        min_length = 8,
        max_length = 1024,
        example = "ucuz lambada oturan martı",
    )]
    new_password: Option<String>,
}

impl PasswordChangeBody {
    pub(crate) fn command(
        self,
        mut fields: Fields,
    ) -> Result<(SecretString, SecretString), Invalid> {
        let secret = |text: String| Ok(SecretString::from(text));
        let current = fields.required("/current_password", self.current_password, secret);
        let new = fields.required("/new_password", self.new_password, secret);
        fields.finish(current.zip(new))
    }
}

/// Who has forgotten the password.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = PasswordReset)]
pub(crate) struct PasswordResetBody {
    /// The user's e-mail address, whatever the case.
    #[schema(
        required = true,
        nullable = false,
        format = Email,
        max_length = 320,
        example = "elif.kaya@umutdernegi.org",
    )]
    email: Option<String>,
}

impl PasswordResetBody {
    pub(crate) fn command(self, mut fields: Fields) -> Result<EmailAddress, Invalid> {
        let email = fields.required("/email", self.email, |text| EmailAddress::on_file(&text));
        fields.finish(email)
    }
}

/// A token from a mail, and the password to choose with it.
#[derive(Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[schema(as = NewPassword)]
pub(crate) struct NewPasswordBody {
    /// What stands behind `#token=` in the address of the link.
    #[schema(
        format = "header",
        required = true,
        nullable = false,
        write_only,
        min_length = 1,
        max_length = 512,
        example = "AZqfPGseZ0GdVT8PagABEbPWZ3Vs5w6bTz5xEYvcVGmzQRnT1uJ0C2o5m8hVqWxY"
    )]
    token: Option<String>,
    /// The password you want: 12 to 128 characters unless the operator has decided otherwise, of
    /// any kind, neither well known nor easy to guess.
    #[schema(
        required = true,
        nullable = false,
        format = Password,
        write_only,
        min_length = 8,
        max_length = 1024,
        example = "ucuz lambada oturan martı",
    )]
    new_password: Option<String>,
}

impl NewPasswordBody {
    pub(crate) fn command(
        self,
        mut fields: Fields,
    ) -> Result<(SecretString, SecretString), Invalid> {
        let secret = |text: String| Ok(SecretString::from(text));
        let token = fields.required("/token", self.token, secret);
        let new = fields.required("/new_password", self.new_password, password);
        fields.finish(token.zip(new))
    }
}

/// A new password, as long as one may be at all: told also to somebody whose link is no longer good.
fn password(text: String) -> Result<SecretString, Unfit> {
    if text.is_empty() {
        return Err(Unfit::new("required", is_required()));
    }
    secret(text)
}

/// Any password, no longer than one may be at all.
pub(crate) fn secret(text: String) -> Result<SecretString, Unfit> {
    if text.chars().nth(MAX_PASSWORD as usize).is_some() {
        return Err(Unfit::new("too_long", too_long(MAX_PASSWORD)));
    }
    Ok(SecretString::from(text))
}

/// Characters of the longest password that any configuration allows.
const MAX_PASSWORD: u32 = 1024;

pub(super) fn new_password_example() -> Value {
    json!({
        "token": "AZqfPGseZ0GdVT8PagABEbPWZ3Vs5w6bTz5xEYvcVGmzQRnT1uJ0C2o5m8hVqWxY",
        "new_password": "ucuz lambada oturan martı",
    })
}

/// The session the request came with.
#[derive(Serialize, ToSchema)]
#[schema(as = CurrentSession)]
pub(crate) struct CurrentSessionBody {
    /// Who is logged in.
    user: UserBody,
    /// What they may do, by any of their roles.
    #[schema(example = json!(["donors:read", "donors:create", "donations:read"]))]
    permissions: Vec<PermissionName>,
    /// Which records they meet, of each kind that their roles let them read.
    reaches: ReachesBody,
    /// To be sent as `X-CSRF-Token` with every change; it lives as long as the session.
    #[schema(format = "token", example = "o0n1Hf3kq1c2m8s5wT7pX9yB4vL6dR2eZ0aQ8uJ5iKg")]
    csrf_token: String,
    /// The session ends at this instant, whatever happens; earlier when it is not used for a while.
    #[schema(format = DateTime, example = "2026-04-13T09:26:53.589Z")]
    expires_at: String,
}

impl CurrentSessionBody {
    pub(crate) fn of(
        user: &User,
        caller: &Caller,
        session: &Session,
        csrf_token: String,
        registry: &Registry,
    ) -> Self {
        Self {
            user: UserBody::of(user),
            permissions: PermissionName::those(registry, |permission| caller.has(permission)),
            reaches: ReachesBody::of_caller(caller, registry),
            csrf_token,
            expires_at: shared::instant(session.expires_at),
        }
    }
}

/// Your sessions.
#[derive(Serialize, ToSchema)]
#[schema(as = SessionList)]
pub(crate) struct SessionListBody {
    /// The newest login first.
    #[schema(max_items = 1000)]
    pub(crate) items: Vec<SessionBody>,
}

/// One login on one device.
#[derive(Serialize, ToSchema)]
#[schema(as = Session)]
pub(crate) struct SessionBody {
    /// Which one; not a secret.
    #[schema(example = "019cec06-2f75-7d14-b1a8-5b7f0c9e4d21")]
    id: Uuid,
    /// When you logged in.
    #[schema(format = DateTime, example = "2026-03-14T09:26:53.589Z")]
    created_at: String,
    /// When it was last used, to about a minute.
    #[schema(format = DateTime, example = "2026-03-14T11:03:12.004Z")]
    last_seen_at: String,
    /// It ends at this instant, whatever happens; earlier when it is not used for a while.
    #[schema(format = DateTime, example = "2026-04-13T09:26:53.589Z")]
    expires_at: String,
    /// True when you asked to be remembered.
    #[schema(example = true)]
    remembered: bool,
    /// The network the login came from: the end of the address is zero.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(format = "ip", nullable = false, example = "203.0.113.0")]
    address: Option<String>,
    /// The browser of the login, as it named itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        format = "header",
        nullable = false,
        max_length = 512,
        example = "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0"
    )]
    user_agent: Option<String>,
    /// True for the session this request came with.
    #[schema(example = true)]
    is_current: bool,
}

impl SessionBody {
    pub(crate) fn of(own: OwnSession) -> Self {
        let OwnSession { session, is_current } = own;
        Self {
            id: session.id.uuid(),
            created_at: shared::instant(session.created_at),
            last_seen_at: shared::instant(session.last_seen_at),
            expires_at: shared::instant(session.expires_at),
            remembered: session.remembered,
            address: session.address,
            user_agent: session.user_agent,
            is_current,
        }
    }
}

pub(super) fn current_session_example() -> Value {
    json!({
        "user": user_example(),
        "permissions": ["donors:read", "donors:create", "donors:update", "donations:read"],
        "reaches": { "donors": "all", "donations": "all" },
        "csrf_token": "o0n1Hf3kq1c2m8s5wT7pX9yB4vL6dR2eZ0aQ8uJ5iKg",
        "expires_at": "2026-04-13T09:26:53.589Z",
    })
}

pub(super) fn session_example() -> Value {
    json!({
        "id": "019cec06-2f75-7d14-b1a8-5b7f0c9e4d21",
        "created_at": "2026-03-14T09:26:53.589Z",
        "last_seen_at": "2026-03-14T11:03:12.004Z",
        "expires_at": "2026-04-13T09:26:53.589Z",
        "remembered": true,
        "address": "203.0.113.0",
        "user_agent": "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "is_current": true,
    })
}

pub(super) fn raced_example() -> Value {
    json!({
        "type": "/problems/conflict",
        "title": "The state of the record forbids it",
        "status": 409,
        "code": "conflict",
        "request_id": "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11",
    })
}

pub(crate) fn locked_example() -> Value {
    json!({
        "type": "/problems/locked",
        "title": "The account is locked",
        "status": 423,
        "code": "locked",
        "detail": "the account is locked for this device after too many wrong passwords",
        "request_id": "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11",
    })
}

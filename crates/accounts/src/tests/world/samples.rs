//! Users, roles, sessions and contexts to try things with.

use std::{net::IpAddr, sync::Arc};

use almoner_kernel::{
    Actor, Caller, Context, EmailAddress, Fault, Origin, PersonName, Reaches, ScopeKind, SessionId,
    Timestamp, UserId, Version,
};
use chrono::Duration;
use secrecy::SecretString;
use uuid::Uuid;

use crate::{
    AccountsError, LinkKey,
    ports::Account,
    role::{Access, BuiltIn, CustomRole, Role, RoleName, RoleNames},
    session::Session,
    user::{Credentials, Locale, PasswordHashText, TimeZone, User},
};

/// Good enough for every user here.
pub const PASSWORD: &str = "yedi kalem mavi tren";

pub fn link_key() -> LinkKey {
    LinkKey::new(&[7; 32])
}

pub fn secret(text: &str) -> SecretString {
    SecretString::from(text)
}

pub fn hash_of(password: &str) -> PasswordHashText {
    PasswordHashText::new(format!("hash of {password}"))
}

pub fn at(minutes: i64) -> Timestamp {
    Timestamp::from_timestamp(1_800_000_000, 0).unwrap() + Duration::minutes(minutes)
}

pub fn user_id(number: u128) -> UserId {
    UserId::new(Uuid::from_u128(number))
}

pub fn session_id(number: u128) -> SessionId {
    SessionId::new(Uuid::from_u128(number))
}

pub fn role_name(name: &str) -> RoleName {
    RoleName::parse(name).unwrap()
}

/// With commas between them.
pub fn role_names(names: &str) -> RoleNames {
    RoleNames::new(names.split(',').map(role_name).collect()).unwrap()
}

pub fn user(number: u128, role: &str) -> User {
    User {
        id: user_id(number),
        name: PersonName::parse("Zehra Karaca").unwrap(),
        email: EmailAddress::parse(&format!("Zehra{number}@Example.org")).unwrap(),
        phone: None,
        locale: Locale::default(),
        time_zone: TimeZone::default(),
        roles: role_names(role),
        active: true,
        invited_at: None,
        last_login_at: None,
        version: Version::FIRST,
        created_at: at(-1000),
        updated_at: at(-1000),
    }
}

pub fn account(user: User, password: &str) -> Account {
    let credentials = Credentials { user_id: user.id, password_hash: hash_of(password) };
    Account { user, credentials }
}

pub fn session(number: u128, user: u128, created_at: Timestamp) -> Session {
    Session {
        id: session_id(number),
        user_id: user_id(user),
        created_at,
        last_seen_at: created_at,
        expires_at: created_at + Duration::hours(12),
        idle_timeout: Duration::minutes(30),
        remembered: false,
        address: None,
        user_agent: None,
    }
}

pub fn custom_role(name: &str, access: Access) -> CustomRole {
    CustomRole {
        id: almoner_kernel::Id::new(Uuid::from_u128(77)),
        name: role_name(name),
        label: crate::role::RoleLabel::parse("Custom").unwrap(),
        description: None,
        access,
        version: Version::FIRST,
        created_at: at(-500),
        updated_at: at(-500),
    }
}

pub fn cx(actor: Actor) -> Context {
    let address: IpAddr = "203.0.113.7".parse().unwrap();
    Context {
        actor,
        at: at(0),
        origin: Origin { address: Some(address), ..Origin::default() },
        replay: None,
        dry_run: false,
        suspicions: almoner_kernel::Suspicions::default(),
    }
}

pub fn stranger() -> Context {
    cx(Actor::Anonymous)
}

pub fn program() -> Context {
    cx(Actor::System("cli"))
}

/// A user of a built-in role, in session 1.
pub fn caller(number: u128, role: BuiltIn) -> Context {
    let roles = [Role::BuiltIn(role)];
    cx(Actor::User(Arc::new(Role::caller(&roles, user_id(number), session_id(1)))))
}

/// A user who may do exactly this, in session 1.
pub fn caller_with(number: u128, role: &str, access: Access) -> Context {
    caller_of(number, &[(role, access)])
}

/// A user of several roles, which allow exactly this, in session 1.
pub fn caller_of(number: u128, roles: &[(&str, Access)]) -> Context {
    let grant = |(role, access): &(&str, Access)| access.clone().grant(&role_name(role));
    cx(Actor::User(Arc::new(Caller {
        user_id: user_id(number),
        session_id: session_id(1),
        grants: roles.iter().map(grant).collect(),
    })))
}

pub fn access(permissions: &[almoner_kernel::Permission], scope: ScopeKind) -> Access {
    let permissions = permissions.iter().copied().collect();
    Access { permissions, scope, reaches: Reaches::default(), edit_window: None }
}

#[track_caller]
pub fn refused<T: std::fmt::Debug>(result: Result<T, AccountsError>) -> &'static str {
    result.unwrap_err().code()
}

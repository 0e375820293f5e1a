//! Users, roles and sessions between their rows and the domain.

use std::collections::BTreeMap;

use almoner_accounts::{
    link::{Link, Purpose},
    login::Failures,
    ports::Account,
    role::{Access, CustomRole, EditWindow, RoleDescription, RoleLabel, RoleName, RoleNames},
    session::Session,
    user::{Credentials, Locale, PasswordHashText, TimeZone, User},
};
use almoner_kernel::{
    EmailAddress, Id, LinkId, PermissionSet, PersonName, PhoneNumber, Reaches, ScopeKind,
    SessionId, StoreError, UserId, Version,
};
use chrono::Duration;
use sea_orm::ActiveValue::{NotSet, Set};

use crate::{
    collation::Collation,
    entities::{devices, links, roles, sessions, users},
    paging::{instant, millis},
};

pub fn into_user(row: users::Model) -> Result<User, StoreError> {
    let time_zone = TimeZone::parse(&row.time_zone)
        .map_err(|_| StoreError::Damaged("users.time_zone is not a time zone".to_owned()))?;
    Ok(User {
        id: UserId::new(row.id),
        name: PersonName::from_stored(row.name),
        email: EmailAddress::from_stored(row.email),
        phone: row.phone.map(PhoneNumber::from_stored),
        locale: Locale::from_stored(row.locale),
        time_zone,
        roles: RoleNames::from_stored(&row.role),
        active: row.active,
        invited_at: row.invited_at.map(instant).transpose()?,
        last_login_at: (row.last_login_at > 0).then(|| instant(row.last_login_at)).transpose()?,
        version: Version::new(row.version),
        created_at: instant(row.created_at)?,
        updated_at: instant(row.updated_at)?,
    })
}

pub fn into_account(row: users::Model) -> Result<Account, StoreError> {
    let credentials = Credentials {
        user_id: UserId::new(row.id),
        password_hash: PasswordHashText::new(row.password_hash.clone()),
    };
    Ok(Account { user: into_user(row)?, credentials })
}

pub fn into_failures(row: &devices::Model) -> Result<Failures, StoreError> {
    Ok(Failures {
        failed_logins: u32::try_from(row.failed_logins).unwrap_or(u32::MAX),
        locked_until: row.locked_until.map(instant).transpose()?,
    })
}

pub fn into_role(row: roles::Model) -> Result<CustomRole, StoreError> {
    // A permission that only an older or newer program knows gives nothing: nobody asks for it.
    let names = row.permissions.split_whitespace().map(str::to_owned);
    let scope = ScopeKind::parse(&row.scope)
        .ok_or_else(|| StoreError::Damaged("roles.scope has a value nobody knows".to_owned()))?;
    let minutes =
        row.edit_window_minutes.map(u32::try_from).transpose().map_err(|_| {
            StoreError::Damaged("roles.edit_window_minutes is out of range".to_owned())
        })?;
    Ok(CustomRole {
        id: Id::new(row.id),
        name: RoleName::from_stored(row.name),
        label: RoleLabel::from_stored(row.label),
        description: row.description.map(RoleDescription::from_stored),
        access: Access {
            permissions: PermissionSet::named(names),
            scope,
            reaches: row.reaches.as_deref().map(reaches).transpose()?.unwrap_or_default(),
            edit_window: minutes.map(EditWindow::from_stored),
        },
        version: Version::new(row.version),
        created_at: instant(row.created_at)?,
        updated_at: instant(row.updated_at)?,
    })
}

/// A reach of which only a newer program knows the scope is damage: whoever has the role would meet others
/// than was decided.
fn reaches(json: &str) -> Result<Reaches, StoreError> {
    let damaged = || StoreError::Damaged("roles.reaches is not what the program writes".to_owned());
    let stored: BTreeMap<String, String> = serde_json::from_str(json).map_err(|_| damaged())?;
    let known =
        |(noun, scope): (String, String)| Ok((noun, ScopeKind::parse(&scope).ok_or_else(damaged)?));
    stored.into_iter().map(known).collect()
}

/// None when a role reaches as far everywhere: a column that is absent changes no digest.
fn stored_reaches(reaches: &Reaches) -> Option<String> {
    let stored: BTreeMap<&str, &str> =
        reaches.iter().map(|(noun, reach)| (noun, reach.as_str())).collect();
    (!stored.is_empty()).then(|| serde_json::json!(stored).to_string())
}

pub fn into_session(row: sessions::Model) -> Result<Session, StoreError> {
    Ok(Session {
        id: SessionId::new(row.id),
        user_id: UserId::new(row.user_id),
        created_at: instant(row.created_at)?,
        last_seen_at: instant(row.last_seen_at)?,
        expires_at: instant(row.expires_at)?,
        idle_timeout: Duration::milliseconds(row.idle_ms),
        remembered: row.remembered,
        address: row.address,
        user_agent: row.user_agent,
    })
}

/// Everything of a user but the credentials and the last login.
pub fn user_row(user: &User, collation: &Collation) -> users::ActiveModel {
    users::ActiveModel {
        id: Set(user.id.uuid()),
        name: Set(user.name.as_str().to_owned()),
        name_sort: Set(collation.key(user.name.as_str())),
        email: Set(user.email.as_str().to_owned()),
        email_key: Set(user.email.key()),
        phone: Set(user.phone.as_ref().map(|phone| phone.as_str().to_owned())),
        locale: Set(user.locale.as_str().to_owned()),
        time_zone: Set(user.time_zone.as_str().to_owned()),
        role: Set(user.roles.joined()),
        active: Set(user.active),
        last_login_at: NotSet,
        password_hash: NotSet,
        search: Set(user.search_text()),
        version: Set(user.version.number()),
        created_at: Set(millis(user.created_at)),
        updated_at: Set(millis(user.updated_at)),
        invited_at: Set(user.invited_at.map(millis)),
    }
}

pub fn into_link(row: links::Model) -> Result<Link, StoreError> {
    Ok(Link {
        id: LinkId::new(row.id),
        user_id: UserId::new(row.user_id),
        purpose: Purpose::parse(&row.purpose)
            .ok_or_else(|| StoreError::Damaged("links.purpose has an unknown value".to_owned()))?,
        expires_at: instant(row.expires_at)?,
    })
}

pub fn role_row(role: &CustomRole) -> roles::ActiveModel {
    let permissions: Vec<&str> = role.access.permissions.names().collect();
    roles::ActiveModel {
        id: Set(role.id.uuid()),
        name: Set(role.name.as_str().to_owned()),
        label: Set(role.label.as_str().to_owned()),
        description: Set(role.description.as_ref().map(|text| text.as_str().to_owned())),
        permissions: Set(permissions.join(" ")),
        scope: Set(role.access.scope.as_str().to_owned()),
        reaches: Set(stored_reaches(&role.access.reaches)),
        edit_window_minutes: Set(role.access.edit_window.map(|window| window.minutes().into())),
        version: Set(role.version.number()),
        created_at: Set(millis(role.created_at)),
        updated_at: Set(millis(role.updated_at)),
    }
}

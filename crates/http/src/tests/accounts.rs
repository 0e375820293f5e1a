//! What the bodies of users, roles and logins become, and what is shown of them.

use almoner_accounts::{
    role::{BuiltIn, NewRole, Role, RoleNames},
    session::Session,
    sessions::OwnSession,
    user::{NewUser, ProfilePatch, User, UserPatch, UserSort},
};
use almoner_kernel::{
    Direction, EmailAddress, Fields, Invalid, Patch, Permission, PersonName, Region, SessionId,
    UserId,
};
use almoner_kinds::REGISTRY;
use chrono::{DateTime, Duration};
use secrecy::ExposeSecret;
use serde::de::DeserializeOwned;
use serde_json::{Value, json, to_value};
use uuid::Uuid;

use crate::{
    contract::openapi,
    kit::query::Params,
    resources::{
        auth::bodies::{LoginBody, PasswordChangeBody, SessionBody},
        roles::bodies::{NewRoleBody, RoleBody, RolePatchBody, new_role_example},
        users::{
            UserFilter,
            bodies::{NewUserBody, ProfilePatchBody, UserBody, UserPatchBody, new_user_example},
        },
    },
};

fn read<T: DeserializeOwned>(body: Value) -> T {
    serde_json::from_value(body).unwrap()
}

fn turkey() -> Region {
    Region::parse("TR").unwrap()
}

#[track_caller]
fn complaints<T>(read: Result<T, Invalid>) -> Vec<(String, &'static str)> {
    let invalid = read.err().expect("it was accepted");
    invalid.0.into_iter().map(|error| (error.pointer, error.code)).collect()
}

fn new_user(body: Value) -> Result<(NewUser, String), Invalid> {
    let read = read::<NewUserBody>(body).command(Fields::default(), turkey());
    read.map(|(new, password)| {
        let password = password.map(|password| password.expose_secret().to_owned());
        (new, password.unwrap_or_default())
    })
}

fn profile_patch(body: Value) -> Result<ProfilePatch, Invalid> {
    read::<ProfilePatchBody>(body).command(Fields::default(), turkey())
}

fn user_patch(body: Value) -> Result<UserPatch, Invalid> {
    let read = read::<UserPatchBody>(body).command(Fields::default(), turkey());
    read.map(|(patch, _)| patch)
}

fn new_role(body: Value) -> Result<NewRole, Invalid> {
    read::<NewRoleBody>(body).command(Fields::default(), &REGISTRY)
}

fn user() -> User {
    let new = NewUser {
        name: PersonName::from_stored("Elif Kaya".into()),
        email: EmailAddress::from_stored("Elif@Example.org".into()),
        phone: None,
        locale: Default::default(),
        time_zone: Default::default(),
        roles: RoleNames::from_stored("viewer"),
    };
    let at = DateTime::from_timestamp_millis(1_700_000_000_000).unwrap();
    User::created(UserId::new(Uuid::from_u128(7)), new, at)
}

#[test]
fn the_example_of_a_new_user_is_one() {
    let (new, password) = new_user(new_user_example()).unwrap();
    assert_eq!(new.phone.unwrap().as_str(), "+905327654321");
    assert_eq!(new.locale.as_str(), "tr");
    assert_eq!(password, "kestane rengi yelkenli 84");
}

#[test]
fn a_new_user_reads_english_and_counts_days_in_utc_unless_told() {
    let (new, _) = new_user(json!({
        "name": "A", "email": "a@example.org", "password": " kept as it is ", "role": "viewer",
    }))
    .unwrap();
    assert_eq!((new.locale.as_str(), new.time_zone.as_str()), ("en", "UTC"));
    assert!(new.phone.is_none());
}

#[test]
fn a_password_is_not_touched() {
    let body = json!({
        "name": "A", "email": "a@example.org", "password": " İ\u{301} ", "role": "viewer",
    });
    assert_eq!(new_user(body).unwrap().1, " İ\u{301} ");
}

#[test]
fn everything_that_is_wrong_with_a_new_user_is_told_at_once() {
    let body = json!({
        "name": " ", "email": "nowhere", "role": "No Role", "phone": "12", "locale": "??",
        "time_zone": "Ankara",
    });
    assert_eq!(
        complaints(new_user(body)),
        [
            ("/name".to_owned(), "required"),
            ("/email".to_owned(), "email"),
            ("/role".to_owned(), "role_name"),
            ("/phone".to_owned(), "phone"),
            ("/locale".to_owned(), "locale"),
            ("/time_zone".to_owned(), "time_zone"),
        ]
    );
}

#[test]
fn a_patch_tells_absent_from_null() {
    let patch = profile_patch(json!({ "phone": null, "name": "Elif  Kaya" })).unwrap();
    assert_eq!(patch.phone, Patch::Clear);
    assert_eq!(patch.name.unwrap().as_str(), "Elif Kaya");
    assert!(patch.locale.is_none() && patch.time_zone.is_none());
    assert_eq!(profile_patch(json!({})).unwrap().phone, Patch::Keep);
}

#[test]
fn only_a_phone_number_can_be_removed_from_a_user() {
    let body = json!({
        "name": null, "email": null, "role": null, "phone": null, "locale": null,
        "time_zone": null,
    });
    let mut pointers: Vec<String> =
        complaints(user_patch(body)).into_iter().map(|(pointer, _)| pointer).collect();
    pointers.sort();
    assert_eq!(pointers, ["/email", "/locale", "/name", "/role", "/time_zone"]);
}

#[test]
fn users_do_not_patch_their_own_role() {
    let read = serde_json::from_value::<ProfilePatchBody>(json!({ "role": "superadmin" }));
    assert!(read.err().unwrap().to_string().starts_with("unknown field"));
}

#[test]
fn a_user_is_shown_without_what_is_absent_and_with_milliseconds() {
    assert_eq!(
        to_value(UserBody::of(&user())).unwrap(),
        json!({
            "id": "00000000-0000-0000-0000-000000000007",
            "name": "Elif Kaya",
            "email": "Elif@Example.org",
            "locale": "en",
            "time_zone": "UTC",
            "role": "viewer",
            "roles": ["viewer"],
            "active": true,
            "invitation_pending": false,
            "version": 1,
            "created_at": "2023-11-14T22:13:20.000Z",
            "updated_at": "2023-11-14T22:13:20.000Z",
        })
    );
}

#[test]
fn the_newest_users_come_first_unless_told() {
    let filter = |text: &str| serde_urlencoded::from_str::<UserFilter>(text).unwrap();
    let query = filter("").read(&mut Fields::default()).unwrap();
    assert_eq!(query.sort.field, UserSort::CreatedAt);
    assert_eq!(query.sort.direction, Direction::Down);
    let query = filter("sort=name&active=false&q=I%C5%9EIK").read(&mut Fields::default()).unwrap();
    assert_eq!((query.sort.field, query.sort.direction), (UserSort::Name, Direction::Up));
    assert_eq!((query.active, query.q.as_deref()), (Some(false), Some("IŞIK")));
}

#[test]
fn a_login_is_looked_at_for_its_shape_only() {
    let login = read::<LoginBody>(json!({ "email": "no address", "password": "" }));
    let command = login.command(Fields::default()).ok().unwrap();
    assert_eq!(command.email, "no address");
    assert!(!command.remember_me);
    let none = read::<LoginBody>(json!({ "remember_me": true })).command(Fields::default());
    let expected = [("/email".to_owned(), "required"), ("/password".to_owned(), "required")];
    assert_eq!(complaints(none.map(|_| ())), expected);
}

#[test]
fn both_passwords_of_a_change_must_be_there() {
    let none = read::<PasswordChangeBody>(json!({})).command(Fields::default());
    let pointers: Vec<String> =
        complaints(none.map(|_| ())).into_iter().map(|(pointer, _)| pointer).collect();
    assert_eq!(pointers, ["/current_password", "/new_password"]);
}

#[test]
fn a_session_is_shown_with_its_masked_address() {
    let at = DateTime::from_timestamp_millis(1_700_000_000_000).unwrap();
    let session = Session {
        id: SessionId::new(Uuid::from_u128(9)),
        user_id: UserId::new(Uuid::from_u128(7)),
        created_at: at,
        last_seen_at: at,
        expires_at: at + Duration::hours(12),
        idle_timeout: Duration::minutes(30),
        remembered: false,
        address: Some("203.0.113.0".into()),
        user_agent: None,
    };
    assert_eq!(
        to_value(SessionBody::of(OwnSession { session, is_current: true })).unwrap(),
        json!({
            "id": "00000000-0000-0000-0000-000000000009",
            "created_at": "2023-11-14T22:13:20.000Z",
            "last_seen_at": "2023-11-14T22:13:20.000Z",
            "expires_at": "2023-11-15T10:13:20.000Z",
            "remembered": false,
            "address": "203.0.113.0",
            "is_current": true,
        })
    );
}

#[test]
fn the_example_of_a_new_role_is_one() {
    let new = new_role(new_role_example()).unwrap();
    assert!(new.access.permissions.has(Permission::new("donations:create")));
    assert_eq!(new.access.edit_window.unwrap().minutes(), 60);
}

#[test]
fn everything_that_is_wrong_with_a_new_role_is_told_at_once() {
    let body = json!({ "name": "X", "description": "", "edit_window_minutes": 0 });
    assert_eq!(
        complaints(new_role(body)),
        [
            ("/name".to_owned(), "role_name"),
            ("/label".to_owned(), "required"),
            ("/description".to_owned(), "required"),
            ("/permissions".to_owned(), "required"),
            ("/scope".to_owned(), "required"),
            ("/edit_window_minutes".to_owned(), "edit_window"),
        ]
    );
}

#[test]
fn an_unknown_permission_is_refused_with_those_there_are() {
    let body = json!({ "permissions": ["donors:read", "donors:burn"] });
    let refused = read::<NewRoleBody>(body).command(Fields::default(), &REGISTRY).unwrap_err();
    let wrong = refused.0.iter().find(|wrong| wrong.pointer == "/permissions/1").unwrap();
    assert_eq!(wrong.code, "choice");
    let told = wrong.detail.to_string();
    assert!(REGISTRY.all_permissions().iter().all(|permission| told.contains(permission.as_str())));
    assert!(!told.contains("burn"));
}

#[test]
fn the_edit_window_and_the_description_of_a_role_can_be_removed() {
    let body = json!({ "description": null, "edit_window_minutes": null });
    let patch = read::<RolePatchBody>(body).command(Fields::default(), &REGISTRY).unwrap();
    assert!(matches!(patch.description, Patch::Clear));
    assert!(matches!(patch.edit_window, Patch::Clear));
    let body = json!({ "label": null, "permissions": null, "scope": null });
    let refused = read::<RolePatchBody>(body).command(Fields::default(), &REGISTRY);
    assert_eq!(complaints(refused).len(), 3);
}

#[test]
fn a_built_in_role_has_neither_id_nor_version() {
    let shown = to_value(RoleBody::of(&Role::BuiltIn(BuiltIn::DataEntry), &REGISTRY)).unwrap();
    assert_eq!(shown["name"], "data_entry");
    assert_eq!(shown["built_in"], true);
    assert_eq!(shown["scope"], "own");
    assert_eq!(shown["edit_window_minutes"], 15);
    assert_eq!(shown["permissions"][0], "donors:read");
    assert!(shown.get("version").is_none() && shown.get("id").is_none());
}

#[test]
fn what_must_not_be_kept_takes_no_idempotency_key() {
    let document = openapi::api_document(&REGISTRY);
    let takes_key = |path: &str| {
        let operation = &document["paths"][path]["post"];
        assert!(operation.is_object(), "{path}");
        let parameters = operation["parameters"].as_array().map_or(&[][..], Vec::as_slice);
        parameters.iter().any(|parameter| parameter["name"] == "Idempotency-Key")
    };
    assert!(takes_key("/api/v1/users") && takes_key("/api/v1/users/{id}/deactivate"));
    for path in ["login", "logout", "password"] {
        assert!(!takes_key(&format!("/api/v1/auth/{path}")), "{path}");
    }
}

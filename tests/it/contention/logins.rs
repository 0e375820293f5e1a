//! Logins at the same time: every guess counts, and no limit is overrun.

use std::{net::IpAddr, sync::Arc};

use almoner_accounts::{
    AccountsError, Administration, Authentication, Letters, LinkKey, LiveSessions, LoginGuard,
    Recovery, Sessions,
    authentication::LoginCommand,
    link::{Link, LinkPolicy, Purpose},
    live::LivePolicy,
    login::LoginPolicy,
    password::{PasswordPolicy, PasswordRules},
    ports::{BreachedListError, BreachedPasswords, HashError, PasswordHasher, Secrets},
    role::{BuiltIn, RoleNames},
    session::{DeviceKey, SessionKey, SessionPolicy},
    user::{PasswordHashText, User, UserPatch},
};
use almoner_kernel::{Actor, Caller, Context, Fault, Ids, ScopeKind, StoreError};
use async_trait::async_trait;
use secrecy::{ExposeSecret, SecretString};

use super::all_at_once;
use crate::support::{Backend, START, World, as_system, as_user, run_with, session_noted};

/// One list, on each database with enough connections for a real crowd.
macro_rules! crowded {
    ($($case:ident),+ $(,)?) => {
        mod sqlite {
            $(#[test] fn $case() { super::crowded(super::Backend::Sqlite, super::$case); })+
        }
        mod postgres {
            $(
                #[test]
                #[cfg_attr(without_postgres, ignore = "ALMONER_TEST_POSTGRES_URL is not set")]
                fn $case() { super::crowded(super::Backend::Postgres, super::$case); }
            )+
        }
    };
}

crowded![
    every_wrong_password_counts_and_a_known_device_is_locked_once,
    strangers_at_one_account_get_no_more_guesses_than_they_have,
    an_address_gets_no_more_failures_than_its_limit,
    a_device_gets_no_more_logins_than_its_limit,
    a_user_has_no_more_sessions_than_the_limit,
    the_last_superadmin_stays_whoever_is_faster,
    the_last_superadmin_keeps_the_role_whoever_is_faster,
    a_link_works_once_whoever_is_faster,
    of_all_who_end_the_other_sessions_one_stays,
];

fn crowded(backend: Backend, case: impl AsyncFnOnce(&World)) {
    run_with(backend, 16, case);
}

/// The hash of a password is the password: how hard it is to break is no matter of storage.
struct Plain;

#[async_trait]
impl PasswordHasher for Plain {
    async fn hash(&self, password: &SecretString) -> Result<PasswordHashText, HashError> {
        Ok(PasswordHashText::new(password.expose_secret().to_owned()))
    }

    async fn verify(
        &self,
        password: &SecretString,
        hash: Option<&PasswordHashText>,
    ) -> Result<bool, HashError> {
        Ok(hash.is_some_and(|hash| hash.expose() == password.expose_secret()))
    }

    fn needs_rehash(&self, _: &PasswordHashText) -> bool {
        false
    }
}

#[async_trait]
impl BreachedPasswords for Plain {
    async fn contains(&self, _: &[u8; 20]) -> Result<bool, BreachedListError> {
        Ok(false)
    }
}

/// Session keys made of ids, which never repeat.
struct Counted(Arc<dyn Ids>);

impl Secrets for Counted {
    fn session_key(&self) -> Result<SessionKey, StoreError> {
        Ok(SessionKey::from_random(self.bytes()))
    }

    fn device_key(&self) -> Result<DeviceKey, StoreError> {
        Ok(DeviceKey::from_random(self.bytes()))
    }
}

impl Counted {
    fn bytes(&self) -> [u8; 32] {
        let mut bytes = [0; 32];
        bytes[..16].copy_from_slice(self.0.next().as_bytes());
        bytes
    }
}

/// No mail is sent here.
fn letters(world: &World) -> Letters {
    Letters::new(false, LinkPolicy::default(), Arc::clone(&world.ids) as _)
}

fn guard(world: &World, policy: LoginPolicy) -> LoginGuard {
    let key = LinkKey::new(&[7; 32]);
    LoginGuard::new(Arc::new(world.store.clone()), Arc::new(Plain), key, policy)
}

fn authentication(world: &World, policy: LoginPolicy) -> Arc<Authentication> {
    let ids: Arc<dyn Ids> = Arc::clone(&world.ids) as _;
    Arc::new(Authentication::new(
        Arc::new(world.store.clone()),
        guard(world, policy),
        Arc::new(Counted(Arc::clone(&ids))),
        ids,
        Arc::new(LiveSessions::new(LivePolicy::default())),
        letters(world),
        SessionPolicy::default(),
    ))
}

/// What a browser keeps that the user has logged in with.
async fn known_device(world: &World, user: &User) -> DeviceKey {
    let device = DeviceKey::from_random([9; 32]);
    let mut tx = world.accounts().begin().await.unwrap();
    tx.meet_device(user.id, &device.hash(user.id), START).await.unwrap();
    tx.commit(session_noted()).await.unwrap();
    device
}

fn from_address(address: [u8; 4]) -> Context {
    let mut cx = Context { actor: almoner_kernel::Actor::Anonymous, ..as_system() };
    cx.origin.address = Some(IpAddr::from(address));
    cx
}

fn login(password: &str) -> LoginCommand {
    LoginCommand {
        email: "a@b.co".to_owned(),
        password: SecretString::from(password),
        remember_me: false,
        device: None,
    }
}

async fn events(world: &World, kind: &str) -> i64 {
    world.rows(&format!("security_events WHERE kind = '{kind}'")).await
}

async fn every_wrong_password_counts_and_a_known_device_is_locked_once(world: &World) {
    let user = world.user("a@b.co");
    world.save_user(&user).await.unwrap();
    let device = known_device(world, &user).await;
    let service = authentication(world, LoginPolicy::default());
    let outcomes = all_at_once((0..24).map(|n| {
        let service = Arc::clone(&service);
        let command = LoginCommand { device: Some(device.expose()), ..login("wrong") };
        async move { service.login(&from_address([192, 0, 2, n]), command).await }
    }))
    .await;
    for outcome in outcomes {
        assert!(matches!(outcome, Err(AccountsError::InvalidCredentials)), "{outcome:?}");
    }
    let failures = world.accounts().device(user.id, &device.hash(user.id)).await.unwrap().unwrap();
    assert_eq!(failures.failed_logins, 24);
    assert_eq!(failures.locked_until, Some(START + LoginPolicy::default().lock));
    assert_eq!(events(world, "account_locked").await, 1);
    assert_eq!(events(world, "login_failed").await, 24);
}

fn count(
    outcomes: &[Result<almoner_accounts::authentication::LoggedIn, AccountsError>],
) -> (usize, usize, usize) {
    let of = |which: fn(&AccountsError) -> bool| {
        outcomes.iter().filter(|outcome| outcome.as_ref().is_err_and(which)).count()
    };
    (
        outcomes.iter().filter(|outcome| outcome.is_ok()).count(),
        of(|error| matches!(error, AccountsError::InvalidCredentials)),
        of(|error| matches!(error, AccountsError::RateLimited { .. })),
    )
}

async fn strangers_at_one_account_get_no_more_guesses_than_they_have(world: &World) {
    let user = world.user("a@b.co");
    world.save_user(&user).await.unwrap();
    let service = authentication(world, LoginPolicy::default());
    for email in ["a@b.co", "nobody@b.co"] {
        let outcomes = all_at_once((0..24).map(|n| {
            let service = Arc::clone(&service);
            let command = LoginCommand { email: email.to_owned(), ..login("wrong") };
            async move { service.login(&from_address([192, 0, 2, n]), command).await }
        }))
        .await;
        assert_eq!(count(&outcomes), (0, 3, 21), "{email}");
    }
    assert_eq!(events(world, "login_limited").await, 2);
    assert_eq!(world.rows("login_attempts WHERE refused").await, 2);
}

async fn an_address_gets_no_more_failures_than_its_limit(world: &World) {
    let user = world.user("a@b.co");
    world.save_user(&user).await.unwrap();
    let service = authentication(world, LoginPolicy::default());
    let outcomes = all_at_once((0..30).map(|n| {
        let service = Arc::clone(&service);
        let command = LoginCommand { email: format!("nobody{n}@b.co"), ..login("wrong") };
        async move { service.login(&from_address([192, 0, 2, 1]), command).await }
    }))
    .await;
    assert_eq!(count(&outcomes), (0, 10, 20));
    assert_eq!(events(world, "login_limited").await, 1);
    assert_eq!(world.rows("login_attempts WHERE refused").await, 1);
    // Each counts at the address and at the account.
    assert_eq!(world.rows("login_attempts WHERE failed").await, 20);
}

async fn a_device_gets_no_more_logins_than_its_limit(world: &World) {
    let user = world.user("a@b.co");
    world.save_user(&user).await.unwrap();
    let device = known_device(world, &user).await;
    let policy = LoginPolicy { max_logins: 12, ..LoginPolicy::default() };
    let service = authentication(world, policy);
    let outcomes = all_at_once((0..30).map(|n| {
        let service = Arc::clone(&service);
        let command = LoginCommand { device: Some(device.expose()), ..login("a hash") };
        async move { service.login(&from_address([192, 0, 2, n]), command).await }
    }))
    .await;
    assert_eq!(count(&outcomes), (12, 0, 18));
    assert_eq!(events(world, "login_limited").await, 1);
}

async fn a_user_has_no_more_sessions_than_the_limit(world: &World) {
    let user = world.user("a@b.co");
    world.save_user(&user).await.unwrap();
    let service = authentication(world, LoginPolicy::default());
    let outcomes = all_at_once((0..30).map(|n| {
        let service = Arc::clone(&service);
        async move { service.login(&from_address([192, 0, 2, n]), login("a hash")).await }
    }))
    .await;
    for outcome in outcomes {
        outcome.unwrap();
    }
    assert_eq!(world.accounts().sessions(user.id).await.unwrap().len(), 10);
    assert_eq!(events(world, "logged_in").await, 30);
    assert_eq!(events(world, "session_ended").await, 20);
}

pub(super) fn administration(world: &World) -> Arc<Administration> {
    let ids: Arc<dyn Ids> = Arc::clone(&world.ids) as _;
    Arc::new(Administration::new(
        Arc::new(world.store.clone()),
        guard(world, LoginPolicy::default()),
        PasswordRules::new(PasswordPolicy::default(), Arc::new(Plain), Arc::new(Plain)),
        Arc::new(Counted(Arc::clone(&ids))),
        ids,
        Arc::new(LiveSessions::new(LivePolicy::default())),
        letters(world),
    ))
}

async fn six_superadmins(world: &World) -> Vec<User> {
    let superadmins: Vec<User> = (0..6)
        .map(|n| User {
            roles: RoleNames::one(BuiltIn::Superadmin.role_name()),
            ..world.user(&format!("admin{n}@example.org"))
        })
        .collect();
    for user in &superadmins {
        world.save_user(user).await.unwrap();
    }
    superadmins
}

async fn the_last_superadmin_keeps_the_role_whoever_is_faster(world: &World) {
    let superadmins = six_superadmins(world).await;
    let service = administration(world);
    let next = superadmins.iter().cycle().skip(1);
    let pairs: Vec<_> =
        superadmins.iter().zip(next).map(|(one, next)| (one.id, next.clone())).collect();
    let outcomes = all_at_once(pairs.into_iter().map(|(one, next)| {
        let service = Arc::clone(&service);
        async move {
            let roles = Some(RoleNames::one(BuiltIn::Viewer.role_name()));
            let patch = UserPatch { roles, ..UserPatch::default() };
            let cx = as_user(one, ScopeKind::All);
            service.update(&cx, next.id, next.version, patch, None).await
        }
    }))
    .await;
    let refused = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Err(AccountsError::LastSuperadmin)))
        .count();
    let changed = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!((changed, refused), (5, 1), "{outcomes:?}");
    assert_eq!(world.rows("users WHERE role = 'superadmin'").await, 1);
}

async fn the_last_superadmin_stays_whoever_is_faster(world: &World) {
    let superadmins = six_superadmins(world).await;
    let service = administration(world);
    // Each deactivates the next one in a circle.
    let next = superadmins.iter().cycle().skip(1);
    let pairs: Vec<_> = superadmins.iter().zip(next).map(|(one, next)| (one.id, next.id)).collect();
    let outcomes = all_at_once(pairs.into_iter().map(|(one, next)| {
        let service = Arc::clone(&service);
        async move { service.deactivate(&as_user(one, ScopeKind::All), next).await }
    }))
    .await;
    let refused = outcomes
        .iter()
        .filter(|outcome| matches!(outcome, Err(AccountsError::LastSuperadmin)))
        .count();
    let deactivated = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!((deactivated, refused), (5, 1), "{outcomes:?}");
    assert_eq!(world.rows("users WHERE active").await, 1);
}

async fn a_link_works_once_whoever_is_faster(world: &World) {
    let user = world.user("a@b.co");
    world.save_user(&user).await.unwrap();
    let key = LinkKey::new(&[7; 32]);
    let purpose = Purpose::PasswordReset;
    let link = Link { id: world.id(), user_id: user.id, purpose, expires_at: START + WEEK };
    let mut tx = world.accounts().begin().await.unwrap();
    tx.insert_link(&link).await.unwrap();
    tx.commit(session_noted()).await.unwrap();
    let service = Arc::new(Recovery::new(
        Arc::new(world.store.clone()),
        PasswordRules::new(PasswordPolicy::default(), Arc::new(Plain), Arc::new(Plain)),
        Arc::new(Counted(Arc::clone(&world.ids) as _)),
        letters(world),
        key.clone(),
        Arc::clone(&world.ids) as _,
        Arc::new(LiveSessions::new(LivePolicy::default())),
    ));
    let outcomes = all_at_once((0..16).map(|n| {
        let service = Arc::clone(&service);
        let token = key.token(purpose, link.id);
        let password = SecretString::from(format!("seven quiet boats leave at dawn {n}"));
        async move { service.reset(&from_address([192, 0, 2, n]), token, password, None).await }
    }))
    .await;
    let won = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let refused = outcomes
        .iter()
        .filter(|outcome| {
            matches!(outcome, Err(AccountsError::Invalid(invalid)) if invalid.0[0].code == "link")
        })
        .count();
    assert_eq!((won, refused), (1, 15), "{outcomes:?}");
    assert_eq!(world.rows("links").await, 0);
    assert_eq!(world.rows("changes WHERE action = 'password_changed'").await, 1);
}

async fn of_all_who_end_the_other_sessions_one_stays(world: &World) {
    let user = world.user("a@b.co");
    world.save_user(&user).await.unwrap();
    let mut sessions = Vec::new();
    for _ in 0..8 {
        let session = world.session(user.id);
        world.save_session(&session).await;
        sessions.push(session.id);
    }
    let service = Sessions::new(
        Arc::new(world.store.clone()),
        Arc::new(Counted(Arc::clone(&world.ids) as _)),
        Arc::new(LiveSessions::new(LivePolicy::default())),
    );
    let outcomes = all_at_once(sessions.into_iter().map(|session_id| {
        let service = service.clone();
        let cx = as_user(user.id, ScopeKind::All);
        let caller = Caller { session_id, ..Caller::clone(cx.caller().unwrap()) };
        let cx = Context { actor: Actor::User(Arc::new(caller)), ..cx };
        async move { service.end_others(&cx).await }
    }))
    .await;
    // Nobody is told to try again: their own session was ended by the faster one.
    let (stayed, others): (Vec<_>, Vec<_>) = outcomes.iter().partition(|outcome| outcome.is_ok());
    assert_eq!(stayed.len(), 1, "{outcomes:?}");
    for outcome in others {
        let code = outcome.as_ref().map_err(Fault::code).unwrap_err();
        assert_eq!(code, "unauthenticated", "{outcomes:?}");
    }
    assert_eq!(world.rows("sessions").await, 1);
}

const WEEK: chrono::Duration = chrono::Duration::days(7);

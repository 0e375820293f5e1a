//! Mocked ports that answer from a prepared world, and write down what a use case did.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
};

use almoner_kernel::{
    Action, Actor, Caller, Context, EmailAddress, Fault, Ids, LinkId, MailTemplate, NewMail,
    Origin, Page, PageRequest, PersonName, Scope, ScopeKind, SecurityEventKind, SessionId,
    StoreError, Timestamp, Trail, UnitOfWork, UserId, Version,
};
use async_trait::async_trait;
use chrono::Duration;
use mockall::mock;
use parking_lot::Mutex;
use secrecy::{ExposeSecret, SecretString};
use uuid::Uuid;

use crate::{
    AccountsError, Administration, Authentication, Letters, LinkKey, LiveSessions, LoginGuard,
    Profile, Recovery, Roles, Sessions,
    limits::Limited,
    link::{Link, LinkPolicy},
    live::LivePolicy,
    login::{AddressKey, Counted, Failures, LoginPolicy, LoginWindow},
    password::{PasswordPolicy, PasswordRules},
    ports::*,
    recovery::ResetRequest,
    role::{Access, BuiltIn, CustomRole, RoleName},
    session::{DeviceKey, DeviceKeyHash, Session, SessionKey, SessionKeyHash, SessionPolicy},
    user::{Credentials, Locale, PasswordHashText, TimeZone, User, UserQuery},
};

mock! {
    pub Store {}

    #[async_trait]
    impl Accounts for Store {
        async fn begin(&self) -> Result<Box<dyn AccountsTx>, StoreError>;
        async fn user(&self, id: UserId, scope: Scope) -> Result<Option<User>, StoreError>;
        async fn users(
            &self,
            query: &UserQuery,
            scope: Scope,
            page: &PageRequest,
        ) -> Result<Page<User>, StoreError>;
        async fn has_users(&self) -> Result<bool, StoreError>;
        async fn account_by_email(&self, email_key: &str) -> Result<Option<Account>, StoreError>;
        async fn account(&self, id: UserId) -> Result<Option<Account>, StoreError>;
        async fn login_window(
            &self,
            address: &AddressKey,
            since: Timestamp,
            until: Timestamp,
        ) -> Result<LoginWindow, StoreError>;
        async fn device(
            &self,
            user: UserId,
            device: &DeviceKeyHash,
        ) -> Result<Option<Failures>, StoreError>;
        async fn counted(
            &self,
            users: &[(UserId, AddressKey)],
            since: Timestamp,
            until: Timestamp,
        ) -> Result<HashMap<UserId, Counted>, StoreError>;
        async fn roles(&self) -> Result<Vec<CustomRole>, StoreError>;
        async fn role(&self, name: &RoleName) -> Result<Option<CustomRole>, StoreError>;
        async fn sessions(&self, user: UserId) -> Result<Vec<Session>, StoreError>;
        async fn sessions_by_key(
            &self,
            keys: &[SessionKeyHash],
        ) -> Result<Vec<(SessionKeyHash, StoredSession)>, StoreError>;
        async fn touch_session(&self, id: SessionId, at: Timestamp) -> Result<bool, StoreError>;
        async fn link(&self, id: LinkId) -> Result<Option<Link>, StoreError>;
        async fn reset_request(&self, id: Uuid) -> Result<Option<ResetRequest>, StoreError>;
    }
}

mock! {
    pub Tx {}

    #[async_trait]
    impl UnitOfWork for Tx {
        async fn commit(self: Box<Self>, trail: Trail) -> Result<(), StoreError>;
        async fn changed_since(
            &mut self,
            entity: &'static str,
            id: Uuid,
            since: Version,
        ) -> Result<Vec<String>, StoreError>;
    }

    #[async_trait]
    impl AccountsTx for Tx {
        async fn user(&mut self, id: UserId, scope: Scope) -> Result<Option<User>, StoreError>;
        async fn account(&mut self, id: UserId) -> Result<Option<Account>, StoreError>;
        async fn has_users(&mut self) -> Result<bool, StoreError>;
        async fn count(&mut self, what: Limited) -> Result<u64, StoreError>;
        async fn lock_active_superadmins(&mut self) -> Result<u64, StoreError>;
        async fn email_is_hidden(
            &mut self,
            email: &EmailAddress,
            scope: Scope,
        ) -> Result<bool, StoreError>;
        async fn lock_collisions(
            &mut self,
            user: UserId,
            since: Timestamp,
            until: Timestamp,
        ) -> Result<Vec<Timestamp>, StoreError>;
        async fn insert_user(
            &mut self,
            user: &User,
            password_hash: &PasswordHashText,
        ) -> Result<(), StoreError>;
        async fn update_user(&mut self, user: &User) -> Result<(), StoreError>;
        async fn set_password(
            &mut self,
            user: UserId,
            password_hash: &PasswordHashText,
        ) -> Result<(), StoreError>;
        async fn device(
            &mut self,
            user: UserId,
            device: &DeviceKeyHash,
        ) -> Result<Option<Failures>, StoreError>;
        async fn set_failures(
            &mut self,
            user: UserId,
            device: &DeviceKeyHash,
            failures: Failures,
        ) -> Result<(), StoreError>;
        async fn unlock(&mut self, user: UserId, account: &AddressKey) -> Result<(), StoreError>;
        async fn forget_devices(&mut self, user: UserId) -> Result<(), StoreError>;
        async fn set_last_login(&mut self, user: UserId, at: Timestamp) -> Result<(), StoreError>;
        async fn lock_login_window(
            &mut self,
            address: &AddressKey,
            since: Timestamp,
            until: Timestamp,
        ) -> Result<LoginWindow, StoreError>;
        async fn insert_login_attempt(
            &mut self,
            address: &AddressKey,
            at: Timestamp,
            attempt: Attempt,
        ) -> Result<(), StoreError>;
        async fn insert_session(
            &mut self,
            session: &Session,
            key: &SessionKeyHash,
        ) -> Result<(), StoreError>;
        async fn rekey_session(
            &mut self,
            id: SessionId,
            user: UserId,
            key: &SessionKeyHash,
        ) -> Result<Option<Session>, StoreError>;
        async fn sessions(&mut self, user: UserId) -> Result<Vec<Session>, StoreError>;
        async fn end_session(&mut self, id: SessionId, user: UserId) -> Result<bool, StoreError>;
        async fn end_sessions(
            &mut self,
            user: UserId,
            except: Option<SessionId>,
        ) -> Result<u64, StoreError>;
        async fn end_sessions_of_role(&mut self, role: &RoleName) -> Result<u64, StoreError>;
        async fn meet_device(
            &mut self,
            user: UserId,
            device: &DeviceKeyHash,
            at: Timestamp,
        ) -> Result<Meeting, StoreError>;
        async fn insert_link(&mut self, link: &Link) -> Result<(), StoreError>;
        async fn end_link(&mut self, id: LinkId) -> Result<bool, StoreError>;
        async fn end_links(&mut self, user: UserId) -> Result<(), StoreError>;
        async fn insert_reset_request(&mut self, request: &ResetRequest) -> Result<(), StoreError>;
        async fn end_reset_request(&mut self, id: Uuid) -> Result<bool, StoreError>;
        async fn insert_mail(&mut self, mail: &NewMail) -> Result<(), StoreError>;
        async fn role(&mut self, name: &RoleName) -> Result<Option<CustomRole>, StoreError>;
        async fn insert_role(&mut self, role: &CustomRole) -> Result<(), StoreError>;
        async fn update_role(&mut self, role: &CustomRole) -> Result<(), StoreError>;
        async fn delete_role(&mut self, role: &CustomRole) -> Result<(), StoreError>;
        async fn count_users_with_role(&mut self, role: &RoleName) -> Result<u64, StoreError>;
    }
}

/// What a use case did, in order.
#[derive(Clone, Debug, PartialEq)]
pub enum Did {
    Compared { with_dummy: bool },
    Hashed,
    Began,
    LockedSuperadmins,
    InsertedUser(Box<User>, PasswordHashText),
    UpdatedUser(Box<User>),
    SetPassword(PasswordHashText),
    SetFailures(Failures),
    SetLastLogin(Timestamp),
    Unlocked(UserId),
    ForgotDevices,
    MetDevice,
    Attempted(AddressKey, Attempt),
    Rekeyed(SessionId),
    InsertedSession(Session),
    EndedSession(SessionId),
    EndedSessions { except: Option<SessionId> },
    EndedSessionsOfRole(RoleName),
    InsertedRole(Box<CustomRole>),
    UpdatedRole(Box<CustomRole>),
    DeletedRole(RoleName),
    InsertedLink(Link),
    EndedLink(LinkId),
    EndedLinks(UserId),
    InsertedRequest(ResetRequest),
    EndedRequest,
    Posted(NewMail),
    Committed { events: Vec<SecurityEventKind>, actions: Vec<Action> },
    Enqueued(&'static str, String),
}

/// What storage and the hasher answer.
#[derive(Clone, Default)]
pub struct World {
    pub accounts: Vec<Account>,
    /// What the unit of work finds instead, when it differs from what was read before.
    pub accounts_in_tx: Option<Vec<Account>>,
    pub roles: Vec<CustomRole>,
    pub sessions: Vec<Session>,
    /// What strangers have done at the address, and to the account, of every login here.
    pub window: LoginWindow,
    pub account_window: LoginWindow,
    /// What the unit of work finds instead.
    pub window_in_tx: Option<LoginWindow>,
    pub account_window_in_tx: Option<LoginWindow>,
    /// What the device of every login here has failed at; none for a stranger's.
    pub device: Option<Failures>,
    pub superadmins: u64,
    /// Of what there are as many as there may be.
    pub full: Option<Limited>,
    pub users_with_role: u64,
    pub taken: Option<&'static str>,
    pub breached: Vec<[u8; 20]>,
    pub outdated_hashes: bool,
    pub mail_is_off: bool,
    pub links: Vec<Link>,
    /// Somebody else spends every link between reading and writing.
    pub links_are_spent: bool,
    pub requests: Vec<ResetRequest>,
    pub meeting: Option<Meeting>,
}

/// The services over one world, and what they did.
pub struct Stage {
    pub authentication: Authentication,
    pub sessions: Sessions,
    pub profile: Profile,
    pub administration: Administration,
    pub recovery: Recovery,
    pub roles: Roles,
    pub live: Arc<LiveSessions>,
    did: Log,
}

type Log = Arc<Mutex<Vec<Did>>>;

impl Stage {
    pub fn did(&self) -> Vec<Did> {
        self.did.lock().clone()
    }

    pub fn has_done(&self, did: &Did) -> bool {
        self.did.lock().contains(did)
    }

    /// The events and actions of the only commit; none when nothing was committed.
    pub fn committed(&self) -> Option<(Vec<SecurityEventKind>, Vec<Action>)> {
        let commits: Vec<_> = self
            .did()
            .into_iter()
            .filter_map(|did| match did {
                Did::Committed { events, actions } => Some((events, actions)),
                _ => None,
            })
            .collect();
        assert!(commits.len() <= 1, "one use case, one commit: {commits:?}");
        commits.into_iter().next()
    }

    /// What was posted, to whom, and where.
    pub fn posted(&self) -> Vec<(MailTemplate, UserId, Option<EmailAddress>)> {
        let posted = self.did().into_iter().filter_map(|did| match did {
            Did::Posted(mail) => Some((mail.template, mail.user_id, mail.address)),
            _ => None,
        });
        posted.collect()
    }

    pub fn events(&self) -> Vec<SecurityEventKind> {
        self.committed().map(|(events, _)| events).unwrap_or_default()
    }
}

impl World {
    pub fn of(accounts: impl IntoIterator<Item = User>) -> Self {
        Self {
            accounts: accounts.into_iter().map(|user| account(user, PASSWORD)).collect(),
            superadmins: 2,
            ..Self::default()
        }
    }

    pub fn stage(self) -> Stage {
        let did = Log::default();
        let accounts: Arc<dyn Accounts> = Arc::new(store(&self, &did));
        let hasher: Arc<dyn PasswordHasher> =
            Arc::new(Hasher { outdated: self.outdated_hashes, did: Arc::clone(&did) });
        let ids: Arc<dyn Ids> = Arc::new(Counter(AtomicU64::new(1000)));
        let live = Arc::new(LiveSessions::new(LivePolicy::default()));
        let rules = PasswordRules::new(
            PasswordPolicy::default(),
            Arc::new(Breaches(self.breached.clone())),
            Arc::clone(&hasher),
        );
        let guard = || {
            let hasher = Arc::clone(&hasher);
            LoginGuard::new(Arc::clone(&accounts), hasher, link_key(), LoginPolicy::default())
        };
        let letters = || Letters::new(!self.mail_is_off, LinkPolicy::default(), Arc::clone(&ids));
        Stage {
            recovery: Recovery::new(
                Arc::clone(&accounts),
                rules.clone(),
                Arc::new(Zeros),
                letters(),
                link_key(),
                Arc::clone(&ids),
                Arc::clone(&live),
            ),
            authentication: Authentication::new(
                Arc::clone(&accounts),
                guard(),
                Arc::new(Zeros),
                Arc::clone(&ids),
                Arc::clone(&live),
                letters(),
                SessionPolicy::default(),
            ),
            sessions: Sessions::new(Arc::clone(&accounts), Arc::new(Zeros), Arc::clone(&live)),
            profile: Profile::new(
                Arc::clone(&accounts),
                guard(),
                rules.clone(),
                Arc::new(Zeros),
                Arc::clone(&live),
                letters(),
            ),
            administration: Administration::new(
                Arc::clone(&accounts),
                guard(),
                rules,
                Arc::new(Zeros),
                Arc::clone(&ids),
                Arc::clone(&live),
                letters(),
            ),
            roles: Roles::new(accounts, Arc::clone(&ids), Arc::clone(&live)),
            live,
            did,
        }
    }

    fn window_of(&self, key: &AddressKey, in_tx: bool) -> LoginWindow {
        let is_account = key.as_str().starts_with("login account ");
        let (before, inside) = match is_account {
            true => (self.account_window, self.account_window_in_tx),
            false => (self.window, self.window_in_tx),
        };
        inside.filter(|_| in_tx).unwrap_or(before)
    }

    fn device_of(&self, user: UserId) -> Option<Failures> {
        self.device.filter(|_| self.accounts.iter().any(|account| account.user.id == user))
    }

    fn role(&self, name: &RoleName) -> Option<CustomRole> {
        self.roles.iter().find(|role| role.name == *name).cloned()
    }
}

fn find(accounts: &[Account], id: UserId, scope: Scope) -> Option<Account> {
    accounts
        .iter()
        .find(|account| account.user.id == id && scope.creator().is_none_or(|only| only == id))
        .cloned()
}

fn store(world: &World, did: &Log) -> MockStore {
    let mut store = MockStore::new();
    let (w, log) = (world.clone(), Arc::clone(did));
    store.expect_begin().returning(move || {
        log.lock().push(Did::Began);
        Ok(Box::new(tx(&w, &log)))
    });
    let w = world.clone();
    store
        .expect_user()
        .returning(move |id, scope| Ok(find(&w.accounts, id, scope).map(|account| account.user)));
    let w = world.clone();
    store.expect_users().returning(move |_, scope, _| {
        let items = w.accounts.iter().map(|account| account.user.clone());
        let items = items.filter(|user| scope.creator().is_none_or(|only| only == user.id));
        Ok(Page { items: items.collect(), next: None, total: None })
    });
    let w = world.clone();
    store.expect_has_users().returning(move || Ok(!w.accounts.is_empty()));
    let w = world.clone();
    store.expect_account_by_email().returning(move |key| {
        Ok(w.accounts.iter().find(|account| account.user.email.key() == key).cloned())
    });
    let w = world.clone();
    store.expect_account().returning(move |id| Ok(find(&w.accounts, id, Scope::All)));
    let w = world.clone();
    store.expect_login_window().returning(move |key, _, _| Ok(w.window_of(key, false)));
    let w = world.clone();
    store.expect_device().returning(move |user, _| Ok(w.device_of(user)));
    let w = world.clone();
    store.expect_counted().returning(move |users, _, _| {
        let counted = |(user, _): &(UserId, AddressKey)| {
            let device_locked_until = w.device.and_then(|failures| failures.locked_until);
            (*user, Counted { device_locked_until, strangers: w.account_window })
        };
        Ok(users.iter().map(counted).collect())
    });
    let w = world.clone();
    store.expect_roles().returning(move || Ok(w.roles.clone()));
    let w = world.clone();
    store.expect_role().returning(move |name| Ok(w.role(name)));
    let w = world.clone();
    store.expect_sessions().returning(move |_| Ok(w.sessions.clone()));
    let w = world.clone();
    store.expect_link().returning(move |id| Ok(w.links.iter().find(|link| link.id == id).cloned()));
    let w = world.clone();
    store
        .expect_reset_request()
        .returning(move |id| Ok(w.requests.iter().find(|request| request.id == id).cloned()));
    store
}

macro_rules! logged {
    ($log:ident, $did:expr) => {{
        $log.lock().push($did);
        Ok(())
    }};
}

fn tx(world: &World, log: &Log) -> MockTx {
    let mut tx = MockTx::new();
    let inside = world.accounts_in_tx.clone().unwrap_or_else(|| world.accounts.clone());
    let accounts = inside.clone();
    tx.expect_user()
        .returning(move |id, scope| Ok(find(&accounts, id, scope).map(|account| account.user)));
    let accounts = inside.clone();
    tx.expect_account().returning(move |id| Ok(find(&accounts, id, Scope::All)));
    tx.expect_has_users().returning(move || Ok(!inside.is_empty()));
    let full = world.full;
    tx.expect_count().returning(move |what| match full == Some(what) {
        true => Ok(what.limit()),
        false => Ok(what.limit() - 1),
    });
    let w = world.clone();
    let l = Arc::clone(log);
    tx.expect_lock_active_superadmins().returning(move || {
        l.lock().push(Did::LockedSuperadmins);
        Ok(w.superadmins)
    });
    let w = world.clone();
    tx.expect_lock_login_window().returning(move |key, _, _| Ok(w.window_of(key, true)));
    let w = world.clone();
    tx.expect_device().returning(move |user, _| Ok(w.device_of(user)));
    let l = Arc::clone(log);
    tx.expect_unlock().returning(move |user, _| logged!(l, Did::Unlocked(user)));
    let l = Arc::clone(log);
    tx.expect_forget_devices().returning(move |_| logged!(l, Did::ForgotDevices));
    let (w, l) = (world.clone(), Arc::clone(log));
    tx.expect_rekey_session().returning(move |id, user, _| {
        let mut own = w.sessions.iter();
        let session = own.find(|own| own.id == id && own.user_id == user).cloned();
        l.lock().extend(session.as_ref().map(|_| Did::Rekeyed(id)));
        Ok(session)
    });
    let w = world.clone();
    tx.expect_role().returning(move |name| Ok(w.role(name)));
    let w = world.clone();
    tx.expect_sessions().returning(move |_| Ok(w.sessions.clone()));
    let w = world.clone();
    tx.expect_count_users_with_role().returning(move |_| Ok(w.users_with_role));
    tx.expect_changed_since().returning(|_, _, _| Ok(vec!["name".to_owned()]));
    // What others have, that a caller does not see, is for the tests of the house.
    tx.expect_email_is_hidden().returning(|_, _| Ok(false));
    tx.expect_lock_collisions().returning(|_, _, _| Ok(Vec::new()));

    let taken = world.taken;
    let l = Arc::clone(log);
    tx.expect_insert_user().returning(move |user, hash| match taken {
        Some(what) => Err(StoreError::Taken(what)),
        None => logged!(l, Did::InsertedUser(Box::new(user.clone()), hash.clone())),
    });
    let l = Arc::clone(log);
    tx.expect_update_user().returning(move |user| match taken {
        Some(what) => Err(StoreError::Taken(what)),
        None => logged!(l, Did::UpdatedUser(Box::new(user.clone()))),
    });
    let l = Arc::clone(log);
    tx.expect_insert_role().returning(move |role| match taken {
        Some(what) => Err(StoreError::Taken(what)),
        None => logged!(l, Did::InsertedRole(Box::new(role.clone()))),
    });
    let l = Arc::clone(log);
    tx.expect_update_role()
        .returning(move |role| logged!(l, Did::UpdatedRole(Box::new(role.clone()))));
    let l = Arc::clone(log);
    tx.expect_delete_role().returning(move |role| logged!(l, Did::DeletedRole(role.name.clone())));
    let l = Arc::clone(log);
    tx.expect_set_password().returning(move |_, hash| logged!(l, Did::SetPassword(hash.clone())));
    let l = Arc::clone(log);
    tx.expect_set_failures()
        .returning(move |_, _, failures| logged!(l, Did::SetFailures(failures)));
    let l = Arc::clone(log);
    tx.expect_set_last_login().returning(move |_, at| logged!(l, Did::SetLastLogin(at)));
    let l = Arc::clone(log);
    tx.expect_insert_login_attempt()
        .returning(move |key, _, attempt| logged!(l, Did::Attempted(key.clone(), attempt)));
    let l = Arc::clone(log);
    tx.expect_insert_session()
        .returning(move |session, _| logged!(l, Did::InsertedSession(session.clone())));
    let (w, l) = (world.clone(), Arc::clone(log));
    tx.expect_end_session().returning(move |id, user| {
        let known = w.sessions.iter().any(|own| own.id == id && own.user_id == user);
        if known {
            l.lock().push(Did::EndedSession(id));
        }
        Ok(known)
    });
    let (w, l) = (world.clone(), Arc::clone(log));
    tx.expect_end_sessions().returning(move |user, except| {
        l.lock().push(Did::EndedSessions { except });
        let ended = w.sessions.iter().filter(|own| own.user_id == user && Some(own.id) != except);
        Ok(ended.count() as u64)
    });
    let l = Arc::clone(log);
    tx.expect_end_sessions_of_role().returning(move |name| {
        l.lock().push(Did::EndedSessionsOfRole(name.clone()));
        Ok(1)
    });
    let meeting = world.meeting.unwrap_or(Meeting::Known);
    let l = Arc::clone(log);
    tx.expect_meet_device().returning(move |_, _, _| {
        l.lock().push(Did::MetDevice);
        Ok(meeting)
    });
    let l = Arc::clone(log);
    tx.expect_insert_link().returning(move |link| logged!(l, Did::InsertedLink(link.clone())));
    let (w, l) = (world.clone(), Arc::clone(log));
    tx.expect_end_link().returning(move |id| {
        let is_there = !w.links_are_spent && w.links.iter().any(|link| link.id == id);
        if is_there {
            l.lock().push(Did::EndedLink(id));
        }
        Ok(is_there)
    });
    let l = Arc::clone(log);
    tx.expect_end_links().returning(move |user| logged!(l, Did::EndedLinks(user)));
    let l = Arc::clone(log);
    tx.expect_insert_reset_request()
        .returning(move |request| logged!(l, Did::InsertedRequest(request.clone())));
    let l = Arc::clone(log);
    tx.expect_end_reset_request().returning(move |_| {
        l.lock().push(Did::EndedRequest);
        Ok(true)
    });
    let l = Arc::clone(log);
    tx.expect_insert_mail().returning(move |mail| logged!(l, Did::Posted(mail.clone())));
    let l = Arc::clone(log);
    tx.expect_commit().returning(move |trail| {
        assert!(!trail.is_empty(), "a commit says what happened");
        let events = trail.security_events.iter().map(|event| event.kind).collect();
        let actions = trail.changes.iter().map(|change| change.action).collect();
        for job in &trail.jobs {
            l.lock().push(Did::Enqueued(job.kind, job.payload.clone()));
        }
        logged!(l, Did::Committed { events, actions })
    });
    tx
}

/// Makes hashes one can read.
struct Hasher {
    outdated: bool,
    did: Log,
}

#[async_trait]
impl PasswordHasher for Hasher {
    async fn hash(&self, password: &SecretString) -> Result<PasswordHashText, HashError> {
        self.did.lock().push(Did::Hashed);
        Ok(hash_of(password.expose_secret()))
    }

    async fn verify(
        &self,
        password: &SecretString,
        hash: Option<&PasswordHashText>,
    ) -> Result<bool, HashError> {
        self.did.lock().push(Did::Compared { with_dummy: hash.is_none() });
        Ok(hash.is_some_and(|hash| *hash == hash_of(password.expose_secret())))
    }

    fn needs_rehash(&self, _: &PasswordHashText) -> bool {
        self.outdated
    }
}

struct Breaches(Vec<[u8; 20]>);

#[async_trait]
impl BreachedPasswords for Breaches {
    async fn contains(&self, sha1: &[u8; 20]) -> Result<bool, BreachedListError> {
        Ok(self.0.contains(sha1))
    }
}

pub struct Zeros;

impl Secrets for Zeros {
    fn session_key(&self) -> Result<SessionKey, StoreError> {
        Ok(SessionKey::from_random([0; 32]))
    }

    fn device_key(&self) -> Result<DeviceKey, StoreError> {
        Ok(DeviceKey::from_random([1; 32]))
    }
}

struct Counter(AtomicU64);

impl Ids for Counter {
    fn next(&self) -> Uuid {
        Uuid::from_u128(self.0.fetch_add(1, Ordering::Relaxed).into())
    }
}

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

pub fn user(number: u128, role: &str) -> User {
    User {
        id: user_id(number),
        name: PersonName::parse("Zehra Karaca").unwrap(),
        email: EmailAddress::parse(&format!("Zehra{number}@Example.org")).unwrap(),
        phone: None,
        locale: Locale::default(),
        time_zone: TimeZone::default(),
        role: role_name(role),
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
    let role = crate::role::Role::BuiltIn(role);
    cx(Actor::User(Arc::new(role.caller(user_id(number), session_id(1)))))
}

/// A user who may do exactly this, in session 1.
pub fn caller_with(number: u128, role: &str, access: Access) -> Context {
    cx(Actor::User(Arc::new(Caller {
        user_id: user_id(number),
        session_id: session_id(1),
        role: role.to_owned(),
        permissions: access.permissions,
        scope: access.scope,
        edit_window: access.edit_window.map(crate::role::EditWindow::duration),
    })))
}

pub fn access(permissions: &[almoner_kernel::Permission], scope: ScopeKind) -> Access {
    Access { permissions: permissions.iter().copied().collect(), scope, edit_window: None }
}

#[track_caller]
pub fn refused<T: std::fmt::Debug>(result: Result<T, AccountsError>) -> &'static str {
    result.unwrap_err().code()
}

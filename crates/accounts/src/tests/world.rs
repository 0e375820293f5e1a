//! Mocked ports that answer from a prepared world, and write down what a use case did.

mod answers;
mod fakes;
mod mocks;
mod samples;

use std::sync::{Arc, atomic::AtomicU64};

use almoner_kernel::{
    Action, EmailAddress, Ids, LinkId, MailTemplate, NewMail, SecurityEventKind, SessionId,
    Timestamp, UserId,
};
use parking_lot::Mutex;

use self::{
    answers::store,
    fakes::{Breaches, Counter, Hasher},
};
pub use self::{fakes::Zeros, mocks::MockStore, samples::*};
use crate::{
    Administration, Authentication, Letters, LiveSessions, LoginGuard, Profile, Recovery, Roles,
    Sessions,
    limits::Limited,
    link::{Link, LinkPolicy},
    live::LivePolicy,
    login::{AddressKey, Failures, LoginPolicy, LoginWindow},
    password::{PasswordPolicy, PasswordRules},
    ports::{Account, Accounts, Attempt, Meeting, PasswordHasher},
    recovery::ResetRequest,
    role::{CustomRole, RoleName},
    session::{Session, SessionPolicy},
    user::{PasswordHashText, User},
};

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

//! Who is asking, when, from where: the first argument of every use case.

use std::{any::Any, fmt, net::IpAddr, sync::Arc};

use uuid::Uuid;

use crate::{Caller, Denied, Permission, Suspicions, Timestamp, UserId};

/// What a use case knows about the request or command that runs it.
#[derive(Clone, Debug)]
pub struct Context {
    /// Who is asking.
    pub actor: Actor,
    /// The time of the request, UTC, whole milliseconds.
    pub at: Timestamp,
    /// Where the request came from.
    pub origin: Origin,
    /// Present when the client sent an `Idempotency-Key`.
    pub replay: Option<Replay>,
    /// The client only asks what would happen: everything is checked, and nothing is stored.
    pub dry_run: bool,
    /// What is written down whatever becomes of the request.
    pub suspicions: Suspicions,
}

impl Context {
    /// Allows the use case to go on, and says which rows the actor may meet in it.
    ///
    /// # Errors
    /// [`Denied::Unauthenticated`] without an actor, [`Denied::Missing`] without the permission.
    pub fn permit(&self, permission: Permission) -> Result<Scope, Denied> {
        match &self.actor {
            Actor::Anonymous => Err(Denied::Unauthenticated),
            Actor::System(_) => Ok(Scope::All),
            Actor::User(caller) => caller.scope_for(permission).ok_or(Denied::Missing(permission)),
        }
    }

    /// The same for a change of a record that was created at `created_at`: roles with an edit window may
    /// only correct what they have just entered. It says which rows the actor may change that are as old;
    /// they may meet more.
    ///
    /// # Errors
    /// As [`Context::permit`]; [`Denied::EditWindowClosed`] when no role gives the permission for as long.
    pub fn permit_edit(
        &self,
        permission: Permission,
        created_at: Timestamp,
    ) -> Result<Scope, Denied> {
        let scope = self.permit(permission)?;
        let Actor::User(caller) = &self.actor else { return Ok(scope) };
        let reach = caller.open_reach_of(permission, created_at, self.at);
        reach.map(|reach| caller.within(reach)).ok_or(Denied::EditWindowClosed)
    }

    /// Allows something with all records of a reach, such as seeing a field of them: with a permission
    /// that reaches less far it is allowed with none of them.
    ///
    /// # Errors
    /// As [`Context::permit`], also when the permission reaches less far.
    pub fn permit_throughout(
        &self,
        permission: Permission,
        reach: ScopeKind,
    ) -> Result<(), Denied> {
        match self.permit(permission)?.kind() >= reach {
            true => Ok(()),
            false => Err(Denied::Missing(permission)),
        }
    }

    /// Which records with a plural noun the actor may name while doing something: `read` is the permission
    /// to read them, if there is one, `created_at` that of a record that is changed within a time.
    ///
    /// # Errors
    /// As [`Context::permit`], for what is done.
    pub fn scope_to_name(
        &self,
        doing: Permission,
        created_at: Option<Timestamp>,
        noun: &str,
        read: Option<Permission>,
    ) -> Result<Scope, Denied> {
        let scope = self.permit(doing)?;
        let Actor::User(caller) = &self.actor else { return Ok(scope) };
        let edited = created_at.map(|created_at| (created_at, self.at));
        let reach = caller.reach_to_name(doing, edited, noun, read);
        reach.map(|reach| caller.within(reach)).ok_or(Denied::Missing(doing))
    }

    /// The same, asked under this name: that of a command.
    #[must_use]
    pub fn asking(mut self, operation: &str) -> Self {
        self.origin.operation = Some(operation.into());
        self
    }

    /// The logged-in user.
    ///
    /// # Errors
    /// [`Denied::Unauthenticated`] when nobody is logged in.
    pub fn caller(&self) -> Result<&Caller, Denied> {
        match &self.actor {
            Actor::User(caller) => Ok(caller),
            Actor::Anonymous | Actor::System(_) => Err(Denied::Unauthenticated),
        }
    }

    /// The id of the logged-in user; none for the command line, jobs and strangers.
    pub fn user_id(&self) -> Option<UserId> {
        match &self.actor {
            Actor::User(caller) => Some(caller.user_id),
            Actor::Anonymous | Actor::System(_) => None,
        }
    }
}

/// Who acts.
#[derive(Clone, Debug)]
pub enum Actor {
    /// A stranger: nobody is logged in.
    Anonymous,
    /// A logged-in user.
    User(Arc<Caller>),
    /// The program itself: `cli`, `seed`, a job's name. It may do everything.
    System(&'static str),
}

/// Which rows a role may meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ScopeKind {
    /// Records the user created.
    Own,
    /// Records assigned to the user, and those the user created.
    Assigned,
    /// Every record.
    All,
}

impl ScopeKind {
    /// Every kind, narrowest first.
    pub const ALL: [Self; 3] = [Self::Own, Self::Assigned, Self::All];

    /// The name in the API and in storage.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Own => "own",
            Self::Assigned => "assigned",
            Self::All => "all",
        }
    }

    /// The kind with that name.
    pub fn parse(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.as_str() == text)
    }
}

/// The rows one caller may meet: part of every query, never a check after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Scope {
    /// Every row.
    All,
    /// Rows assigned to the user, and those the user created.
    Assigned(UserId),
    /// Rows the user created.
    Own(UserId),
}

impl Scope {
    /// True when no row is hidden.
    pub const fn is_all(self) -> bool {
        matches!(self, Self::All)
    }

    /// Which kind of scope it is.
    pub const fn kind(self) -> ScopeKind {
        match self {
            Self::All => ScopeKind::All,
            Self::Assigned(_) => ScopeKind::Assigned,
            Self::Own(_) => ScopeKind::Own,
        }
    }

    /// The user whose rows these are; none when every row is in scope. A domain without
    /// assignments treats `Assigned` as `Own`.
    pub const fn creator(self) -> Option<UserId> {
        match self {
            Self::All => None,
            Self::Assigned(user_id) | Self::Own(user_id) => Some(user_id),
        }
    }
}

/// Where a request came from, for the trail.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Origin {
    /// `X-Request-Id`.
    pub request_id: Option<String>,
    /// The client's address, as seen through trusted proxies only.
    pub address: Option<IpAddr>,
    /// `User-Agent`, at most 512 bytes.
    pub user_agent: Option<String>,
    /// What was asked: the id of an operation of the contract (`updateDonor`), or a command's name. A
    /// part of the program that says nothing here is known by its own name.
    pub operation: Option<Arc<str>>,
    /// What the changes of one request have in common. Without one, those of one commit have it.
    pub change_set: Option<Uuid>,
}

/// A request that may be repeated: `commit` keeps its answer in the same transaction as the change.
#[derive(Clone)]
pub struct Replay {
    /// `Idempotency-Key`, 1 to 255 visible ASCII characters.
    pub key: String,
    /// SHA-256 over method, path and body: the same key with another request is an error.
    pub fingerprint: [u8; 32],
    render: Render,
}

/// Turns what a use case made into the bytes of its answer; `None` when it is not the expected type.
type Render = Arc<dyn Fn(&dyn Any) -> Option<Vec<u8>> + Send + Sync>;

impl Replay {
    /// A request whose use case makes a `T`, answered with the bytes `render` makes of it.
    pub fn new<T: 'static>(
        key: String,
        fingerprint: [u8; 32],
        render: impl Fn(&T) -> Vec<u8> + Send + Sync + 'static,
    ) -> Self {
        Self::of_any(key, fingerprint, move |made| made.downcast_ref::<T>().map(&render))
    }

    /// A request answered with the bytes `render` makes of what its use case makes; none when that is
    /// something else than expected.
    pub fn of_any(
        key: String,
        fingerprint: [u8; 32],
        render: impl Fn(&dyn Any) -> Option<Vec<u8>> + Send + Sync + 'static,
    ) -> Self {
        Self { key, fingerprint, render: Arc::new(render) }
    }

    /// The answer for what the use case made; none when it made something the caller did not name.
    pub fn answer(&self, made: &dyn Any) -> Option<Vec<u8>> {
        (self.render)(made)
    }
}

impl fmt::Debug for Replay {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Replay").field("key", &self.key).finish_non_exhaustive()
    }
}

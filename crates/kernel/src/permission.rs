//! What a role may do, as `<module>:<verb>`. Each kind of record and each domain says which permissions it
//! has; here are those of the house itself. There is no limit on their number, and no list of all of them
//! that a decision would need: a set says by patterns what it grants.

use std::{borrow::Cow, collections::BTreeSet, fmt};

/// One thing a role may do, as the program asks for it.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Permission(&'static str);

impl Permission {
    /// See users within the scope.
    pub const USERS_READ: Self = Self("users:read");
    /// Create, change, deactivate and restore users.
    pub const USERS_MANAGE: Self = Self("users:manage");
    /// See roles and what they may do.
    pub const ROLES_READ: Self = Self("roles:read");
    /// Create, change and delete custom roles.
    pub const ROLES_MANAGE: Self = Self("roles:manage");
    /// Read the change trail and the security events.
    pub const AUDIT_READ: Self = Self("audit:read");
    /// See jobs, their runs and the schedules.
    pub const JOBS_READ: Self = Self("jobs:read");
    /// Retry, cancel and hasten jobs; run, pause and resume schedules.
    pub const JOBS_MANAGE: Self = Self("jobs:manage");
    /// See which mails were sent, and what they look like.
    pub const MAIL_READ: Self = Self("mail:read");
    /// Have a mail that failed sent again.
    pub const MAIL_MANAGE: Self = Self("mail:manage");
    /// See webhooks and their deliveries.
    pub const WEBHOOKS_READ: Self = Self("webhooks:read");
    /// Create, change, test and delete webhooks, and repeat deliveries.
    pub const WEBHOOKS_MANAGE: Self = Self("webhooks:manage");

    /// The permissions of the house itself, in the order they are shown.
    pub const OF_THE_HOUSE: &'static [Self] = &[
        Self::USERS_READ,
        Self::USERS_MANAGE,
        Self::ROLES_READ,
        Self::ROLES_MANAGE,
        Self::AUDIT_READ,
        Self::JOBS_READ,
        Self::JOBS_MANAGE,
        Self::MAIL_READ,
        Self::MAIL_MANAGE,
        Self::WEBHOOKS_READ,
        Self::WEBHOOKS_MANAGE,
    ];

    /// A permission of a domain: `<module>:<verb>`, both in lower case with hyphens or underscores.
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// `<module>:<verb>`, as in the API and in a custom role.
    pub const fn as_str(self) -> &'static str {
        self.0
    }

    /// The plural noun it is about: what stands before the colon.
    pub fn module(self) -> &'static str {
        self.0.split_once(':').map_or(self.0, |(module, _)| module)
    }
}

impl fmt::Display for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl fmt::Debug for Permission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

/// What is granted, and what of it is withheld: patterns such as `donors:read`, `*:read`, `donors:*` and
/// `*:*`. A permission that a kind of record brings along belongs to the roles whose patterns it fits,
/// without anybody having to list it; a name that no kind has any more grants nothing.
#[derive(Clone, Default, PartialEq, Eq, Hash)]
pub struct PermissionSet {
    granted: BTreeSet<Cow<'static, str>>,
    withheld: BTreeSet<Cow<'static, str>>,
}

impl PermissionSet {
    /// No permission.
    pub const NONE: Self = Self { granted: BTreeSet::new(), withheld: BTreeSet::new() };

    /// Every permission there is or will be.
    pub fn everything() -> Self {
        Self::granting(&["*:*"])
    }

    /// What fits one of the patterns.
    pub fn granting(patterns: &[&'static str]) -> Self {
        let granted = patterns.iter().map(|pattern| Cow::Borrowed(*pattern)).collect();
        Self { granted, withheld: BTreeSet::new() }
    }

    /// The permissions with these names, as a role was given them.
    pub fn named(names: impl IntoIterator<Item = String>) -> Self {
        Self { granted: names.into_iter().map(Cow::Owned).collect(), withheld: BTreeSet::new() }
    }

    /// The same without what fits one of the patterns.
    #[must_use]
    pub fn withholding(mut self, patterns: &[&'static str]) -> Self {
        self.withheld.extend(patterns.iter().map(|pattern| Cow::Borrowed(*pattern)));
        self
    }

    /// The set with one more permission.
    #[must_use]
    pub fn with(mut self, permission: Permission) -> Self {
        self.granted.insert(Cow::Borrowed(permission.as_str()));
        self
    }

    /// True when the set has the permission.
    pub fn has(&self, permission: Permission) -> bool {
        self.grants(permission.as_str())
    }

    /// True when whatever is in `other` is in this set, too.
    pub fn covers(&self, other: &Self) -> bool {
        other.granted.iter().all(|theirs| {
            let is_granted = self.granted.iter().any(|ours| contains(ours, theirs));
            let is_whole = self.withheld.iter().filter(|ours| meet(ours, theirs)).all(|ours| {
                other.withheld.iter().any(|also| contains(also, ours))
                    || other.withheld.iter().any(|also| contains(also, theirs))
            });
            is_granted && is_whole
        })
    }

    /// What is granted, pattern by pattern: each with all that is withheld. The set grants what one of them
    /// does.
    pub fn parts(&self) -> impl Iterator<Item = (&str, Self)> {
        self.granted.iter().map(|pattern| {
            let granted = BTreeSet::from([pattern.clone()]);
            (pattern.as_ref(), Self { granted, withheld: self.withheld.clone() })
        })
    }

    /// Those of `all` that are in the set, in their order.
    pub fn among<'p>(
        &self,
        all: &'p [Permission],
    ) -> impl Iterator<Item = Permission> + use<'_, 'p> {
        all.iter().copied().filter(|permission| self.has(*permission))
    }

    /// What is granted, in alphabetical order; of a custom role the names it was given.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.granted.iter().map(Cow::as_ref)
    }

    fn grants(&self, name: &str) -> bool {
        let fits = |patterns: &BTreeSet<Cow<'_, str>>| {
            patterns.contains(name) || patterns.iter().any(|pattern| contains(pattern, name))
        };
        fits(&self.granted) && !fits(&self.withheld)
    }
}

/// True when every name that fits `inner` fits `outer`. Either is a name or a pattern.
fn contains(outer: &str, inner: &str) -> bool {
    both(outer, inner, |outer, inner| outer == "*" || outer == inner)
}

/// True when a name can fit both.
fn meet(one: &str, other: &str) -> bool {
    both(one, other, |one, other| one == "*" || other == "*" || one == other)
}

fn both(one: &str, other: &str, fits: impl Fn(&str, &str) -> bool) -> bool {
    match (one.split_once(':'), other.split_once(':')) {
        (Some((module, verb)), Some((modules, verbs))) => {
            fits(module, modules) && fits(verb, verbs)
        }
        _ => false,
    }
}

impl FromIterator<Permission> for PermissionSet {
    fn from_iter<I: IntoIterator<Item = Permission>>(permissions: I) -> Self {
        permissions.into_iter().fold(Self::NONE, Self::with)
    }
}

impl fmt::Debug for PermissionSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let withheld = self.withheld.iter().map(|pattern| format!("-{pattern}"));
        let granted = self.granted.iter().map(ToString::to_string);
        f.debug_set().entries(granted.chain(withheld)).finish()
    }
}

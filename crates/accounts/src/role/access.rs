//! What a role lets a user do, and the rule that nobody hands out more than they have.

use almoner_kernel::{Caller, Grant, PermissionSet, Reaches, ScopeKind, fault::Unfit};
use chrono::Duration;

use super::{BuiltIn, RoleName};
use crate::words;

/// What a role lets a user do, to which rows, and for how long.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Access {
    /// What it may do.
    pub permissions: PermissionSet,
    /// Which rows it may meet, where `reaches` says nothing else.
    pub scope: ScopeKind,
    /// Which rows it may meet, by the noun of the permissions.
    pub reaches: Reaches,
    /// How long after creating a record it may still change it; no limit when absent.
    pub edit_window: Option<EditWindow>,
}

impl Access {
    /// Everything, everywhere, for ever.
    pub fn full() -> Self {
        BuiltIn::Superadmin.access()
    }

    /// What whoever has the role of this name is given by it.
    pub fn grant(self, role: &RoleName) -> Grant {
        Grant {
            role: role.as_str().to_owned(),
            permissions: self.permissions,
            scope: self.scope,
            reaches: self.reaches,
            edit_window: self.edit_window.map(EditWindow::duration),
        }
    }

    /// True when somebody has all of it: each permission by one of their roles that reaches as far and
    /// lasts as long. Only then may they give it to others, or manage somebody who has it. What two roles
    /// give together is not enough: no right of theirs has the reach of one and the time of the other.
    pub fn is_held_by(&self, actor: &Caller) -> bool {
        let is_held = |noun: &str, part: &PermissionSet| {
            actor.grants.iter().any(|grant| {
                grant.permissions.covers(part)
                    && self.fits(grant)
                    && self.reaches_no_further(grant, noun)
            })
        };
        let mut parts = self.permissions.parts().peekable();
        if parts.peek().is_none() {
            // A role that may do nothing yet may one day: a new kind of record brings permissions.
            return is_held("*", &PermissionSet::NONE);
        }
        // Whoever does more than read names records of other nouns, as far as the role reaches there.
        parts.all(|(pattern, part)| match pattern.split_once(':') {
            Some((noun, "read")) => is_held(noun, &part),
            Some((noun, _)) => is_held("*", &part) && is_held(noun, &part),
            None => is_held("*", &part),
        })
    }

    /// True when it goes no further than what a role gives, where nothing is said of a noun, and lasts no
    /// longer.
    fn fits(&self, grant: &Grant) -> bool {
        let lasts = match (grant.edit_window, self.edit_window.map(EditWindow::duration)) {
            (None, _) => true,
            (Some(_), None) => false,
            (Some(theirs), Some(own)) => theirs >= own,
        };
        lasts && grant.scope >= self.scope
    }

    /// The same of a noun, or of all of them: `*`.
    fn reaches_no_further(&self, grant: &Grant, noun: &str) -> bool {
        let own = |noun| self.reaches.of(noun).unwrap_or(self.scope);
        match noun {
            "*" => {
                let named = self.reaches.iter().chain(grant.reaches.iter());
                named.into_iter().all(|(noun, _)| grant.reach(noun) >= own(noun))
            }
            noun => grant.reach(noun) >= own(noun),
        }
    }
}

/// How long after creating a record a role may still change it: 1 minute to 366 days.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct EditWindow(u32);

impl EditWindow {
    /// 366 days, in minutes.
    pub const MAX_MINUTES: u32 = 366 * 24 * 60;

    /// Parses a number of minutes.
    ///
    /// # Errors
    /// `edit_window` when it is not between 1 and [`EditWindow::MAX_MINUTES`].
    pub fn parse(minutes: u32) -> Result<Self, Unfit> {
        if (1..=Self::MAX_MINUTES).contains(&minutes) {
            Ok(Self(minutes))
        } else {
            Err(Unfit::new("edit_window", words::edit_window_out_of_range()))
        }
    }

    /// A window that was parsed before it was stored.
    pub const fn from_stored(minutes: u32) -> Self {
        Self(minutes)
    }

    /// Whole minutes.
    pub const fn minutes(self) -> u32 {
        self.0
    }

    /// The same, as a duration.
    pub fn duration(self) -> Duration {
        Duration::minutes(i64::from(self.0))
    }
}

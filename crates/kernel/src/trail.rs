//! The trail of a unit of work: what `commit` writes about it, in the same transaction.

mod change;
mod values;

use std::any::Any;

use uuid::Uuid;

use self::values::only_changed_parts;
pub use self::{
    change::{Audited, Change, Subject},
    values::{FieldValue, Snapshot},
};
use crate::{Actor, ChangeId, Context, NewJob, Origin, Timestamp, UserId, Version};

/// What happened in one unit of work. It starts from the [`Context`], so that who, when and from
/// where cannot be forgotten; `commit` refuses one that says nothing.
#[derive(Clone, Debug)]
pub struct Trail {
    /// Who acted.
    pub actor: Actor,
    /// When.
    pub at: Timestamp,
    /// From where.
    pub origin: Origin,
    /// The changed records.
    pub changes: Vec<Change>,
    /// Logins, logouts, failures and refusals.
    pub security_events: Vec<SecurityEvent>,
    /// What is to be done once the unit of work is committed.
    pub jobs: Vec<NewJob>,
    /// The answer to keep for a repeated request.
    pub answer: Option<SavedAnswer>,
    /// True when the unit of work is a rehearsal: it is checked like any other, then taken back.
    pub dry_run: bool,
}

impl Trail {
    /// A trail that says nothing yet.
    pub fn of(cx: &Context) -> Self {
        Self {
            actor: cx.actor.clone(),
            at: cx.at,
            origin: cx.origin.clone(),
            changes: Vec::new(),
            security_events: Vec::new(),
            jobs: Vec::new(),
            answer: None,
            dry_run: cx.dry_run,
        }
    }

    /// A record was created.
    #[must_use]
    pub fn created<R: Audited>(mut self, record: &R) -> Self {
        let after = record.snapshot().into_iter().filter(|(_, value)| *value != FieldValue::Null);
        self.changes.push(Change {
            id: None,
            action: Action::Created,
            entity: R::ENTITY,
            entity_id: record.entity_id(),
            version: record.version(),
            before: Snapshot::new(),
            after: after.collect(),
            reason: None,
            cause: None,
            subject_before: None,
            subject: record.subject(),
            personal: R::PERSONAL,
            unsearched: R::UNSEARCHED,
        });
        self
    }

    /// A record was changed; only the fields that differ are kept.
    #[must_use]
    pub fn changed<R: Audited>(self, before: &R, after: &R) -> Self {
        self.acted(Action::Updated, before, after, None)
    }

    /// Something was done to a record: completed, cancelled, restored, …
    #[must_use]
    pub fn acted<R: Audited>(
        mut self,
        action: Action,
        before: &R,
        after: &R,
        reason: Option<String>,
    ) -> Self {
        let (mut old, mut new) = (before.snapshot(), after.snapshot());
        let same: Vec<&'static str> =
            new.iter().filter(|field| old.contains(field)).map(|(name, _)| *name).collect();
        old.retain(|(name, _)| !same.contains(name));
        new.retain(|(name, _)| !same.contains(name));
        only_changed_parts(&mut old, &mut new);
        self.changes.push(Change {
            id: None,
            action,
            entity: R::ENTITY,
            entity_id: after.entity_id(),
            version: after.version(),
            before: old,
            after: new,
            reason,
            cause: None,
            subject_before: before.subject(),
            subject: after.subject(),
            personal: R::PERSONAL,
            unsearched: R::UNSEARCHED,
        });
        self
    }

    /// Adds a field to the change that was just recorded, for one whose shown value is the same
    /// before and after: a sensitive number that was replaced by one with the same mask.
    #[must_use]
    pub fn replaced(mut self, field: &'static str, before: FieldValue, after: FieldValue) -> Self {
        if let Some(change) = self.changes.last_mut() {
            change.before.push((field, before));
            change.after.push((field, after));
        }
        self
    }

    /// Gives the change that was just recorded an id, to be the cause of others.
    #[must_use]
    pub fn known_as(mut self, id: ChangeId) -> Self {
        if let Some(change) = self.changes.last_mut() {
            change.id = Some(id);
        }
        self
    }

    /// Says that the changes behind the first `own` are effects of that one, unless they are effects of
    /// another.
    #[must_use]
    pub fn all_caused_by(mut self, cause: ChangeId, own: usize) -> Self {
        for change in self.changes.iter_mut().skip(own) {
            change.cause.get_or_insert(cause);
        }
        self
    }

    /// A record was destroyed with the one it was a part of.
    #[must_use]
    pub fn purged_with_it(
        mut self,
        entity: &'static str,
        entity_id: Uuid,
        version: Version,
        subject: Option<Subject>,
    ) -> Self {
        self.changes.push(Change {
            id: None,
            action: Action::Purged,
            entity,
            entity_id,
            version,
            before: Snapshot::new(),
            after: Snapshot::new(),
            reason: None,
            cause: None,
            subject_before: None,
            subject,
            personal: &[],
            unsearched: &[],
        });
        self
    }

    /// A record was destroyed, or looked into: an action that changes no field that is kept.
    #[must_use]
    pub fn noted<R: Audited>(mut self, action: Action, record: &R, reason: Option<String>) -> Self {
        self.changes.push(Change {
            id: None,
            action,
            entity: R::ENTITY,
            entity_id: record.entity_id(),
            version: record.version(),
            before: Snapshot::new(),
            after: Snapshot::new(),
            reason,
            cause: None,
            subject_before: None,
            subject: record.subject(),
            personal: R::PERSONAL,
            unsearched: R::UNSEARCHED,
        });
        self
    }

    /// Something happened that matters for security.
    #[must_use]
    pub fn security(mut self, event: SecurityEvent) -> Self {
        self.security_events.push(event);
        self
    }

    /// Something is to be done about it, apart from this unit of work and only if it is committed.
    #[must_use]
    pub fn enqueue(mut self, job: NewJob) -> Self {
        self.jobs.push(job);
        self
    }

    /// Keeps the answer for a repeated request, when the client asked for it. `made` is what the
    /// use case returns.
    #[must_use]
    pub fn answering<T: Any>(mut self, cx: &Context, made: &T) -> Self {
        self.answer = cx.replay.as_ref().and_then(|replay| {
            let body = replay.answer(made)?;
            Some(SavedAnswer { key: replay.key.clone(), fingerprint: replay.fingerprint, body })
        });
        self
    }

    /// True when there is nothing to write.
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty() && self.security_events.is_empty()
    }
}

macro_rules! names {
    (
        $(#[$doc:meta])* $type:ident {
            $($(#[$variant_doc:meta])* $variant:ident = $name:literal,)+
            $(_ => $(#[$open_doc:meta])* $open:ident,)?
        }
    ) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        pub enum $type {
            $($(#[$variant_doc])* $variant,)+
            $($(#[$open_doc])* $open(&'static str),)?
        }

        impl $type {
            /// Every one with a name of its own.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)+];

            /// The name in the API and in storage.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $name,)+
                    $(Self::$open(name) => name,)?
                }
            }

            /// The one with that name.
            pub fn parse(text: &str) -> Option<Self> {
                Self::ALL.iter().copied().find(|one| one.as_str() == text)
            }
        }
    };
}

names! {
    /// What was done to a record.
    Action {
        /// Created.
        Created = "created",
        /// Fields changed.
        Updated = "updated",
        /// Put in the trash.
        Deleted = "deleted",
        /// Brought back: from the trash, or a user to activity.
        Restored = "restored",
        /// Destroyed for good.
        Purged = "purged",
        /// A sensitive field was shown in full.
        Revealed = "revealed",
        /// A donation arrived.
        Completed = "completed",
        /// A donation was given back.
        Refunded = "refunded",
        /// A donation will never arrive, or a job is not wanted any more.
        Cancelled = "cancelled",
        /// Put right after it was settled.
        Corrected = "corrected",
        /// A user can no longer log in.
        Deactivated = "deactivated",
        /// A user chose a new password.
        PasswordChanged = "password_changed",
        /// What kept logins of a user off was ended.
        Unlocked = "unlocked",
        /// A job that had failed is tried again.
        Retried = "retried",
        /// A job, or what a schedule stands for, is done now and not later.
        Started = "started",
        /// A schedule makes no jobs any more.
        Paused = "paused",
        /// A schedule makes jobs again.
        Resumed = "resumed",
        /// A user was sent a link to choose their first password.
        Invited = "invited",
        // Kinds of record bring their own steps.
        _ =>
        /// What a step of a kind is called once it was taken: `lent`.
        Taken,
    }
}

/// Something that matters for security.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SecurityEvent {
    /// What happened.
    pub kind: SecurityEventKind,
    /// Whom it is about, when that is known.
    pub user_id: Option<UserId>,
    /// What exactly, in words without secrets or personal data, such as a permission's name.
    pub detail: Option<String>,
}

names! {
    /// What happened.
    SecurityEventKind {
        /// Somebody logged in.
        LoggedIn = "logged_in",
        /// A login failed: unknown address, wrong password or inactive user.
        LoginFailed = "login_failed",
        /// A login was refused because the account is locked.
        LoginLocked = "login_locked",
        /// A login was refused unseen, because too much was tried from its address or on its account.
        LoginLimited = "login_limited",
        /// A device of an account was locked after too many wrong passwords.
        AccountLocked = "account_locked",
        /// Somebody ended what kept logins of an account off.
        AccountUnlocked = "account_unlocked",
        /// Somebody logged out.
        LoggedOut = "logged_out",
        /// A session was ended by its user or by an administrator's change.
        SessionEnded = "session_ended",
        /// A password was changed.
        PasswordChanged = "password_changed",
        /// A password change was refused: the current password was wrong.
        PasswordRefused = "password_refused",
        /// A permission was missing.
        AccessDenied = "access_denied",
        /// A request was refused as forged: CSRF token or origin.
        ForgeryRefused = "forgery_refused",
        /// Somebody asked for a link to choose a new password.
        PasswordResetRequested = "password_reset_requested",
        /// Somebody asked for too many of those: no mail is sent.
        PasswordResetLimited = "password_reset_limited",
        /// A user is sent such a link.
        PasswordResetSent = "password_reset_sent",
        /// Nobody is sent one: the address is unknown, or its user cannot log in anyway.
        PasswordResetIgnored = "password_reset_ignored",
        /// A user chose a new password with such a link.
        PasswordReset = "password_reset",
        /// A link of a mail was refused: it was used, replaced or has expired.
        LinkRefused = "link_refused",
        /// A user was invited to choose a first password.
        UserInvited = "user_invited",
        /// A user accepted the invitation.
        InvitationAccepted = "invitation_accepted",
        /// Somebody logged in on a device their account had not seen.
        NewDevice = "new_device",
        /// Somebody was told that a value is taken which belongs to a record outside their scope.
        HiddenValueTaken = "hidden_value_taken",
        /// Somebody tried such a value in a dry run, which does not tell.
        HiddenValueTried = "hidden_value_tried",
    }
}

/// The answer to a request with an `Idempotency-Key`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SavedAnswer {
    /// `Idempotency-Key`.
    pub key: String,
    /// SHA-256 over method, path and body.
    pub fingerprint: [u8; 32],
    /// What to answer again, as the HTTP layer wrote it.
    /// Empty when it showed a record that was destroyed since.
    pub body: Vec<u8>,
}

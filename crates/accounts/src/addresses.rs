//! E-mail addresses are unique among all users, also among those that a caller may not meet.

use almoner_kernel::{
    Context, EmailAddress, Scope, SecurityEventKind, StoreError, Timestamp,
    collision::{collided, collisions_counted, may_collide},
};

use crate::{AccountsError, ports::AccountsTx, user::User};

/// When a caller who gives a user an address has met those of others. From here on, their other requests
/// of the kind wait; to be called before any record is locked.
pub(crate) async fn met(
    cx: &Context,
    scope: Scope,
    tx: &mut dyn AccountsTx,
) -> Result<Vec<Timestamp>, StoreError> {
    match cx.user_id() {
        Some(caller) if !scope.is_all() && !cx.dry_run => {
            let (since, until) = collisions_counted(cx);
            tx.lock_collisions(caller, since, until).await
        }
        _ => Ok(Vec::new()),
    }
}

/// Lets a caller give a user an address, and answers the user as they are stored. To a dry run of a
/// caller who does not see every user each address is free: it is rehearsed with one that is nobody's.
///
/// # Errors
/// [`AccountsError::EmailTaken`] when a user outside the scope has it, which is stored by then;
/// [`AccountsError::Collisions`] after too many of those.
pub(crate) async fn claimed(
    cx: &Context,
    scope: Scope,
    mut tx: Box<dyn AccountsTx>,
    met: &[Timestamp],
    user: &User,
) -> Result<(Box<dyn AccountsTx>, User), AccountsError> {
    if cx.user_id().is_none() || scope.is_all() {
        return Ok((tx, user.clone()));
    }
    let is_hidden = tx.email_is_hidden(&user.email, scope).await?;
    if cx.dry_run {
        if is_hidden {
            cx.suspicions.note(SecurityEventKind::HiddenValueTried);
        }
        let nobodys = EmailAddress::parse(&format!("{}@dry-run.invalid", user.id));
        let email = nobodys.unwrap_or_else(|_| user.email.clone());
        return Ok((tx, User { email, ..user.clone() }));
    }
    may_collide(cx, met)?;
    if is_hidden {
        collided(cx, tx, "an e-mail address of a user outside the caller's scope").await?;
        return Err(AccountsError::email_taken());
    }
    Ok((tx, user.clone()))
}

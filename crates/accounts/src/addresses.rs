//! E-mail addresses are unique among all users, also among those that a caller may not meet.

use almoner_kernel::{
    Context, EmailAddress, Scope, SecurityEventKind,
    collision::{collisions_since, may_collide},
};

use crate::{AccountsError, ports::AccountsTx, user::User};

/// Lets a caller give a user an address, and answers the user as they are stored. To a dry run of a
/// caller who does not see every user each address is free: it is rehearsed with one that is nobody's.
///
/// # Errors
/// [`AccountsError::EmailTaken`] when a user outside the scope has it, which is written down;
/// [`AccountsError::Collisions`] after too many of those.
pub(crate) async fn claimed(
    cx: &Context,
    scope: Scope,
    tx: &mut dyn AccountsTx,
    user: &User,
) -> Result<User, AccountsError> {
    let (Some(caller), false) = (cx.user_id(), scope.is_all()) else { return Ok(user.clone()) };
    let is_hidden = tx.email_is_hidden(&user.email, scope).await?;
    if cx.dry_run {
        if is_hidden {
            cx.suspicions.note(SecurityEventKind::HiddenValueTried);
        }
        let nobodys = EmailAddress::parse(&format!("{}@dry-run.invalid", user.id));
        return Ok(User { email: nobodys.unwrap_or_else(|_| user.email.clone()), ..user.clone() });
    }
    may_collide(cx, &tx.collisions(caller, collisions_since(cx), cx.at).await?)?;
    if is_hidden {
        cx.suspicions.note(SecurityEventKind::HiddenValueTaken);
        return Err(AccountsError::email_taken());
    }
    Ok(user.clone())
}

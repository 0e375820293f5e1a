//! Users as those see them who look after them, with what keeps their logins off, and how that ends.

use almoner_kernel::{
    Action, Context, EmailAddress, Page, PageRequest, Permission, SecurityEventKind, Trail, UserId,
    Version, store::must_match,
};

use super::{Administration, require_manageable, require_system};
use crate::{
    AccountsError,
    authentication::event,
    login::{AddressKey, Limit, Lock},
    user::{User, UserQuery},
};

/// A user, as those see them who look after users.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SeenUser {
    /// Who it is.
    pub user: User,
    /// What keeps logins of theirs off now.
    pub locks: Vec<Lock>,
}

impl Administration {
    /// A page of the users within the caller's scope.
    ///
    /// # Errors
    /// Without `users:read`.
    #[tracing::instrument(skip_all)]
    pub async fn list(
        &self,
        cx: &Context,
        query: &UserQuery,
        page: &PageRequest,
    ) -> Result<Page<SeenUser>, AccountsError> {
        let scope = cx.permit(Permission::USERS_READ)?;
        let Page { items, next, total } = self.accounts.users(query, scope, page).await?;
        Ok(Page { items: self.seen(cx, items).await?, next, total })
    }

    /// One user within the caller's scope.
    ///
    /// # Errors
    /// Without `users:read`; [`AccountsError::NotFound`].
    #[tracing::instrument(skip_all)]
    pub async fn find(&self, cx: &Context, id: UserId) -> Result<SeenUser, AccountsError> {
        let scope = cx.permit(Permission::USERS_READ)?;
        let user = self.accounts.user(id, scope).await?.ok_or(AccountsError::NotFound)?;
        self.seen(cx, vec![user]).await?.pop().ok_or(AccountsError::NotFound)
    }

    /// The users, with what keeps their logins off now.
    async fn seen(&self, cx: &Context, users: Vec<User>) -> Result<Vec<SeenUser>, AccountsError> {
        let (since, until) = self.guard.span(Limit::Account, cx.at);
        let keys: Vec<(UserId, AddressKey)> =
            users.iter().map(|user| (user.id, self.guard.account_key(&user.email.key()))).collect();
        let mut counted = self.accounts.counted(&keys, since, until).await?;
        let seen = |user: User| {
            let counted = counted.remove(&user.id).unwrap_or_default();
            SeenUser { locks: counted.locks(cx.at, self.guard.policy()), user }
        };
        Ok(users.into_iter().map(seen).collect())
    }

    /// Ends what keeps logins of a user off: the locks of their devices, and what strangers have used
    /// up. It is no error when there was nothing.
    ///
    /// # Errors
    /// Without `users:manage`; [`AccountsError::NotFound`], [`AccountsError::Stale`],
    /// [`AccountsError::UserNotManageable`].
    #[tracing::instrument(skip_all)]
    pub async fn unlock(
        &self,
        cx: &Context,
        id: UserId,
        expected: Option<Version>,
    ) -> Result<User, AccountsError> {
        let scope = cx.permit(Permission::USERS_MANAGE)?;
        let mut tx = self.accounts.begin().await?;
        let user = tx.user(id, scope).await?.ok_or(AccountsError::NotFound)?;
        require_manageable(cx, tx.as_mut(), &user).await?;
        if let Some(expected) = expected {
            must_match::<_, _, AccountsError>(tx.as_mut(), &user, expected).await?;
        }
        tx.unlock(id, &self.guard.account_key(&user.email.key())).await?;
        let trail = Trail::of(cx)
            .noted(Action::Unlocked, &user, None)
            .security(event(SecurityEventKind::AccountUnlocked, Some(id)))
            .answering(cx, &user);
        tx.commit(trail).await?;
        Ok(user)
    }

    /// The same, for the user who has an e-mail address: for the command line.
    ///
    /// # Errors
    /// [`Denied`] for everybody but the program itself; [`AccountsError::NotFound`].
    #[tracing::instrument(skip_all)]
    pub async fn unlock_by_email(
        &self,
        cx: &Context,
        email: &EmailAddress,
    ) -> Result<User, AccountsError> {
        require_system(cx)?;
        let account = self.accounts.account_by_email(&email.key()).await?;
        self.unlock(cx, account.ok_or(AccountsError::NotFound)?.user.id, None).await
    }
}

//! What stands between a guesser and a password: what each guess is counted under, before the password
//! is looked at and again inside the unit of work, so that guesses side by side are counted too.
//!
//! - *No oracle.* What was typed is counted, by its keyed hash, whether or not there is such an
//!   account. A pause is a 429 with `Retry-After` before any password is looked at. A NUL in the
//!   address is a guess too.
//! - *Side by side.* The windows are read before the hash is computed, which costs, and again under a
//!   lock on their key, which decides: a guess that was one too many is compared and not answered.
//! - *Addresses* have ten failures in ten minutes. Successes count against 300 alone, for the sake of
//!   the processor: an office stands behind one address. A known device is not counted at its address,
//!   or strangers in the same network would keep it out; it has its own 300.

use std::sync::Arc;

use almoner_kernel::{
    Context, FieldError, Invalid, SecurityEvent, SecurityEventKind, StoreError, Timestamp, Trail,
    UserId,
};
use secrecy::SecretString;
use uuid::Uuid;

use crate::{
    AccountsError, LinkKey,
    authentication::{event, wait},
    login::{AddressKey, Failures, Hold, Limit, LoginPolicy, LoginWindow, Verdict, decide},
    ports::{Account, Accounts, AccountsTx, Attempt, PasswordHasher},
    session::{DeviceKey, DeviceKeyHash},
    user::PasswordHashText,
    words,
};

/// Counts guesses, and compares passwords.
#[derive(Clone)]
pub struct LoginGuard {
    accounts: Arc<dyn Accounts>,
    hasher: Arc<dyn PasswordHasher>,
    key: LinkKey,
    policy: LoginPolicy,
}

/// What somebody who is logged in proves themselves with once more.
pub struct CurrentPassword {
    /// As it was typed.
    pub password: SecretString,
    /// What the browser is known by, as it came.
    pub device: Option<String>,
}

/// A guess that may be looked at, and what it counts under.
pub(crate) struct Guess {
    limits: Vec<(Limit, AddressKey)>,
    /// The known device it comes from; a stranger's has none.
    device: Option<(UserId, DeviceKeyHash)>,
    /// The account that is meant, for the trail.
    meant: Option<UserId>,
}

/// What became of a guess.
pub(crate) enum Judgement {
    Right,
    Wrong { has_locked: bool },
    Locked { until: Timestamp },
}

/// A current password that has been compared, outside any unit of work.
pub(crate) struct Proof {
    pub(crate) guess: Guess,
    pub(crate) is_right: bool,
    user: UserId,
    compared: PasswordHashText,
}

impl LoginGuard {
    /// Over its ports, the key of mailed links, whose keyed hashes hide what was typed, and a policy.
    pub fn new(
        accounts: Arc<dyn Accounts>,
        hasher: Arc<dyn PasswordHasher>,
        key: LinkKey,
        policy: LoginPolicy,
    ) -> Self {
        Self { accounts, hasher, key, policy }
    }

    pub(crate) const fn policy(&self) -> &LoginPolicy {
        &self.policy
    }

    pub(crate) fn hasher(&self) -> &dyn PasswordHasher {
        self.hasher.as_ref()
    }

    /// What strangers' guesses at an account are counted under, whether or not there is one.
    pub(crate) fn account_key(&self, email_key: &str) -> AddressKey {
        account_key(&self.key, email_key)
    }

    /// The logins that count, from the one instant to the other. What lies further in the future was
    /// before the clock was set back, and must not count until it has come round again.
    pub(crate) fn span(&self, limit: Limit, at: Timestamp) -> (Timestamp, Timestamp) {
        let window = limit.window(&self.policy);
        (at - window, at + window.min(self.policy.lock))
    }

    /// Lets a guess through to the password check, or not. The same is read whoever is meant: nobody
    /// learns whether there is such an account. A deactivated one knows no devices.
    ///
    /// # Errors
    /// [`AccountsError::RateLimited`] while too much was guessed.
    pub(crate) async fn admit(
        &self,
        cx: &Context,
        email_key: &str,
        account: Option<&Account>,
        device: Option<&str>,
    ) -> Result<Guess, AccountsError> {
        let active = account.filter(|account| account.user.active);
        let somebody = active.map_or(UserId::new(Uuid::nil()), |account| account.user.id);
        let device = device.and_then(DeviceKey::parse).map(|device| device.hash(somebody));
        let known = match device {
            Some(device) => {
                self.accounts.device(somebody, &device).await?.map(|_| (somebody, device))
            }
            None => None,
        };
        let limits = match &known {
            Some((_, device)) => vec![(Limit::Device, AddressKey::of_device(device))],
            // Always in this order, so that two guesses cannot wait for each other.
            None => {
                let address = cx.origin.address.map(AddressKey::of);
                let address = address.map(|address| (Limit::Address, address));
                let account = (Limit::Account, self.account_key(email_key));
                address.into_iter().chain([account]).collect()
            }
        };
        let meant = account.map(|account| account.user.id);
        let guess = Guess { limits, device: known, meant };
        for (limit, key) in &guess.limits {
            let (since, until) = self.span(*limit, cx.at);
            let window = self.accounts.login_window(key, since, until).await?;
            if let Some(hold) = limit.hold(&window, cx.at, &self.policy) {
                return Err(self.refuse(cx, &guess, (*limit, key), window, hold).await?);
            }
        }
        Ok(guess)
    }

    /// Looks once more, inside the unit of work, and keeps other guesses of the same kind waiting until
    /// it ends. To be called before anything else is locked.
    ///
    /// # Errors
    /// As [`LoginGuard::admit`].
    pub(crate) async fn enter(
        &self,
        cx: &Context,
        mut tx: Box<dyn AccountsTx>,
        guess: &Guess,
    ) -> Result<Box<dyn AccountsTx>, AccountsError> {
        for (limit, key) in &guess.limits {
            let (since, until) = self.span(*limit, cx.at);
            let window = tx.lock_login_window(key, since, until).await?;
            if let Some(hold) = limit.hold(&window, cx.at, &self.policy) {
                drop(tx);
                return Err(self.refuse(cx, guess, (*limit, key), window, hold).await?);
            }
        }
        Ok(tx)
    }

    /// Counts a guess that was entered, and says what it means. A success clears what its own device
    /// has failed at, and nothing of others.
    pub(crate) async fn judge(
        &self,
        cx: &Context,
        tx: &mut dyn AccountsTx,
        guess: &Guess,
        is_right: bool,
    ) -> Result<Judgement, StoreError> {
        for (limit, key) in &guess.limits {
            let attempt = match limit {
                Limit::Account if is_right => continue,
                Limit::Address | Limit::Account if !is_right => Attempt::Failed,
                Limit::Address | Limit::Account | Limit::Device => Attempt::Counted,
            };
            tx.insert_login_attempt(key, cx.at, attempt).await?;
        }
        let Some((user, device)) = &guess.device else {
            return Ok(match is_right {
                true => Judgement::Right,
                false => Judgement::Wrong { has_locked: false },
            });
        };
        // A device that was forgotten meanwhile is a stranger, whose limits were not looked at.
        let failures = tx.device(*user, device).await?.ok_or(StoreError::Raced)?;
        Ok(match decide(failures, is_right, cx.at, &self.policy) {
            Verdict::Accepted => {
                if failures != Failures::default() {
                    tx.set_failures(*user, device, Failures::default()).await?;
                }
                Judgement::Right
            }
            Verdict::Refused { failures, has_locked } => {
                tx.set_failures(*user, device, failures).await?;
                Judgement::Wrong { has_locked }
            }
            Verdict::Locked { until } => Judgement::Locked { until },
        })
    }

    /// Compares the current password of somebody who is logged in. A stolen session must not be a way
    /// to guess it: it counts like a login.
    ///
    /// # Errors
    /// As [`LoginGuard::admit`]; when the hasher is busy.
    pub(crate) async fn compare(
        &self,
        cx: &Context,
        account: &Account,
        current: &CurrentPassword,
    ) -> Result<Proof, AccountsError> {
        let email_key = account.user.email.key();
        let device = current.device.as_deref();
        let guess = self.admit(cx, &email_key, Some(account), device).await?;
        let compared = account.credentials.password_hash.clone();
        let is_right = self.hasher.verify(&current.password, Some(&compared)).await?;
        Ok(Proof { guess, is_right, user: account.user.id, compared })
    }

    /// Counts the comparison, in a unit of work that it has entered; gives the unit back when the
    /// password was right. What was guessed in a dry run counts all the same.
    ///
    /// # Errors
    /// [`AccountsError::Invalid`] at `/current_password` (`wrong_password`); [`AccountsError::Locked`]
    /// for the right one on a locked device; `Raced` when it was changed meanwhile.
    pub(crate) async fn settle(
        &self,
        cx: &Context,
        mut tx: Box<dyn AccountsTx>,
        proof: &Proof,
    ) -> Result<Box<dyn AccountsTx>, AccountsError> {
        let user = proof.user;
        let account = tx.account(user).await?.ok_or(AccountsError::NotFound)?;
        if account.credentials.password_hash != proof.compared {
            return Err(StoreError::Raced.into());
        }
        let judgement = self.judge(cx, tx.as_mut(), &proof.guess, proof.is_right).await?;
        let mut trail = Trail::of(&Context { dry_run: false, ..cx.clone() })
            .security(event(SecurityEventKind::PasswordRefused, Some(user)));
        let refusal = match judgement {
            Judgement::Right => return Ok(tx),
            Judgement::Locked { until } => {
                AccountsError::Locked { retry_after: wait(cx.at, until) }
            }
            Judgement::Wrong { has_locked } => {
                if has_locked {
                    trail = trail.security(event(SecurityEventKind::AccountLocked, Some(user)));
                }
                wrong_password()
            }
        };
        tx.commit(trail).await?;
        Err(refusal)
    }

    /// Refuses a guess; the first refusal in a window leaves an event, so that hammering does not fill
    /// the trail.
    async fn refuse(
        &self,
        cx: &Context,
        guess: &Guess,
        (limit, key): (Limit, &AddressKey),
        window: LoginWindow,
        hold: Hold,
    ) -> Result<AccountsError, AccountsError> {
        if !window.refusal_recorded {
            let mut tx = self.accounts.begin().await?;
            let (since, until) = self.span(limit, cx.at);
            let window = tx.lock_login_window(key, since, until).await?;
            if !window.refusal_recorded {
                tx.insert_login_attempt(key, cx.at, Attempt::Refused).await?;
                let (user_id, detail) = match limit {
                    Limit::Address => (None, None),
                    Limit::Account => (guess.meant, Some("strangers at one account".to_owned())),
                    Limit::Device => (guess.meant, Some("one device".to_owned())),
                };
                let kind = SecurityEventKind::LoginLimited;
                let event = SecurityEvent { kind, user_id, detail };
                tx.commit(Trail::of(&Context { dry_run: false, ..cx.clone() }).security(event))
                    .await?;
            }
        }
        let retry_after = wait(cx.at, hold.until);
        Ok(AccountsError::RateLimited { retry_after, quota: hold.quota })
    }
}

/// What strangers' guesses at an account are counted under.
pub(crate) fn account_key(key: &LinkKey, email_key: &str) -> AddressKey {
    AddressKey::of_account(&key.mailbox(email_key))
}

fn wrong_password() -> AccountsError {
    Invalid::one(FieldError::new("/current_password", "wrong_password", words::not_your_password()))
        .into()
}

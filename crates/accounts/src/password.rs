//! Which passwords are good enough: ASVS 5.0, chapter 6.2.

use std::sync::Arc;

use almoner_kernel::{
    FieldError, Invalid,
    fault::Unfit,
    text,
    words::{too_long, too_short},
};
use secrecy::{ExposeSecret, SecretString};
use sha1::{Digest, Sha1};
use zxcvbn::{Score, matching::patterns::MatchPattern, zxcvbn};

use crate::{
    AccountsError,
    ports::{BreachedPasswords, PasswordHasher},
    session::SessionKey,
    user::PasswordHashText,
    words,
};

/// What a password must be. There are no rules about kinds of characters (ASVS 6.2.5), and nothing is
/// trimmed, cut or folded before it is hashed (6.2.8).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PasswordPolicy {
    /// Characters it has at the least (6.2.1: 8, better 15).
    pub min_chars: usize,
    /// Characters it has at the most (6.2.9: at least 64).
    pub max_chars: usize,
    /// Words that people here would think of first: the organisation, its town, the product (6.2.11).
    pub organisation_words: Vec<String>,
}

impl Default for PasswordPolicy {
    /// 12 to 128 characters, and the product's own name.
    fn default() -> Self {
        Self { min_chars: 12, max_chars: 128, organisation_words: vec!["almoner".to_owned()] }
    }
}

/// A password that fits the policy.
#[derive(Clone, Debug)]
pub struct Password(SecretString);

impl Password {
    /// The password, exactly as it was received.
    pub const fn secret(&self) -> &SecretString {
        &self.0
    }
}

/// Characters the strength is judged by. The time zxcvbn takes grows faster than the length: random
/// characters of a password manager took up to 3 ms at 32 and 127 ms at 64, text made of nothing but
/// `4@8(…` 60 ms and 307 ms. 32 characters are enough to be strong.
const JUDGED_CHARS: usize = 32;

/// A word shorter than this is found in too many innocent passwords.
const MIN_WORD_CHARS: usize = 4;

impl PasswordPolicy {
    /// Accepts a password, or says everything that is wrong with it. `about` is what a guesser knows
    /// of the user: name, e-mail address, phone.
    ///
    /// # Errors
    /// `too_short`, `too_long`, `personal` (the user's or the organisation's words are most of it),
    /// `common` (it is one entry of a list of common passwords, names or words), `weak` (easy to
    /// guess for another reason).
    pub fn check(&self, password: SecretString, about: &[&str]) -> Result<Password, Vec<Unfit>> {
        let text = password.expose_secret();
        let mut complaints = Vec::new();
        let chars = text.chars().count();
        if chars < self.min_chars {
            let min = self.min_chars;
            complaints.push(Unfit::new("too_short", too_short(min)));
        }
        if chars > self.max_chars {
            let max = self.max_chars;
            complaints.push(Unfit::new("too_long", too_long(max)));
        }
        let words = self.words(about);
        let is_personal = is_made_of(text, &words);
        if is_personal {
            complaints.push(Unfit::new("personal", words::personal_password()));
        }
        let judged: String = text.chars().take(JUDGED_CHARS).collect();
        let words: Vec<&str> = words.iter().map(String::as_str).collect();
        let strength = zxcvbn(&judged, &words);
        let is_common = !is_personal
            && matches!(
                strength.sequence(),
                [only] if matches!(only.pattern, MatchPattern::Dictionary(_))
            );
        if is_common {
            complaints.push(Unfit::new("common", words::common_password()));
        }
        if complaints.is_empty() && strength.score() < Score::Three {
            complaints.push(Unfit::new("weak", words::weak_password()));
        }
        if complaints.is_empty() { Ok(Password(password)) } else { Err(complaints) }
    }

    /// Every word a guesser would try first, lower case, as it is and folded.
    fn words(&self, about: &[&str]) -> Vec<String> {
        let mut words: Vec<String> = self
            .organisation_words
            .iter()
            .map(String::as_str)
            .chain(about.iter().copied())
            .flat_map(|text| {
                let folded = text::fold(text);
                let joined = folded.replace(' ', "");
                let parts: Vec<String> = folded.split(' ').map(str::to_owned).collect();
                let raw: Vec<String> = text
                    .split(|char: char| !char.is_alphanumeric())
                    .map(str::to_lowercase)
                    .collect();
                parts.into_iter().chain(raw).chain([joined])
            })
            .filter(|word| word.chars().count() >= MIN_WORD_CHARS)
            .collect();
        // The longest first, so that a name counts before its parts.
        words.sort_by(|a, b| b.len().cmp(&a.len()).then_with(|| a.cmp(b)));
        words.dedup();
        words
    }
}

/// True when the words make up half of the letters and digits or more.
fn is_made_of(password: &str, words: &[String]) -> bool {
    let mut rest = text::fold(password).replace(' ', "");
    let all = rest.chars().count();
    for word in words {
        // What stands around a word must not close up to another one.
        rest = rest.replace(word.as_str(), " ");
    }
    let left = rest.chars().filter(|char| *char != ' ').count();
    left < all && (all - left) * 2 >= all
}

/// Everything a new password has to pass before it is hashed.
#[derive(Clone)]
pub struct PasswordRules {
    policy: PasswordPolicy,
    breached: Arc<dyn BreachedPasswords>,
    hasher: Arc<dyn PasswordHasher>,
}

impl PasswordRules {
    /// A policy, a list of breached passwords, and the hasher that a good password goes to.
    pub fn new(
        policy: PasswordPolicy,
        breached: Arc<dyn BreachedPasswords>,
        hasher: Arc<dyn PasswordHasher>,
    ) -> Self {
        Self { policy, breached, hasher }
    }

    /// Checks a new password; `about` as in [`PasswordPolicy::check`], the complaints stand at
    /// `pointer`.
    ///
    /// # Errors
    /// [`AccountsError::Invalid`] with every complaint, `breached` among them;
    /// [`AccountsError::Breached`] when the list cannot be asked.
    pub async fn check(
        &self,
        pointer: &'static str,
        password: SecretString,
        about: &[&str],
    ) -> Result<Password, AccountsError> {
        let is_breached = self.breached.contains(&sha1(&password)).await?;
        let checked = self.policy.check(password, about);
        let mut complaints: Vec<FieldError> = Vec::new();
        if is_breached {
            complaints.push(FieldError::new(pointer, "breached", words::breached_password()));
        }
        match checked {
            Ok(password) if complaints.is_empty() => Ok(password),
            Ok(_) => Err(Invalid(complaints).into()),
            Err(unfit) => {
                complaints.extend(unfit.into_iter().map(|unfit| unfit.at(pointer)));
                Err(Invalid(complaints).into())
            }
        }
    }

    /// The hash of a password that nobody knows: what an invited user has until they choose one.
    ///
    /// # Errors
    /// When the hasher is busy or fails.
    pub async fn unknowable(&self, random: &SessionKey) -> Result<PasswordHashText, AccountsError> {
        Ok(self.hasher.hash(&random.expose().into()).await?)
    }

    /// Hashes a password that passed.
    ///
    /// # Errors
    /// When the hasher is busy or fails.
    pub async fn hash(&self, password: &Password) -> Result<PasswordHashText, AccountsError> {
        Ok(self.hasher.hash(password.secret()).await?)
    }
}

/// What a list of breached passwords knows a password by.
fn sha1(password: &SecretString) -> [u8; 20] {
    Sha1::digest(password.expose_secret()).into()
}

//! Words between instances, over a channel of PostgreSQL: sealed, because such a channel has no owner
//! and whoever may connect to the database can listen to it and speak on it. A SQLite file has one
//! server, which has nobody to tell.
//!
//! A word goes by `NOTIFY` on a channel beside that of the feed and is sealed under the vault's key
//! (XChaCha20-Poly1305): what is said and who is there is not readable there, and not to be forged.
//! With that a name can go along with the id, and nobody has to look it up. Words wait for each other
//! while one is sent, and travel together in at most 7.9 kB. A letter has a time and a number: it is
//! read when it is at most a minute old and newer than the last one of its sender, so what was recorded
//! on the channel is not heard twice, but for an instance that has just started. The clocks of
//! instances have to agree to within a minute. Instances that do not share a key do not hear one
//! another.

use std::{
    sync::{Mutex, PoisonError},
    time::{Duration, Instant},
};

use almoner_kernel::{Hearing, MAX_SIGNAL, Signal, Signals, StoreError};
use async_trait::async_trait;
use base64::{Engine, prelude::BASE64_STANDARD_NO_PAD};
use sea_orm::{ConnectionTrait, DbBackend, Statement};
use tokio::sync::broadcast::{self, error::RecvError};

use crate::{error::store_error, store::Store, vault::Vault};

/// What PostgreSQL calls the words.
pub(crate) const CHANNEL: &str = "almoner_signals";

/// Words that a listener may be behind before it misses some.
const BACKLOG: usize = 1_024;

/// Between two lines of the log about words that are not ours.
const WARN_EVERY: Duration = Duration::from_secs(60);

/// Hands on what was heard.
pub(crate) struct Words {
    listeners: broadcast::Sender<Signal>,
    foreign: Mutex<Foreign>,
}

impl Default for Words {
    fn default() -> Self {
        Self { listeners: broadcast::Sender::new(BACKLOG), foreign: Mutex::default() }
    }
}

/// Words that are not ours: whoever speaks on the channel must not fill the log.
#[derive(Default)]
struct Foreign {
    /// Since the last line.
    count: u64,
    warned: Option<Instant>,
}

impl Foreign {
    /// Counts one; how many there were when it is time for a line.
    fn note(&mut self, now: Instant) -> Option<u64> {
        self.count += 1;
        if self.warned.is_some_and(|warned| now.duration_since(warned) < WARN_EVERY) {
            return None;
        }
        self.warned = Some(now);
        Some(std::mem::take(&mut self.count))
    }
}

impl Words {
    /// What nobody with our key has sealed is no word of ours.
    pub(crate) fn heard(&self, vault: &Vault, payload: &str) {
        let sealed = BASE64_STANDARD_NO_PAD.decode(payload).ok();
        match sealed.and_then(|sealed| vault.open_word(&sealed)) {
            Some(word) => self.send(Signal::Word(word)),
            None => self.warn(),
        }
    }

    fn warn(&self) {
        // A count cannot be half done.
        let mut foreign = self.foreign.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = foreign.note(Instant::now()) {
            tracing::warn!(count, "words of other instances cannot be decrypted with this key");
        }
    }

    /// The connection is new.
    pub(crate) fn missed(&self) {
        self.send(Signal::Missed);
    }

    fn send(&self, signal: Signal) {
        // There may be nobody who listens.
        let _ = self.listeners.send(signal);
    }
}

#[async_trait]
impl Signals for Store {
    async fn tell(&self, word: &str) -> Result<(), StoreError> {
        let Some(pool) = self.postgres() else { return Ok(()) };
        if word.len() > MAX_SIGNAL {
            return Err(StoreError::Failed("a word to other instances is too long".into()));
        }
        let payload = BASE64_STANDARD_NO_PAD.encode(self.0.vault.seal_word(word)?);
        let notify = "SELECT pg_notify($1, $2)";
        let values = [CHANNEL.into(), payload.into()];
        let notify = Statement::from_sql_and_values(DbBackend::Postgres, notify, values);
        pool.execute_raw(notify).await.map(|_| ()).map_err(store_error)
    }

    fn hear(&self) -> Box<dyn Hearing> {
        Box::new(Listener(self.0.words.listeners.subscribe()))
    }
}

struct Listener(broadcast::Receiver<Signal>);

#[async_trait]
impl Hearing for Listener {
    async fn next(&mut self) -> Signal {
        match self.0.recv().await {
            Ok(signal) => signal,
            Err(RecvError::Lagged(_)) => Signal::Missed,
            // The store is closed.
            Err(RecvError::Closed) => std::future::pending().await,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn foreign_words_are_counted_and_warned_of_once_a_minute() {
        let mut foreign = Foreign::default();
        let began = Instant::now();
        assert_eq!(foreign.note(began), Some(1));
        assert_eq!(foreign.note(began), None);
        assert_eq!(foreign.note(began + WARN_EVERY / 2), None);
        assert_eq!(foreign.note(began + WARN_EVERY), Some(3));
        assert_eq!(foreign.note(began + WARN_EVERY), None);
    }
}

//! Words between instances, over a channel of PostgreSQL: sealed, because such a channel has no owner
//! and whoever may connect to the database can listen to it and speak on it. A SQLite file has one
//! server, which has nobody to tell.

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

/// Hands on what was heard.
pub(crate) struct Words(broadcast::Sender<Signal>);

impl Default for Words {
    fn default() -> Self {
        Self(broadcast::Sender::new(BACKLOG))
    }
}

impl Words {
    /// What nobody with our key has sealed is no word of ours.
    pub(crate) fn heard(&self, vault: &Vault, payload: &str) {
        let sealed = BASE64_STANDARD_NO_PAD.decode(payload).ok();
        match sealed.and_then(|sealed| vault.open_word(&sealed)) {
            Some(word) => self.send(Signal::Word(word)),
            None => tracing::warn!("a word of another instance cannot be decrypted with this key"),
        }
    }

    /// The connection is new.
    pub(crate) fn missed(&self) {
        self.send(Signal::Missed);
    }

    fn send(&self, signal: Signal) {
        // There may be nobody who listens.
        let _ = self.0.send(signal);
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
        Box::new(Listener(self.0.words.0.subscribe()))
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

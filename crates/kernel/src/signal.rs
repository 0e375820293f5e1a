//! What the instances of a server tell one another and nobody keeps: who is there, what is said in
//! passing. Whatever has to last is stored, and found in the feed.

use async_trait::async_trait;

use crate::StoreError;

/// The longest word, in bytes. PostgreSQL takes less than 8,000, and a word travels sealed.
pub const MAX_SIGNAL: usize = 5_900;

/// Words between the instances of a server. They may be lost; their order is that of each instance.
#[async_trait]
pub trait Signals: Send + Sync {
    /// Tells every instance, this one too; nobody where there can be no other.
    ///
    /// # Errors
    /// When the word is longer than [`MAX_SIGNAL`], or storage is away.
    async fn tell(&self, word: &str) -> Result<(), StoreError>;

    /// Everything that is told from now on.
    fn hear(&self) -> Box<dyn Hearing>;
}

/// One listener.
#[async_trait]
pub trait Hearing: Send {
    /// Waits for what is told next.
    async fn next(&mut self) -> Signal;
}

/// What a listener hears.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Signal {
    /// A word of some instance.
    Word(String),
    /// From here on words are heard; some before may have been missed.
    Missed,
}

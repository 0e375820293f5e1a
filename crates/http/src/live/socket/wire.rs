//! The writing half of a socket: how much may be under way to a client, and how long it may take.
//!
//! What is handed to the connection is not what a client has read: a queue, two buffers and the
//! operating system lie between. So after every [`WINDOW`] bytes there is a ping, and nothing more is
//! read from lists and rooms until it is answered. A client answers in the order in which it reads.

use std::time::Duration;

use actix_ws::{Closed, Session};
use tokio::time::{Instant, timeout};

use super::ending::Ending;

/// Bytes that may be under way, and one message more.
const WINDOW: usize = 256 * 1024;

/// How long a client may take to read them.
const PATIENCE: Duration = Duration::from_secs(20);

/// Time between two pings.
const PING_EVERY: Duration = Duration::from_secs(15);

/// How long nothing may be heard of a client, whose answers to pings are heard: two may be lost.
const SILENCE: Duration = Duration::from_secs(40);

/// How long the last words may take.
const FAREWELL: Duration = Duration::from_secs(1);

/// The writing half of a socket.
pub(super) struct Wire {
    session: Session,
    /// Bytes behind the last ping of a full window.
    sent: usize,
    /// The full window that was not read yet, and since when.
    full: Option<(u64, Instant)>,
    windows: u64,
    pinged: Instant,
    heard: Instant,
}

impl Wire {
    pub(super) fn new(session: Session) -> Self {
        let now = Instant::now();
        Self { session, sent: 0, full: None, windows: 0, pinged: now, heard: now }
    }

    /// True when the client has to read first.
    pub(super) const fn is_full(&self) -> bool {
        self.full.is_some()
    }

    /// Sends a message.
    pub(super) async fn send(&mut self, text: String) -> Result<(), Ending> {
        self.sent += text.len();
        in_time(self.session.text(text)).await?;
        if self.sent >= WINDOW && self.full.is_none() {
            self.windows += 1;
            self.sent = 0;
            self.full = Some((self.windows, Instant::now()));
            let mark = self.windows.to_be_bytes();
            in_time(self.session.ping(&mark)).await?;
        }
        Ok(())
    }

    /// Answers a ping.
    pub(super) async fn pong(&mut self, bytes: &[u8]) -> Result<(), Ending> {
        in_time(self.session.pong(bytes)).await
    }

    /// Something was heard of the client.
    pub(super) fn heard(&mut self) {
        self.heard = Instant::now();
    }

    /// The client has answered a ping.
    pub(super) fn ponged(&mut self, bytes: &[u8]) {
        if self.full.is_some_and(|(window, _)| window.to_be_bytes() == bytes) {
            self.full = None;
        }
    }

    /// Looks after the connection; to be called every few seconds.
    pub(super) async fn beat(&mut self) -> Result<(), Ending> {
        if self.full.is_some_and(|(_, since)| since.elapsed() > PATIENCE) {
            return Err(Ending::TooSlow);
        }
        if self.heard.elapsed() > SILENCE {
            return Err(Ending::Silent);
        }
        if self.pinged.elapsed() >= PING_EVERY {
            self.pinged = Instant::now();
            in_time(self.session.ping(b"")).await?;
        }
        Ok(())
    }

    /// Says why, and closes. A client that does not read does not hear it.
    pub(super) async fn close(mut self, ending: Ending) {
        let words = async {
            if ending.is_told() {
                self.session.text(super::answer::end(ending.code())).await?;
            }
            self.session.close(Some(ending.reason())).await
        };
        // It is closed either way, by dropping it.
        let _ = timeout(FAREWELL, words).await;
    }
}

async fn in_time(sending: impl Future<Output = Result<(), Closed>>) -> Result<(), Ending> {
    match timeout(PATIENCE, sending).await {
        Ok(Ok(())) => Ok(()),
        Ok(Err(Closed)) => Err(Ending::Lost),
        Err(_) => Err(Ending::TooSlow),
    }
}

//! Live lists: who follows a list gets it once, and then every change of it.
//!
//! The server reads the feed of changes once ([`news`]). Everybody who follows the same list with the
//! same rights ([`subject`]) is one group ([`group`]): after a change that the list can show, the
//! group's page is read again, once ([`state`]), and the difference ([`window`]) goes to all. What
//! a client has is named by a position of the feed and the epoch, so that it can go on where it stopped,
//! with any instance, unless the database was restored meanwhile or names are sorted otherwise. Each client has a ticket ([`tickets`]): nothing is delivered while it is unsure whether
//! its session may still see it. [`stream`] writes server-sent events; [`socket`] is the other way to
//! listen, and a way to speak, in [`rooms`].
//!
//! **A live list is the page, read again.** A client's array is at all times what the same request
//! without the stream gives. Rejected: to judge each change by itself needs every filter, sort and row
//! scope a second time in the program, and cannot fill a page from which a record has gone. Clients do
//! not sort: only the server folds Turkish names as the database does.
//!
//! - *One evaluation for a group*: same list, roles, permissions and reaches; whoever does not reach
//!   everything is a group of their own. The page is read after a change of a record that it can show, at once when the group was at
//!   rest, otherwise after a pause of five times what the reading took (50 ms to 2 s), two pages at a
//!   time in the process: many groups slow each other down, not requests. Records are written as JSON
//!   once.
//! - *The mark* is the end of the feed before the page was read, or the last change behind that which
//!   the page is seen to hold. A client that comes back with it gets `keep`, the records that were not
//!   changed since, and the changed ones: worked out from the trail and the present page alone, so that
//!   it works after a restart and with another instance, and nothing is kept for those who are away.
//!   Unchanged records at the end are sent again, as many as have left the list, because they may have
//!   moved up. `keep` names what the client may see, never what is gone: an id outside of the scope
//!   would say that there is such a record. Eight digits behind the position stand for the group and
//!   the epoch: with another filter, rights or epoch a client begins anew (`resync`).
//! - *Nothing is delivered in doubt.* A revocation in the process stops all streams until each session
//!   has been looked at again, microseconds in memory; of time-outs and other instances they hear
//!   within a second, for which PostgreSQL is asked with one statement for 200 sessions. Listening is
//!   no use of a session.
//! - *A slow reader is cut off* 64 changes behind (a bounded broadcast), and comes back with its mark.
//!   Streams are closed before a server stops; `Last-Event-ID` makes that harmless.
//! - Not followed: roles (no pages), security events, own sessions (not in the feed); `last_login_at`
//!   of users changes without an entry in the trail. Server-sent events are written by hand, some 30
//!   lines, because the crates for actix write the JSON anew for each client.

pub(crate) mod group;
pub(crate) mod list;
pub(crate) mod news;
pub(crate) mod rooms;
pub(crate) mod socket;
pub(crate) mod state;
pub(crate) mod stream;
pub(crate) mod subject;
pub(crate) mod tickets;
pub(crate) mod window;

use std::{
    collections::HashMap,
    sync::{Arc, OnceLock, PoisonError, RwLock},
    time::Duration,
};

use almoner_kernel::{Caller, Clock, Epoch, Feed};
use tokio::{
    runtime::Handle,
    sync::{Semaphore, SemaphorePermit, watch},
    time,
};

use self::{
    group::Slot,
    news::News,
    rooms::Rooms,
    tickets::{Ticket, Tickets},
};
use crate::{kit::problem::Problem, services::Callers};

/// How many may follow, and how often they hear that nothing happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiveSettings {
    /// Streams of one user.
    pub max_of_user: usize,
    /// Streams of all users, in this process.
    pub max: usize,
}

impl Default for LiveSettings {
    /// 50 of one user, 20,000 of all.
    fn default() -> Self {
        Self { max_of_user: 50, max: 20_000 }
    }
}

/// Time between two signs of life on a stream on which nothing happens.
pub(crate) const HEARTBEAT: Duration = Duration::from_secs(15);

/// How long other instances are told that this one stops.
const FAREWELL: Duration = Duration::from_secs(1);

/// Pages that are read at the same time for live lists: requests come first.
const EVALUATIONS: usize = 2;

/// Records that are read at the same time to see who may stay in their rooms.
const JUDGEMENTS: usize = 2;

/// The live lists of a process.
#[derive(Clone)]
pub struct Live(Arc<Inner>);

struct Inner {
    feed: Arc<dyn Feed>,
    news: News,
    tickets: Tickets,
    clock: Arc<dyn Clock>,
    rooms: Rooms,
    /// Positions of the feed are of this time line, and marks say so.
    epoch: Epoch,
    groups: RwLock<HashMap<subject::Key, Arc<Slot>>>,
    evaluations: Semaphore,
    judgements: Semaphore,
    is_open: watch::Sender<bool>,
    /// Where groups are at work.
    runtime: OnceLock<Handle>,
}

impl Live {
    pub(crate) fn new(
        settings: LiveSettings,
        feed: Arc<dyn Feed>,
        callers: Arc<dyn Callers>,
        clock: Arc<dyn Clock>,
        rooms: Rooms,
        epoch: Epoch,
    ) -> Self {
        Self(Arc::new(Inner {
            feed,
            news: News::default(),
            tickets: Tickets::new(settings, callers, Arc::clone(&clock)),
            clock,
            rooms,
            epoch,
            groups: RwLock::default(),
            evaluations: Semaphore::new(EVALUATIONS),
            judgements: Semaphore::new(JUDGEMENTS),
            is_open: watch::Sender::new(true),
            runtime: OnceLock::new(),
        }))
    }

    /// Reads the feed and looks after the sessions of those who follow, for as long as it is
    /// polled: a server spawns it.
    pub async fn run(&self) {
        self.0.runtime.get_or_init(Handle::current);
        let mut is_open = self.0.is_open.subscribe();
        let is_wanted = || !self.groups().is_empty() || self.0.rooms.are_used();
        tokio::select! {
            () = self.0.news.follow(&*self.0.feed, is_wanted) => {}
            () = self.0.tickets.watch() => {}
            () = self.0.rooms.run(&self.0.news) => {}
            _ = is_open.wait_for(|is_open| !is_open) => {}
        }
        // Without it they find out by themselves, later.
        let _ = time::timeout(FAREWELL, self.0.rooms.say_bye()).await;
    }

    /// Ends every stream: for a server that is told to stop, which would wait for them. Clients go
    /// on with another instance, or with the next process.
    pub fn close(&self) {
        self.0.is_open.send_replace(false);
    }

    /// False once the server is told to stop.
    pub(crate) fn is_open(&self) -> bool {
        *self.0.is_open.borrow()
    }

    /// Waits until the server is told to stop.
    pub(crate) async fn closed(&self) {
        let mut is_open = self.0.is_open.subscribe();
        // The sender lives as long as `self`.
        let _ = is_open.wait_for(|is_open| !is_open).await;
    }

    /// A ticket for a session, if it may still listen.
    pub(crate) async fn ticket(
        &self,
        key: Arc<str>,
        caller: Arc<Caller>,
    ) -> Result<Ticket, Problem> {
        self.0.tickets.issue(key, caller).await
    }

    /// Waits until somebody in a room may be asked about again, and counts as that until it is dropped.
    pub(crate) async fn turn_to_judge(&self) -> Option<SemaphorePermit<'_>> {
        // The semaphore is never closed.
        self.0.judgements.acquire().await.ok()
    }

    /// The rooms of the process.
    pub(crate) fn rooms(&self) -> &Rooms {
        &self.0.rooms
    }

    /// To be called whenever sessions end or their rights change in this process: nothing more is
    /// delivered before every ticket has been looked at again.
    pub(crate) fn bell(&self) -> impl Fn() + Send + Sync + 'static {
        let inner = Arc::downgrade(&self.0);
        move || {
            if let Some(inner) = inner.upgrade() {
                inner.tickets.alarm();
            }
        }
    }

    /// True when nobody follows anything.
    #[cfg(test)]
    pub(crate) fn is_at_rest(&self) -> bool {
        self.groups().is_empty()
    }

    fn groups(&self) -> std::sync::RwLockWriteGuard<'_, HashMap<subject::Key, Arc<Slot>>> {
        // A panic while the lock is held cannot leave half a group behind.
        self.0.groups.write().unwrap_or_else(PoisonError::into_inner)
    }
}

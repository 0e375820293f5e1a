//! Who may still listen. A stream lives longer than a request, and a session may end, or its rights
//! change, at any moment.

use std::{
    collections::HashMap,
    sync::{
        Arc, Mutex, OnceLock, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use almoner_kernel::{Caller, Clock, StoreError, UserId};
use tokio::{sync::Notify, time};

use super::LiveSettings;
use crate::{
    kit::{
        problem::{Chain, Problem, registry},
        spent::Spent,
        words,
    },
    services::Callers,
};

/// How often sessions are looked at without an alarm: for time-outs, and for what other instances
/// did.
const LOOK_EVERY: Duration = Duration::from_secs(1);

/// Why a stream ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum End {
    /// The session is over.
    LoggedOut,
    /// The user may see more, or less, than before: whoever may still follow begins anew.
    RightsChanged,
}

impl End {
    /// The code in the last event.
    pub(crate) const fn code(self) -> &'static str {
        match self {
            Self::LoggedOut => "unauthenticated",
            Self::RightsChanged => "rights_changed",
        }
    }
}

/// The tickets of a process.
pub(super) struct Tickets {
    settings: LiveSettings,
    callers: Arc<dyn Callers>,
    clock: Arc<dyn Clock>,
    /// Grows with every alarm.
    alarms: Arc<AtomicU64>,
    has_rung: Notify,
    issued: Arc<Mutex<Issued>>,
}

#[derive(Default)]
struct Issued {
    next: u64,
    tickets: HashMap<u64, Arc<Stub>>,
    of_user: HashMap<UserId, usize>,
}

/// What the process keeps of a ticket.
struct Stub {
    key: Arc<str>,
    caller: Arc<Caller>,
    /// The last alarm after which the session was found to be what it was.
    cleared: AtomicU64,
    end: OnceLock<End>,
    news: Notify,
}

/// Allows one stream to go on, until it is dropped.
pub(crate) struct Ticket {
    number: u64,
    stub: Arc<Stub>,
    alarms: Arc<AtomicU64>,
    issued: Arc<Mutex<Issued>>,
}

impl Tickets {
    pub(super) fn new(
        settings: LiveSettings,
        callers: Arc<dyn Callers>,
        clock: Arc<dyn Clock>,
    ) -> Self {
        Self {
            settings,
            callers,
            clock,
            alarms: Arc::default(),
            has_rung: Notify::new(),
            issued: Arc::default(),
        }
    }

    pub(super) fn alarm(&self) {
        self.alarms.fetch_add(1, Ordering::SeqCst);
        self.has_rung.notify_one();
    }

    /// A ticket for a session. What was revoked since the request was let in is seen here.
    pub(super) async fn issue(
        &self,
        key: Arc<str>,
        caller: Arc<Caller>,
    ) -> Result<Ticket, Problem> {
        let ticket = self.reserve(key, caller)?;
        let alarm = self.alarms.load(Ordering::SeqCst);
        let key = std::slice::from_ref(&ticket.stub.key);
        let found = self.callers.look(key, self.clock.now()).await?;
        ticket.stub.judge(found.first().and_then(Option::as_deref), alarm);
        match ticket.stub.end.get() {
            Some(End::LoggedOut) => Err(Problem::new(registry::UNAUTHENTICATED)),
            Some(End::RightsChanged) | None => Ok(ticket),
        }
    }

    fn reserve(&self, key: Arc<str>, caller: Arc<Caller>) -> Result<Ticket, Problem> {
        let mut issued = locked(&self.issued);
        let of_user = issued.of_user.get(&caller.user_id).copied().unwrap_or_default();
        let max = self.settings.max_of_user;
        if of_user >= max {
            return Err(too_many(max));
        }
        if issued.tickets.len() >= self.settings.max {
            return Err(Problem::new(registry::UNAVAILABLE).retry_after(Duration::from_secs(30)));
        }
        let number = issued.next;
        issued.next += 1;
        *issued.of_user.entry(caller.user_id).or_default() += 1;
        let stub = Arc::new(Stub {
            key,
            caller,
            cleared: AtomicU64::new(u64::MAX),
            end: OnceLock::new(),
            news: Notify::new(),
        });
        issued.tickets.insert(number, Arc::clone(&stub));
        metrics::gauge!("almoner_live_streams").set(small(issued.tickets.len()));
        drop(issued);
        let (alarms, issued) = (Arc::clone(&self.alarms), Arc::clone(&self.issued));
        Ok(Ticket { number, stub, alarms, issued })
    }

    /// Looks at every session in use after each alarm, and once a second.
    pub(super) async fn watch(&self) {
        loop {
            // Elapsing is the other way to go on.
            let _ = time::timeout(LOOK_EVERY, self.has_rung.notified()).await;
            if let Err(error) = self.look().await {
                // Whoever was cleared before may go on; after an alarm nothing is delivered.
                tracing::warn!(error = %Chain(&error), "the sessions of live lists cannot be read");
            }
        }
    }

    async fn look(&self) -> Result<(), StoreError> {
        let alarm = self.alarms.load(Ordering::SeqCst);
        let mut by_key: HashMap<Arc<str>, Vec<Arc<Stub>>> = HashMap::new();
        for stub in locked(&self.issued).tickets.values() {
            by_key.entry(Arc::clone(&stub.key)).or_default().push(Arc::clone(stub));
        }
        let (keys, stubs): (Vec<_>, Vec<_>) = by_key.into_iter().unzip();
        let found = self.callers.look(&keys, self.clock.now()).await?;
        for (stubs, found) in stubs.iter().zip(&found) {
            for stub in stubs {
                stub.judge(found.as_deref(), alarm);
            }
        }
        Ok(())
    }
}

impl Stub {
    fn judge(&self, found: Option<&Caller>, alarm: u64) {
        match found {
            Some(found) if *found == *self.caller => self.cleared.store(alarm, Ordering::SeqCst),
            // Only the first verdict counts.
            Some(_) => drop(self.end.set(End::RightsChanged)),
            None => drop(self.end.set(End::LoggedOut)),
        }
        self.news.notify_waiters();
    }
}

impl Ticket {
    /// Waits until the stream has to end.
    pub(crate) async fn ended(&self) -> End {
        loop {
            let news = self.stub.news.notified();
            if let Some(end) = self.stub.end.get() {
                return *end;
            }
            news.await;
        }
    }

    /// Waits until it is sure that the session may see what is about to be delivered.
    pub(crate) async fn clear(&self) -> Result<(), End> {
        loop {
            let news = self.stub.news.notified();
            if let Some(end) = self.stub.end.get() {
                return Err(*end);
            }
            if self.stub.cleared.load(Ordering::SeqCst) == self.alarms.load(Ordering::SeqCst) {
                return Ok(());
            }
            news.await;
        }
    }
}

impl Drop for Ticket {
    fn drop(&mut self) {
        let mut issued = locked(&self.issued);
        issued.tickets.remove(&self.number);
        let user = self.stub.caller.user_id;
        if let Some(count) = issued.of_user.get_mut(&user) {
            *count -= 1;
            if *count == 0 {
                issued.of_user.remove(&user);
            }
        }
        metrics::gauge!("almoner_live_streams").set(small(issued.tickets.len()));
    }
}

fn locked(issued: &Mutex<Issued>) -> std::sync::MutexGuard<'_, Issued> {
    // Every change of it is whole before something could panic.
    issued.lock().unwrap_or_else(PoisonError::into_inner)
}

fn too_many(max: usize) -> Problem {
    let wait = Duration::from_secs(30);
    Problem::new(registry::RATE_LIMITED)
        .detail(words::too_many_streams_of_user(max))
        .retry_after(wait)
        .spent(Spent::wholly(u32::try_from(max).unwrap_or(u32::MAX), wait))
}

fn small(count: usize) -> f64 {
    u32::try_from(count).unwrap_or(u32::MAX).into()
}

//! Rooms: who looks at the same record, and what they say in passing. Nothing of it is stored.
//!
//! Within the process whoever is in a room has a mailbox. Other instances are told by
//! [`Signals`]; of those who are there each says every [`Pace::name_again`] who they are ([`presence`]).
//!
//! - *Rooms are the records*: `donors:<id>`, open to whoever `find` lets read it, in their scope. So
//!   there is no second idea of membership. When a record is changed, or one that decides who meets
//!   it (what it is a part of, who belongs to it), those in its room are asked about again (two at a time); until there is an answer nothing is told of the room. 401, 403 and 404 are
//!   answers, and a database that is away is asked again and again. Who joins hears of changes before
//!   the record is read and is seen after it, so that no change falls in between.
//! - *Who is there is soft state.* Each instance says every 20 s who is with it, that counts for 60 s,
//!   and joining and leaving are told at once in between. Rejected: a table with leases would survive
//!   no better and cost a write for each visit. Users are told of, not connections. Naming everybody
//!   goes past the queue of words, which it could be too long for, and is looked up when it is sent, so
//!   nobody is named who has gone.
//! - `say` has 4 KiB, so that it fits into a word between instances (7.9 kB, persistence's
//!   `signals.rs`).
//! - *Not there:* order between instances, a proof that something said has arrived, history. A program
//!   that needs those has webhooks and the feed.

mod guest;
mod hall;
mod presence;
mod room;
mod word;

use std::{
    collections::HashMap,
    hash::{BuildHasher, RandomState},
    num::NonZeroU32,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use almoner_kernel::{Clock, Signal, Signals, StoreError, UserId};
use almoner_records::Registry;
use governor::{DefaultKeyedRateLimiter, Quota, RateLimiter};
use tokio::{
    sync::{Mutex as Turn, Notify, mpsc},
    time::{self, Instant},
};
use uuid::Uuid;

pub(crate) use self::{
    guest::Guest,
    hall::{News, What, body},
    presence::Person,
    room::{Room, kinds},
};
use self::{
    hall::{Hall, presence, said},
    word::{Letter, Place, Register, Word, letter, packed},
};
use super::news::{self, only_looked};
use crate::kit::problem::Chain;

/// How long instances believe one another.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    /// How often an instance says who is there.
    pub(crate) name_again: Duration,
    /// How long that counts.
    pub(crate) counts_for: Duration,
    /// Between two looks at who was not named for too long.
    pub(crate) look_every: Duration,
}

impl Default for Pace {
    /// 20 s, and 60 s: two of them may be lost.
    fn default() -> Self {
        let seconds = Duration::from_secs;
        Self { name_again: seconds(20), counts_for: seconds(60), look_every: seconds(5) }
    }
}

/// News that a connection may be behind before it is cut off.
const BACKLOG: usize = 256;

/// Words that wait for other instances. What is said beyond that is lost to them; who is there is said
/// again.
const OUTBOX: usize = 4_096;

/// How long other instances are not spoken to after a failure.
const PAUSE: Duration = Duration::from_secs(1);

/// What one user may say: so much at once, and so much each second.
const SAYS: (NonZeroU32, NonZeroU32) = (number(30), number(10));

const fn number(number: u32) -> NonZeroU32 {
    NonZeroU32::MIN.saturating_add(number - 1)
}

/// The rooms of a process.
#[derive(Clone)]
pub(crate) struct Rooms(Arc<Inner>);

struct Inner {
    /// What other instances know this one by.
    instance: Uuid,
    pace: Pace,
    signals: Arc<dyn Signals>,
    clock: Arc<dyn Clock>,
    registry: &'static Registry,
    hall: Mutex<Hall>,
    outbox: mpsc::Sender<Word>,
    /// For the one that sends them.
    waiting: Turn<mpsc::Receiver<Word>>,
    /// Everybody here is to be named: that is more than the outbox may hold.
    must_name: Notify,
    next_letter: AtomicU64,
    next_guest: AtomicU64,
    says: DefaultKeyedRateLimiter<UserId>,
}

impl Rooms {
    pub(crate) fn new(
        pace: Pace,
        signals: Arc<dyn Signals>,
        clock: Arc<dyn Clock>,
        registry: &'static Registry,
    ) -> Self {
        let (outbox, waiting) = mpsc::channel(OUTBOX);
        let (burst, per_second) = SAYS;
        Self(Arc::new(Inner {
            instance: somebody(),
            pace,
            signals,
            clock,
            registry,
            hall: Mutex::default(),
            outbox,
            waiting: Turn::new(waiting),
            must_name: Notify::new(),
            next_letter: AtomicU64::new(0),
            next_guest: AtomicU64::new(0),
            says: RateLimiter::keyed(Quota::per_second(per_second).allow_burst(burst)),
        }))
    }

    /// A connection that may join rooms, and where it hears what happens in them. The mailbox is closed
    /// when it is full: its reader is too slow.
    pub(crate) fn guest(&self, person: Person) -> (Guest, mpsc::Receiver<News>) {
        let number = self.0.next_guest.fetch_add(1, Ordering::Relaxed);
        let (mailbox, news) = mpsc::channel(BACKLOG);
        self.0.hall().mailboxes.insert(number, mailbox);
        (Guest { rooms: self.clone(), number, person, joined: HashMap::new() }, news)
    }

    /// True when somebody here is in a room.
    pub(super) fn are_used(&self) -> bool {
        !self.0.hall().guests.is_empty()
    }

    /// Speaks with other instances, and looks after who may be where, for as long as it is polled.
    pub(super) async fn run(&self, news: &news::News) {
        tokio::join!(
            self.0.tell(),
            self.0.hear(),
            self.0.name_again(),
            self.0.sweep(),
            self.0.watch(news)
        );
    }

    /// Says that every record was changed.
    #[cfg(test)]
    pub(crate) fn look_again(&self) {
        self.0.hall().look_again(self.0.registry, None);
    }

    /// How many rooms have somebody in them, here or elsewhere.
    #[cfg(test)]
    pub(crate) fn count(&self) -> usize {
        self.0.hall().presence.count()
    }

    /// Tells other instances that nobody is here any more.
    pub(super) async fn say_bye(&self) {
        if let Err(error) = self.0.send(&[Word::Bye]).await {
            tracing::debug!(error = %Chain(&error), "other instances are not told of the end");
        }
    }
}

impl Inner {
    fn hall(&self) -> MutexGuard<'_, Hall> {
        // Every change of it is whole before something could panic.
        self.hall.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Has other instances told, if there is room for it.
    fn post(&self, word: Word) {
        if self.outbox.try_send(word).is_err() {
            metrics::counter!("almoner_rooms_words_lost_total").increment(1);
        }
    }

    /// Sends what waits; everything that has come meanwhile goes together. Who is here is looked at when
    /// it is sent, so whoever goes afterwards is told of afterwards, too.
    async fn tell(&self) {
        let mut waiting = self.waiting.lock().await;
        loop {
            let mut words = Vec::new();
            tokio::select! {
                count = waiting.recv_many(&mut words, OUTBOX) => if count == 0 { return },
                () = self.must_name.notified() => words = self.here(),
            }
            if let Err(error) = self.send(&words).await {
                tracing::warn!(error = %Chain(&error), "other instances cannot be told of rooms");
                time::sleep(PAUSE).await;
            }
        }
    }

    /// Sends words, up to the first failure.
    async fn send(&self, words: &[Word]) -> Result<(), StoreError> {
        for words in packed(words) {
            let number = self.next_letter.fetch_add(1, Ordering::Relaxed);
            self.signals.tell(&letter(self.instance, self.now(), number, &words)).await?;
        }
        Ok(())
    }

    /// Milliseconds since 1970.
    fn now(&self) -> i64 {
        self.clock.now().timestamp_millis()
    }

    async fn hear(&self) {
        let mut hearing = self.signals.hear();
        let mut register = Register::default();
        self.post(Word::Hello);
        loop {
            match hearing.next().await {
                Signal::Missed => {
                    self.post(Word::Hello);
                    self.name_all();
                }
                Signal::Word(text) => {
                    let Some(letter) = Letter::read(&text) else { continue };
                    if letter.from != self.instance && register.is_new(&letter, self.now()) {
                        letter.words.iter().for_each(|word| self.heard(letter.from, word));
                    }
                }
            }
        }
    }

    fn heard(&self, from: Uuid, word: &Word) {
        match word {
            Word::Hello => self.name_all(),
            Word::Bye => {
                let mut hall = self.hall();
                let gone = hall.presence.forget_instance(from);
                hall.left(gone);
            }
            Word::Here(place) => {
                let Some((room, person)) = place.read(self.registry) else { return };
                let mut hall = self.hall();
                if hall.presence.hear(room, &person, from, Instant::now() + self.pace.counts_for) {
                    hall.tell(room, None, presence(room, &person, "joined"));
                }
            }
            Word::Gone(place) => {
                let Some((room, person)) = place.read(self.registry) else { return };
                let mut hall = self.hall();
                let gone = hall.presence.forget(room, person.id, from);
                hall.left(gone.map(|person| (room, person)));
            }
            Word::Said { place, kind, data } => {
                let Some((room, person)) = place.read(self.registry) else { return };
                self.hall().tell(room, None, said(room, &person, kind, data.as_ref()));
            }
        }
    }

    /// Has other instances told who is here, once however often it is asked for meanwhile.
    fn name_all(&self) {
        self.must_name.notify_one();
    }

    /// Everybody who is here.
    fn here(&self) -> Vec<Word> {
        let here = self.hall().presence.here();
        here.iter().map(|(room, person)| Word::Here(Place::new(*room, person))).collect()
    }

    async fn name_again(&self) {
        loop {
            time::sleep(self.pace.name_again).await;
            self.name_all();
        }
    }

    async fn sweep(&self) {
        loop {
            time::sleep(self.pace.look_every).await;
            let mut hall = self.hall();
            let gone = hall.presence.expire(Instant::now());
            hall.left(gone);
            drop(hall);
            self.says.retain_recent();
        }
    }

    /// Has everybody in the room of a record that was changed looked at again.
    async fn watch(&self, news: &news::News) {
        let mut read_to = news.subscribe();
        let mut done = 0;
        loop {
            // The sender lives as long as the hub.
            let Ok(to) = read_to.wait_for(|to| to.is_some_and(|to| to > done)).await.map(|to| *to)
            else {
                return;
            };
            let to = to.unwrap_or(done);
            let changed = news.between(done, to, |notices| {
                let notices = notices.filter(|notice| !only_looked(notice));
                notices.map(|notice| (notice.entity.clone(), notice.entity_id)).collect()
            });
            self.hall().look_again(self.registry, changed);
            done = to;
        }
    }
}

/// What nobody else is called: an instance lives no longer than its process, and is stored nowhere.
fn somebody() -> Uuid {
    // Each of these has other keys from the operating system.
    let random = || RandomState::new().hash_one(0);
    Uuid::from_u64_pair(random(), random())
}

//! Everybody who follows the same with the same rights: what is evaluated once for all of them.

use std::{
    collections::HashSet,
    sync::{Arc, Mutex, MutexGuard, PoisonError},
    time::Duration,
};

use almoner_kernel::{Action, Epoch, Notice};
use serde_json::json;
use sha2::{Digest, Sha256};
use tokio::{
    runtime::Handle,
    sync::{OnceCell, broadcast, watch},
    time::{self, Instant},
};
use uuid::Uuid;

use super::{
    HEARTBEAT, Live,
    state::{Greeting, State, evaluate, first_state, snapshot},
    stream::{Event, Mark, Told},
    subject::{Key, Page, Subject},
    window::{self, Step, Touched},
};
use crate::kit::problem::{Problem, SOON, registry};

/// Changes of a list that a slow reader may be behind before it is cut off.
const BACKLOG: usize = 64;

/// The shortest time between two evaluations of a group.
const PAUSE: Duration = Duration::from_millis(50);

/// The longest.
const LONGEST_PAUSE: Duration = Duration::from_secs(2);

/// A group rests for so many times as long as its page took to read: evaluations of all groups
/// leave most of the machine to requests, and slow down by themselves when there are many.
const REST: u32 = 5;

/// How long somebody who comes from an instance that is ahead waits for this one.
const AHEAD: Duration = Duration::from_secs(2);

/// A place for a group, so that many who come at once make one.
#[derive(Default)]
pub(crate) struct Slot(OnceCell<Arc<Group>>);

pub(crate) struct Group {
    key: Key,
    subject: Subject,
    tag: Arc<str>,
    state: Mutex<State>,
    /// [`State::position`], for those who wait for it.
    reached: watch::Sender<i64>,
    sender: broadcast::Sender<Arc<Told>>,
}

/// Somebody's place in a group: the first thing to tell them, and where the rest comes from.
pub(crate) struct Seat {
    pub(crate) first: Arc<Told>,
    pub(crate) rest: broadcast::Receiver<Arc<Told>>,
}

/// A slot whose group is about to be made: it is taken back when that fails, or when whoever wanted it
/// does not wait for it.
struct Reserved<'a> {
    live: &'a Live,
    key: Key,
    slot: &'a Arc<Slot>,
}

impl Drop for Reserved<'_> {
    fn drop(&mut self) {
        if self.slot.0.initialized() {
            return;
        }
        let mut groups = self.live.groups();
        // This one and the map's: nobody else is trying.
        if Arc::strong_count(self.slot) <= 2 && !self.slot.0.initialized() {
            groups.remove(&self.key);
        }
    }
}

impl Live {
    /// Takes a seat in a group, which is made if there is none. `last` is what the client has.
    pub(crate) async fn join(
        &self,
        key: Key,
        last: Option<&str>,
        subject: impl FnOnce() -> Subject,
    ) -> Result<Seat, Problem> {
        if !self.is_open() {
            return Err(Problem::new(registry::UNAVAILABLE).retry_after(SOON));
        }
        let slot = Arc::clone(self.groups().entry(key).or_default());
        let reserved = Reserved { live: self, key, slot: &slot };
        let group = slot.0.get_or_try_init(|| Group::start(self, key, subject())).await?;
        let group = Arc::clone(group);
        drop(reserved);
        // The group cannot end before the seat is taken: `slot` is held.
        group.seat(self, last.map(|last| Mark::parse(last, &group.tag))).await
    }
}

impl Group {
    async fn start(live: &Live, key: Key, subject: Subject) -> Result<Arc<Self>, Problem> {
        let state = first_state(live, &subject).await?;
        let tag = tag(&key, live.0.epoch);
        let group = Arc::new(Self {
            key,
            subject,
            tag,
            reached: watch::Sender::new(state.position),
            state: Mutex::new(state),
            sender: broadcast::Sender::new(BACKLOG),
        });
        // Beside the workers, which come and go with their requests.
        let runtime = live.0.runtime.get().cloned().unwrap_or_else(Handle::current);
        runtime.spawn(Arc::clone(&group).run(live.clone()));
        Ok(group)
    }

    fn state(&self) -> MutexGuard<'_, State> {
        // It is replaced as a whole.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn seat(&self, live: &Live, last: Option<Option<Mark>>) -> Result<Seat, Problem> {
        if let Some(Some(mark)) = &last {
            let mut reached = self.reached.subscribe();
            let is_there = reached.wait_for(|reached| *reached >= mark.position);
            // An instance that stays behind is told of below.
            let _ = time::timeout(AHEAD, is_there).await;
        }
        let (state, rest) = {
            let state = self.state();
            (state.clone(), self.sender.subscribe())
        };
        let greeting = match last {
            None => Greeting::New,
            Some(Some(mark)) if mark.position <= state.end() => Greeting::From(mark.position),
            Some(_) => Greeting::Lost,
        };
        let cell = state.greeting(greeting);
        let first = cell.get_or_try_init(|| self.greet(live, &state, greeting)).await?;
        Ok(Seat { first: Arc::clone(first), rest })
    }

    /// The first thing to tell somebody.
    async fn greet(
        &self,
        live: &Live,
        state: &State,
        greeting: Greeting,
    ) -> Result<Arc<Told>, Problem> {
        let mut told = Told::new(&self.tag);
        let missed = match greeting {
            Greeting::From(position) => {
                live.0.news.since(&*live.0.feed, position, state.end()).await?
            }
            Greeting::New | Greeting::Lost => None,
        };
        match missed {
            Some(missed) => self.catch_up(state, &missed, &mut told).await?,
            None => {
                if greeting != Greeting::New {
                    told.push(Event::new("resync", json!({ "reason": "too_old" })));
                }
                self.begin(state, &mut told);
            }
        }
        told.mark(state.position);
        Ok(Arc::new(told))
    }

    /// For somebody who has nothing.
    fn begin(&self, state: &State, told: &mut Told) {
        if matches!(self.subject, Subject::List { .. }) {
            told.push(snapshot(state));
        }
    }

    /// For somebody who has missed something.
    async fn catch_up(
        &self,
        state: &State,
        missed: &[Notice],
        told: &mut Told,
    ) -> Result<(), Problem> {
        let missed = missed.iter().filter(|notice| self.subject.is_touched_by(notice));
        match &self.subject {
            Subject::Notices { .. } => {
                for notice in missed.filter(|notice| notice.position <= state.position) {
                    told.extend(self.notice(notice).await?);
                }
            }
            Subject::List { entity, is_found_by_others, .. } => {
                let (mut touched, mut known) = (Touched::default(), HashSet::new());
                let mut has_others = false;
                for notice in missed {
                    let is_first = touched.0.insert(notice.entity_id, notice.position).is_none();
                    if notice.entity != *entity {
                        has_others = true;
                    } else if is_first && notice.action != Action::Created.as_str() {
                        // What was created since cannot have been in what the client has.
                        known.insert(notice.entity_id);
                    }
                }
                if !touched.0.is_empty() {
                    let is_listed = |id: &Uuid| known.contains(id);
                    let is_vague = *is_found_by_others && has_others;
                    let steps = window::catch_up(&state.rows, &touched, is_listed, is_vague);
                    told.extend(steps.into_iter().map(event));
                }
            }
        }
        Ok(())
    }

    async fn run(self: Arc<Self>, live: Live) {
        let mut read_to = live.0.news.subscribe();
        let mut is_open = live.0.is_open.subscribe();
        let mut beat = time::interval_at(Instant::now() + HEARTBEAT, HEARTBEAT);
        let mut done = self.state().position;
        loop {
            let to = tokio::select! {
                _ = is_open.wait_for(|is_open| !is_open) => return self.leave(&live),
                _ = beat.tick() => None,
                // The sender lives as long as the hub.
                Ok(to) = read_to.wait_for(|to| to.is_some_and(|to| to > done)) => *to,
            };
            if self.is_deserted(&live) {
                return;
            }
            let Some(to) = to else {
                let position = self.state().position;
                // Whoever fell behind meanwhile is cut off; nobody else is there to fail.
                let _ = self.sender.send(Arc::new(Told::heartbeat(&self.tag, position)));
                continue;
            };
            let began = Instant::now();
            match self.advance(&live, done, to).await {
                Ok(position) => {
                    done = position;
                    let pause = began.elapsed() * REST;
                    if pause > Duration::ZERO && self.is_list() {
                        time::sleep(pause.clamp(PAUSE, LONGEST_PAUSE)).await;
                    }
                }
                Err(problem) => {
                    tracing::warn!(%problem, "a live list cannot be read");
                    time::sleep(LONGEST_PAUSE).await;
                }
            }
        }
    }

    const fn is_list(&self) -> bool {
        matches!(self.subject, Subject::List { .. })
    }

    /// Brings everybody from one position of the feed to another, or further; says how far.
    async fn advance(&self, live: &Live, from: i64, to: i64) -> Result<i64, Problem> {
        let touching = live.0.news.between(from, to, |notices| {
            notices.filter(|notice| self.subject.is_touched_by(notice)).cloned().collect::<Vec<_>>()
        });
        if touching.as_ref().is_some_and(Vec::is_empty) {
            // Nobody can see a difference: what is shown is what is there now.
            let mut state = self.state();
            state.position = to;
            state.seen_to = state.seen_to.max(to);
            self.reached.send_replace(to);
            return Ok(to);
        }
        let mut told = Told::new(&self.tag);
        match &self.subject {
            Subject::Notices { .. } => {
                match touching {
                    Some(notices) => {
                        for notice in &notices {
                            told.extend(self.notice(notice).await?);
                        }
                    }
                    None => told.push(Event::new("resync", json!({ "reason": "too_old" }))),
                }
                Ok(self.tell(State::new(to, to, Page::default()), told))
            }
            Subject::List { .. } => {
                let old = self.state().clone();
                let state = evaluate(live, &self.subject).await?;
                // What was committed while the page was read may be in it, too.
                let mut read_to = live.0.news.subscribe();
                let is_read = read_to.wait_for(|to| to.is_some_and(|to| to >= state.seen_to));
                // Without it only the order among the newest is not known.
                let _ = time::timeout(AHEAD, is_read).await;
                let touched = live.0.news.between(old.position, state.seen_to, |notices| {
                    let touching = notices.filter(|notice| self.subject.is_touched_by(notice));
                    touching.map(|notice| (notice.entity_id, notice.position)).collect()
                });
                let touched = Touched(touched.unwrap_or_default());
                let steps = window::difference(&old.rows, &state.rows, &touched);
                told.extend(steps.into_iter().map(event));
                Ok(self.tell(state, told))
            }
        }
    }

    /// Takes a new state, and tells everybody. Whoever takes a seat meanwhile has either the old
    /// state and hears of it, or the new one and does not.
    fn tell(&self, new: State, mut told: Told) -> i64 {
        let position = new.position;
        let mut state = self.state();
        *state = new;
        if !told.is_empty() {
            told.mark(position);
            // There may be nobody left.
            let _ = self.sender.send(Arc::new(told));
        }
        drop(state);
        self.reached.send_replace(position);
        position
    }

    async fn notice(&self, notice: &Notice) -> Result<Option<Event>, Problem> {
        let Subject::Notices { topics, is_visible } = &self.subject else { return Ok(None) };
        let topic = topics.iter().find(|(entity, _)| *entity == notice.entity);
        let Some((_, topic)) = topic else { return Ok(None) };
        if !is_visible(notice).await? {
            return Ok(None);
        }
        let data = json!({
            "topic": topic,
            "id": notice.entity_id,
            "action": notice.action,
            "version": notice.version.number(),
            "at": notice.at.to_rfc3339_opts(chrono::SecondsFormat::Millis, true),
        });
        Ok(Some(Event::new("change", data).at(notice.position)))
    }

    /// True when nobody is left: then the group is gone.
    fn is_deserted(&self, live: &Live) -> bool {
        let mut groups = live.groups();
        let is_taken = self.sender.receiver_count() > 0;
        // Somebody who is about to take a seat holds the slot.
        let is_wanted = groups.get(&self.key).is_some_and(|slot| Arc::strong_count(slot) > 1);
        if is_taken || is_wanted {
            return false;
        }
        groups.remove(&self.key);
        true
    }

    /// The server stops.
    fn leave(&self, live: &Live) {
        live.groups().remove(&self.key);
    }
}

/// What stands behind the position in marks of a group: a mark of another list, of other rights or of
/// another epoch has something else there.
fn tag(key: &Key, epoch: Epoch) -> Arc<str> {
    let digest = Sha256::new().chain_update(key).chain_update(epoch.as_bytes()).finalize();
    let tag: String = digest.iter().take(4).map(|byte| format!("{byte:02x}")).collect();
    tag.into()
}

fn event(step: Step) -> Event {
    match step {
        Step::Keep(ids) => Event::new("keep", json!({ "ids": ids })),
        Step::Remove(id) => Event::new("remove", json!({ "id": id })),
        Step::Upsert { index, json } => {
            Event::raw("upsert", format!(r#"{{"index":{index},"record":{json}}}"#))
        }
    }
}

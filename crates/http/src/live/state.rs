//! What is there to see for a group, at one position of the feed, and what newcomers are told of it.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex, PoisonError},
};

use almoner_kernel::Notice;
use tokio::{sync::OnceCell, time::Instant};

use super::{
    Live,
    stream::{Event, Told},
    subject::{Page, Subject},
    window::Row,
};
use crate::kit::problem::{Problem, registry};

/// What a group knows.
#[derive(Clone)]
pub(super) struct State {
    /// The rows have every change up to this position, and maybe some of those behind it.
    pub(super) position: i64,
    /// They have none behind this one.
    pub(super) seen_to: i64,
    pub(super) rows: Arc<[Row]>,
    next_cursor: Option<String>,
    /// What newcomers are told first: many come at once, with the same mark, when a server is back.
    greetings: Arc<Mutex<HashMap<Greeting, Once>>>,
}

/// What is told to many, made once.
pub(super) type Once = Arc<OnceCell<Arc<Told>>>;

/// What a newcomer has.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Greeting {
    /// Nothing.
    New,
    /// Something that is of no use.
    Lost,
    /// Everything up to a position.
    From(i64),
}

/// Greetings of one state that are kept.
const GREETINGS: usize = 256;

impl State {
    pub(super) fn new(position: i64, seen_to: i64, page: Page) -> Self {
        let Page { rows, next_cursor } = page;
        Self { position, seen_to, rows: rows.into(), next_cursor, greetings: Arc::default() }
    }

    /// No row has a change behind this position.
    pub(super) fn end(&self) -> i64 {
        self.seen_to.max(self.position)
    }

    pub(super) fn greeting(&self, greeting: Greeting) -> Once {
        // A panic cannot leave half an entry behind.
        let mut greetings = self.greetings.lock().unwrap_or_else(PoisonError::into_inner);
        if greetings.len() >= GREETINGS && !greetings.contains_key(&greeting) {
            return Arc::default();
        }
        Arc::clone(greetings.entry(greeting).or_default())
    }
}

/// Where a group begins.
pub(super) async fn first_state(live: &Live, subject: &Subject) -> Result<State, Problem> {
    match subject {
        Subject::List { .. } => evaluate(live, subject).await,
        Subject::Notices { .. } => {
            let position = live.0.feed.head().await?;
            Ok(State::new(position, position, Page::default()))
        }
    }
}

/// Reads the page, between two looks at the end of the feed: what was committed before the first is
/// in it, what was committed after the second is not.
pub(super) async fn evaluate(live: &Live, subject: &Subject) -> Result<State, Problem> {
    let Subject::List { read, .. } = subject else {
        return Err(Problem::new(registry::INTERNAL));
    };
    // The semaphore is never closed.
    let _turn = live.0.evaluations.acquire().await;
    let began = Instant::now();
    let position = live.0.feed.head().await?;
    let page = read(live.0.clock.now()).await?;
    let seen_to = live.0.feed.head().await?;
    metrics::histogram!("almoner_live_evaluation_seconds").record(began.elapsed().as_secs_f64());
    // What is in the page proves that everything before it is: so nobody who comes back with this
    // mark is told twice of what they have.
    let meanwhile = live.0.news.since(&*live.0.feed, position, seen_to).await?.unwrap_or_default();
    let has = |notice: &&Notice| {
        let version = notice.version.number();
        page.rows.iter().any(|row| row.id == notice.entity_id && row.version >= version)
    };
    let proven = meanwhile.iter().rev().find(has).map(|notice| notice.position);
    Ok(State::new(proven.unwrap_or(position), seen_to, page))
}

pub(super) fn snapshot(state: &State) -> Event {
    let mut data = String::from(r#"{"items":["#);
    for (number, row) in state.rows.iter().enumerate() {
        if number > 0 {
            data.push(',');
        }
        data.push_str(&row.json);
    }
    data.push(']');
    if let Some(cursor) = &state.next_cursor {
        // Base64: nothing to escape.
        data.push_str(&format!(r#","next_cursor":"{cursor}""#));
    }
    data.push('}');
    Event::raw("snapshot", data)
}

//! Whoever is in the room of a record that was changed is judged anew. Until that is done nothing more
//! is told of the room, and a database that is away throws nobody out.

use std::{collections::HashMap, rc::Rc, sync::Arc, time::Duration};

use actix_web::{ResponseError, http::StatusCode};
use futures_util::future::LocalBoxFuture;
use tokio::{task::JoinSet, time};
use tracing::Instrument;

use super::ending::Ending;
use crate::{kit::problem::Problem, live::rooms::Room};

/// Messages of all rooms that are held back; who has to wait for more may come again.
const MAX_HELD: usize = 256;

/// Between the first two attempts, while the database is away; then twice as long each time.
const PAUSE: Duration = Duration::from_secs(1);

/// The longest.
const LONGEST_PAUSE: Duration = Duration::from_secs(8);

/// Asks once whether somebody may be in a room.
type Meet = Rc<dyn Fn(Room) -> LocalBoxFuture<'static, Result<(), Problem>>>;

/// The rooms of one socket about which it is not sure.
pub(super) struct Judging {
    meet: Meet,
    /// Tasks of their own: who waits for a slow reader must not keep the turn of others.
    asking: JoinSet<(Room, u64, Result<(), Problem>)>,
    unsure: HashMap<Room, Unsure>,
    next: u64,
    held: usize,
}

struct Unsure {
    /// The question that counts.
    number: u64,
    /// The record was changed again since it was asked.
    is_outdated: bool,
    held: Vec<Arc<str>>,
}

/// What became of a room.
#[derive(Debug)]
pub(super) enum Verdict {
    /// What was held back may be told.
    Stays(Vec<Arc<str>>),
    /// The record may not be read any more.
    Leaves(Problem),
}

impl Judging {
    pub(super) fn new(meet: Meet) -> Self {
        Self { meet, asking: JoinSet::new(), unsure: HashMap::new(), next: 0, held: 0 }
    }

    /// True when nothing may be told of the room.
    pub(super) fn is_unsure(&self, room: Room) -> bool {
        self.unsure.contains_key(&room)
    }

    /// The record of a room was changed.
    pub(super) fn ask(&mut self, room: Room) {
        match self.unsure.get_mut(&room) {
            Some(unsure) => unsure.is_outdated = true,
            None => self.ask_anew(room, Vec::new()),
        }
    }

    /// Keeps what is to be told of an unsure room, or gives it back when there is no doubt.
    ///
    /// # Errors
    /// [`Ending::TooSlow`] when too much is kept.
    pub(super) fn hold(&mut self, room: Room, text: Arc<str>) -> Result<Option<Arc<str>>, Ending> {
        let Some(unsure) = self.unsure.get_mut(&room) else { return Ok(Some(text)) };
        if self.held >= MAX_HELD {
            return Err(Ending::TooSlow);
        }
        self.held += 1;
        unsure.held.push(text);
        Ok(None)
    }

    /// The client has left the room, and is told nothing more of it.
    pub(super) fn forget(&mut self, room: Room) {
        if let Some(unsure) = self.unsure.remove(&room) {
            self.held -= unsure.held.len();
        }
    }

    /// Waits for the next verdict; none when there is nothing to wait for, or not yet.
    pub(super) async fn next(&mut self) -> Option<Result<(Room, Verdict), Ending>> {
        loop {
            // A question that panicked has no answer: the client comes again.
            let Ok((room, number, answer)) = self.asking.join_next().await? else {
                return Some(Err(Ending::TooSlow));
            };
            if self.unsure.get(&room).is_none_or(|unsure| unsure.number != number) {
                continue;
            }
            let Some(unsure) = self.unsure.remove(&room) else { continue };
            match answer {
                Err(problem) => {
                    self.held -= unsure.held.len();
                    return Some(Ok((room, Verdict::Leaves(problem))));
                }
                Ok(()) if unsure.is_outdated => self.ask_anew(room, unsure.held),
                Ok(()) => {
                    self.held -= unsure.held.len();
                    return Some(Ok((room, Verdict::Stays(unsure.held))));
                }
            }
        }
    }

    fn ask_anew(&mut self, room: Room, held: Vec<Arc<str>>) {
        let (number, meet) = (self.next, Rc::clone(&self.meet));
        self.next += 1;
        self.unsure.insert(room, Unsure { number, is_outdated: false, held });
        let asking = async move { (room, number, answer(meet, room).await) };
        self.asking.spawn_local(asking.in_current_span());
    }
}

/// Asks until there is an answer.
async fn answer(meet: Meet, room: Room) -> Result<(), Problem> {
    let mut pause = PAUSE;
    loop {
        match meet(room).await {
            Err(problem) if !is_refusal(&problem) => time::sleep(pause).await,
            answer => return answer,
        }
        pause = LONGEST_PAUSE.min(pause * 2);
    }
}

/// True when the record may not be read; false when it is not known.
fn is_refusal(problem: &Problem) -> bool {
    let refusals = [StatusCode::UNAUTHORIZED, StatusCode::FORBIDDEN, StatusCode::NOT_FOUND];
    refusals.contains(&problem.status_code())
}

#[cfg(test)]
mod tests {
    use std::{cell::RefCell, collections::VecDeque};

    use futures_util::FutureExt;

    use super::*;
    use crate::kit::problem::registry;

    fn room() -> Room {
        let name = "donors:019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11";
        Room::parse(name, &almoner_kinds::REGISTRY).unwrap()
    }

    type Answers = VecDeque<Result<(), Problem>>;

    /// Answered with these, one after the other.
    fn judging(answers: Vec<Result<(), Problem>>) -> (Judging, Rc<RefCell<Answers>>) {
        let answers = Rc::new(RefCell::new(VecDeque::from(answers)));
        let left = Rc::clone(&answers);
        let meet = move |_| {
            let answer = left.borrow_mut().pop_front().unwrap();
            async move {
                tokio::task::yield_now().await;
                answer
            }
            .boxed_local()
        };
        (Judging::new(Rc::new(meet)), answers)
    }

    fn away() -> Result<(), Problem> {
        Err(Problem::new(registry::UNAVAILABLE))
    }

    #[actix_web::test]
    async fn a_database_that_is_away_throws_nobody_out() {
        let answers = vec![away(), Err(Problem::new(registry::INTERNAL)), Ok(())];
        let (mut judging, answers) = judging(answers);
        assert_eq!(judging.hold(room(), "1".into()).unwrap().as_deref(), Some("1"));
        judging.ask(room());
        assert!(judging.is_unsure(room()));
        assert_eq!(judging.hold(room(), "2".into()).unwrap(), None);
        let (_, verdict) = judging.next().await.unwrap().unwrap();
        let Verdict::Stays(held) = verdict else { panic!("{verdict:?}") };
        assert_eq!(held, ["2".into()]);
        assert!(answers.borrow().is_empty() && !judging.is_unsure(room()));
        assert!(judging.next().await.is_none());
    }

    #[actix_web::test]
    async fn whoever_may_not_read_the_record_leaves() {
        for entry in [registry::UNAUTHENTICATED, registry::FORBIDDEN, registry::NOT_FOUND] {
            let (mut judging, _) = judging(vec![away(), Err(Problem::new(entry))]);
            judging.ask(room());
            judging.hold(room(), "1".into()).unwrap();
            let (_, verdict) = judging.next().await.unwrap().unwrap();
            let Verdict::Leaves(problem) = verdict else { panic!("{verdict:?}") };
            assert_eq!(problem.status_code(), Problem::new(entry).status_code());
        }
    }

    #[actix_web::test]
    async fn an_answer_older_than_the_last_change_does_not_count() {
        let (mut judging, _) = judging(vec![Ok(()), Err(Problem::not_found())]);
        judging.ask(room());
        judging.ask(room());
        let (_, verdict) = judging.next().await.unwrap().unwrap();
        assert!(matches!(verdict, Verdict::Leaves(_)));
    }

    #[actix_web::test]
    async fn nothing_is_heard_of_a_room_that_was_left() {
        let (mut judging, _) = judging(vec![Ok(()), Ok(())]);
        judging.ask(room());
        judging.hold(room(), "1".into()).unwrap();
        judging.forget(room());
        judging.ask(room());
        let (_, verdict) = judging.next().await.unwrap().unwrap();
        assert!(matches!(verdict, Verdict::Stays(held) if held.is_empty()));
        assert!(judging.next().await.is_none());
    }

    #[actix_web::test]
    async fn so_much_is_held_back_and_no_more() {
        let (mut judging, _) = judging(vec![Ok(())]);
        judging.ask(room());
        for _ in 0..MAX_HELD {
            judging.hold(room(), "1".into()).unwrap();
        }
        assert_eq!(judging.hold(room(), "1".into()), Err(Ending::TooSlow));
        judging.forget(room());
        assert_eq!(judging.held, 0);
    }
}

//! What one socket follows: live lists and topics, each exactly the stream that `GET` with
//! `Accept: text/event-stream` gives.

use std::{collections::HashMap, rc::Rc};

use futures_util::{
    StreamExt,
    future::LocalBoxFuture,
    stream::{self, AbortHandle, LocalBoxStream, SelectAll},
};

use crate::{
    kit::problem::Problem,
    live::stream::{Next, Stream},
};

/// Everything a socket follows.
#[derive(Default)]
pub(super) struct Subscriptions {
    all: SelectAll<LocalBoxStream<'static, (Rc<str>, Step)>>,
    by_id: HashMap<Rc<str>, AbortHandle>,
}

/// What becomes of a subscription.
pub(super) enum Step {
    /// It begins.
    Opened,
    /// It does not.
    Refused(Problem),
    /// It goes on, or ends.
    Next(Next),
}

impl Step {
    const fn is_last(&self) -> bool {
        matches!(self, Self::Refused(_) | Self::Next(Next::End(_) | Next::Over))
    }
}

enum State {
    Opening(LocalBoxFuture<'static, Result<Stream, Problem>>),
    Open(Stream),
    Over,
}

impl Subscriptions {
    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.by_id.len()
    }

    /// True when there is one of that name.
    pub(super) fn has(&self, id: &str) -> bool {
        self.by_id.contains_key(id)
    }

    /// Begins one.
    pub(super) fn add(
        &mut self,
        id: &str,
        opening: LocalBoxFuture<'static, Result<Stream, Problem>>,
    ) {
        let id: Rc<str> = id.into();
        let steps = stream::unfold(State::Opening(opening), step);
        let name = Rc::clone(&id);
        let steps = steps.map(move |step| (Rc::clone(&name), step));
        let (steps, handle) = stream::abortable(steps);
        self.all.push(steps.boxed_local());
        self.by_id.insert(id, handle);
    }

    /// Ends one; false when there is none of that name. Nothing more is heard of it.
    pub(super) fn end(&mut self, id: &str) -> bool {
        let handle = self.by_id.remove(id);
        handle.is_some_and(|handle| {
            handle.abort();
            true
        })
    }

    /// What happens next to any of them; none when there are none.
    pub(super) async fn next(&mut self) -> Option<(Rc<str>, Step)> {
        let (id, step) = self.all.next().await?;
        if step.is_last() {
            self.by_id.remove(&id);
        }
        Some((id, step))
    }
}

async fn step(state: State) -> Option<(Step, State)> {
    match state {
        State::Opening(opening) => Some(match opening.await {
            Ok(stream) => (Step::Opened, State::Open(stream)),
            Err(problem) => (Step::Refused(problem), State::Over),
        }),
        State::Open(mut stream) => {
            let next = Step::Next(stream.next().await);
            let state = if next.is_last() { State::Over } else { State::Open(stream) };
            Some((next, state))
        }
        State::Over => None,
    }
}

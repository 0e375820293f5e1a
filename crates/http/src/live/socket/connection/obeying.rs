//! What a client asks for is done, or refused.

use std::{sync::Arc, time::Duration};

use futures_util::FutureExt;

use super::Connection;
use crate::{
    kit::{
        problem::{Problem, registry},
        words,
    },
    live::{
        rooms::Room,
        socket::{
            answer,
            ending::Ending,
            message::{Request, Wanted},
        },
        tickets::End,
    },
};

/// Subscriptions of one socket; a user has no more over all of them than `live.max_per_user`.
const MAX_SUBSCRIPTIONS: usize = 50;

/// Rooms of one socket.
const MAX_ROOMS: usize = 50;

/// Why a message is not done.
enum Undone {
    /// The problem, and what the sender called the message.
    Refused(Option<String>, Problem),
    /// The socket ends.
    Ended(Ending),
}

impl From<End> for Undone {
    fn from(end: End) -> Self {
        Self::Ended(end.into())
    }
}

impl Connection {
    pub(super) async fn obey(&mut self, request: Request) -> Result<(), Ending> {
        metrics::counter!("almoner_socket_messages_total", "type" => request.name()).increment(1);
        match self.answer(request).await {
            Ok(Some(answer)) => self.send(answer).await,
            Ok(None) => Ok(()),
            Err(Undone::Refused(id, problem)) => self.refuse(id, problem).await,
            Err(Undone::Ended(ending)) => Err(ending),
        }
    }

    async fn answer(&mut self, request: Request) -> Result<Option<String>, Undone> {
        match request {
            Request::Subscribe { id, what, last } => {
                let begun = self.subscribe(&id, what, last);
                // It answers itself, once it is there.
                begun.map(|()| None).map_err(|problem| Undone::Refused(Some(id), problem))
            }
            Request::Unsubscribe { id } => match self.unsubscribe(&id) {
                true => Ok(Some(answer::unsubscribed(&id))),
                false => Err(Undone::Refused(Some(id), Problem::not_found())),
            },
            Request::Join { id, room } => self.join(id, room).await.map(Some),
            Request::Leave { id, room } => match self.leave(room) {
                true => Ok(Some(answer::left(id.as_deref(), room, None))),
                false => Err(Undone::Refused(id, not_there())),
            },
            Request::Say { id, room, kind, data } => {
                if !self.guest.is_in(room) {
                    return Err(Undone::Refused(id, not_there()));
                }
                match self.guest.say(room, &kind, data) {
                    true => Ok(None),
                    false => Err(Undone::Refused(id, too_much_said())),
                }
            }
            Request::Ping { id } => Ok(Some(answer::pong(id.as_deref()))),
        }
    }

    fn subscribe(&mut self, id: &str, what: Wanted, last: Option<String>) -> Result<(), Problem> {
        if self.subscriptions.has(id) {
            let detail = words::subscription_goes_on();
            return Err(Problem::new(registry::SUBSCRIPTION_IN_USE).detail(detail));
        }
        if self.subscriptions.len() >= MAX_SUBSCRIPTIONS {
            let detail = words::too_many_subscriptions(MAX_SUBSCRIPTIONS);
            return Err(Problem::new(registry::SOCKET_LIMIT).detail(detail));
        }
        let following = self.host.following(what)?;
        let live = self.host.site.live.clone();
        let (key, caller) = (Arc::clone(&self.host.key), Arc::clone(&self.host.caller));
        let opening = async move { following.join(&live, key, caller, last.as_deref()).await };
        self.subscriptions.add(id, opening.boxed_local());
        Ok(())
    }

    /// Ends a subscription, in the middle of what is told if need be; false when there is none.
    fn unsubscribe(&mut self, id: &str) -> bool {
        let is_told = self.telling.take_if(|telling| &*telling.subscription == id).is_some();
        self.subscriptions.end(id) || is_told
    }

    async fn join(&mut self, id: Option<String>, room: Room) -> Result<String, Undone> {
        let was_in = self.guest.is_in(room);
        if (!was_in || self.judging.is_unsure(room))
            && let Err(problem) = self.come_in(room).await
        {
            if !was_in {
                self.guest.leave(room);
            }
            return Err(Undone::Refused(id, problem));
        }
        // What was revoked while the record was read.
        self.ticket.clear().await?;
        Ok(answer::joined(id.as_deref(), room, &self.guest.show(room)))
    }

    /// Changes of the record are heard from before it is read, so that none is missed; nobody sees it
    /// yet.
    async fn come_in(&mut self, room: Room) -> Result<(), Problem> {
        if !self.guest.is_in(room) && self.guest.count() >= MAX_ROOMS {
            let detail = words::too_many_rooms(MAX_ROOMS);
            return Err(Problem::new(registry::SOCKET_LIMIT).detail(detail));
        }
        self.host.spend()?;
        self.guest.enter(room);
        self.host.meet(room).await
    }

    fn leave(&mut self, room: Room) -> bool {
        self.judging.forget(room);
        self.guest.leave(room)
    }
}

fn not_there() -> Problem {
    Problem::new(registry::CONFLICT).detail(words::not_in_the_room())
}

fn too_much_said() -> Problem {
    let problem = Problem::new(registry::RATE_LIMITED).detail(words::wait(1_u64));
    problem.retry_after(Duration::from_secs(1))
}

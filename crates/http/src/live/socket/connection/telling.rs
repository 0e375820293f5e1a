//! What a client is told without having asked just now: of its subscriptions, and of its rooms.

use std::rc::Rc;

use super::{Connection, Telling};
use crate::live::{
    rooms::{News, Room, What},
    socket::{answer, ending::Ending, judging::Verdict, subscriptions::Step},
    stream::Next,
};

impl Connection {
    pub(super) async fn follow(&mut self, id: Rc<str>, step: Step) -> Result<(), Ending> {
        match step {
            Step::Opened => self.send(answer::subscribed(&id)).await,
            Step::Refused(problem) => self.refuse(Some(id.to_string()), problem).await,
            Step::Next(Next::Told(told)) => {
                self.telling = Some(Telling { subscription: id, told, count: 0 });
                Ok(())
            }
            Step::Next(Next::End(end)) => Err(end.into()),
            Step::Next(Next::Over) if self.host.site.live.is_open() => Err(Ending::TooSlow),
            Step::Next(Next::Over) => Err(Ending::Stopping),
        }
    }

    /// Tells the next event; between two of them everything else has its turn.
    pub(super) async fn tell(&mut self) -> Result<(), Ending> {
        self.ticket.clear().await?;
        let Some(telling) = &mut self.telling else { return Ok(()) };
        let event = answer::event(&telling.subscription, &telling.told, telling.count);
        telling.count += 1;
        match event {
            Some(event) => self.send(event).await,
            None => {
                self.telling = None;
                Ok(())
            }
        }
    }

    pub(super) async fn pass_on(&mut self, News { room, what }: News) -> Result<(), Ending> {
        self.ticket.clear().await?;
        // What was on its way when the client left.
        if !self.guest.is_in(room) {
            return Ok(());
        }
        match what {
            What::Tell(text) => match self.judging.hold(room, text)? {
                Some(text) => self.send(text.to_string()).await,
                None => Ok(()),
            },
            What::Changed => {
                self.judging.ask(room);
                Ok(())
            }
        }
    }

    pub(super) async fn obey_verdict(
        &mut self,
        room: Room,
        verdict: Verdict,
    ) -> Result<(), Ending> {
        match verdict {
            Verdict::Stays(held) => {
                for text in held {
                    self.ticket.clear().await?;
                    self.send(text.to_string()).await?;
                }
                Ok(())
            }
            Verdict::Leaves(problem) => {
                self.guest.leave(room);
                self.send(answer::left(None, room, Some(problem.code()))).await
            }
        }
    }
}

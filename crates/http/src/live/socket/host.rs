//! Who opened a socket, and what may be done for them.

use std::sync::Arc;

use actix_web::{ResponseError, http::StatusCode, web::Data};
use almoner_kernel::{Caller, Context, SecurityEventKind};
use async_trait::async_trait;

use super::message::Wanted;
use crate::{
    Domains,
    kit::problem::Problem,
    live::{list::Following, rooms::Room},
    services::Services,
    site::Site,
};

/// What is offered on sockets, by those who know the records and open them.
#[async_trait(?Send)]
pub(crate) trait Offer {
    /// Finds what somebody wants to follow. What costs counts as a request ([`Host::spend`]).
    fn following(&self, host: &Host, cx: Context, what: Wanted) -> Result<Following, Problem>;

    /// Makes sure that somebody may be in a room: may read its record.
    async fn meet(&self, cx: &Context, domains: &Domains, room: Room) -> Result<(), Problem>;
}

/// How the refusals of a socket are written down.
const ROUTE: &str = "GET /api/v1/socket";

/// Who opened a socket, and what it works with.
pub(crate) struct Host {
    pub(crate) site: Data<Site>,
    pub(crate) services: Data<Services>,
    pub(crate) domains: Arc<Domains>,
    pub(crate) offer: &'static dyn Offer,
    pub(crate) cx: Context,
    pub(crate) key: Arc<str>,
    pub(crate) caller: Arc<Caller>,
}

impl Host {
    /// Writes down that something was refused, as for a request.
    pub(super) async fn note(&self, problem: &Problem) {
        if problem.status_code() == StatusCode::FORBIDDEN {
            let detail = format!("{ROUTE}: {problem}");
            let refusals = &self.services.refusals;
            refusals.record(&self.now(), SecurityEventKind::AccessDenied, detail).await;
        }
    }

    /// The context of what is done now.
    fn now(&self) -> Context {
        Context { at: self.services.clock.now(), ..self.cx.clone() }
    }

    /// Counts as one request: reading a list costs the same, however it is asked for.
    pub(crate) fn spend(&self) -> Result<(), Problem> {
        self.site.limits.count(&self.caller)
    }

    pub(super) fn following(&self, what: Wanted) -> Result<Following, Problem> {
        self.offer.following(self, self.now(), what)
    }

    /// Makes sure that the user may be in a room: may read its record.
    pub(super) async fn meet(&self, room: Room) -> Result<(), Problem> {
        self.offer.meet(&self.now(), &self.domains, room).await
    }

    /// The same of somebody who is in it: one change asks about everybody there, so they take turns.
    pub(super) async fn meet_again(&self, room: Room) -> Result<(), Problem> {
        let _turn = self.site.live.turn_to_judge().await;
        self.meet(room).await
    }
}

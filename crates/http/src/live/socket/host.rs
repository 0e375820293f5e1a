//! Who opened a socket, and what may be done for them.

use std::sync::Arc;

use actix_web::{ResponseError, http::StatusCode, web::Data};
use almoner_kernel::{Caller, Context, SecurityEventKind};

use super::message::Wanted;
use crate::{
    Cx, Domains,
    kit::{problem::Problem, query::is_well_escaped, words},
    live::{list::Following, rooms::Room},
    resources::{LIVE_LISTS, events, kinds},
    services::Services,
    site::Site,
};

/// How the refusals of a socket are written down.
const ROUTE: &str = "GET /api/v1/socket";

/// Who opened a socket, and what it works with.
pub(crate) struct Host {
    pub(crate) site: Data<Site>,
    pub(crate) services: Data<Services>,
    pub(crate) domains: Arc<Domains>,
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
    pub(super) fn spend(&self) -> Result<(), Problem> {
        self.site.limits.count(&self.caller)
    }

    pub(super) fn following(&self, what: Wanted) -> Result<Following, Problem> {
        let (cx, domains) = (self.now(), Arc::clone(&self.domains));
        match what {
            Wanted::Topics(topics) => {
                let topics = events::parsed(&topics, domains.registry)?;
                self.spend()?;
                events::following(&cx, domains, topics)
            }
            Wanted::List { path, query } => {
                if !is_well_escaped(&query) {
                    return Err(Problem::bad_request(words::badly_escaped()));
                }
                let key = &self.site.cursor_key;
                if let Some(list) = LIVE_LISTS.iter().find(|list| list.path == path) {
                    self.spend()?;
                    return (list.read)(key, &query, Cx(cx), domains);
                }
                let following = kinds::following(key, &path, &query, Cx(cx), &domains);
                let following = following.ok_or_else(Problem::not_found)?;
                self.spend()?;
                following
            }
        }
    }

    /// Makes sure that the user may be in a room: may read its record.
    pub(super) async fn meet(&self, room: Room) -> Result<(), Problem> {
        events::meet(&self.now(), &self.domains, room.entity, room.id).await
    }

    /// The same of somebody who is in it: one change asks about everybody there, so they take turns.
    pub(super) async fn meet_again(&self, room: Room) -> Result<(), Problem> {
        let _turn = self.site.live.turn_to_judge().await;
        self.meet(room).await
    }
}

//! The [`Context`] of a request, put together from what the middlewares found out: when and from
//! where it came, and who is asking.

use std::{
    future::{Ready, ready},
    ops::Deref,
    rc::Rc,
    sync::Arc,
};

use actix_session::Session;
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload};
use almoner_kernel::{Actor, Caller, Context, Origin, Suspicions, Timestamp};

use crate::{
    kit::{problem::Problem, problem::registry},
    routes::Lookup,
};

/// The first argument of a handler: who is asking, when, from where.
#[derive(Clone, Debug)]
pub struct Cx(pub Context);

impl Deref for Cx {
    type Target = Context;

    fn deref(&self) -> &Context {
        &self.0
    }
}

impl FromRequest for Cx {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(context(req).map(Self).ok_or_else(|| Problem::new(registry::INTERNAL)))
    }
}

/// The context of a request that passed the outermost middleware.
pub(crate) fn context(req: &HttpRequest) -> Option<Context> {
    let extensions = req.extensions();
    let arrival = extensions.get::<Rc<Arrival>>()?;
    let actor = match extensions.get::<Identity>() {
        Some(identity) => Actor::User(Arc::clone(&identity.0)),
        None => Actor::Anonymous,
    };
    Some(Context {
        actor,
        at: arrival.at,
        origin: arrival.origin.clone(),
        replay: None,
        dry_run: extensions.get::<DryRun>().is_some(),
        suspicions: arrival.suspicions.clone(),
    })
}

/// What is known of a request as soon as it arrives.
#[derive(Debug)]
pub(crate) struct Arrival {
    pub(crate) at: Timestamp,
    pub(crate) origin: Origin,
    pub(crate) route: Lookup,
    /// The client wants the head of the answer only.
    pub(crate) is_head: bool,
    /// What use cases of the request noticed.
    pub(crate) suspicions: Suspicions,
}

/// Marks a request that only asks what would happen.
#[derive(Clone, Copy, Debug)]
pub(crate) struct DryRun;

/// Who the request's live session belongs to.
#[derive(Clone, Debug)]
pub(crate) struct Identity(pub(crate) Arc<Caller>);

/// The session key of a request whose cookie was signed by us; whether the session is alive is
/// another question.
pub(crate) fn key_of(session: &Session) -> Option<String> {
    session.get::<String>(SESSION_KEY).ok().flatten()
}

/// Under this name the state of a session holds its key.
pub(crate) const SESSION_KEY: &str = "key";

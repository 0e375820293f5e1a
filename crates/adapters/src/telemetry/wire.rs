//! How traces and errors leave the process: a small blocking client, on the threads that the two have
//! for themselves. What cannot be reached is said once in a while, never for each attempt.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use parking_lot::Mutex;
use ureq::{
    Agent, Body, SendBody,
    http::{Request, Response},
    middleware::{Middleware, MiddlewareNext},
};

/// A client that watches how its requests end.
pub(super) fn agent(what: &'static str, failures: &'static str) -> Agent {
    let watch = Watch { what, failures, said: Arc::default() };
    Agent::config_builder()
        .timeout_global(Some(TIME_LIMIT))
        .http_status_as_error(false)
        // Neither a collector nor a Sentry moves; a redirect would carry what is sent elsewhere.
        .max_redirects(0)
        .max_redirects_will_error(false)
        .middleware(watch)
        .build()
        .into()
}

/// From looking up the name to the last byte of the answer.
pub(super) const TIME_LIMIT: Duration = Duration::from_secs(5);

/// How often an outage that goes on is said again.
const SAID_EVERY: Duration = Duration::from_secs(600);

struct Watch {
    what: &'static str,
    /// The metric that counts requests that failed.
    failures: &'static str,
    said: Arc<Mutex<Said>>,
}

/// What the log knows.
#[derive(Default)]
struct Said {
    /// When it was last told of an outage that goes on.
    at: Option<Instant>,
    /// Failures since then.
    unsaid: u64,
}

impl Middleware for Watch {
    fn handle(
        &self,
        request: Request<SendBody<'_>>,
        next: MiddlewareNext<'_>,
    ) -> Result<Response<Body>, ureq::Error> {
        let result = next.handle(request);
        match &result {
            // A collector or Sentry that has enough for now is one that works.
            Ok(answer) if answer.status().is_success() || answer.status() == 429 => self.worked(),
            Ok(answer) => self.failed(&format_args!("answered {}", answer.status().as_u16())),
            Err(error) => self.failed(error),
        }
        result
    }
}

impl Watch {
    fn worked(&self) {
        let mut said = self.said.lock();
        if said.at.take().is_some() {
            said.unsaid = 0;
            tracing::info!("{} are sent again", self.what);
        }
    }

    fn failed(&self, why: &dyn std::fmt::Display) {
        metrics::counter!(self.failures).increment(1);
        let mut said = self.said.lock();
        said.unsaid += 1;
        if said.at.is_none_or(|at| at.elapsed() >= SAID_EVERY) {
            said.at = Some(Instant::now());
            let failures = std::mem::take(&mut said.unsaid);
            tracing::warn!(error = %why, failures, "{} cannot be sent", self.what);
        }
    }
}

//! The ports the HTTP layer needs for itself; what its handlers call is in [`crate::domains`].

use std::sync::Arc;

use almoner_kernel::{
    Answers, Batches, Caller, Clock, Context, Feed, Ids, SecurityEventKind, Signals, StoreError,
    Timestamp,
};
use async_trait::async_trait;
use metrics_exporter_prometheus::PrometheusHandle;
use tracing::Span;

use crate::{health::Readiness, kit::client::TraceParent};

/// What the HTTP layer needs itself.
pub struct Services {
    /// Reads the time once for each request.
    pub clock: Arc<dyn Clock>,
    /// Makes request ids.
    pub ids: Arc<dyn Ids>,
    /// Says who a session key belongs to.
    pub callers: Arc<dyn Callers>,
    /// The kept answers of requests with an `Idempotency-Key`.
    pub answers: Arc<dyn Answers>,
    /// What was committed, in order: live lists read it.
    pub feed: Arc<dyn Feed>,
    /// What other instances tell of rooms.
    pub signals: Arc<dyn Signals>,
    /// Opens batches.
    pub batches: Arc<dyn Batches>,
    /// Writes down what was refused.
    pub refusals: Arc<dyn Refusals>,
    /// Says whether the server can work.
    pub readiness: Arc<dyn Readiness>,
    /// Renders the metrics; absent where none are recorded.
    pub metrics: Option<PrometheusHandle>,
    /// Follows requests; absent where nothing is traced.
    pub traces: Option<Arc<dyn Traces>>,
}

/// Follows requests from one system to the next.
pub trait Traces: Send + Sync {
    /// Lets a request's span begin a trace, or continue its parent's; the trace's id, 32 hexadecimal
    /// digits, unless nothing traces the span.
    fn begin(&self, request: &Span, parent: Option<TraceParent>) -> Option<String>;
}

/// Who a session key belongs to: asked once for each request with a session cookie.
#[async_trait]
pub trait Callers: Send + Sync {
    /// The user of a session that is alive at `at`; none when it is unknown, expired or revoked.
    ///
    /// # Errors
    /// When the session is not in memory and storage cannot be read.
    async fn caller_of(&self, key: &str, at: Timestamp) -> Result<Option<Arc<Caller>>, StoreError>;

    /// The same of many keys at once, each answered in its place, without using the sessions: who only
    /// listens lets them time out.
    ///
    /// # Errors
    /// As [`Self::caller_of`].
    async fn look(
        &self,
        keys: &[Arc<str>],
        at: Timestamp,
    ) -> Result<Vec<Option<Arc<Caller>>>, StoreError>;
}

/// Writes down that a request was refused, as a security event. A failure to write is logged by the
/// implementation: the caller is refused either way.
#[async_trait]
pub trait Refusals: Send + Sync {
    /// Writes one event. `detail` names the route and the missing permission, never a value.
    async fn record(&self, cx: &Context, kind: SecurityEventKind, detail: String);
}

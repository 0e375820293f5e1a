//! The ports the HTTP layer needs for itself; what its handlers call is in [`crate::domains`].

use std::sync::Arc;

use almoner_kernel::{
    Answers, Batches, Caller, Clock, Context, Ids, SecurityEventKind, StoreError, Timestamp,
};
use async_trait::async_trait;
use metrics_exporter_prometheus::PrometheusHandle;

use crate::health::Readiness;

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
    /// Opens batches.
    pub batches: Arc<dyn Batches>,
    /// Writes down what was refused.
    pub refusals: Arc<dyn Refusals>,
    /// Says whether the server can work.
    pub readiness: Arc<dyn Readiness>,
    /// Renders the metrics; absent where none are recorded.
    pub metrics: Option<PrometheusHandle>,
}

/// Who a session key belongs to: asked once for each request with a session cookie.
#[async_trait]
pub trait Callers: Send + Sync {
    /// The user of a session that is alive at `at`; none when it is unknown, expired or revoked.
    ///
    /// # Errors
    /// When the session is not in memory and storage cannot be read.
    async fn caller_of(&self, key: &str, at: Timestamp) -> Result<Option<Arc<Caller>>, StoreError>;
}

/// Writes down that a request was refused, as a security event. A failure to write is logged by the
/// implementation: the caller is refused either way.
#[async_trait]
pub trait Refusals: Send + Sync {
    /// Writes one event. `detail` names the route and the missing permission, never a value.
    async fn record(&self, cx: &Context, kind: SecurityEventKind, detail: String);
}

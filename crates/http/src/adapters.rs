//! The ports of [`crate::services`] that a domain answers already.

use std::sync::Arc;

use almoner_accounts::{Sessions, session::SessionKey};
use almoner_audit::Audit;
use almoner_kernel::{Caller, Context, SecurityEventKind, StoreError, Timestamp};
use async_trait::async_trait;

use crate::{
    kit::problem::Chain,
    services::{Callers, Refusals},
};

/// Session keys, judged by the accounts domain.
pub struct LiveCallers(pub Sessions);

#[async_trait]
impl Callers for LiveCallers {
    async fn caller_of(&self, key: &str, at: Timestamp) -> Result<Option<Arc<Caller>>, StoreError> {
        let Some(key) = SessionKey::parse(key) else { return Ok(None) };
        let live = self.0.resolve(&key, at).await?;
        Ok(live.map(|live| Arc::clone(&live.caller)))
    }

    async fn look(
        &self,
        keys: &[Arc<str>],
        at: Timestamp,
    ) -> Result<Vec<Option<Arc<Caller>>>, StoreError> {
        let hash = |key: &Arc<str>| SessionKey::parse(key).map(|key| key.hash());
        let hashes: Vec<_> = keys.iter().map(hash).collect();
        let alive = self.0.look(hashes.iter().flatten().copied(), at).await?;
        let caller = |hash| alive.get(&hash).map(|live| Arc::clone(&live.caller));
        Ok(hashes.into_iter().map(|hash| hash.and_then(caller)).collect())
    }
}

/// Refusals, written to the security events.
pub struct TrailRefusals(pub Audit);

#[async_trait]
impl Refusals for TrailRefusals {
    async fn record(&self, cx: &Context, kind: SecurityEventKind, detail: String) {
        // That somebody was refused is true of a dry run too.
        let cx = Context { dry_run: false, ..cx.clone() };
        if let Err(error) = self.0.record_refusal(&cx, kind, Some(detail)).await {
            tracing::error!(error = %Chain(&error), "a refusal could not be written down");
        }
    }
}

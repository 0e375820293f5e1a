//! `POST /{resource}/batch`: many changes of one kind of record in one request, stored together or
//! each on its own, and flushed once.

mod document;
mod items;
mod results;
mod turn;

use std::sync::Arc;

use actix_web::{HttpMessage, HttpRequest, http::StatusCode, web::Data};
use almoner_kernel::{Context, Fields, SecurityEvent, SecurityEventKind, Trail};
use almoner_records::{Kind, Served};
use serde::Deserialize;
use serde_json::{Value, value::RawValue};
use utoipa::{IntoParams, ToSchema};

pub(crate) use self::{
    document::{
        BatchBody, BatchCreate, BatchDelete, BatchUpdate, about, mixed_example, results_example,
    },
    items::Items,
    results::{BatchResult, BatchResults},
    turn::AtWork,
};
use self::{
    items::{Op, change},
    results::{all_or_none, is_forbidden},
    turn::AtWorkGuard,
};
use crate::{
    kit::{
        answer::Answer,
        problem::{Problem, registry},
        query::Params,
        replay, words,
    },
    middleware::gate,
    services::Services,
    site::Site,
};

/// The parameters of every batch.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct BatchParams {
    /// `atomic` stores all items or none. `each` stores what can be stored, and answers 207.
    #[param(inline, nullable = false, example = "each")]
    mode: Option<BatchMode>,
}

/// What becomes of the others when an item fails.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum BatchMode {
    /// All items are stored, or none.
    #[default]
    Atomic,
    /// Each item is stored that can be.
    Each,
}

impl Params for BatchParams {
    type Query = BatchMode;

    fn read(self, _: &mut Fields) -> Option<BatchMode> {
        Some(self.mode.unwrap_or_default())
    }
}

/// Carries a batch out, and answers for all of its items.
///
/// # Errors
/// 403 when the caller may do nothing of it; 429 while another batch of theirs is under way, or when
/// their quota of items has no room for it; `batch_failed` when an item of an atomic batch failed;
/// whatever made it impossible to go on. Nothing is stored then.
pub(crate) async fn run(
    cx: &Context,
    req: &HttpRequest,
    served: &dyn Served,
    services: &Services,
    mode: BatchMode,
    items: Items,
) -> Result<Answer, Problem> {
    let site = req.app_data::<Data<Site>>().ok_or_else(|| Problem::new(registry::INTERNAL))?;
    may_do_some(served.kind(), cx, mode, &items.0)?;
    let carry_out = async |cx: &Context| {
        let caller = cx.caller()?;
        // The turn first: a batch that is only refused for now costs nothing.
        let turn = site.batches.begin(caller.user_id)?;
        if let Some(spent) = site.limits.count_items(caller, items.0.len())? {
            req.extensions_mut().insert(spent);
        }
        let outcome = carry_out(cx, req, served, services, mode, items.0).await;
        if outcome.is_err() && !cx.dry_run {
            write_down_collisions(cx, req, services, turn).await;
        }
        outcome
    };
    let status = match mode {
        BatchMode::Atomic => StatusCode::OK,
        BatchMode::Each => StatusCode::MULTI_STATUS,
    };
    replay::run(cx, req, carry_out, move |outcome: &Outcome| Answer::with(status, outcome)).await
}

type Outcome = BatchResults<Box<RawValue>>;

async fn carry_out(
    cx: &Context,
    req: &HttpRequest,
    served: &dyn Served,
    services: &Services,
    mode: BatchMode,
    items: Vec<Value>,
) -> Result<Outcome, Problem> {
    // The answer is kept for the batch, not for its items.
    let of_item = Context { replay: None, ..cx.clone() };
    let batch = services.batches.open().await?;
    let mut results = Vec::with_capacity(items.len());
    for (index, item) in items.into_iter().enumerate() {
        let mut result = Err(Problem::new(registry::INTERNAL));
        let item = async { result = change(&of_item, served, item).await };
        batch.run(Box::pin(item)).await;
        results.push(result.map_err(|problem| problem.within(&format!("/items/{index}"))));
        if matches!(results.last(), Some(Err(problem)) if problem.is_of_server()) {
            // It would not fare better with the others.
            return results.pop().map_or_else(
                || Err(Problem::new(registry::INTERNAL)),
                |last| last.map(|_| BatchResults { items: Vec::new() }),
            );
        }
        // Others have requests too.
        tokio::task::yield_now().await;
    }
    if mode == BatchMode::Atomic {
        all_or_none(&results)?;
    }
    let forbidden = results.iter().filter_map(|result| result.as_ref().err()).find(is_forbidden);
    let forbidden = forbidden.map(ToString::to_string);
    let outcome = BatchResults { items: results.into_iter().map(BatchResult::of).collect() };
    let mut trail = Trail::of(cx).answering(cx, &outcome);
    if !cx.dry_run {
        // Stored with the items: whoever hangs up now finds in the records what the answer says.
        for kind in cx.suspicions.take() {
            let detail = gate::at_route(req, &words::values_out_of_scope(1_u32).to_string());
            let user_id = cx.user_id();
            trail = trail.security(SecurityEvent { kind, user_id, detail: Some(detail) });
        }
    }
    batch.commit(trail).await?;
    if let Some(detail) = forbidden {
        // The answer as a whole is no refusal, so nobody else notes it.
        services.refusals.record(cx, SecurityEventKind::AccessDenied, detail).await;
    }
    Ok(outcome)
}

/// Writes down what a batch that was taken back told of values outside the caller's scope, before their
/// next batch begins. Whoever hangs up meanwhile has seen from their records how it ended: it goes on
/// without them.
async fn write_down_collisions(
    cx: &Context,
    req: &HttpRequest,
    services: &Services,
    turn: AtWorkGuard,
) {
    let noted = cx.suspicions.take();
    if noted.is_empty() {
        return;
    }
    let detail = gate::at_route(req, &words::values_out_of_scope(1_u32).to_string());
    let (cx, refusals) = (cx.clone(), Arc::clone(&services.refusals));
    let written = actix_web::rt::spawn(async move {
        for kind in noted {
            refusals.record(&cx, kind, detail.clone()).await;
        }
        drop(turn);
    });
    if let Err(error) = written.await {
        tracing::error!(%error, "what a batch told could not be written down");
    }
}

/// Refuses a batch whose items the caller's role does not allow: all of them, or one that cannot be
/// left out.
fn may_do_some(kind: &Kind, cx: &Context, mode: BatchMode, items: &[Value]) -> Result<(), Problem> {
    let may = &kind.permissions;
    let [create, update, delete] =
        [may.create, may.update, may.delete].map(|permission| cx.permit(permission));
    let mut refused = None;
    for op in items.iter().filter_map(Op::of) {
        let allowed = match op {
            Op::Create => create,
            Op::Update => update,
            Op::Delete => delete,
        };
        match allowed {
            Err(denied) => refused = Some(denied),
            Ok(_) if mode == BatchMode::Each => return Ok(()),
            Ok(_) => {}
        }
    }
    refused.map_or(Ok(()), |denied| Err(denied.into()))
}

//! `POST /{resource}/batch`: many changes of one kind of record in one request, stored together or
//! each on its own, and flushed once.

mod document;
mod operation;
mod turn;

use std::{future::Future, pin::Pin, sync::Arc};

use actix_web::{
    FromRequest, HttpMessage, HttpRequest, ResponseError, dev::Payload, http::StatusCode, web::Data,
};
use almoner_kernel::{
    Context, FieldError, Fields, Id, Invalid, Permission, SecurityEvent, SecurityEventKind, Trail,
    Version,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use serde_json::{Value, value::RawValue};
use utoipa::{IntoParams, ToSchema};

use self::turn::AtWorkGuard;
pub(crate) use self::{
    document::{BatchBody, mixed_example, request_example, results_example},
    operation::batch_operation,
    turn::AtWork,
};
use crate::{
    answer::Answer,
    body::{self, AnyText, Body},
    domains::Domains,
    middleware::gate,
    problem::{Problem, ProblemBody, registry},
    query::Params,
    replay,
    resources::shared,
    services::Services,
    site::Site,
    words,
};

/// Items a batch has at the most.
pub const MAX_ITEMS: usize = 1_000;

/// A kind of record that can be changed in batches: one call of a use case for each operation.
pub(crate) trait Batched: 'static {
    /// The id of a record.
    type Entity: Send;
    /// What a record is made of.
    type New: DeserializeOwned + Send;
    /// What is changed of a record.
    type Patch: DeserializeOwned + Send;
    /// The permissions to create, update and delete.
    const PERMISSIONS: [Permission; 3];

    /// Creates a record: 201.
    fn create(
        domains: &Domains,
        cx: &Context,
        body: Body<Self::New>,
    ) -> impl Future<Output = Result<Answer, Problem>> + Send;

    /// Changes a record: 200.
    fn update(
        domains: &Domains,
        cx: &Context,
        id: Id<Self::Entity>,
        expected: Version,
        body: Body<Self::Patch>,
    ) -> impl Future<Output = Result<Answer, Problem>> + Send;

    /// Puts a record in the trash: 204.
    fn delete(
        domains: &Domains,
        cx: &Context,
        id: Id<Self::Entity>,
        expected: Version,
    ) -> impl Future<Output = Result<Answer, Problem>> + Send;
}

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

/// What became of each item, in their order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BatchResults<T> {
    /// One result for each item.
    #[schema(min_items = 1, max_items = 1000)]
    items: Vec<BatchResult<T>>,
}

/// What became of one item.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BatchResult<T> {
    /// The status it would have been answered with alone.
    #[schema(minimum = 200, maximum = 499, example = 201)]
    status: u16,
    /// Where a new record is.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(
        nullable = false,
        min_length = 1,
        max_length = 200,
        pattern = "^/api/v1/[a-z]+/[0-9a-f-]+$",
        example = "/api/v1/donors/019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11"
    )]
    location: Option<String>,
    /// The record as it is now; absent when it was deleted, or when the item failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    record: Option<T>,
    /// Why the item failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<crate::problem::ProblemBody>)]
    problem: Option<ProblemBody>,
}

/// The items of a request, each read when its turn comes.
#[derive(Debug)]
pub(crate) struct Items(Vec<Value>);

/// The envelope of the items.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Envelope {
    items: Option<Vec<Value>>,
}

impl FromRequest for Items {
    type Error = Problem;
    type Future = Pin<Box<dyn Future<Output = Result<Self, Problem>>>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let body = AnyText::<Envelope>::from_request(req, payload);
        Box::pin(async move {
            let AnyText(Body { value, mut fields }) = body.await?;
            let items = fields.required("/items", value.items, |items| match items.len() {
                1..=MAX_ITEMS => Ok(items),
                _ => Err(almoner_kernel::fault::Unfit::new(
                    "range",
                    words::items_out_of_range(MAX_ITEMS as i64),
                )),
            });
            Ok(Self(fields.finish(items)?))
        })
    }
}

/// An item without the fields of its record.
#[derive(Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Head {
    op: Option<Op>,
    id: Option<String>,
    version: Option<i64>,
    value: Option<Value>,
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Op {
    Create,
    Update,
    Delete,
}

impl Op {
    /// What an item asks for, as far as it can be told without reading all of it.
    fn of(item: &Value) -> Option<Self> {
        Self::deserialize(item.get("op")?).ok()
    }
}

/// Carries a batch out, and answers for all of its items.
///
/// # Errors
/// 403 when the caller may do nothing of it; 429 while another batch of theirs is under way, or when
/// their quota of items has no room for it; `batch_failed` when an item of an atomic batch failed;
/// whatever made it impossible to go on. Nothing is stored then.
pub(crate) async fn run<B: Batched>(
    cx: &Context,
    req: &HttpRequest,
    domains: &Domains,
    services: &Services,
    mode: BatchMode,
    items: Items,
) -> Result<Answer, Problem> {
    let site = req.app_data::<Data<Site>>().ok_or_else(|| Problem::new(registry::INTERNAL))?;
    let carry_out = async |cx: &Context| {
        may_do_some::<B>(cx, mode, &items.0)?;
        let caller = cx.caller()?;
        // The turn first: a batch that is only refused for now costs nothing.
        let turn = site.batches.begin(caller.user_id)?;
        if let Some(spent) = site.limits.count_items(caller, items.0.len())? {
            req.extensions_mut().insert(spent);
        }
        let outcome = carry_out::<B>(cx, req, domains, services, mode, items.0).await;
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

async fn carry_out<B: Batched>(
    cx: &Context,
    req: &HttpRequest,
    domains: &Domains,
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
        let item = async { result = change::<B>(&of_item, domains, item).await };
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
fn may_do_some<B: Batched>(cx: &Context, mode: BatchMode, items: &[Value]) -> Result<(), Problem> {
    let [create, update, delete] = B::PERMISSIONS.map(|permission| cx.permit(permission));
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

/// Carries one item out.
async fn change<B: Batched>(
    cx: &Context,
    domains: &Domains,
    item: Value,
) -> Result<Answer, Problem> {
    if !item.is_object() {
        return Err(Invalid::one(FieldError::new("", "type", words::must_be_an_object())).into());
    }
    let (head, errors) = body::recovered::<Head>(item)?;
    let mut fields = Fields::with(errors);
    let op = fields.required("/op", head.op, Ok);
    let is_create = op == Some(Op::Create);
    let unwanted = |is_there: bool, pointer, fields: &mut Fields| {
        if is_there {
            fields.wrong(FieldError::new(pointer, "unknown_field", words::not_a_known_field()));
        }
    };
    let (mut id, mut version) = (None, None);
    match is_create {
        true => {
            unwanted(head.id.is_some(), "/id", &mut fields);
            unwanted(head.version.is_some(), "/version", &mut fields);
        }
        false => {
            id = fields.required("/id", head.id, shared::id::<B::Entity>);
            version =
                fields.required("/version", head.version, |version| Ok(Version::new(version)));
        }
    }
    let value = match op {
        Some(Op::Delete) => {
            unwanted(head.value.is_some(), "/value", &mut fields);
            None
        }
        _ => fields.required("/value", head.value, Ok),
    };
    match (op, id.zip(version), value) {
        (Some(Op::Create), _, Some(value)) => {
            fields.finish(Some(()))?;
            within_value(B::create(domains, cx, read(value)?).await)
        }
        (Some(Op::Update), Some((id, expected)), Some(value)) => {
            fields.finish(Some(()))?;
            within_value(B::update(domains, cx, id, expected, read(value)?).await)
        }
        (Some(Op::Delete), Some((id, expected)), _) => {
            fields.finish(Some(()))?;
            B::delete(domains, cx, id, expected).await
        }
        _ => Err(fields
            .finish(None::<()>)
            .map_or_else(Problem::from, |()| Problem::new(registry::INTERNAL))),
    }
}

fn read<T: DeserializeOwned>(mut value: Value) -> Result<Body<T>, Problem> {
    if !value.is_object() {
        return Err(
            Invalid::one(FieldError::new("/value", "type", words::must_be_an_object())).into()
        );
    }
    let mut complaints = body::without_nul(&mut value);
    match body::recovered::<T>(value) {
        Ok((value, errors)) => {
            complaints.extend(errors);
            Ok(Body { value, fields: Fields::with(complaints) })
        }
        Err(invalid) => Err(Problem::from(invalid).within("/value")),
    }
}

fn within_value(answer: Result<Answer, Problem>) -> Result<Answer, Problem> {
    answer.map_err(|problem| problem.within("/value"))
}

/// Fails the whole batch with every complaint about every item.
fn all_or_none(results: &[Result<Answer, Problem>]) -> Result<(), Problem> {
    let failed = results.iter().enumerate();
    let failed: Vec<(usize, &Problem)> =
        failed.filter_map(|(at, result)| Some((at, result.as_ref().err()?))).collect();
    if failed.is_empty() {
        return Ok(());
    }
    let number = |count: usize| i64::try_from(count).unwrap_or(i64::MAX);
    let detail = words::items_failed(number(failed.len()), number(results.len()));
    let fields = failed.iter().flat_map(|(at, problem)| problem.as_fields(&format!("/items/{at}")));
    Err(Problem::new(registry::BATCH_FAILED).detail(detail).fields(fields.collect()))
}

fn is_forbidden(problem: &&Problem) -> bool {
    problem.status_code() == StatusCode::FORBIDDEN
}

impl BatchResult<Box<RawValue>> {
    fn of(result: Result<Answer, Problem>) -> Self {
        match result {
            Ok(answer) => {
                let (status, location, record) = answer.into_parts();
                Self { status, location, record, problem: None }
            }
            Err(problem) => {
                let problem = problem.body();
                Self {
                    status: problem.status,
                    location: None,
                    record: None,
                    problem: Some(problem),
                }
            }
        }
    }
}

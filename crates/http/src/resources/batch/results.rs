//! What became of the items of a batch.

use actix_web::{ResponseError, http::StatusCode};
use serde::Serialize;
use serde_json::value::RawValue;
use utoipa::ToSchema;

use crate::kit::{
    answer::Answer,
    problem::{Problem, ProblemBody, registry},
    words,
};

/// What became of each item, in their order.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct BatchResults<T> {
    /// One result for each item.
    #[schema(min_items = 1, max_items = 1000)]
    pub(super) items: Vec<BatchResult<T>>,
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
        pattern = "^/api/v1/[a-z-]+/[0-9a-f-]+$",
        example = "/api/v1/donors/019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11"
    )]
    location: Option<String>,
    /// The record as it is now; absent when it was deleted, or when the item failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false)]
    record: Option<T>,
    /// Why the item failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(nullable = false, value_type = Option<crate::kit::problem::ProblemBody>)]
    problem: Option<ProblemBody>,
}

impl BatchResult<Box<RawValue>> {
    pub(super) fn of(result: Result<Answer, Problem>) -> Self {
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

/// Fails the whole batch with every complaint about every item.
pub(super) fn all_or_none(results: &[Result<Answer, Problem>]) -> Result<(), Problem> {
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

pub(super) fn is_forbidden(problem: &&Problem) -> bool {
    problem.status_code() == StatusCode::FORBIDDEN
}

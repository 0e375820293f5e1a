//! Many records of a kind in one request.

use actix_web::{HttpRequest, web::Data};

use super::ThisServed;
use crate::{
    Answer, Cx, Problem, StrictQuery,
    resources::batch::{self, BatchParams, Items},
    services::Services,
};

pub(super) async fn batch(
    cx: Cx,
    req: HttpRequest,
    served: ThisServed,
    services: Data<Services>,
    mode: StrictQuery<BatchParams>,
    items: Items,
) -> Result<Answer, Problem> {
    batch::run(&cx, &req, &*served, &services, mode.0, items).await
}

//! Donors, campaigns and donations: bodies and parameters into commands, every complaint with its
//! place, and what the document promises of them.

mod campaigns;
mod document;
mod donations;
mod donors;

use actix_web::{FromRequest, http::Method, test::TestRequest};
use almoner_kernel::{Currency, Invalid, Money, Region};
use serde::de::DeserializeOwned;
use serde_json::Value;

use crate::{Body, Params, StrictQuery};

/// What the extractor of a handler makes of a body.
async fn body<T: DeserializeOwned + 'static>(body: Value) -> Body<T> {
    let request = TestRequest::default()
        .method(Method::PATCH)
        .insert_header(("Content-Type", "application/json"))
        .set_payload(body.to_string());
    let (request, mut payload) = request.to_http_parts();
    Body::from_request(&request, &mut payload).await.unwrap()
}

/// What the extractor of a handler makes of a query string; name and code of every complaint.
async fn query<P: Params>(query: &str) -> Result<P::Query, Vec<(String, String)>> {
    let request = TestRequest::default().uri(&format!("/?{query}")).to_http_request();
    let read = StrictQuery::<P>::extract(&request).await;
    read.map(|query| query.0).map_err(|problem| {
        assert_eq!(problem.code(), "bad_request");
        let errors = problem.body().errors.into_iter();
        let mut errors: Vec<_> =
            errors.map(|error| (error.parameter.unwrap(), error.code.into_owned())).collect();
        errors.sort();
        errors
    })
}

/// Pointer and code of every complaint.
#[track_caller]
fn wrong<T>(read: Result<T, Invalid>) -> Vec<(String, &'static str)> {
    let Err(Invalid(errors)) = read else { panic!("nothing is wrong") };
    let mut errors: Vec<_> = errors.into_iter().map(|error| (error.pointer, error.code)).collect();
    errors.sort();
    errors
}

/// Place and code, as the functions above give them.
fn places<C: From<&'static str>>(pairs: &[(&str, &'static str)]) -> Vec<(String, C)> {
    pairs.iter().map(|(place, code)| ((*place).to_owned(), C::from(code))).collect()
}

fn region() -> Region {
    Region::parse("TR").unwrap()
}

fn lira(minor: i64) -> Money {
    Money::from_minor(minor, Currency::parse("TRY").unwrap())
}

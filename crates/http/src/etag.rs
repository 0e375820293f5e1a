//! Optimistic concurrency: the version of a record is its `ETag`, and a change names the version it
//! was made from.

use std::future::{Ready, ready};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::header::{self, HeaderName},
};
use almoner_kernel::Version;
use utoipa::IntoParams;

use crate::problem::{Problem, registry};

/// The version the client made its change from: 428 when it does not say, 400 when it says `*`, a
/// weak tag, a list or something else that is not one version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IfMatch(pub Version);

/// Documents [`IfMatch`]: write it in `params(…)`.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "only its documentation is used")]
pub struct IfMatchParam {
    /// The `ETag` of the record as it was read.
    #[param(rename = "If-Match", required = true, example = "\"3\"")]
    if_match: String,
}

/// The version the client has already, if it has one. Anything that is not one of our tags matches
/// nothing, as RFC 9110 has it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct IfNoneMatch(Vec<Version>);

/// Documents [`IfNoneMatch`]: write it in `params(…)`.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "only its documentation is used")]
pub struct IfNoneMatchParam {
    /// The `ETag` of the record as it is known: the answer is 304 when it has not changed.
    #[param(rename = "If-None-Match", required = false, example = "\"3\"")]
    if_none_match: Option<String>,
}

/// The `ETag` of a version.
pub fn of(version: Version) -> String {
    format!("\"{version}\"")
}

impl IfNoneMatch {
    /// True when the client has this version already.
    pub fn has(&self, version: Version) -> bool {
        self.0.contains(&version)
    }
}

impl FromRequest for IfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let tags = tags(req, &header::IF_MATCH);
        ready(match tags.as_slice() {
            [] => Err(Problem::new(registry::PRECONDITION_REQUIRED)
                .detail("send the ETag you read as If-Match")),
            [tag] => parse(tag).map(Self).ok_or_else(not_a_version),
            _ => Err(not_a_version()),
        })
    }
}

impl FromRequest for IfNoneMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let tags = tags(req, &header::IF_NONE_MATCH);
        // Comparison is weak here: our own compression may have weakened the tag on its way.
        let versions = tags.iter().filter_map(|tag| parse(tag.trim_start_matches("W/")));
        ready(Ok(Self(versions.collect())))
    }
}

fn not_a_version() -> Problem {
    Problem::bad_request("If-Match must be the ETag of one version, such as \"3\"")
}

fn tags(req: &HttpRequest, name: &HeaderName) -> Vec<String> {
    let values = req.headers().get_all(name);
    let text = |value: &header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    values
        .map(text)
        .flat_map(|text| text.split(',').map(|tag| tag.trim().to_owned()).collect::<Vec<_>>())
        .collect()
}

fn parse(tag: &str) -> Option<Version> {
    let digits = tag.strip_prefix('"')?.strip_suffix('"')?;
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    digits.parse().ok().filter(|_| is_plain).map(Version::new)
}

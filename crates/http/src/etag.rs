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

use crate::{
    problem::{Problem, registry},
    words,
};

/// The version the client made its change from: 428 when it does not say, 400 when it says `*`, a
/// list or something else that is not one version.
///
/// A weak tag is the same version: RFC 9110 compares strongly here because a weak tag may stand for
/// bytes that differ, but ours name the version of a record, and only a proxy that compresses the
/// answer on its way has weakened it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IfMatch(pub Version);

/// Documents [`IfMatch`]: write it in `params(…)`.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "only its documentation is used")]
pub struct IfMatchParam {
    /// The `ETag` of the record as it was read.
    #[param(format = "version", rename = "If-Match", required = true, example = "\"3\"")]
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
    #[param(
        format = "known_version",
        nullable = false,
        rename = "If-None-Match",
        required = false,
        example = "\"3\""
    )]
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
            [] => {
                Err(Problem::new(registry::PRECONDITION_REQUIRED).detail(words::if_match_missing()))
            }
            [tag] => parse_either(tag).map(Self).ok_or_else(not_a_version),
            _ => Err(not_a_version()),
        })
    }
}

impl FromRequest for IfNoneMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let tags = tags(req, &header::IF_NONE_MATCH);
        ready(Ok(Self(tags.iter().filter_map(|tag| parse_either(tag)).collect())))
    }
}

fn not_a_version() -> Problem {
    Problem::bad_request(words::if_match_not_a_version())
}

fn tags(req: &HttpRequest, name: &HeaderName) -> Vec<String> {
    let values = req.headers().get_all(name);
    let text = |value: &header::HeaderValue| String::from_utf8_lossy(value.as_bytes()).into_owned();
    values
        .map(text)
        .flat_map(|text| text.split(',').map(|tag| tag.trim().to_owned()).collect::<Vec<_>>())
        .collect()
}

/// Parses a tag, strong or weak: compression may have weakened it on its way.
fn parse_either(tag: &str) -> Option<Version> {
    parse(tag.strip_prefix("W/").unwrap_or(tag))
}

fn parse(tag: &str) -> Option<Version> {
    let digits = tag.strip_prefix('"')?.strip_suffix('"')?;
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    // A number beyond all versions is one all the same: no record has it.
    (is_plain && !digits.is_empty()).then(|| Version::new(digits.parse().unwrap_or(i64::MAX)))
}

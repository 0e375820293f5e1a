//! What the resources read and show alike: ids, days and instants, words to search for, the version
//! an action may name, and `purge`.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, http::header};
use almoner_kernel::{
    Fields, Id, PhoneNumber, Region, Timestamp, Version, fault::Unfit, text, words::too_short,
};
use chrono::{NaiveDate, SecondsFormat};
use serde::{Deserialize, Deserializer};
use utoipa::IntoParams;

use crate::kit::{etag::IfMatch, problem::Problem, query::Params};

/// An instant as every answer shows it: RFC 3339 in UTC with milliseconds.
pub(crate) fn instant(at: Timestamp) -> String {
    at.to_rfc3339_opts(SecondsFormat::Millis, true)
}

/// Parses a day, `YYYY-MM-DD` and nothing like it.
///
/// # Errors
/// `date`.
pub(crate) fn day(text: String) -> Result<NaiveDate, Unfit> {
    almoner_records::values::day(&text)
}

/// Parses an id in the usual form; braces, URNs and bare digits would be aliases.
///
/// # Errors
/// `uuid`.
pub(crate) fn id<E>(text: String) -> Result<Id<E>, Unfit> {
    almoner_records::reference::id(&text)
}

/// Parses the words of `q`.
///
/// # Errors
/// As [`text::line`].
pub(crate) fn words(q: String) -> Result<String, Unfit> {
    text::line(&q, MAX_SEARCH)
}

/// Characters `q` has at the most: as many as the longest name.
pub(crate) const MAX_SEARCH: usize = 200;

/// Parses a phone number.
///
/// # Errors
/// As [`text::line`], and `phone`.
pub(crate) fn phone(text: String, region: Region) -> Result<PhoneNumber, Unfit> {
    PhoneNumber::parse(&text::line(&text, MAX_PHONE)?, region)
}

/// Characters a phone number has at the most as it is typed: 15 digits, freely grouped.
pub(crate) const MAX_PHONE: usize = 64;

/// Parses a text of `min` to `max` characters that says why something is done; white space around it is
/// no part of why.
///
/// # Errors
/// As [`text::free_text`], and `too_short`.
pub(crate) fn reason(text: String, min: usize, max: usize) -> Result<String, Unfit> {
    let reason = text::free_text(&text, max)?;
    match reason.chars().count() < min {
        true => Err(Unfit::new("too_short", too_short(min))),
        false => Ok(reason),
    }
}

/// Reads an optional field that may be absent but not `null`.
///
/// # Errors
/// As `T`, and for `null`.
pub(crate) fn given<'de, T, D>(deserializer: D) -> Result<Option<T>, D::Error>
where
    T: Deserialize<'de>,
    D: Deserializer<'de>,
{
    T::deserialize(deserializer).map(Some)
}

/// The version an action was decided on: honoured when it is sent. 400 when it is not one version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OptionalIfMatch(pub(crate) Option<Version>);

/// Documents [`OptionalIfMatch`].
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "only its documentation is used")]
pub(crate) struct OptionalIfMatchParam {
    /// The `ETag` of the record the decision was made on, or its version alone: 412 when it has changed
    /// since. Without it the record is taken as it is.
    #[param(
        format = "version",
        rename = "If-Match",
        required = false,
        nullable = false,
        example = "\"3.q7Jx0cWn4Zk1VfYt8LmR2g\""
    )]
    if_match: Option<String>,
}

impl FromRequest for OptionalIfMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, payload: &mut Payload) -> Self::Future {
        if !req.headers().contains_key(header::IF_MATCH) {
            return ready(Ok(Self(None)));
        }
        let expected = IfMatch::from_request(req, payload).into_inner();
        ready(expected.map(|expected| Self(Some(expected.0))))
    }
}

/// How a record is deleted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Deletion {
    /// Into the trash.
    Trash,
    /// Out of the trash, for good.
    Purge,
}

/// The parameters of every DELETE of a record that has a trash.
#[derive(Debug, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub(crate) struct DeletionParams {
    /// Destroy a record that is in the trash already. It cannot be brought back.
    #[param(nullable = false, default = false, example = false)]
    purge: Option<bool>,
}

impl Params for DeletionParams {
    type Query = Deletion;

    fn read(self, _: &mut Fields) -> Option<Deletion> {
        Some(if self.purge.unwrap_or_default() { Deletion::Purge } else { Deletion::Trash })
    }
}

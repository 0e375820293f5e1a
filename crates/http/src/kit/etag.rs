//! Validators: what a client has of a record, told by its `ETag`, and held against what there is.
//!
//! A tag is `"<version>.<mark>"`. The mark is 22 characters of base64url: six that stand for the epoch
//! ([`almoner_kernel::Epoch`]) and sixteen (96 bits) of an HMAC over the version and the body as it is
//! shown, both under a key of the epoch.
//!
//! - **`If-Match` compares the version.** A change is made from what the record was; that a donor's
//!   name, which a donation shows, is another one now is no conflict. A bare `"3"` is a version too: of a
//!   record out of a list, which has no tag. A whole tag also says of which epoch it is, and one of
//!   another epoch names no version of this record: 412, with every field as one that may differ.
//! - **`If-None-Match` compares all of it.** What a record shows is more than its own fields: names of
//!   other records, fields that one reader may see and another not, what is computed. So two bodies with
//!   one version have two tags, and a bare `"3"`, which does not say which body, matches nothing.
//!
//! The HMAC has a key because a digest travels where a body does not: into logs of proxies and into
//! requests of other pages. Without the key nobody can try out which body it is of.
//!
//! Here the tags of every answer are made, when it is written ([`Tags::of`]): a kept answer that is given
//! again has the tag of the present epoch over the bytes that were kept.

use std::{
    fmt::Write,
    future::{Ready, ready},
    sync::Arc,
};

use actix_web::{
    FromRequest, HttpRequest,
    dev::Payload,
    http::header::{self, HeaderName},
    web::Data,
};
use almoner_kernel::{Epoch, Version};
use base64::{Engine, prelude::BASE64_URL_SAFE_NO_PAD};
use hmac::{Hmac, Mac};
use sha2::{Digest, Sha256};
use utoipa::IntoParams;
use uuid::Uuid;

use crate::{
    kit::{
        cursor,
        problem::{Problem, registry},
        words,
    },
    site::Site,
};

/// Makes the tags of one epoch, and tells them from those of others.
#[derive(Clone)]
pub struct Tags {
    keyed: Hmac<Sha256>,
    epoch: Arc<str>,
}

/// Characters that stand for the epoch: 36 bits, of a database that sees a handful of them.
const EPOCH: usize = 6;

/// Bytes of the digest: 16 characters.
const DIGEST: usize = 12;

/// Characters behind the point.
const MARK: usize = EPOCH + DIGEST / 3 * 4;

impl Tags {
    /// The tags of an epoch under the server's key.
    pub fn new(key: &[u8; 32], epoch: Epoch) -> Self {
        let key = of_epoch(key, b"etag", epoch);
        let keyed = cursor::hmac(&key);
        let name = keyed.clone().chain_update(b"epoch").finalize().into_bytes();
        let mut epoch = BASE64_URL_SAFE_NO_PAD.encode(name);
        epoch.truncate(EPOCH);
        Self { keyed, epoch: epoch.into() }
    }

    /// The tag of a version of a record that is shown as `body`.
    pub fn of(&self, version: Version, body: &str) -> String {
        let number = version.number().to_be_bytes();
        let keyed = self.keyed.clone().chain_update(b"body").chain_update(number);
        let digest = keyed.chain_update(body).finalize().into_bytes();
        let mut tag = String::with_capacity(2 + 20 + 1 + MARK);
        // Memory takes everything that is written to it.
        let _ = write!(tag, "\"{version}.{}", self.epoch);
        BASE64_URL_SAFE_NO_PAD.encode_string(&digest[..DIGEST], &mut tag);
        tag.push('"');
        tag
    }

    /// The version that a mark of this epoch stands beside; [`Version::ELSEWHERE`] for one of another.
    fn version(&self, version: Version, mark: &str) -> Version {
        if mark.starts_with(&*self.epoch) { version } else { Version::ELSEWHERE }
    }
}

/// What places in lists are of: another epoch whenever names are sorted otherwise, while records and their
/// versions stay what they were.
pub(crate) fn epoch_of_lists(epoch: Epoch, order: &str) -> Epoch {
    let digest = Sha256::new().chain_update(epoch.as_bytes()).chain_update(order).finalize();
    let mut id = [0; 16];
    id.copy_from_slice(&digest[..16]);
    Epoch::new(Uuid::from_bytes(id))
}

/// A key for one use within one epoch.
pub(crate) fn of_epoch(key: &[u8; 32], used_for: &[u8], epoch: Epoch) -> [u8; 32] {
    let keyed = cursor::hmac(key).chain_update(used_for).chain_update(epoch.as_bytes());
    keyed.finalize().into_bytes().into()
}

/// The version the client made its change from: 428 when it does not say, 400 when it says `*`, a
/// list or something else that is not one version. A tag of another epoch is a version that no record has.
///
/// A weak tag is the same version: RFC 9110 compares strongly here because a weak tag may stand for
/// bytes that differ, but only the version counts here, and only a proxy that compresses the answer on
/// its way has weakened the tag.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IfMatch(pub Version);

/// Documents [`IfMatch`]: write it in `params(…)`.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "only its documentation is used")]
pub struct IfMatchParam {
    /// The `ETag` of the record as it was read, or its version alone: only the version is compared. A
    /// whole `ETag` from before the database was restored is stale.
    #[param(
        format = "version",
        rename = "If-Match",
        required = true,
        example = "\"3.q7Jx0cWn4Zk1VfYt8LmR2g\""
    )]
    if_match: String,
}

/// The tags of what the client has already, without `W/`: compression may have weakened them on their
/// way. Anything that is not one of our tags matches nothing, as RFC 9110 has it.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct IfNoneMatch(Vec<String>);

/// Documents [`IfNoneMatch`]: write it in `params(…)`.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "only its documentation is used")]
pub struct IfNoneMatchParam {
    /// The `ETag` of the record as it is known, whole: the answer is 304 when it would be shown the
    /// same, with the names of other records in it.
    #[param(
        format = "known_version",
        nullable = false,
        rename = "If-None-Match",
        required = false,
        example = "\"3.q7Jx0cWn4Zk1VfYt8LmR2g\""
    )]
    if_none_match: Option<String>,
}

impl IfNoneMatch {
    /// True when the client has what this tag is of.
    pub fn has(&self, tag: &str) -> bool {
        self.0.iter().any(|known| known == tag)
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
            [tag] => match parse(bare(tag)) {
                None => Err(not_a_version()),
                Some((version, None)) => Ok(Self(version)),
                Some((version, Some(mark))) => match req.app_data::<Data<Site>>() {
                    Some(site) => Ok(Self(site.tags.version(version, mark))),
                    None => Err(Problem::new(registry::INTERNAL)),
                },
            },
            _ => Err(not_a_version()),
        })
    }
}

impl FromRequest for IfNoneMatch {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let tags = tags(req, &header::IF_NONE_MATCH);
        ready(Ok(Self(tags.iter().map(|tag| bare(tag).to_owned()).collect())))
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

/// A tag as it left the server: compression may have weakened it on its way.
fn bare(tag: &str) -> &str {
    tag.strip_prefix("W/").unwrap_or(tag)
}

/// The version of a tag, and the mark behind it, if there is one.
fn parse(tag: &str) -> Option<(Version, Option<&str>)> {
    let text = tag.strip_prefix('"')?.strip_suffix('"')?;
    let (digits, mark) = match text.split_once('.') {
        Some((digits, mark)) => (digits, Some(mark)),
        None => (text, None),
    };
    let is_plain = digits.bytes().all(|byte| byte.is_ascii_digit()) && !digits.starts_with('0');
    let is_ours = |mark: &str| {
        let is_of_base64 = |byte: u8| byte.is_ascii_alphanumeric() || b"-_".contains(&byte);
        mark.len() == MARK && mark.bytes().all(is_of_base64)
    };
    // A number beyond all versions is one all the same: no record has it.
    let version = Version::new(digits.parse().unwrap_or(i64::MAX));
    (is_plain && !digits.is_empty() && mark.is_none_or(is_ours)).then_some((version, mark))
}

//! Ids in addresses.

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload};
use almoner_kernel::Id;

use crate::kit::problem::Problem;

/// The `{id}` of an address. An id that is not a UUID belongs to no record: 404.
#[derive(Clone, Copy, Debug)]
pub struct IdPath<E>(pub Id<E>);

impl<E: 'static> FromRequest for IdPath<E> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let id = req.match_info().get("id").filter(|text| text.len() == HYPHENATED);
        ready(id.and_then(|text| text.parse().ok()).map(Self).ok_or_else(Problem::not_found))
    }
}

/// Only the usual form is an address of a record: braces, URNs and bare digits would be aliases.
const HYPHENATED: usize = 36;

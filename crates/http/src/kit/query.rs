//! Query strings, strictly: an unknown or repeated parameter is refused by name, because a typo must
//! never silently return everything.

mod given;

use std::future::{Ready, ready};

use actix_web::{FromRequest, HttpRequest, dev::Payload, web::Data};
use almoner_kernel::{
    Direction, FieldError, Fields, Page, PageRequest, Position, Sort, Total, Trash, fault::Unfit,
};
use almoner_records::Registry;
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::{IntoParams, ToSchema};

pub(crate) use self::given::Given;
use self::given::names;
use crate::{
    domains::Domains,
    kit::{
        answer::{Answer, ListOf},
        cursor::{self, Fingerprint},
        problem::Problem,
        words,
    },
    site::Site,
};

/// The parameters of one operation, and what they mean. Every field is an `Option`.
pub trait Params: DeserializeOwned + IntoParams + 'static {
    /// What the use case is asked for.
    type Query;

    /// Parses the parameters; complaints name the parameter, without a slash.
    fn read(self, fields: &mut Fields) -> Option<Self::Query>;

    /// Complains of what names a kind of record that there is not.
    fn among(_: &Self::Query, _: &Registry, _: &mut Fields) {}
}

/// The parameters of an operation that is not a list.
#[derive(Debug)]
pub struct StrictQuery<P: Params>(pub P::Query);

/// The parameters of a list: filter and sort of the resource, and the page.
#[derive(Debug)]
pub struct ListQuery<P: Params> {
    /// Filter and sort.
    pub query: P::Query,
    /// The page.
    pub page: PageRequest,
    list: ListAddress,
}

/// The parameters of every list: write it in `params(…)` beside the filter.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageParams {
    /// How many records a page has at the most.
    #[param(nullable = false, minimum = 1, maximum = 200, default = 50, example = 50)]
    limit: Option<u32>,
    /// `next_cursor` of the page before, with every other parameter unchanged.
    #[param(
        format = "cursor",
        nullable = false,
        example = "AQGaPzxrHnxBnVU_D2oPihEt9mCqVwQ0o5uY2dM"
    )]
    cursor: Option<String>,
    /// Count the whole list, which costs as much as the list again. Counting stops at 10,000.
    #[param(inline)]
    count: Option<Count>,
}

/// How a list is counted.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Count {
    /// Exactly, up to 10,000.
    Exact,
}

/// `deleted=only`: the trash instead of the list. A field of filters that offer it.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Deleted {
    /// Only records in the trash.
    Only,
}

impl Deleted {
    /// Which side of the trash the list shows.
    pub const fn trash(this: Option<Self>) -> Trash {
        match this {
            Some(Self::Only) => Trash::Only,
            None => Trash::Without,
        }
    }
}

/// A list without filter or sort.
#[derive(Debug, Deserialize, IntoParams)]
pub struct NoParams {}

impl Params for NoParams {
    type Query = ();

    fn read(self, _: &mut Fields) -> Option<()> {
        Some(())
    }
}

/// Parses `sort`: one of the offered names, with `-` in front for descending.
///
/// # Errors
/// `sort` when the name is not offered.
pub fn sort<F: Copy>(text: &str, offered: &[(&str, F)]) -> Result<Sort<F>, Unfit> {
    let (name, direction) = match text.strip_prefix('-') {
        Some(name) => (name, Direction::Down),
        None => (text, Direction::Up),
    };
    let found = offered.iter().find(|(offered, _)| *offered == name);
    found.map(|(_, field)| Sort { field: *field, direction }).ok_or_else(|| {
        let names: Vec<&str> = offered.iter().map(|(name, _)| *name).collect();
        let names = names.join(", ");
        Unfit::new("sort", words::must_be_a_sort(names))
    })
}

impl<P: Params> ListQuery<P> {
    /// The answer for a page of the list.
    pub fn answer<R, T: Serialize>(&self, page: Page<R>, view: impl Fn(R) -> T) -> Answer {
        let items = page.items.into_iter().map(view).collect();
        self.list.answer::<T>(items, page.next.as_ref(), page.total)
    }
}

impl<P: Params> FromRequest for StrictQuery<P> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let read = || {
            let given = Given::of(req)?;
            let mut fields = given.known(&[names::<P>()]);
            let query = given.parse::<P>(&mut fields).and_then(|params| params.read(&mut fields));
            fields.finish(query).map(Self).map_err(Problem::bad_parameters)
        };
        ready(read())
    }
}

impl<P: Params> FromRequest for ListQuery<P> {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(list_query(req))
    }
}

impl<P: Params> ListQuery<P> {
    /// Reads the address of a list that is asked for within something else: `path` and `query`, well
    /// escaped.
    ///
    /// # Errors
    /// As the same request would be answered.
    pub(crate) fn of_address(
        key: &[u8; 32],
        path: &str,
        query: &str,
        registry: &Registry,
    ) -> Result<Self, Problem> {
        read_list(key, path, Given::parse_all(query, false)?, registry)
    }

    /// Which list it is: its address, and the parameters that shape what is followed.
    pub(crate) fn shape(&self) -> (String, Vec<(String, String)>) {
        self.list.shape(&self.page)
    }

    /// The cursor of a position in this list.
    pub(crate) fn cursor(&self, position: &Position) -> String {
        self.list.cursor(position)
    }
}

fn list_query<P: Params>(req: &HttpRequest) -> Result<ListQuery<P>, Problem> {
    let site = req.app_data::<Data<Site>>().ok_or_else(Problem::not_found)?;
    let registry =
        req.app_data::<Data<Domains>>().map_or(&Registry::EMPTY, |domains| domains.registry);
    read_list(&site.cursor_key, req.path(), Given::of(req)?, registry)
}

fn read_list<P: Params>(
    key: &[u8; 32],
    path: &str,
    given: Given,
    registry: &Registry,
) -> Result<ListQuery<P>, Problem> {
    let mut fields = given.known(&[names::<PageParams>(), names::<P>()]);
    let query = given.parse::<P>(&mut fields).and_then(|params| params.read(&mut fields));
    if let Some(query) = &query {
        P::among(query, registry, &mut fields);
    }
    let params = given.parse::<PageParams>(&mut fields).unwrap_or_default();
    let list = ListAddress::of(key, path, given);
    let page = page_request(params, &list, &mut fields);
    let query = fields.finish(query).map_err(Problem::bad_parameters)?;
    Ok(ListQuery { query, page, list })
}

/// Which page of a list is asked for.
pub(crate) fn page_request(
    params: PageParams,
    list: &ListAddress,
    fields: &mut Fields,
) -> PageRequest {
    let limits = 1..=PageRequest::MAX_LIMIT;
    let limit = params.limit.unwrap_or(PageRequest::DEFAULT_LIMIT);
    if !limits.contains(&limit) {
        let detail = words::limit_out_of_range(PageRequest::MAX_LIMIT);
        fields.wrong(FieldError::new("limit", "range", detail));
    }
    let after = fields.optional("cursor", params.cursor, |cursor| {
        cursor::open(&list.key, list.fingerprint, &cursor)
            .map_err(|_| Unfit::new("cursor", words::foreign_cursor()))
    });
    PageRequest { limit, after, count: params.count.is_some() }
}

/// Which list a request asks for, to make the address of its next page.
#[derive(Debug)]
pub(crate) struct ListAddress {
    key: [u8; 32],
    path: String,
    given: Given,
    fingerprint: Fingerprint,
}

impl ListAddress {
    pub(crate) fn of(key: &[u8; 32], path: &str, given: Given) -> Self {
        // The page is no part of which list it is.
        let shaping =
            |pair: &&(String, String)| !["cursor", "limit", "count"].contains(&pair.0.as_str());
        let shape: Vec<_> = given.0.iter().filter(shaping).cloned().collect();
        let fingerprint = Fingerprint::of(path, &shape);
        Self { key: *key, path: path.to_owned(), given, fingerprint }
    }

    /// The answer for a page of the list.
    pub(crate) fn answer<T: Serialize>(
        &self,
        items: Vec<T>,
        next: Option<&Position>,
        total: Option<Total>,
    ) -> Answer {
        let next_cursor = next.map(|position| self.cursor(position));
        let link = next_cursor.as_ref().map(|cursor| self.link(cursor));
        Answer::plain(&ListOf {
            items,
            next_cursor,
            total: total.map(|total| total.count),
            total_is_capped: total.map(|total| total.is_capped),
        })
        .linked(link)
    }

    /// Which list it is: its address, and the parameters that shape what is followed.
    pub(crate) fn shape(&self, page: &PageRequest) -> (String, Vec<(String, String)>) {
        let mut shape = self.given.0.clone();
        shape.retain(|(name, _)| name != "limit");
        shape.push(("limit".to_owned(), page.limit.to_string()));
        (self.path.clone(), shape)
    }

    /// The cursor of a position in the list.
    pub(crate) fn cursor(&self, position: &Position) -> String {
        cursor::seal(&self.key, self.fingerprint, position)
    }

    fn link(&self, cursor: &str) -> String {
        let mut query = form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.given.0.iter().filter(|(name, _)| name != "cursor") {
            query.append_pair(name, value);
        }
        let query = query.append_pair("cursor", cursor).finish();
        format!("<{}?{query}>; rel=\"next\"", self.path)
    }
}

/// Every `%` is followed by two hexadecimal digits, and the decoded bytes are UTF-8 without a NUL:
/// PostgreSQL keeps no text with one.
pub(crate) fn is_well_escaped(text: &str) -> bool {
    let mut decoded = Vec::new();
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        if byte != b'%' {
            decoded.push(byte);
            continue;
        }
        let digit = |byte: Option<u8>| byte.and_then(|byte| char::from(byte).to_digit(16));
        match (digit(bytes.next()), digit(bytes.next())) {
            (Some(high), Some(low)) => decoded.extend(u8::try_from(high * 16 + low)),
            _ => return false,
        }
    }
    !decoded.contains(&0) && std::str::from_utf8(&decoded).is_ok()
}

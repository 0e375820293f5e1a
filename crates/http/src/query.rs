//! Query strings, strictly: an unknown or repeated parameter is refused by name, because a typo must
//! never silently return everything.

use std::{
    any::{TypeId, type_name},
    collections::{HashMap, HashSet},
    future::{Ready, ready},
    rc::Rc,
    sync::{Arc, LazyLock, PoisonError, RwLock},
};

use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, web::Data};
use almoner_kernel::{
    Direction, FieldError, Fields, Page, PageRequest, Position, Sort, Trash, fault::Unfit,
    words::is_required,
};
use serde::{Deserialize, Serialize, de::DeserializeOwned};
use utoipa::{IntoParams, ToSchema};

use crate::{
    answer::{Answer, ListOf},
    cursor::{self, Fingerprint},
    cx::Arrival,
    problem::{MAX_COMPLAINTS, Problem, shown},
    routes::{DRY_RUN, Lookup},
    site::Site,
    words,
};

/// The parameters of one operation, and what they mean. Every field is an `Option`.
pub trait Params: DeserializeOwned + IntoParams + 'static {
    /// What the use case is asked for.
    type Query;

    /// Parses the parameters; complaints name the parameter, without a slash.
    fn read(self, fields: &mut Fields) -> Option<Self::Query>;
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
        let next_cursor = page.next.as_ref().map(|position| self.list.cursor(position));
        let link = next_cursor.as_ref().map(|cursor| self.list.link(cursor));
        Answer::plain(&ListOf {
            items: page.items.into_iter().map(view).collect(),
            next_cursor,
            total: page.total.map(|total| total.count),
            total_is_capped: page.total.map(|total| total.is_capped),
        })
        .linked(link)
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
    pub(crate) fn of_address(key: &[u8; 32], path: &str, query: &str) -> Result<Self, Problem> {
        read_list(key, path, Given::parse_all(query, false)?)
    }

    /// Which list it is: its address, and the parameters that shape what is followed.
    pub(crate) fn shape(&self) -> (String, Vec<(String, String)>) {
        let mut shape = self.list.given.0.clone();
        shape.retain(|(name, _)| name != "limit");
        shape.push(("limit".to_owned(), self.page.limit.to_string()));
        (self.list.path.clone(), shape)
    }

    /// The cursor of a position in this list.
    pub(crate) fn cursor(&self, position: &Position) -> String {
        self.list.cursor(position)
    }
}

fn list_query<P: Params>(req: &HttpRequest) -> Result<ListQuery<P>, Problem> {
    let site = req.app_data::<Data<Site>>().ok_or_else(Problem::not_found)?;
    read_list(&site.settings.keys.cursor, req.path(), Given::of(req)?)
}

fn read_list<P: Params>(key: &[u8; 32], path: &str, given: Given) -> Result<ListQuery<P>, Problem> {
    let mut fields = given.known(&[names::<PageParams>(), names::<P>()]);
    let query = given.parse::<P>(&mut fields).and_then(|params| params.read(&mut fields));
    let params = given.parse::<PageParams>(&mut fields).unwrap_or_default();
    let list = ListAddress::of(key, path, given);
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
    let page = PageRequest { limit, after, count: params.count.is_some() };
    let query = fields.finish(query).map_err(Problem::bad_parameters)?;
    Ok(ListQuery { query, page, list })
}

/// Which list a request asks for, to make the address of its next page.
#[derive(Debug)]
struct ListAddress {
    key: [u8; 32],
    path: String,
    given: Given,
    fingerprint: Fingerprint,
}

impl ListAddress {
    fn of(key: &[u8; 32], path: &str, given: Given) -> Self {
        // The page is no part of which list it is.
        let shaping =
            |pair: &&(String, String)| !["cursor", "limit", "count"].contains(&pair.0.as_str());
        let shape: Vec<_> = given.0.iter().filter(shaping).cloned().collect();
        let fingerprint = Fingerprint::of(path, &shape);
        Self { key: *key, path: path.to_owned(), given, fingerprint }
    }

    fn cursor(&self, position: &Position) -> String {
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

/// The parameters of a request, decoded, in their order.
#[derive(Debug)]
struct Given(Vec<(String, String)>);

impl Given {
    fn of(req: &HttpRequest) -> Result<Self, Problem> {
        // The gate has read and checked it.
        let has_dry_run = req.extensions().get::<Rc<Arrival>>().is_some_and(|arrival| {
            matches!(arrival.route, Lookup::Found { has_dry_run: true, .. })
        });
        Self::parse_all(req.query_string(), has_dry_run)
    }

    fn parse_all(query: &str, has_dry_run: bool) -> Result<Self, Problem> {
        let mut pairs = Vec::new();
        for (name, value) in form_urlencoded::parse(query.as_bytes()) {
            // The decoder puts this sign where the bytes are not UTF-8; nobody types it.
            if name.contains(char::REPLACEMENT_CHARACTER)
                || value.contains(char::REPLACEMENT_CHARACTER)
            {
                return Err(Problem::bad_request(words::query_not_utf8()));
            }
            if !(has_dry_run && name == DRY_RUN) {
                pairs.push((name.into_owned(), value.into_owned()));
            }
        }
        Ok(Self(pairs))
    }

    /// Complains about parameters that are unknown or stand twice.
    fn known(&self, names: &[Arc<HashSet<String>>]) -> Fields {
        let mut seen = HashSet::new();
        let complaints = self.0.iter().filter_map(|(name, _)| {
            let (code, detail) = if !names.iter().any(|names| names.contains(name)) {
                ("unknown_parameter", words::not_a_known_parameter())
            } else if !seen.insert(name) {
                ("repeated_parameter", words::may_stand_only_once())
            } else {
                return None;
            };
            Some(FieldError::new(shown(name), code, detail))
        });
        Fields::with(complaints.take(MAX_COMPLAINTS).collect())
    }

    /// Parses the parameters that belong to `P`, leaving out those that cannot be.
    fn parse<P: DeserializeOwned + IntoParams + 'static>(&self, fields: &mut Fields) -> Option<P> {
        let names = names::<P>();
        let mut left: Vec<&(String, String)> = Vec::new();
        for pair in &self.0 {
            if names.contains(&pair.0) && !left.iter().any(|known| known.0 == pair.0) {
                left.push(pair);
            }
        }
        loop {
            let query = form_urlencoded::Serializer::new(String::new())
                .extend_pairs(left.iter().map(|(name, value)| (name, value)))
                .finish();
            let pairs = form_urlencoded::parse(query.as_bytes());
            let deserializer = serde_urlencoded::Deserializer::new(pairs);
            let error = match serde_path_to_error::deserialize::<_, P>(deserializer) {
                Ok(params) => return Some(params),
                Err(error) => error,
            };
            let name = error.path().to_string();
            let Some(at) = left.iter().position(|pair| pair.0 == name) else {
                tracing::error!(params = type_name::<P>(), "a parameter is not optional");
                fields.wrong(FieldError::new(name, "parameter", is_required()));
                return None;
            };
            left.remove(at);
            fields.wrong(unfit(name, &error.inner().to_string()));
        }
    }
}

/// Serde's own words hold the value; only the offered choices are fit to be told.
fn unfit(name: String, message: &str) -> FieldError {
    match message.split_once(", expected ") {
        Some((start, _)) if start.starts_with("unknown variant") => {
            let choices = message.rsplit_once(", expected ").map_or("", |(_, choices)| choices);
            FieldError::new(name, "choice", words::choice(choices))
        }
        _ => FieldError::new(name, "format", words::wrong_form()),
    }
}

/// The names of a type's parameters, worked out once.
fn names<P: IntoParams + 'static>() -> Arc<HashSet<String>> {
    static NAMES: LazyLock<RwLock<HashMap<TypeId, Arc<HashSet<String>>>>> =
        LazyLock::new(RwLock::default);
    // A panic while the lock is held cannot leave half a name behind.
    let known =
        NAMES.read().unwrap_or_else(PoisonError::into_inner).get(&TypeId::of::<P>()).cloned();
    known.unwrap_or_else(|| {
        let names = P::into_params(|| None).into_iter().map(|parameter| parameter.name);
        let names: Arc<HashSet<String>> = Arc::new(names.collect());
        let mut all = NAMES.write().unwrap_or_else(PoisonError::into_inner);
        Arc::clone(all.entry(TypeId::of::<P>()).or_insert(names))
    })
}

//! Lists that can be followed: the same address, filter and permission, with
//! `Accept: text/event-stream`.

use std::{
    future::{Future, Ready, ready},
    rc::Rc,
    sync::Arc,
};

use actix_session::{Session, SessionExt};
use actix_web::{Either, FromRequest, HttpMessage, HttpRequest, dev::Payload, web::Data};
use almoner_kernel::{Caller, Context, FieldError, Fields, Page as Records, PageRequest, Version};
use serde::Serialize;
use utoipa::IntoParams;
use uuid::Uuid;

use super::{
    Live,
    group::Seat,
    stream::{EventStream, Stream},
    subject::{self, Page, Subject},
    window::Row,
};
use crate::{
    domains::Domains,
    kit::{
        accept::Accept,
        answer::Answer,
        cursor::CursorKey,
        cx::{self, Arrival, Cx, Identity},
        problem::{Problem, registry},
        query::{ListQuery, Params},
        words,
    },
    site::Site,
};

/// A list that can be followed, named by its filter.
pub(crate) trait LiveList: Params<Query: Send + Sync> {
    /// Its address. It stands in [`crate::resources::LIVE_LISTS`], too.
    const PATH: &'static str;
    /// Its own kind of record, as the trail names it.
    const ENTITY: &'static str;
    /// The other kinds whose changes can be seen in it; every kind when absent.
    const OTHERS: Option<&'static [&'static str]>;
    /// A record, as the use case gives it.
    type Record: Send;
    /// A record, as clients see it.
    type Body: Serialize;

    /// The use case.
    fn page(
        domains: &Domains,
        cx: &Context,
        query: &Self::Query,
        page: &PageRequest,
    ) -> impl Future<Output = Result<Records<Self::Record>, Problem>> + Send;

    /// How clients see a record.
    fn body(record: Self::Record) -> Result<Self::Body, Problem>;

    /// The id of a record, and those of the others whose names it shows.
    fn shows(record: &Self::Record) -> Vec<Uuid>;

    /// The version of a record.
    fn version(record: &Self::Record) -> Version;

    /// True when a change of another record can bring a record into the list, or out of it.
    fn is_found_by_others(_: &Self::Query) -> bool {
        false
    }
}

/// What somebody wants to follow: a group, before anybody has joined it.
pub(crate) struct Following {
    what: String,
    shape: Vec<(String, String)>,
    subject: Subject,
}

impl Following {
    /// `what` names the list, `shape` its parameters.
    pub(crate) fn new(what: &str, shape: Vec<(String, String)>, subject: Subject) -> Self {
        Self { what: what.to_owned(), shape, subject }
    }

    /// Takes a place in the group of those who follow the same with the same rights. `last` is what
    /// the client has.
    pub(crate) async fn join(
        self,
        live: &Live,
        key: Arc<str>,
        caller: Arc<Caller>,
        last: Option<&str>,
    ) -> Result<Stream, Problem> {
        let group = subject::key(&self.what, &self.shape, &caller);
        let ticket = live.ticket(key, caller).await?;
        let seat: Seat = live.join(group, last, move || self.subject).await?;
        Ok(Stream::new(ticket, seat))
    }
}

/// A live list by its address, for those who ask for it within something else.
pub(crate) struct ListAt {
    /// The address, without its query.
    pub(crate) path: &'static str,
    /// Reads the query.
    pub(crate) read: fn(&CursorKey, &str, Cx, Arc<Domains>) -> Result<Following, Problem>,
}

/// The list of a filter.
pub(crate) const fn list_at<P: LiveList>() -> ListAt {
    ListAt { path: P::PATH, read: read::<P> }
}

fn read<P: LiveList>(
    key: &CursorKey,
    query: &str,
    cx: Cx,
    domains: Arc<Domains>,
) -> Result<Following, Problem> {
    ListQuery::<P>::of_address(key, P::PATH, query, domains.registry)?.following(cx, domains)
}

/// A page, or a stream that begins with it.
pub(crate) type ListAnswer = Either<Answer, EventStream>;

/// Whether, and from where, a client wants to follow: an extractor.
pub(crate) struct Follower {
    live: Live,
    is_wanted: bool,
    is_head: bool,
    last: Option<String>,
    session: Session,
    identity: Option<Identity>,
}

/// Documents [`Follower`]: write it in `params(…)`.
#[derive(Debug, IntoParams)]
#[into_params(parameter_in = Header)]
#[allow(dead_code, reason = "only its documentation is used")]
pub(crate) struct FollowerParam {
    /// With `Accept: text/event-stream`: the `id` of the last event that was seen. The stream goes on
    /// behind it; with an id of another list, of other rights, or from before the database was
    /// restored, it begins anew.
    #[param(
        format = "header",
        nullable = false,
        rename = "Last-Event-ID",
        required = false,
        example = "4711-9f3c2a7b"
    )]
    last_event_id: Option<String>,
}

impl FromRequest for Follower {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(req: &HttpRequest, _: &mut Payload) -> Self::Future {
        let read = || {
            let site = req.app_data::<Data<Site>>().ok_or_else(Problem::not_found)?;
            let is_head =
                req.extensions().get::<Rc<Arrival>>().is_some_and(|arrival| arrival.is_head);
            let last = req.headers().get("Last-Event-ID");
            Ok(Self {
                live: site.live.clone(),
                is_wanted: Accept::of(req.headers()).prefers_stream(),
                is_head,
                // What cannot be read is of no list of ours.
                last: last.map(|last| last.to_str().unwrap_or_default().to_owned()),
                session: req.get_session(),
                identity: req.extensions().get::<Identity>().cloned(),
            })
        };
        ready(read())
    }
}

impl Follower {
    /// True when the client wants a stream.
    pub(crate) const fn is_wanted(&self) -> bool {
        self.is_wanted
    }

    /// Takes a place in a group.
    pub(crate) async fn follow(self, following: Following) -> Result<EventStream, Problem> {
        let key = cx::key_of(&self.session).map(Arc::from);
        let (Some(Identity(caller)), Some(key)) = (self.identity, key) else {
            return Err(Problem::new(registry::UNAUTHENTICATED));
        };
        let stream = following.join(&self.live, key, caller, self.last.as_deref()).await?;
        Ok(stream.answer(self.is_head))
    }
}

#[allow(private_bounds, reason = "only resources of this crate are lists")]
impl<P: LiveList> ListQuery<P> {
    /// A page of the list, or a stream of it.
    pub(crate) async fn respond(
        self,
        cx: Cx,
        domains: Data<Domains>,
        follower: Follower,
    ) -> Result<ListAnswer, Problem> {
        if !follower.is_wanted() {
            let Records { items, next, total } =
                P::page(&domains, &cx, &self.query, &self.page).await?;
            let items = items.into_iter().map(P::body).collect::<Result<_, _>>()?;
            let page = Records { items, next, total };
            return Ok(Either::Left(self.answer(page, |body: P::Body| body)));
        }
        let following = self.following(cx, domains.into_inner())?;
        follower.follow(following).await.map(Either::Right)
    }

    /// What is followed by whoever follows this list.
    fn following(self, cx: Cx, domains: Arc<Domains>) -> Result<Following, Problem> {
        self.begins_at_the_first_page()?;
        let (what, shape) = self.shape();
        let is_found_by_others = P::is_found_by_others(&self.query);
        let list = Arc::new(self);
        let read = move |at| {
            let (list, domains) = (Arc::clone(&list), Arc::clone(&domains));
            // Not the time at which somebody began to follow: that may be hours ago.
            let cx = Context { at, ..cx.0.clone() };
            let page = async move {
                let page = P::page(&domains, &cx, &list.query, &list.page).await?;
                let next_cursor = page.next.as_ref().map(|position| list.cursor(position));
                let rows = page.items.into_iter().map(row::<P>).collect::<Result<_, _>>()?;
                Ok(Page { rows, next_cursor })
            };
            Box::pin(page) as futures_util::future::BoxFuture<'static, _>
        };
        let subject = Subject::List {
            entity: P::ENTITY,
            others: P::OTHERS.map(<[_]>::to_vec),
            is_found_by_others,
            read: Box::new(read),
        };
        Ok(Following::new(&what, shape, subject))
    }

    fn begins_at_the_first_page(&self) -> Result<(), Problem> {
        let mut fields = Fields::default();
        let mut wrong = |name: &'static str| {
            fields.wrong(FieldError::new(name, "not_live", words::not_of_a_live_list()));
        };
        if self.page.after.is_some() {
            wrong("cursor");
        }
        if self.page.count {
            wrong("count");
        }
        fields.finish(Some(())).map_err(Problem::bad_parameters)
    }
}

fn row<P: LiveList>(record: P::Record) -> Result<Row, Problem> {
    let shows = P::shows(&record);
    let id = shows.first().copied().unwrap_or_default();
    let version = P::version(&record).number();
    let json = serde_json::to_string(&P::body(record)?);
    let json = json.map_err(|error| Problem::internal(&error))?;
    Ok(Row { id, version, shows, json: json.into() })
}

//! The socket: lists, topics and rooms over one connection.

use std::{rc::Rc, sync::Arc};

use actix_session::SessionExt;
use actix_web::{
    FromRequest, HttpMessage, HttpRequest, HttpResponse, get,
    http::header::{self, HeaderMap, HeaderName, HeaderValue},
    rt,
    web::{Data, Payload},
};
use almoner_kernel::Context;
use async_trait::async_trait;
use tracing::Instrument;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::{
    Cx, Domains, Problem,
    kit::{
        cx::{self, Arrival, Identity},
        problem::{self, registry},
        query::is_well_escaped,
        words,
    },
    live::{
        list::Following,
        rooms::{Person, Room},
        socket::{Frames, Host, MAX_MESSAGE, Offer, PROTOCOL, Wanted, connection::Connection},
    },
    resources::{LIVE_LISTS, events, kinds},
    services::Services,
    site::Site,
};

/// The version of RFC 6455.
const VERSION: &str = "13";

/// Registers the handler.
pub(super) fn routes(cfg: &mut ServiceConfig) {
    cfg.service(open_socket);
}

/// Open a socket
///
/// A WebSocket (RFC 6455): JSON in text messages, both ways. `Origin` has to be this server or an allowed
/// one; a browser sends it. Offer the subprotocol `almoner.v1`.
///
/// `subscribe` follows a list by the address that `GET` has, or topics as `GET /events` does, under an
/// `id` of your choice; `event` brings what the stream would, with the same rights, and each `id` in it
/// can be a `last_event_id` later on. `unsubscribe` ends that. `join` goes into the room of a record that
/// you may read, such as `donors:019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11`: `joined` says who is there,
/// `presence` who comes and goes, each user once, and `say` tells the others something that is kept
/// nowhere. `left` with a `code` says that the record may not be read any more. What cannot be done is an
/// `error` with the problem that a request would have been answered with, and `retry_after` where waiting
/// helps; the socket goes on.
///
/// A message has at most 16 KiB. A socket has at most 50 subscriptions and 50 rooms (`socket_limit`); each
/// subscription, and the socket, count as a list that is followed, and beginning one or joining a room
/// counts as a request. A user may `say` 30 things at once and 10 a second from then on. A socket may send
/// 120 messages and pings at once and 20 a second from then on; more are a `flood`, and end it.
///
/// `end` comes last: `unauthenticated` (close code 4401), `rights_changed` (4403), `stopping`
/// (1001), `flood` or `silent` (1008), `payload_too_large` (1009), `too_slow` (1013), `not_text`
/// (1003), `not_utf8` (1007), `protocol` (1002). After 1001, 1013, 4403 or a lost connection open another
/// and go on with the last ids. A socket is no use of the session.
#[utoipa::path(
    tag = "events",
    responses((status = 101, description = "Messages from here on, both ways")),
    extensions(("x-permission" = json!("session"))),
)]
#[get("")]
async fn open_socket(
    cx: Cx,
    req: HttpRequest,
    payload: Payload,
    site: Data<Site>,
    services: Data<Services>,
    domains: Data<Domains>,
) -> Result<HttpResponse, Problem> {
    must_ask_for_a_socket(&req)?;
    let key = cx::key_of(&req.get_session()).map(Arc::<str>::from);
    let caller = req.extensions().get::<Identity>().map(|identity| Arc::clone(&identity.0));
    let (Some(key), Some(caller)) = (key, caller) else {
        return Err(Problem::new(registry::UNAUTHENTICATED));
    };
    if !site.live.is_open() {
        return Err(Problem::new(registry::UNAVAILABLE).retry_after(problem::SOON));
    }
    let ticket = site.live.ticket(Arc::clone(&key), Arc::clone(&caller)).await?;
    let me = domains.profile.me(&cx).await?;
    let person = Person { id: caller.user_id, name: me.name.as_str().into() };
    // Behind it a frame is read whole before its length is looked at.
    let mut frames = Frames::new(payload.into_inner(), MAX_MESSAGE).into_payload();
    let payload = Payload::from_request(&req, &mut frames).await;
    let payload = payload.map_err(|error| Problem::internal(&error))?;
    let (answer, session, messages) =
        actix_ws::handle_with_protocols(&req, payload, &[PROTOCOL])
            .map_err(|_| Problem::bad_request(words::websocket_key_malformed()))?;
    let messages = messages.max_frame_size(MAX_MESSAGE).aggregate_continuations();
    let messages = messages.max_continuation_size(MAX_MESSAGE);
    let user_id = caller.user_id.to_string();
    let request_id = cx.origin.request_id.clone().unwrap_or_default();
    let (domains, cx, offer) = (domains.into_inner(), cx.0, &Offered);
    let host = Host { site, services, domains, offer, cx, key, caller };
    let connection = Connection::new(host, ticket, person, session, messages);
    let span = tracing::info_span!(parent: None, "socket", request_id, user_id);
    match problem::asked() {
        // Its problems have the language and the id of this request.
        Some(asked) => {
            let serving = problem::in_request(asked, connection.run());
            drop(rt::spawn(serving.instrument(span)));
        }
        None => drop(rt::spawn(connection.run().instrument(span))),
    }
    Ok(answer)
}

/// Every list that has a stream, topics, and a room for each record.
struct Offered;

#[async_trait(?Send)]
impl Offer for Offered {
    fn following(&self, host: &Host, cx: Context, what: Wanted) -> Result<Following, Problem> {
        let domains = Arc::clone(&host.domains);
        match what {
            Wanted::Topics(topics) => {
                let topics = events::parsed(&topics, domains.registry)?;
                host.spend()?;
                events::following(&cx, domains, topics)
            }
            Wanted::List { path, query } => {
                if !is_well_escaped(&query) {
                    return Err(Problem::bad_request(words::badly_escaped()));
                }
                let key = &host.site.cursor_key;
                if let Some(list) = LIVE_LISTS.iter().find(|list| list.path == path) {
                    host.spend()?;
                    return (list.read)(key, &query, Cx(cx), domains);
                }
                let following = kinds::following(key, &path, &query, Cx(cx), &domains);
                let following = following.ok_or_else(Problem::not_found)?;
                host.spend()?;
                following
            }
        }
    }

    async fn meet(&self, cx: &Context, domains: &Domains, room: Room) -> Result<(), Problem> {
        events::meet(cx, domains, room.entity, room.id).await
    }
}

/// 426 for whoever only asks what is there.
fn must_ask_for_a_socket(req: &HttpRequest) -> Result<(), Problem> {
    let is_head = req.extensions().get::<Rc<Arrival>>().is_some_and(|arrival| arrival.is_head);
    let has = |name: HeaderName, word: &str| has_word(req.headers(), name, word);
    let is_asked = has(header::UPGRADE, "websocket")
        && has(header::CONNECTION, "upgrade")
        && has(header::SEC_WEBSOCKET_VERSION, VERSION);
    if is_asked && !is_head {
        return Ok(());
    }
    let problem = Problem::new(registry::UPGRADE_REQUIRED).detail(words::ask_for_a_websocket());
    Err(problem
        .header(header::UPGRADE, HeaderValue::from_static("websocket"))
        .header(header::SEC_WEBSOCKET_VERSION, HeaderValue::from_static(VERSION)))
}

/// True when one of the words of a header is that one.
fn has_word(headers: &HeaderMap, name: HeaderName, word: &str) -> bool {
    let values = headers.get_all(name).filter_map(|value| value.to_str().ok());
    values.flat_map(|value| value.split(',')).any(|one| one.trim().eq_ignore_ascii_case(word))
}

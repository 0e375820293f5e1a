//! How long a body may take to come, and how many may be on their way. Every body passes here on its
//! way to whoever reads it, and one that nobody reads is held until the answer has gone, so that
//! actix closes the connection: the rest of a chunked one it would wait for without end.
//!
//! 60 s in all, 1 KiB a second after the first five, 16 on their way of one client by the address of
//! the quotas, and when the server stops two seconds more. A handler cannot get past it. The answer is
//! 408, 429 or 503. A body takes a place only when it is not there at the second look: what comes in
//! one piece is never refused. Only bytes that came take memory, and strangers may send 16 KiB: a login
//! has some hundred bytes.

use std::{
    cell::{Cell, RefCell},
    collections::{HashMap, hash_map::Entry},
    future::Future,
    io,
    net::{IpAddr, Ipv4Addr},
    pin::Pin,
    rc::Rc,
    sync::{Arc, Mutex, PoisonError},
    task::{Context, Poll},
    time::Duration,
};

use actix_web::{
    HttpMessage,
    body::{BodySize, BoxBody, MessageBody},
    dev::{Payload, ServiceRequest},
    error::PayloadError,
    http::header,
    web::Bytes,
};
use futures_util::Stream;
use tokio::{
    sync::watch,
    time::{Instant, sleep_until},
};

use crate::{
    connection::{Answering, Presence},
    kit::{
        client,
        problem::{Problem, registry},
        words,
    },
    routes::{Lookup, Media},
};

/// How bodies have to come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct BodySettings {
    /// Time for a whole body.
    pub deadline: Duration,
    /// Time that a body has before its rate counts.
    pub start: Duration,
    /// Bytes a second that have to come on the average from then on.
    pub least_rate: u32,
    /// Bodies of one address (one /64 for IPv6) that may be on their way at the same time.
    pub per_client: u32,
}

impl Default for BodySettings {
    fn default() -> Self {
        // 1 MiB in a minute is 17 KiB a second, a slow mobile connection. A browser sends six
        // requests at a time, and an office has more than one.
        Self { deadline: Duration::from_secs(60), start: START, least_rate: 1024, per_client: 16 }
    }
}

impl BodySettings {
    /// When the next bytes have to be there.
    pub(crate) fn due(&self, began: Instant, received: u64) -> Instant {
        let earned = Duration::from_secs_f64(received as f64 / f64::from(self.least_rate.max(1)));
        began + self.start.saturating_add(earned).min(self.deadline)
    }
}

/// A lost packet is sent again within three seconds.
const START: Duration = Duration::from_secs(5);

/// What is on its way when the server stops has this much time: longer than a packet needs, and short
/// enough for nobody to notice.
const LAST_CALL: Duration = Duration::from_secs(2);

/// The bodies of all workers.
#[derive(Clone)]
pub struct Intake(Arc<Bodies>);

struct Bodies {
    settings: BodySettings,
    unfinished: Mutex<HashMap<IpAddr, u32>>,
    closing: watch::Sender<bool>,
}

impl Intake {
    pub(crate) fn new(settings: BodySettings) -> Self {
        let closing = watch::Sender::new(false);
        Self(Arc::new(Bodies { settings, unfinished: Mutex::default(), closing }))
    }

    /// Whoever stops the server says so: bodies that are not there soon are not waited for.
    pub fn close(&self) {
        self.0.closing.send_replace(true);
    }

    /// Puts itself between a request's body and whoever reads it. What is returned has to be held
    /// until the answer has gone.
    pub(crate) fn attend(
        &self,
        req: &mut ServiceRequest,
        client: Option<IpAddr>,
        route: &Lookup,
    ) -> Attendance {
        let answering = req.conn_data::<Rc<Presence>>().map(Answering::begin);
        let body = match req.take_payload() {
            Payload::None => None,
            // What goes over a socket is no body.
            payload if opens_a_socket(req, route) => {
                req.set_payload(payload);
                None
            }
            payload => {
                let coming = Coming {
                    payload,
                    bodies: Arc::clone(&self.0),
                    client: client.map_or(UNKNOWN, client::network),
                    received: Rc::default(),
                    wait: Wait::None,
                };
                let coming = Rc::new(RefCell::new(coming));
                let payload = Box::pin(Incoming(Rc::clone(&coming)));
                req.set_payload(Payload::Stream { payload });
                Some(coming)
            }
        };
        Attendance { body, _answering: answering }
    }
}

/// Without an address (a Unix socket) all clients are one.
const UNKNOWN: IpAddr = IpAddr::V4(Ipv4Addr::UNSPECIFIED);

/// True when what follows the head is not a body: nowhere else, because actix takes everything behind
/// `Upgrade: websocket` for one, up to the end of the connection.
fn opens_a_socket(req: &ServiceRequest, route: &Lookup) -> bool {
    let headers = req.headers();
    matches!(route, Lookup::Found { media: Media::Socket, .. })
        && headers.contains_key(header::UPGRADE)
        && !headers.contains_key(header::CONTENT_LENGTH)
        && !headers.contains_key(header::TRANSFER_ENCODING)
}

/// What a request holds until its answer has gone.
pub(crate) struct Attendance {
    /// actix closes the connection behind an answer while somebody holds what did not come.
    body: Option<Rc<RefCell<Coming>>>,
    _answering: Option<Answering>,
}

impl Attendance {
    /// Lets actix look at what came together with the head, which it does behind the first poll: a body
    /// that is there is not one whose connection has to be closed.
    pub(crate) async fn look(&self) {
        if self.body.is_some() {
            tokio::task::yield_now().await;
        }
    }
}

/// The body of an answer, and what is held until it has gone.
pub(crate) struct Attended {
    body: BoxBody,
    _attendance: Rc<Attendance>,
}

impl Attended {
    pub(crate) fn new(body: BoxBody, attendance: Rc<Attendance>) -> Self {
        Self { body, _attendance: attendance }
    }
}

impl MessageBody for Attended {
    type Error = <BoxBody as MessageBody>::Error;

    fn size(&self) -> BodySize {
        self.body.size()
    }

    fn poll_next(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
    ) -> Poll<Option<Result<Bytes, Self::Error>>> {
        Pin::new(&mut self.get_mut().body).poll_next(cx)
    }
}

/// A body on its way.
struct Coming {
    payload: Payload,
    bodies: Arc<Bodies>,
    client: IpAddr,
    received: Rc<Cell<u64>>,
    wait: Wait,
}

/// Whether a body is waited for.
enum Wait {
    /// Not yet.
    None,
    /// Its bytes may have been read from the connection, and not been handed on yet: actix asks for
    /// the first ones before it looks.
    Moment,
    /// It has a place among the unfinished ones, until that time.
    Until(Pin<Box<dyn Future<Output = Cut>>>, #[expect(dead_code, reason = "held")] Place),
    /// It is over.
    Over,
}

/// What reads a body.
struct Incoming(Rc<RefCell<Coming>>);

impl Stream for Incoming {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.0.borrow_mut().poll(cx)
    }
}

impl Coming {
    fn poll(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<Bytes, PayloadError>>> {
        if matches!(self.wait, Wait::Over) {
            return Poll::Ready(None);
        }
        match Pin::new(&mut self.payload).poll_next(cx) {
            Poll::Ready(Some(Ok(chunk))) => {
                self.received.set(self.received.get() + chunk.len() as u64);
                return Poll::Ready(Some(Ok(chunk)));
            }
            Poll::Ready(end) => {
                self.wait = Wait::Over;
                return Poll::Ready(end);
            }
            Poll::Pending => {}
        }
        let cut = match &mut self.wait {
            Wait::None => {
                self.wait = Wait::Moment;
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            Wait::Moment => match Place::take(&self.bodies, self.client) {
                Some(place) => {
                    let mut patience = Box::pin(patience(
                        self.bodies.settings,
                        Rc::clone(&self.received),
                        self.bodies.closing.subscribe(),
                    ));
                    let first = patience.as_mut().poll(cx);
                    self.wait = Wait::Until(patience, place);
                    first
                }
                None => Poll::Ready(Cut::TooMany),
            },
            Wait::Until(patience, _) => patience.as_mut().poll(cx),
            Wait::Over => Poll::Pending,
        };
        let Poll::Ready(cut) = cut else { return Poll::Pending };
        self.wait = Wait::Over;
        metrics::counter!(CUT_OFF, "reason" => cut.reason()).increment(1);
        Poll::Ready(Some(Err(PayloadError::Io(io::Error::other(cut)))))
    }
}

/// Counts bodies that were not waited for, by `reason`.
const CUT_OFF: &str = "almoner_http_bodies_cut_off_total";

/// Ends when a body should have been there.
async fn patience(
    settings: BodySettings,
    received: Rc<Cell<u64>>,
    mut closing: watch::Receiver<bool>,
) -> Cut {
    let began = Instant::now();
    loop {
        let due = settings.due(began, received.get());
        if Instant::now() >= due {
            return Cut::Late;
        }
        tokio::select! {
            () = sleep_until(due) => {}
            Ok(_) = closing.wait_for(|is_closing| *is_closing) => {
                sleep_until(due.min(Instant::now() + LAST_CALL)).await;
                return Cut::Stopping;
            }
        }
    }
}

/// A place among the unfinished bodies of a client.
struct Place {
    bodies: Arc<Bodies>,
    client: IpAddr,
}

impl Place {
    fn take(bodies: &Arc<Bodies>, client: IpAddr) -> Option<Self> {
        // A panic cannot leave half a count behind.
        let mut unfinished = bodies.unfinished.lock().unwrap_or_else(PoisonError::into_inner);
        let count = unfinished.entry(client).or_default();
        if *count >= bodies.settings.per_client {
            return None;
        }
        *count += 1;
        Some(Self { bodies: Arc::clone(bodies), client })
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut unfinished = self.bodies.unfinished.lock().unwrap_or_else(PoisonError::into_inner);
        if let Entry::Occupied(mut count) = unfinished.entry(self.client) {
            *count.get_mut() -= 1;
            if *count.get() == 0 {
                count.remove();
            }
        }
    }
}

/// Why a body is not waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum Cut {
    /// It takes too long.
    #[error("the body comes too slowly")]
    Late,
    /// Too many of the client's are on their way.
    #[error("too many bodies of this client are on their way")]
    TooMany,
    /// The server stops.
    #[error("the server stops")]
    Stopping,
}

impl Cut {
    /// The reason that a body ended with an error, when it is ours.
    pub(crate) fn of(error: &PayloadError) -> Option<Self> {
        let PayloadError::Io(error) = error else { return None };
        error.get_ref()?.downcast_ref::<Self>().copied()
    }

    const fn reason(self) -> &'static str {
        match self {
            Self::Late => "late",
            Self::TooMany => "too_many",
            Self::Stopping => "stopping",
        }
    }
}

impl From<Cut> for Problem {
    fn from(cut: Cut) -> Self {
        match cut {
            Cut::Late => Self::new(registry::REQUEST_TIMEOUT).detail(words::body_too_slow()),
            Cut::TooMany => Self::new(registry::RATE_LIMITED)
                .retry_after(START)
                .detail(words::too_many_bodies()),
            Cut::Stopping => Self::new(registry::UNAVAILABLE).retry_after(LAST_CALL),
        }
    }
}

//! What goes to a client, and how it is written as server-sent events (WHATWG HTML, 9.2).

use std::{
    fmt::Write,
    sync::{Arc, OnceLock},
};

use actix_web::{
    HttpRequest, HttpResponse, Responder,
    body::BoxBody,
    http::header::{self, HeaderValue},
    web::Bytes,
};
use futures_util::stream;
use serde_json::{Value, json};
use tokio::sync::broadcast::{Receiver, error::RecvError};

use super::{
    group::Seat,
    tickets::{End, Ticket},
};
use crate::routes::EVENT_STREAM;

/// How long a client waits before it connects again, ms.
const RETRY_MS: u32 = 1_000;

/// One event.
#[derive(Debug)]
pub(crate) struct Event {
    pub(crate) name: &'static str,
    /// JSON.
    pub(crate) data: String,
    /// What a client has that has seen it.
    pub(crate) position: Option<i64>,
}

impl Event {
    pub(crate) fn new(name: &'static str, data: Value) -> Self {
        Self::raw(name, data.to_string())
    }

    pub(crate) const fn raw(name: &'static str, data: String) -> Self {
        Self { name, data, position: None }
    }

    pub(crate) fn at(self, position: i64) -> Self {
        Self { position: Some(position), ..self }
    }
}

/// What is told at once.
#[derive(Debug)]
pub(crate) struct Told {
    tag: Arc<str>,
    pub(crate) events: Vec<Event>,
    /// What a client has that has seen all of it.
    pub(crate) position: Option<i64>,
    written: OnceLock<Bytes>,
}

impl Told {
    pub(crate) fn new(tag: &Arc<str>) -> Self {
        Self { tag: Arc::clone(tag), events: Vec::new(), position: None, written: OnceLock::new() }
    }

    /// A sign of life: what has been seen, and nothing else.
    pub(crate) fn heartbeat(tag: &Arc<str>, position: i64) -> Self {
        Self { position: Some(position), ..Self::new(tag) }
    }

    pub(crate) fn push(&mut self, event: Event) {
        self.events.push(event);
    }

    pub(crate) fn extend(&mut self, events: impl IntoIterator<Item = Event>) {
        self.events.extend(events);
    }

    /// Whoever has seen all of it has everything up to `position`.
    pub(crate) fn mark(&mut self, position: i64) {
        self.position = Some(position);
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.events.is_empty()
    }

    /// The id of a position: `Last-Event-ID` when the client comes back.
    pub(crate) fn id(&self, position: i64) -> String {
        Mark::text(position, &self.tag)
    }

    /// An event by its number: its name, its JSON and what `Last-Event-ID` says behind it. Only the last
    /// one of a change of a list has that, so that who loses the connection between two of them begins
    /// before the first.
    fn at(&self, number: usize) -> Option<(&str, &str, Option<String>)> {
        let event = self.events.get(number)?;
        let is_last = number + 1 == self.events.len();
        let position = event.position.or(self.position.filter(|_| is_last));
        Some((event.name, &event.data, position.map(|position| self.id(position))))
    }

    /// The same, with a `mark` when nothing happened: what has been seen.
    pub(crate) fn at_or_mark(&self, number: usize) -> Option<(&str, &str, Option<String>)> {
        match self.position.filter(|_| number == 0 && self.events.is_empty()) {
            Some(position) => Some(("mark", "{}", Some(self.id(position)))),
            None => self.at(number),
        }
    }

    /// As server-sent events.
    fn written(&self) -> Bytes {
        let write = || {
            let mut text = String::new();
            for (name, data, id) in (0..).map_while(|number| self.at(number)) {
                // Writing to a string does not fail. Our JSON has no line breaks.
                if let Some(id) = id {
                    let _ = writeln!(text, "id: {id}");
                }
                let _ = write!(text, "event: {name}\ndata: {data}\n\n");
            }
            if let Some(position) = self.position.filter(|_| self.events.is_empty()) {
                // An id without data is no event, but is kept.
                let _ = write!(text, ": still here\nid: {}\n\n", self.id(position));
            }
            Bytes::from(text)
        };
        self.written.get_or_init(write).clone()
    }
}

/// What a client has: a position of the feed, and of which list with which rights in which epoch.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Mark {
    pub(crate) position: i64,
}

impl Mark {
    fn text(position: i64, tag: &str) -> String {
        format!("{position}-{tag}")
    }

    /// Reads `Last-Event-ID`; none when it is of another list, of other rights or of
    /// another epoch.
    pub(crate) fn parse(text: &str, tag: &str) -> Option<Self> {
        let (position, other) = text.split_once('-')?;
        let position = position.parse().ok().filter(|position| *position >= 0)?;
        (other == tag).then_some(Self { position })
    }
}

/// One client's stream.
pub(crate) struct Stream {
    ticket: Ticket,
    first: Option<Arc<Told>>,
    rest: Receiver<Arc<Told>>,
}

/// What comes next.
pub(crate) enum Next {
    /// This.
    Told(Arc<Told>),
    /// Nothing more: the session may not see it.
    End(End),
    /// Nothing more: the client reads too slowly, or the server stops. It may come back at once.
    Over,
}

impl Stream {
    pub(crate) fn new(ticket: Ticket, seat: Seat) -> Self {
        Self { ticket, first: Some(seat.first), rest: seat.rest }
    }

    /// Waits for what comes next.
    pub(crate) async fn next(&mut self) -> Next {
        let told = match self.first.take() {
            Some(first) => first,
            None => tokio::select! {
                biased;
                end = self.ticket.ended() => return Next::End(end),
                told = self.rest.recv() => match told {
                    Ok(told) => told,
                    Err(RecvError::Lagged(_)) => {
                        metrics::counter!("almoner_live_cut_off_total").increment(1);
                        return Next::Over;
                    }
                    Err(RecvError::Closed) => return Next::Over,
                },
            },
        };
        match self.ticket.clear().await {
            Ok(()) => Next::Told(told),
            Err(end) => Next::End(end),
        }
    }

    /// The answer to a request. A client that only asks for the head gets no body, and so no stream.
    pub(crate) fn answer(self, is_head: bool) -> EventStream {
        EventStream(Some(self).filter(|_| !is_head))
    }
}

/// An answer that goes on.
pub(crate) struct EventStream(Option<Stream>);

impl Responder for EventStream {
    type Body = BoxBody;

    fn respond_to(self, _: &HttpRequest) -> HttpResponse {
        let mut answer = HttpResponse::Ok();
        answer
            .content_type(EVENT_STREAM)
            .insert_header((header::CACHE_CONTROL, "no-store"))
            // The compressor would hold events back.
            .insert_header((header::CONTENT_ENCODING, HeaderValue::from_static("identity")))
            // So would nginx.
            .insert_header(("X-Accel-Buffering", "no"));
        let Some(stream) = self.0 else { return answer.finish() };
        let hello = Bytes::from(format!("retry: {RETRY_MS}\n\n"));
        answer.streaming(stream::unfold((Some(stream), Some(hello)), |(stream, hello)| async {
            let mut stream = stream?;
            if let Some(hello) = hello {
                return Some((Ok::<_, actix_web::Error>(hello), (Some(stream), None)));
            }
            match stream.next().await {
                Next::Told(told) => Some((Ok(told.written()), (Some(stream), None))),
                Next::End(end) => {
                    let data = json!({ "code": end.code() });
                    let text = format!("event: end\ndata: {data}\n\n");
                    Some((Ok(Bytes::from(text)), (None, None)))
                }
                Next::Over => None,
            }
        }))
    }
}

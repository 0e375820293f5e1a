//! A client's connection, and how long it may stay without a request. actix gives the first head of a
//! connection five seconds, and watches none of those that come after it: a byte now and then kept a
//! connection for ever. Here every head has to come in time.
//!
//! What does not come is not waited for. actix reads bodies without a limit of time, waits for the rest
//! of a chunked body after its answer, and watches the first head alone; each let a stranger hold
//! connections for nothing. So connections are ours: actix-http over a stream that ends when the next
//! head is not there in time, because actix-web's own server only has plain ones. Bytes that are no
//! HTTP are counted, and are no line of the log: anybody can send them.

use std::{
    cell::Cell,
    future::Future,
    io::{self, IoSlice},
    net::{SocketAddr, TcpListener},
    pin::Pin,
    rc::Rc,
    task::{Context, Poll},
    time::Duration,
};

use actix_http::{
    HttpService,
    error::{DispatchError, ParseError},
};
use actix_server::ServerBuilder;
use actix_service::{IntoServiceFactory, ServiceFactoryExt, fn_service, map_config};
use actix_web::{
    Error,
    body::MessageBody,
    dev::{AppConfig, Extensions, ServiceFactory, ServiceResponse},
    rt::net::TcpStream,
};
use futures_util::future::ready;
use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    time::{Instant, Sleep, sleep_until},
};

/// Counts requests that were no HTTP.
pub const MALFORMED: &str = "almoner_http_malformed_requests_total";

/// How long a connection is kept on which nothing comes. Proxies have to let go of one sooner.
const KEEP_ALIVE: Duration = Duration::from_secs(5);
/// How long the head of a request may take.
const HEAD: Duration = Duration::from_secs(5);
/// How long what is still on its way is read and thrown away after an answer that did not wait for
/// it: a connection that is closed on unread bytes takes the answer with it.
const LINGER: Duration = Duration::from_secs(1);

/// Serves an application at a listener.
pub(crate) fn serve<App, S, B>(
    builder: ServerBuilder,
    listener: TcpListener,
    app: impl Fn() -> App + Send + Clone + 'static,
) -> io::Result<ServerBuilder>
where
    App: IntoServiceFactory<S, actix_http::Request> + 'static,
    S: ServiceFactory<actix_http::Request, Config = AppConfig, Response = ServiceResponse<B>>
        + 'static,
    S::Error: Into<Error> + 'static,
    S::InitError: std::fmt::Debug,
    <S::Service as actix_service::Service<actix_http::Request>>::Future: 'static,
    B: MessageBody + 'static,
{
    let address = listener.local_addr()?;
    let stopping = builder.graceful_shutdown_signal();
    builder.listen("almoner", listener, move || {
        let stopping = stopping.clone();
        let http = HttpService::build()
            .graceful_shutdown_signal(move || {
                let stopping = stopping.clone();
                async move { stopping.notified().await }
            })
            .keep_alive(KEEP_ALIVE)
            .client_request_timeout(HEAD)
            .client_disconnect_timeout(LINGER)
            .local_addr(address)
            .on_connect_ext(|connection: &Connection, data: &mut Extensions| {
                data.insert(Rc::clone(&connection.presence));
            })
            .h1(map_config(
                app().into_factory().map_err(|error| error.into().error_response()),
                |()| AppConfig::default(),
            ));
        fn_service(|stream: TcpStream| {
            let peer = stream.peer_addr().ok();
            limit_silence(&stream);
            ready(Ok::<(Connection, Option<SocketAddr>), DispatchError>((
                Connection::new(stream),
                peer,
            )))
        })
        .and_then(http)
        .map_err(count)
    })
}

/// What is no HTTP is a stranger's mistake, and no error of the server.
fn count(error: DispatchError) -> DispatchError {
    if matches!(&error, DispatchError::Parse(cause) if !matches!(cause, ParseError::Io(_))) {
        metrics::counter!(MALFORMED).increment(1);
    }
    error
}

/// How long a peer may take nothing of what it is sent.
#[cfg(target_os = "linux")]
const SILENCE: Duration = Duration::from_secs(60);

/// Lets the system give up a peer that takes nothing (RFC 5482): otherwise one that never reads, but
/// answers probes, keeps its connection and all that waits for it for ever.
fn limit_silence(stream: &TcpStream) {
    #[cfg(target_os = "linux")]
    {
        let limited = socket2::SockRef::from(stream).set_tcp_user_timeout(Some(SILENCE));
        if let Err(error) = limited {
            tracing::debug!(%error, "a connection has no limit of silence");
        }
    }
    #[cfg(not(target_os = "linux"))]
    let _ = stream;
}

/// Whether a request of a connection is being answered.
#[derive(Debug, Default)]
pub(crate) struct Presence {
    answering: Cell<u32>,
    /// The end of the last answer. None before the first one: actix watches the first head itself.
    idle_since: Cell<Option<Instant>>,
}

impl Presence {
    /// When the head of the next request has to be there.
    fn due(&self) -> Option<Instant> {
        let since = self.idle_since.get().filter(|_| self.answering.get() == 0)?;
        Some(since + KEEP_ALIVE + HEAD)
    }
}

/// Held from the head of a request to the end of its answer.
#[derive(Debug)]
pub(crate) struct Answering(Rc<Presence>);

impl Answering {
    pub(crate) fn begin(presence: &Rc<Presence>) -> Self {
        presence.answering.set(presence.answering.get() + 1);
        Self(Rc::clone(presence))
    }
}

impl Drop for Answering {
    fn drop(&mut self) {
        let left = self.0.answering.get() - 1;
        self.0.answering.set(left);
        if left == 0 {
            self.0.idle_since.set(Some(Instant::now()));
        }
    }
}

/// A connection that ends when no request comes.
struct Connection {
    stream: TcpStream,
    presence: Rc<Presence>,
    alarm: Option<Pin<Box<Sleep>>>,
}

impl Connection {
    fn new(stream: TcpStream) -> Self {
        Self { stream, presence: Rc::default(), alarm: None }
    }

    /// True when the next request should have been there; otherwise the task is woken when that is so.
    /// It also ends what actix forgets: its timers start from a clock that stands still while a worker is
    /// busy, and one that is set in the past never rings.
    fn is_overdue(&mut self, cx: &mut Context<'_>) -> bool {
        let Some(due) = self.presence.due() else { return false };
        if Instant::now() >= due {
            return true;
        }
        let alarm = self.alarm.get_or_insert_with(|| Box::pin(sleep_until(due)));
        // It may have been set for an earlier request: setting it anew for each would cost more.
        while alarm.as_mut().poll(cx).is_ready() {
            alarm.as_mut().reset(due);
        }
        false
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let this = self.get_mut();
        if this.is_overdue(cx) {
            // Nothing read is the end, as if the client had closed it.
            return Poll::Ready(Ok(()));
        }
        Pin::new(&mut this.stream).poll_read(cx, buffer)
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write(cx, bytes)
    }

    fn poll_flush(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_flush(cx)
    }

    fn poll_shutdown(self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.get_mut().stream).poll_shutdown(cx)
    }

    fn poll_write_vectored(
        self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        parts: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.get_mut().stream).poll_write_vectored(cx, parts)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

//! A WebSocket client, as a frontend has one.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpStream, time::timeout};
use tokio_tungstenite::{
    MaybeTlsStream, WebSocketStream, connect_async,
    tungstenite::{
        Error, Message,
        client::IntoClientRequest,
        handshake::client::Response,
        http::{HeaderMap, HeaderValue, Request},
    },
};

use super::{Answer, Browser};

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(60);

/// An open socket.
pub struct Socket {
    stream: WebSocketStream<MaybeTlsStream<TcpStream>>,
    /// What the server answered to the request for it.
    pub headers: HeaderMap,
}

/// What is heard.
#[derive(Clone, Debug, PartialEq)]
pub enum Heard {
    /// A message.
    Message(Value),
    /// The number in the close frame, and the reason.
    Closed(u16, String),
    /// The connection is gone.
    Lost,
}

impl Socket {
    /// Opens one, as a page of the server does.
    pub async fn of(browser: &Browser, url: &str) -> Self {
        let opened = Self::attempt(browser, url, |_| {}).await;
        opened.unwrap_or_else(|answer| panic!("no socket: {} {}", answer.status, answer.body))
    }

    /// The same, where the request is another and the answer may be no socket.
    pub async fn attempt(
        browser: &Browser,
        url: &str,
        change: impl FnOnce(&mut Request<()>),
    ) -> Result<Self, Box<Answer>> {
        let address = format!("{}/api/v1/socket", url.replace("http://", "ws://"));
        let mut request = address.into_client_request().unwrap();
        let mut add = |name: &'static str, value: &str| {
            request.headers_mut().insert(name, HeaderValue::from_str(value).unwrap());
        };
        add("origin", url);
        if !browser.cookies.is_empty() {
            let pairs = browser.cookies.iter().map(|cookie| cookie.split(';').next().unwrap());
            add("cookie", &pairs.collect::<Vec<_>>().join("; "));
        }
        change(&mut request);
        match connect_async(request).await {
            Ok((stream, answer)) => Ok(Self { stream, headers: answer.headers().clone() }),
            Err(Error::Http(answer)) => Err(Box::new(read(*answer))),
            Err(error) => panic!("{error}"),
        }
    }

    /// Sends a message.
    pub async fn send(&mut self, message: Value) {
        self.frame(Message::text(message.to_string())).await;
    }

    /// Sends whatever a test likes; a connection that is closed already is no failure.
    pub async fn frame(&mut self, message: Message) {
        let _ = self.stream.send(message).await;
    }

    /// Sends bytes that need not be a frame.
    pub async fn bytes(&mut self, bytes: &[u8]) {
        let stream = self.stream.get_mut();
        stream.write_all(bytes).await.unwrap();
        stream.flush().await.unwrap();
    }

    /// Waits for what is heard next.
    pub async fn heard(&mut self) -> Heard {
        timeout(PATIENCE, self.hearing()).await.expect("nothing is heard")
    }

    async fn hearing(&mut self) -> Heard {
        loop {
            match self.stream.next().await {
                Some(Ok(Message::Text(text))) => {
                    return Heard::Message(serde_json::from_str(&text).unwrap());
                }
                Some(Ok(Message::Close(frame))) => {
                    let frame = frame.expect("a close frame without a code");
                    return Heard::Closed(frame.code.into(), frame.reason.to_string());
                }
                Some(Ok(_)) => {}
                Some(Err(_)) | None => return Heard::Lost,
            }
        }
    }

    /// Waits for the next message.
    pub async fn message(&mut self) -> Value {
        match self.heard().await {
            Heard::Message(message) => message,
            other => panic!("the socket is closed: {other:?}"),
        }
    }

    /// Waits for a message of a type, passing over none but signs of life.
    pub async fn expect(&mut self, type_: &str) -> Value {
        loop {
            let message = self.message().await;
            if message["event"] != "mark" {
                assert_eq!(message["type"], type_, "{message}");
                return message;
            }
        }
    }

    /// Waits for a message of one of two types, passing over none but signs of life.
    pub async fn expect_either(&mut self, one: &str, other: &str) -> Value {
        loop {
            let message = self.message().await;
            if message["event"] != "mark" {
                assert!(message["type"] == one || message["type"] == other, "{message}");
                return message;
            }
        }
    }

    /// Sends a message and waits for its answer.
    pub async fn ask(&mut self, message: Value, type_: &str) -> Value {
        self.send(message).await;
        self.expect(type_).await
    }

    /// Waits for an error with that id, and gives its problem.
    pub async fn refused(&mut self, id: &str, code: &str) -> Value {
        let error = self.expect("error").await;
        assert_eq!(error["id"], id, "{error}");
        assert_eq!(error["problem"]["code"], code, "{error}");
        error["problem"].clone()
    }

    /// Waits until the server closes, whatever it says before: the last message, the number and the
    /// reason.
    pub async fn end(&mut self) -> (String, u16, String) {
        let mut last = Value::Null;
        loop {
            match self.heard().await {
                Heard::Message(message) => last = message,
                Heard::Closed(number, reason) => {
                    assert_eq!(last["type"], "end", "{last}");
                    return (last["code"].as_str().unwrap().to_owned(), number, reason);
                }
                Heard::Lost => panic!("the connection is lost: {last}"),
            }
        }
    }
}

fn read(answer: Response) -> Answer {
    let (head, body) = answer.into_parts();
    let body = body.and_then(|body| serde_json::from_slice(&body).ok()).unwrap_or(json!(null));
    Answer { status: head.status.as_u16(), headers: head.headers, body }
}

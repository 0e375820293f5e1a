//! HTTP/1.1 on one connection, as cheap as it can be: the client shares the cores with the server it
//! measures.

use std::net::SocketAddr;

use anyhow::{Context, bail, ensure};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
};

/// A connection that is kept alive.
pub struct Connection {
    stream: TcpStream,
    inbox: Vec<u8>,
    filled: usize,
}

/// What came back.
#[derive(Debug)]
pub struct Answer<'a> {
    pub status: u16,
    /// The version in the `ETag`.
    pub version: Option<i64>,
    pub head: &'a [u8],
    pub body: &'a [u8],
}

impl Connection {
    /// Connects.
    pub async fn open(address: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(address).await.context("cannot connect")?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, inbox: vec![0; 64 * 1024], filled: 0 })
    }

    /// Sends one request and waits for its answer.
    pub async fn exchange(&mut self, request: &[u8]) -> anyhow::Result<Answer<'_>> {
        self.stream.write_all(request).await.context("cannot send")?;
        self.filled = 0;
        let mut head = None;
        let head = loop {
            if head.is_none() {
                head = Head::read(&self.inbox[..self.filled])?;
            }
            if let Some(head) = &head
                && self.filled >= head.end()
            {
                break head;
            }
            if self.inbox.len() - self.filled < 16 * 1024 {
                self.inbox.resize(self.inbox.len() * 2, 0);
            }
            let read = self.stream.read(&mut self.inbox[self.filled..]).await?;
            ensure!(read > 0, "the server closed the connection");
            self.filled += read;
        };
        ensure!(self.filled == head.end(), "more came than was asked for");
        Ok(Answer {
            status: head.status,
            version: head.version,
            head: &self.inbox[..head.length],
            body: &self.inbox[head.length..head.end()],
        })
    }
}

/// The head of an answer, as far as it matters here.
#[derive(Debug, PartialEq, Eq)]
struct Head {
    status: u16,
    version: Option<i64>,
    /// Bytes of the head itself.
    length: usize,
    /// Bytes of the body.
    body: usize,
}

impl Head {
    /// The head in those bytes; nothing while it is not whole.
    fn read(bytes: &[u8]) -> anyhow::Result<Option<Self>> {
        let mut headers = [httparse::EMPTY_HEADER; 48];
        let mut response = httparse::Response::new(&mut headers);
        let length = match response.parse(bytes).context("the answer is not HTTP")? {
            httparse::Status::Partial => return Ok(None),
            httparse::Status::Complete(length) => length,
        };
        let status = response.code.context("no status")?;
        let mut version = None;
        let mut body = match status {
            204 | 304 => Some(0),
            _ => None,
        };
        for header in response.headers.iter() {
            if header.name.eq_ignore_ascii_case("content-length") {
                body = Some(std::str::from_utf8(header.value)?.parse()?);
            } else if header.name.eq_ignore_ascii_case("etag") {
                // Behind the point is a mark of what is shown.
                let tag = std::str::from_utf8(header.value)?.trim_matches('"');
                version = tag.split('.').next().and_then(|version| version.parse().ok());
            }
        }
        let Some(body) = body else { bail!("an answer without Content-Length") };
        Ok(Some(Self { status, version, length, body }))
    }

    const fn end(&self) -> usize {
        self.length + self.body
    }
}

impl Answer<'_> {
    /// The cookies of the answer, as they are sent back.
    pub fn cookies(&self) -> anyhow::Result<String> {
        let mut headers = [httparse::EMPTY_HEADER; 48];
        let mut response = httparse::Response::new(&mut headers);
        response.parse(self.head)?;
        let set = response.headers.iter().filter(|header| {
            header.name.eq_ignore_ascii_case("set-cookie") && !header.value.is_empty()
        });
        let pairs: Vec<_> = set
            .filter_map(|header| std::str::from_utf8(header.value).ok()?.split(';').next())
            .collect();
        Ok(pairs.join("; "))
    }

    /// The body as text, shortened: for complaints.
    pub fn excerpt(&self) -> String {
        String::from_utf8_lossy(&self.body[..self.body.len().min(300)]).into_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const WHOLE: &[u8] =
        b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\nETag: \"7.q7Jx0cWn4Zk1VfYt8LmR2g\"\r\nX: y\r\n\r\nhello";

    #[test]
    fn a_head_says_where_its_body_ends() {
        let head = Head::read(WHOLE).unwrap().unwrap();
        assert_eq!(head.end(), WHOLE.len());
        assert_eq!(head, Head { status: 200, version: Some(7), length: WHOLE.len() - 5, body: 5 });
    }

    #[test]
    fn a_head_that_is_not_whole_is_waited_for() {
        for end in 0..WHOLE.len() - 5 {
            assert_eq!(Head::read(&WHOLE[..end]).unwrap(), None, "{end}");
        }
    }

    #[test]
    fn an_answer_of_unknown_length_is_refused() {
        let chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n";
        assert!(Head::read(chunked).is_err());
        let nothing = b"HTTP/1.1 204 No Content\r\n\r\n";
        assert_eq!(Head::read(nothing).unwrap().unwrap().body, 0);
    }

    #[test]
    fn cookies_are_sent_back_without_their_attributes() {
        let head = b"HTTP/1.1 200 OK\r\nSet-Cookie: a=1; Path=/\r\nset-cookie: b=2\r\nX: y\r\n\r\n";
        let answer = Answer { status: 200, version: None, head, body: b"" };
        assert_eq!(answer.cookies().unwrap(), "a=1; b=2");
    }
}

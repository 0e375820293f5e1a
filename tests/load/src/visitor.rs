//! Somebody who is logged in: the cookie, the CSRF token, and requests written byte by byte.

use std::{io::Write, net::SocketAddr};

use anyhow::{Context, ensure};
use serde_json::{Value, json};

use crate::client::Connection;

/// What every request of a session carries.
#[derive(Clone, Debug)]
pub struct Visitor {
    pub address: SocketAddr,
    cookie: String,
    csrf: String,
}

impl Visitor {
    /// Somebody without a session.
    pub const fn stranger(address: SocketAddr) -> Self {
        Self { address, cookie: String::new(), csrf: String::new() }
    }

    /// Logs in as a browser does.
    pub async fn log_in(
        address: SocketAddr,
        path: &str,
        email: &str,
        password: &str,
    ) -> anyhow::Result<Self> {
        let stranger = Self::stranger(address);
        let mut request = Vec::new();
        let body = json!({ "email": email, "password": password }).to_string();
        stranger.post(&mut request, path, body.as_bytes(), None);
        let mut connection = Connection::open(address).await?;
        let answer = connection.exchange(&request).await?;
        ensure!(answer.status == 200, "{email} cannot log in: {}", answer.excerpt());
        let body: Value = serde_json::from_slice(answer.body)?;
        let csrf = body["csrf_token"].as_str().context("no CSRF token")?.to_owned();
        Ok(Self { address, cookie: answer.cookies()?, csrf })
    }

    /// Writes a `GET`.
    pub fn get(&self, out: &mut Vec<u8>, path: &str) {
        self.begin(out, "GET", path);
        out.extend_from_slice(b"\r\n");
    }

    /// Writes a `POST`; `from` is the address a proxy would name.
    pub fn post(&self, out: &mut Vec<u8>, path: &str, body: &[u8], from: Option<&str>) {
        self.begin(out, "POST", path);
        if let Some(from) = from {
            put(out, format_args!("X-Forwarded-For: {from}\r\n"));
        }
        self.carry(out, body);
    }

    /// Writes a `PATCH` from a version on.
    pub fn patch(&self, out: &mut Vec<u8>, path: &str, version: i64, body: &[u8]) {
        self.begin(out, "PATCH", path);
        put(out, format_args!("If-Match: \"{version}\"\r\n"));
        self.carry(out, body);
    }

    /// Asks once, on a connection of its own.
    pub async fn fetch(&self, path: &str) -> anyhow::Result<Vec<u8>> {
        let mut request = Vec::new();
        self.get(&mut request, path);
        let mut connection = Connection::open(self.address).await?;
        let answer = connection.exchange(&request).await?;
        ensure!(answer.status == 200, "{path}: {} {}", answer.status, answer.excerpt());
        Ok(answer.body.to_vec())
    }

    /// Asks once, for JSON.
    pub async fn read(&self, path: &str) -> anyhow::Result<Value> {
        let body = self.fetch(path).await?;
        serde_json::from_slice(&body).with_context(|| path.to_owned())
    }

    fn begin(&self, out: &mut Vec<u8>, method: &str, path: &str) {
        out.clear();
        put(
            out,
            format_args!(
                "{method} {path} HTTP/1.1\r\nHost: {}\r\nUser-Agent: almoner-load\r\n",
                self.address
            ),
        );
        if !self.cookie.is_empty() {
            put(out, format_args!("Cookie: {}\r\n", self.cookie));
        }
    }

    fn carry(&self, out: &mut Vec<u8>, body: &[u8]) {
        put(
            out,
            format_args!(
                "X-CSRF-Token: {}\r\nContent-Type: application/json\r\nContent-Length: {}\r\n\r\n",
                self.csrf,
                body.len()
            ),
        );
        out.extend_from_slice(body);
    }
}

/// Memory takes everything that is written to it.
fn put(out: &mut Vec<u8>, text: std::fmt::Arguments<'_>) {
    let _ = out.write_fmt(text);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_names_its_version_its_session_and_its_length() {
        let visitor = Visitor {
            address: ([127, 0, 0, 1], 80).into(),
            cookie: "a=1".to_owned(),
            csrf: "token".to_owned(),
        };
        let mut out = b"what was there before".to_vec();
        visitor.patch(&mut out, "/x", 3, b"{}");
        assert_eq!(
            String::from_utf8(out).unwrap(),
            "PATCH /x HTTP/1.1\r\nHost: 127.0.0.1:80\r\nUser-Agent: almoner-load\r\n\
             Cookie: a=1\r\nIf-Match: \"3\"\r\nX-CSRF-Token: token\r\n\
             Content-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
        );
    }
}

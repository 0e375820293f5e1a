//! A client of the API, as a frontend is one: cookies, the CSRF token, JSON.

use reqwest::{
    Client, Method, RequestBuilder, Response,
    header::{self, HeaderMap},
};
use serde_json::{Value, json};

use super::http;

/// A browser, logged in or not.
pub struct Browser {
    client: Client,
    api: String,
    /// The CSRF token of the session.
    pub csrf: Option<String>,
    /// `Set-Cookie` of the login.
    pub cookies: Vec<String>,
}

/// What the server answered.
#[derive(Debug)]
pub struct Answer {
    pub status: u16,
    pub headers: HeaderMap,
    /// `null` when there is no body, or none that is JSON.
    pub body: Value,
}

impl Browser {
    /// Somebody who is not logged in.
    pub fn stranger(url: &str) -> Self {
        Self {
            client: http::client().cookie_store(true).build().unwrap(),
            api: format!("{url}/api/v1"),
            csrf: None,
            cookies: Vec::new(),
        }
    }

    /// Somebody who is.
    pub async fn log_in(url: &str, email: &str, password: &str) -> Self {
        let mut browser = Self::stranger(url);
        let body = json!({ "email": email, "password": password });
        let answer = browser.post("/auth/login", &body).await;
        assert_eq!(answer.status, 200, "{email} cannot log in: {}", answer.body);
        let cookies = answer.headers.get_all(header::SET_COOKIE).iter();
        browser.cookies = cookies.map(|cookie| cookie.to_str().unwrap().to_owned()).collect();
        browser.csrf = Some(answer.text("/csrf_token"));
        browser
    }

    /// The same browser and session at another address of this host.
    pub fn at(&self, url: &str) -> Self {
        Self {
            client: self.client.clone(),
            api: format!("{url}/api/v1"),
            csrf: self.csrf.clone(),
            cookies: self.cookies.clone(),
        }
    }

    /// A request that a test completes itself; the CSRF token goes along.
    pub fn request(&self, method: Method, path: &str) -> RequestBuilder {
        let request = self.client.request(method, format!("{}{path}", self.api));
        match &self.csrf {
            Some(token) => request.header("X-CSRF-Token", token),
            None => request,
        }
    }

    /// Reads something.
    pub async fn get(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::GET, path)).await
    }

    /// Posts something.
    pub async fn post(&self, path: &str, body: &Value) -> Answer {
        Answer::to(self.request(Method::POST, path).json(body)).await
    }

    /// Posts nothing: an action without a body.
    pub async fn act(&self, path: &str) -> Answer {
        Answer::to(self.request(Method::POST, path)).await
    }

    /// Changes something from a version on.
    pub async fn patch(&self, path: &str, version: i64, body: &Value) -> Answer {
        let request =
            self.request(Method::PATCH, path).header("If-Match", format!("\"{version}\""));
        Answer::to(request.json(body)).await
    }

    /// Deletes something at a version.
    pub async fn delete(&self, path: &str, version: i64) -> Answer {
        let request = self.request(Method::DELETE, path);
        Answer::to(request.header("If-Match", format!("\"{version}\""))).await
    }
}

impl Answer {
    /// Sends a request.
    pub async fn to(request: RequestBuilder) -> Self {
        Self::attempt(request).await.unwrap()
    }

    /// The same, where the connection may be cut.
    pub async fn attempt(request: RequestBuilder) -> Result<Self, reqwest::Error> {
        Self::of(request.send().await?).await
    }

    /// What a response says.
    pub async fn of(response: Response) -> Result<Self, reqwest::Error> {
        let (status, headers) = (response.status().as_u16(), response.headers().clone());
        if headers.get(header::CONTENT_TYPE).is_some_and(|media| media == "text/event-stream") {
            // It has no end.
            return Ok(Self { status, headers, body: Value::Null });
        }
        let body = response.bytes().await?;
        Ok(Self { status, headers, body: serde_json::from_slice(&body).unwrap_or_default() })
    }

    /// A text at a JSON Pointer.
    pub fn text(&self, pointer: &str) -> String {
        let value = self.body.pointer(pointer).and_then(Value::as_str);
        value.unwrap_or_else(|| panic!("no text at {pointer} in {}", self.body)).to_owned()
    }

    /// A whole number at a JSON Pointer.
    pub fn number(&self, pointer: &str) -> i64 {
        let value = self.body.pointer(pointer).and_then(Value::as_i64);
        value.unwrap_or_else(|| panic!("no number at {pointer} in {}", self.body))
    }

    /// A list at a JSON Pointer.
    pub fn list(&self, pointer: &str) -> &[Value] {
        let value = self.body.pointer(pointer).and_then(Value::as_array);
        value.unwrap_or_else(|| panic!("no list at {pointer} in {}", self.body))
    }

    /// A header, empty when it is not there.
    pub fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// The version in the `ETag`, once the rest of it is as it should be; empty when there is none.
    #[track_caller]
    pub fn version(&self) -> &str {
        let tag = self.header("etag");
        if tag.is_empty() {
            return tag;
        }
        let (version, mark) = tag[1..tag.len() - 1].split_once('.').expect(tag);
        assert_eq!((mark.len(), &tag[..1], &tag[tag.len() - 1..]), (22, "\"", "\""), "{tag}");
        version
    }

    /// The same answer, once it has the status that a test expects.
    #[track_caller]
    pub fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }
}

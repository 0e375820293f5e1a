//! Somebody who follows a list: the array that a client keeps, as the contract describes it.

use std::time::Duration;

use reqwest::{Method, Response, header};
use serde_json::Value;
use tokio::time::timeout;

use super::{Answer, Browser};

/// Longer than anything takes on a busy machine.
const PATIENCE: Duration = Duration::from_secs(30);

/// One event.
#[derive(Clone, Debug, PartialEq)]
pub struct Event {
    pub name: String,
    pub data: Value,
    pub id: Option<String>,
}

/// A stream, and what was made of it.
pub struct Follower {
    response: Response,
    buffer: Vec<u8>,
    /// The list, as far as it is known.
    pub items: Vec<Value>,
    /// `Last-Event-ID` of the next connection.
    pub last: Option<String>,
}

impl Follower {
    /// Follows from the start.
    pub async fn of(browser: &Browser, path: &str) -> Self {
        Self::attempt(browser, path, None).await.unwrap_or_else(|answer| {
            panic!("{path} cannot be followed: {} {}", answer.status, answer.body)
        })
    }

    /// Follows from where somebody stopped, with what they had.
    pub async fn resume(self, browser: &Browser, path: &str) -> Self {
        let Self { response, items, last, .. } = self;
        // The connection is closed before the next one is made.
        drop(response);
        let resumed =
            Self::attempt(browser, path, last.as_deref()).await.unwrap_or_else(|answer| {
                panic!("{path} cannot be resumed: {} {}", answer.status, answer.body)
            });
        Self { items, last, ..resumed }
    }

    /// The same, where the answer may be no stream.
    pub async fn attempt(
        browser: &Browser,
        path: &str,
        last: Option<&str>,
    ) -> Result<Self, Box<Answer>> {
        Self::connect(browser, path, last).await.unwrap()
    }

    /// The same, where the connection may be cut.
    pub async fn connect(
        browser: &Browser,
        path: &str,
        last: Option<&str>,
    ) -> Result<Result<Self, Box<Answer>>, reqwest::Error> {
        let mut request =
            browser.request(Method::GET, path).header(header::ACCEPT, "text/event-stream");
        if let Some(last) = last {
            request = request.header("Last-Event-ID", last);
        }
        let response = request.send().await?;
        let media = response.headers().get(header::CONTENT_TYPE);
        if response.status() != 200 || media.is_none_or(|media| media != "text/event-stream") {
            return Ok(Err(Box::new(Answer::of(response).await?)));
        }
        Ok(Ok(Self { response, buffer: Vec::new(), items: Vec::new(), last: None }))
    }

    /// Waits for the next event, and does what it says; none at the end of the stream.
    pub async fn next(&mut self) -> Option<Event> {
        let event = self.hear().await?;
        event.apply(&mut self.items);
        Some(event)
    }

    /// Waits for the next event, and does not do what it says.
    pub async fn hear(&mut self) -> Option<Event> {
        // Signs of life alone are not what is waited for.
        timeout(PATIENCE, self.following()).await.expect("nothing happened")
    }

    async fn following(&mut self) -> Option<Event> {
        loop {
            while let Some(block) = self.block() {
                if let Some(event) = self.read(&block) {
                    return Some(event);
                }
            }
            match self.response.chunk().await {
                Ok(Some(chunk)) => self.buffer.extend_from_slice(&chunk),
                Ok(None) | Err(_) => return None,
            }
        }
    }

    /// Waits for an event with that name, passing over none.
    pub async fn expect(&mut self, name: &str) -> Event {
        let event = self.next().await.expect("the stream ended");
        assert_eq!(event.name, name, "{}", event.data);
        event
    }

    /// Waits until the list is as it should be; gives the events until then.
    pub async fn until(&mut self, is_so: impl Fn(&[Value]) -> bool) -> Vec<Event> {
        let mut events = Vec::new();
        while !is_so(&self.items) {
            events.push(self.next().await.expect("the stream ended"));
        }
        events
    }

    /// The values of a field, in the order of the list.
    pub fn all(&self, field: &str) -> Vec<&str> {
        self.items.iter().map(|item| item[field].as_str().unwrap_or_default()).collect()
    }

    fn block(&mut self) -> Option<String> {
        let end = self.buffer.windows(2).position(|pair| pair == b"\n\n")?;
        let block = self.buffer.drain(..end + 2).collect();
        Some(String::from_utf8(block).unwrap())
    }

    fn read(&mut self, block: &str) -> Option<Event> {
        let field = |name: &str| {
            let mut lines = block.lines();
            lines.find_map(|line| line.strip_prefix(name)?.strip_prefix(": ")).map(str::to_owned)
        };
        let id = field("id");
        if id.is_some() {
            self.last.clone_from(&id);
        }
        let data = serde_json::from_str(&field("data")?).unwrap();
        Some(Event { name: field("event").unwrap(), data, id })
    }
}

impl Event {
    /// What the contract says that a client does.
    pub fn apply(&self, items: &mut Vec<Value>) {
        let Self { name, data, .. } = self;
        match name.as_str() {
            "snapshot" => *items = data["items"].as_array().unwrap().clone(),
            "remove" => items.retain(|item| item["id"] != data["id"]),
            "upsert" => {
                items.retain(|item| item["id"] != data["record"]["id"]);
                let index = usize::try_from(data["index"].as_u64().unwrap()).unwrap();
                items.insert(index, data["record"].clone());
            }
            "keep" => {
                let ids = data["ids"].as_array().unwrap();
                let had = std::mem::take(items);
                let kept = |id: &Value| had.iter().find(|item| item["id"] == *id).cloned();
                items.extend(ids.iter().filter_map(kept));
            }
            _ => {}
        }
    }
}

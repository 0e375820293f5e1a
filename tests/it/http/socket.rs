//! The socket: lists, topics and rooms over one connection.

mod ends;
mod limits;
mod lists;
mod rooms;

use serde_json::{Value, json};

use super::house::House;
use crate::support::{Browser, Event, Socket};

fn at(kind: &str, record: &Value) -> String {
    format!("/{kind}/{}", record["id"].as_str().unwrap())
}

fn room(record: &Value) -> String {
    format!("donors:{}", record["id"].as_str().unwrap())
}

fn subscribe(id: &str, path: &str) -> Value {
    json!({ "type": "subscribe", "id": id, "list": format!("/api/v1{path}") })
}

/// One list of a socket, as a client keeps it.
#[derive(Default)]
struct Kept {
    items: Vec<Value>,
    last: Option<String>,
}

impl Kept {
    /// Waits for the next event; its name.
    async fn next(&mut self, socket: &mut Socket) -> String {
        let event = socket.expect("event").await;
        let name = event["event"].as_str().unwrap().to_owned();
        let id = event["id"].as_str().map(str::to_owned);
        let event = Event { name: name.clone(), data: event["data"].clone(), id };
        event.apply(&mut self.items);
        if event.id.is_some() {
            self.last = event.id;
        }
        name
    }

    /// Waits until the list is the one that is read.
    async fn catches_up(&mut self, socket: &mut Socket, browser: &Browser, path: &str) {
        let now = browser.get(path).await.expect(200).list("/items").to_vec();
        while self.items != now {
            self.next(socket).await;
        }
    }
}

async fn open(house: &House<'_>, browser: &Browser) -> Socket {
    Socket::of(browser, &house.url).await
}

/// A socket in a room.
async fn in_room(house: &House<'_>, browser: &Browser, room: &str) -> (Socket, Value) {
    let mut socket = open(house, browser).await;
    let joined = socket.ask(json!({ "type": "join", "room": room }), "joined").await;
    (socket, joined)
}

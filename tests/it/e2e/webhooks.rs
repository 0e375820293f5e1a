//! The built binary tells a receiver what happens.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
    time::Duration,
};

use almoner_webhooks::Secret;
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
};

use super::almoner::Almoner;
use crate::support::Browser;

/// One call that came in.
#[derive(Clone, Debug)]
pub struct Message {
    pub headers: HashMap<String, String>,
    body: String,
}

/// Somebody who takes messages, and answers each with the next of its statuses, then with 204.
#[derive(Clone)]
pub struct Receiver {
    pub url: String,
    messages: Arc<Mutex<Vec<Message>>>,
    statuses: Arc<Mutex<VecDeque<u16>>>,
}

impl Receiver {
    pub async fn listen(statuses: &[u16]) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let receiver = Self {
            url: format!("http://{}/hooks", listener.local_addr().unwrap()),
            messages: Arc::default(),
            statuses: Arc::new(Mutex::new(statuses.iter().copied().collect())),
        };
        let own = receiver.clone();
        tokio::spawn(async move {
            loop {
                let (connection, _) = listener.accept().await.unwrap();
                let own = own.clone();
                // A sender that is killed cuts its calls off.
                tokio::spawn(async move { own.take(connection).await });
            }
        });
        receiver
    }

    async fn take(&self, mut connection: TcpStream) -> std::io::Result<()> {
        let mut bytes = Vec::new();
        loop {
            if connection.read_buf(&mut bytes).await? == 0 {
                return Ok(());
            }
            let text = String::from_utf8_lossy(&bytes);
            let Some((head, body)) = text.split_once("\r\n\r\n") else { continue };
            let headers: HashMap<String, String> = head
                .lines()
                .skip(1)
                .filter_map(|line| line.split_once(": "))
                .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
                .collect();
            if body.len() < headers["content-length"].parse::<usize>().unwrap() {
                continue;
            }
            let message = Message { headers, body: body.to_owned() };
            self.messages.lock().unwrap().push(message);
            break;
        }
        let status = self.statuses.lock().unwrap().pop_front().unwrap_or(204);
        let answer = format!(
            "HTTP/1.1 {status} X\r\nLocation: {}\r\nContent-Length: 0\r\nConnection: close\r\n\r\n",
            self.url
        );
        connection.write_all(answer.as_bytes()).await
    }

    pub fn messages(&self) -> Vec<Message> {
        self.messages.lock().unwrap().clone()
    }

    /// The messages, once there are so many.
    pub async fn at_least(&self, count: usize) -> Vec<Message> {
        for _ in 0..1_200 {
            if self.messages().len() >= count {
                return self.messages();
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("only {} of {count} messages came", self.messages().len());
    }
}

impl Message {
    pub fn id(&self) -> &str {
        &self.headers["webhook-id"]
    }

    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// What the signature should be.
    fn signature(&self, secret: &str) -> String {
        use base64::{Engine, engine::general_purpose::STANDARD};

        let key = STANDARD.decode(secret.strip_prefix("whsec_").unwrap()).unwrap();
        let timestamp = self.headers["webhook-timestamp"].parse().unwrap();
        Secret::from_stored(key).sign(self.id(), timestamp, &self.body)
    }
}

pub fn within() -> Almoner {
    Almoner::new()
        .with("ALMONER_WEBHOOKS_ALLOW_PRIVATE", "on")
        .with("ALMONER_RATE_LIMIT", "off")
        // Calls go where they are said to go, whatever the environment says.
        .with("http_proxy", "http://127.0.0.1:9")
}

async fn started(almoner: &mut Almoner) -> Browser {
    almoner.start();
    almoner.create_admin();
    almoner.log_in().await
}

pub async fn subscribe(browser: &Browser, receiver: &Receiver) -> (String, String) {
    let new = json!({ "url": receiver.url, "events": ["donation.created"] });
    let made = browser.post("/webhooks", &new).await.expect(201);
    (format!("/webhooks/{}", made.text("/id")), made.text("/secret"))
}

async fn donate(browser: &Browser) -> String {
    let gift = json!({
        "amount": { "amount": "12.00", "currency": "TRY" },
        "method": "cash", "donated_on": "2026-03-14",
    });
    browser.post("/donations", &gift).await.expect(201).text("/id")
}

/// The newest delivery, once it stands there.
async fn stands(browser: &Browser, path: &str, state: &str) -> Value {
    for _ in 0..600 {
        let list = browser.get(&format!("{path}/deliveries")).await.expect(200);
        if list.list("/items").first().is_some_and(|one| one["state"] == state) {
            return list.list("/items")[0].clone();
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{state} does not come");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_donation_is_told_signed_and_tried_again_under_the_same_name() {
    let mut almoner = within();
    let browser = started(&mut almoner).await;
    // A redirect is an answer like any other that is not 2xx.
    let receiver = Receiver::listen(&[302]).await;
    donate(&browser).await;
    let (path, secret) = subscribe(&browser, &receiver).await;
    let donation = donate(&browser).await;

    let messages = receiver.at_least(2).await;
    assert_eq!(messages.len(), 2, "{messages:?}");
    assert_eq!(messages[0].id(), messages[1].id());
    for message in &messages {
        assert_eq!(message.headers["webhook-signature"], message.signature(&secret));
        assert_eq!(message.headers["content-type"], "application/json");
    }
    let body = messages[0].json();
    assert_eq!((&body["type"], &body["data"]["version"]), (&json!("donation.created"), &json!(1)));
    assert_eq!(body["data"]["id"], donation);
    let delivery = stands(&browser, &path, "delivered").await;
    assert_eq!((&delivery["attempts"], &delivery["status"]), (&json!(2), &json!(204)));
    assert_eq!(delivery["message_id"], messages[0].id());

    // After a rotation both secrets sign.
    let rotated = browser.act(&format!("{path}/rotate")).await.expect(200).text("/secret");
    browser.act(&format!("{path}/test")).await.expect(202);
    let ping = receiver.at_least(3).await.remove(2);
    assert_eq!(ping.json()["type"], "test.ping");
    let both = format!("{} {}", ping.signature(&rotated), ping.signature(&secret));
    assert_eq!(ping.headers["webhook-signature"], both);

    let replay = format!("{path}/deliveries/{}/replay", delivery["id"].as_str().unwrap());
    browser.act(&replay).await.expect(202);
    assert_eq!(receiver.at_least(4).await[3].id(), messages[0].id());
    for text in [&secret, &rotated] {
        assert!(!almoner.log().contains(text.as_str()));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_receiver_that_answers_410_is_told_nothing_more() {
    let mut almoner = within();
    let browser = started(&mut almoner).await;
    let receiver = Receiver::listen(&[410]).await;
    let (path, _) = subscribe(&browser, &receiver).await;
    donate(&browser).await;
    let delivery = stands(&browser, &path, "failed").await;
    assert_eq!(delivery["status"], 410);
    let webhook = browser.get(&path).await.expect(200).body;
    assert_eq!(
        (&webhook["is_active"], &webhook["disabled_reason"]),
        (&json!(false), &json!("gone"))
    );
    donate(&browser).await;
    tokio::time::sleep(Duration::from_secs(2)).await;
    assert_eq!(receiver.messages().len(), 1);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn without_leave_nothing_within_is_called() {
    let mut almoner = within();
    let browser = started(&mut almoner).await;
    let receiver = Receiver::listen(&[]).await;
    let (path, _) = subscribe(&browser, &receiver).await;
    let port = receiver.url.rsplit(':').next().unwrap().to_owned();
    let named =
        json!({ "url": format!("https://localhost:{port}"), "events": ["donation.created"] });
    let named = browser.post("/webhooks", &named).await.expect(201);
    almoner.signal("-TERM");
    assert!(almoner.ended());

    // The same folder, without leave: neither what was stored before nor a name that leads within.
    let mut almoner = almoner.with("ALMONER_WEBHOOKS_ALLOW_PRIVATE", "off");
    almoner.start();
    let browser = almoner.log_in().await;
    donate(&browser).await;
    let named = format!("/webhooks/{}", named.text("/id"));
    for path in [path, named] {
        let mut delivery = Value::Null;
        for _ in 0..600 {
            delivery = stands(&browser, &path, "pending").await;
            if delivery["attempts"] == 1 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        assert_eq!((&delivery["attempts"], &delivery["failure"]), (&json!(1), &json!("address")));
    }
    assert!(receiver.messages().is_empty());
    let new = json!({ "url": receiver.url, "events": ["donation.created"] });
    browser.post("/webhooks", &new).await.expect(422);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_server_that_is_killed_loses_no_message() {
    let mut almoner = within();
    let mut browser = started(&mut almoner).await;
    let receiver = Receiver::listen(&[]).await;
    subscribe(&browser, &receiver).await;
    let mut donations = Vec::new();
    for round in 0..3 {
        for _ in 0..8 {
            donations.push(donate(&browser).await);
        }
        tokio::time::sleep(Duration::from_millis(round * 15)).await;
        almoner.kill();
        almoner.start();
        browser = almoner.log_in().await;
    }
    // The lease of a job that a dead process had lasts a minute.
    for _ in 0..1_800 {
        let told = told(&receiver);
        if told.len() >= donations.len() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    let told = told(&receiver);
    assert_eq!(told.len(), donations.len());
    for donation in donations {
        // Perhaps more than once, but always under the same name.
        assert_eq!(told[&donation].len(), 1, "{told:?}");
    }
}

/// The names of the messages about each record.
fn told(receiver: &Receiver) -> HashMap<String, std::collections::HashSet<String>> {
    let mut told: HashMap<_, std::collections::HashSet<_>> = HashMap::new();
    for message in receiver.messages() {
        let record = message.json()["data"]["id"].as_str().unwrap().to_owned();
        told.entry(record).or_default().insert(message.id().to_owned());
    }
    told
}

#[test]
fn the_documented_receiver_knows_genuine_messages() {
    const README: &str = include_str!("../../../openapi/README.md");
    let (_, rest) = README.split_once("<!-- receiver").unwrap();
    let (_, rest) = rest.split_once("```python\n").unwrap();
    let (receiver, _) = rest.split_once("```").unwrap();
    let secret = Secret::from_random([3; 32]);
    let signature = secret.sign("msg_1", 1_773_482_820, "{}");
    let script = format!(
        r#"{receiver}
headers = {{"webhook-id": "msg_1", "webhook-timestamp": "1773482820",
           "webhook-signature": "v1,bm90IHRoaXM= {signature}"}}
secret, soon, late = "{}", lambda: 1773482825.0, lambda: 1773483825.0
print(is_genuine(secret, headers, b"{{}}", soon), is_genuine(secret, headers, b"{{ }}", soon),
      is_genuine(secret, headers, b"{{}}", late))
"#,
        secret.text()
    );
    let output = std::process::Command::new("python3").args(["-c", &script]).output().unwrap();
    let (printed, complaint) =
        (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(printed.trim(), "True False False", "{complaint}");
}

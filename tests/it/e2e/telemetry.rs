//! What leaves for a collector of traces and for a Sentry: enough to find an error by, and nothing of
//! a person. Both are stood in for by servers of these tests, which keep every byte.

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{TcpListener, TcpStream},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use opentelemetry_proto::tonic::{
    collector::trace::v1::ExportTraceServiceRequest,
    common::v1::{AnyValue, KeyValue, any_value},
    trace::v1::Span,
};
use prost::Message;
use serde_json::{Value, json};

use super::almoner::{Almoner, EMAIL, PASSWORD};

const DONOR: &str = "Zeynep Karagözoğlu";
const DONOR_EMAIL: &str = "zeynep.k@example.com";
const DONOR_NUMBER: &str = "10000000146";
const DONOR_PHONE: &str = "+905321234567";
const PERSONAL: [&str; 8] =
    [DONOR_EMAIL, "zeynep", DONOR_NUMBER, "905321234567", "Karag", EMAIL, PASSWORD, "127.0.0.1"];

/// One request that was received.
#[derive(Clone)]
struct Received {
    line: String,
    head: String,
    body: Vec<u8>,
}

/// An HTTP server that takes whatever it is sent.
struct Fake {
    address: String,
    received: Arc<Mutex<Vec<Received>>>,
}

impl Fake {
    fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let received = Arc::<Mutex<Vec<Received>>>::default();
        let kept = Arc::clone(&received);
        thread::spawn(move || {
            for connection in listener.incoming() {
                let kept = Arc::clone(&kept);
                thread::spawn(move || serve(connection.unwrap(), &kept));
            }
        });
        Self { address, received }
    }

    fn received(&self) -> Vec<Received> {
        self.received.lock().unwrap().clone()
    }
}

fn serve(connection: TcpStream, kept: &Mutex<Vec<Received>>) {
    let mut reader = BufReader::new(connection.try_clone().unwrap());
    let mut writer = connection;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).unwrap_or(0) == 0 {
            return;
        }
        let (mut head, mut length) = (String::new(), 0);
        loop {
            let mut header = String::new();
            reader.read_line(&mut header).unwrap();
            if header == "\r\n" {
                break;
            }
            let lower = header.to_ascii_lowercase();
            assert!(!lower.starts_with("content-encoding"), "what is compressed cannot be read");
            if let Some(text) = lower.strip_prefix("content-length:") {
                length = text.trim().parse().unwrap();
            }
            head.push_str(&header);
        }
        let mut body = vec![0; length];
        reader.read_exact(&mut body).unwrap();
        kept.lock().unwrap().push(Received { line: line.trim().to_owned(), head, body });
        if writer.write_all(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n").is_err() {
            return;
        }
    }
}

/// A port where nobody listens, and one where nobody ever answers.
fn nobody() -> String {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().to_string()
}

fn donor() -> Value {
    json!({
        "kind": "person", "name": DONOR, "email": DONOR_EMAIL, "phone": DONOR_PHONE,
        "identity": { "kind": "tr_national_id", "number": DONOR_NUMBER },
    })
}

/// From now on the database refuses donors, in words that hold who they are: no complaint of a
/// database is to be trusted to hold none.
fn refuse_donors(almoner: &Almoner) {
    let database = rusqlite::Connection::open(almoner.database()).unwrap();
    database
        .execute_batch(&format!(
            "CREATE TRIGGER refuse BEFORE INSERT ON donors BEGIN SELECT RAISE(ABORT, \
             'no place for {DONOR_EMAIL}, {DONOR_NUMBER}, tel. 0532 123 45 67, from 203.0.113.77, \
             TR330006100519786457841326'); END"
        ))
        .unwrap();
}

fn lines(almoner: &Almoner) -> Vec<Value> {
    almoner.log().lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
}

fn text_of(value: &AnyValue) -> String {
    match &value.value {
        Some(any_value::Value::StringValue(text)) => text.clone(),
        Some(any_value::Value::IntValue(number)) => number.to_string(),
        other => format!("{other:?}"),
    }
}

fn attribute(attributes: &[KeyValue], name: &str) -> Option<String> {
    let found = attributes.iter().find(|attribute| attribute.key == name)?;
    found.value.as_ref().map(text_of)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn a_collector_is_sent_the_spans_of_a_request_under_the_trace_that_log_and_problem_name() {
    let collector = Fake::start();
    let mut almoner = Almoner::new()
        .with("ALMONER_OTLP_ENDPOINT", &format!("http://{}", collector.address))
        .with("ALMONER_INSTANCE_ID", "first")
        .with("ALMONER_TRUSTED_PROXIES", "127.0.0.1");
    almoner.start();
    almoner.create_admin();
    let browser = almoner.log_in().await;
    browser.get("/donors?q=Karag%C3%B6zo%C4%9Flu").await.expect(200);
    refuse_donors(&almoner);
    let answer = browser.post("/donors", &donor()).await.expect(500);
    let (trace, request) = (answer.text("/trace_id"), answer.text("/request_id"));
    assert_eq!(trace.len(), 32);

    let handed_on = "4bf92f3577b34da6a3ce929d0e0e4736";
    let parent = format!("00-{handed_on}-00f067aa0ba902b7-01");
    let missing = crate::support::http::client()
        .build()
        .unwrap()
        .get(format!("{}/api/v1/nowhere", almoner.url));
    let missing = missing.header("traceparent", parent).send().await.unwrap();
    assert_eq!(missing.json::<Value>().await.unwrap()["trace_id"], handed_on);

    let metrics = crate::support::http::get(format!("{}/metrics", almoner.url)).await.unwrap();
    let metrics = metrics.text().await.unwrap();
    assert!(metrics.contains("almoner_trace_spans_dropped_total{reason=\"queue_full\"} 0"));
    almoner.signal("-TERM");
    assert!(almoner.ended());

    let of_request: Vec<Value> =
        lines(&almoner).into_iter().filter(|line| line["request_id"] == request).collect();
    assert!(of_request.len() >= 2, "{}", almoner.log());
    for line in &of_request {
        assert_eq!(line["trace_id"], trace.as_str(), "{line}");
    }

    let mut spans: Vec<Span> = Vec::new();
    for received in collector.received() {
        assert_eq!(received.line, "POST /v1/traces HTTP/1.1");
        let sent = ExportTraceServiceRequest::decode(received.body.as_slice()).unwrap();
        for resource in sent.resource_spans {
            let about = resource.resource.unwrap().attributes;
            assert_eq!(attribute(&about, "service.name").as_deref(), Some("almoner"));
            assert_eq!(attribute(&about, "service.instance.id").as_deref(), Some("first"));
            spans.extend(resource.scope_spans.into_iter().flat_map(|scope| scope.spans));
        }
        let body = String::from_utf8_lossy(&received.body).into_owned();
        let cookie = |cookie: &String| {
            let pair = cookie.split(';').next().unwrap();
            pair.split_once('=').unwrap().1.to_owned()
        };
        let mut never: Vec<String> = browser.cookies.iter().map(cookie).collect();
        never.extend(browser.csrf.clone());
        never.extend(
            PERSONAL.iter().filter(|text| **text != "127.0.0.1").map(|text| (*text).into()),
        );
        never.extend(["?q=", "SELECT ", "INSERT ", "203.0.113.77", "TR3300"].map(str::to_owned));
        for text in never {
            assert!(!body.contains(&text), "{text:?} was sent: {body}");
        }
    }
    // The probe that the start waited for is none.
    assert!(spans.iter().all(|span| !span.name.contains("/health/")));
    let of = |id: &str| {
        let id = id.to_owned();
        spans.iter().filter(move |span| hex(&span.trace_id) == id)
    };
    let root = of(&trace).find(|span| span.parent_span_id.is_empty()).unwrap();
    assert_eq!(root.name, "POST /api/v1/donors");
    assert_eq!(root.kind, 2, "it is the span of a server");
    assert_eq!(root.status.as_ref().unwrap().code, 2, "it is an error");
    let about = |name: &str| attribute(&root.attributes, name);
    assert_eq!(about("http.route").as_deref(), Some("/api/v1/donors"));
    assert_eq!(about("http.request.method").as_deref(), Some("POST"));
    assert_eq!(about("http.response.status_code").as_deref(), Some("500"));
    assert_eq!(about("almoner.request_id"), Some(request));
    assert_eq!(about("user.id").unwrap().len(), 36);
    let within = of(&trace).find(|span| span.parent_span_id == root.span_id).unwrap();
    assert_eq!(within.name, "create", "the use case is a span of its own");

    let continued = of(handed_on).next().unwrap();
    assert_eq!(hex(&continued.parent_span_id), "00f067aa0ba902b7");
}

#[tokio::test]
async fn nothing_is_traced_and_no_trace_is_named_unless_a_collector_is() {
    let mut almoner = Almoner::new();
    almoner.start();
    let answer =
        crate::support::http::get(format!("{}/api/v1/nowhere", almoner.url)).await.unwrap();
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["code"], "not_found");
    assert_eq!(problem.get("trace_id"), None);
    let threads = format!("/proc/{}/task", almoner.process());
    let names: Vec<String> = std::fs::read_dir(threads)
        .unwrap()
        .map(|task| std::fs::read_to_string(task.unwrap().path().join("comm")).unwrap())
        .collect();
    let is_of_theirs = |name: &&String| name.contains("OpenTel") || name.contains("sentry");
    assert_eq!(names.iter().find(is_of_theirs), None);
    almoner.signal("-TERM");
    assert!(almoner.ended());
    assert!(lines(&almoner).iter().all(|line| line.get("trace_id").is_none()));
}

#[tokio::test]
async fn a_sentry_is_sent_the_errors_of_the_server_and_nothing_of_a_person() {
    let sentry = Fake::start();
    let mut almoner = Almoner::new()
        .with("ALMONER_SENTRY_DSN", &format!("http://0123456789abcdef@{}/42", sentry.address))
        .with("ALMONER_SENTRY_ENVIRONMENT", "test");
    almoner.start();
    almoner.create_admin();
    let browser = almoner.log_in().await;
    browser.post("/donors", &json!({ "kind": "person" })).await.expect(422);
    refuse_donors(&almoner);
    let answer = browser.post("/donors", &donor()).await.expect(500);
    let request = answer.text("/request_id");
    almoner.signal("-TERM");
    assert!(almoner.ended());
    assert!(almoner.log().contains("no place for"), "the log has the whole of it");

    let received = sentry.received();
    assert_eq!(received.len(), 1, "one error, and no word of what is the client's");
    let Received { line, head, body } = &received[0];
    assert_eq!(line, "POST /api/42/envelope/ HTTP/1.1");
    let body = String::from_utf8(body.clone()).unwrap();
    let mut never: Vec<String> = browser.csrf.iter().cloned().collect();
    never.extend(
        browser
            .cookies
            .iter()
            .map(|cookie| cookie.split(';').next().unwrap().split_once('=').unwrap().1.to_owned()),
    );
    never.extend(PERSONAL.map(str::to_owned));
    never.extend(["0532", "123 45 67", "203.0.113.77", "TR3300", "user_id"].map(str::to_owned));
    for text in never {
        assert!(!body.contains(&text), "{text:?} was sent: {body}");
        assert!(!head.contains(&text) || text == "127.0.0.1", "{text:?} was sent: {head}");
    }
    let event: Value = body
        .lines()
        .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        .find(|value| value.get("exception").is_some())
        .unwrap_or_else(|| panic!("no event in {body}"));
    assert_eq!(event.get("level"), None, "an error is what an event is by default");
    assert_eq!(event["environment"], "test");
    assert_eq!(event["transaction"], "POST /api/v1/donors");
    assert_eq!(event["tags"]["request_id"], request.as_str());
    assert_eq!(event["tags"]["code"], "internal");
    let exception = &event["exception"]["values"][0];
    assert_eq!(exception["type"], "a use case failed");
    let said = exception["value"].as_str().unwrap();
    assert!(said.contains("no place for [e-mail], [number], tel. [number]"), "{said}");
    for absent in ["user", "request", "server_name", "breadcrumbs", "contexts"] {
        assert_eq!(event.get(absent), None, "{event}");
    }
}

#[tokio::test]
async fn what_cannot_be_reached_holds_up_neither_a_request_nor_the_end() {
    // One refuses, the other takes connections and never says a word.
    let silent = TcpListener::bind("127.0.0.1:0").unwrap();
    let silent = (silent.local_addr().unwrap().to_string(), silent);
    for (collector, sentry) in [(nobody(), silent.0.clone()), (silent.0.clone(), nobody())] {
        let mut almoner = Almoner::new()
            .with("ALMONER_OTLP_ENDPOINT", &format!("http://{collector}"))
            .with("ALMONER_SENTRY_DSN", &format!("http://key@{sentry}/42"))
            .with("ALMONER_RATE_LIMIT", "off");
        almoner.start();
        almoner.create_admin();
        let browser = almoner.log_in().await;
        refuse_donors(&almoner);
        let began = Instant::now();
        for _ in 0..100 {
            browser.post("/donors", &donor()).await.expect(500);
        }
        // Each that waited for either would take five seconds.
        assert!(began.elapsed() < Duration::from_secs(250), "{:?}", began.elapsed());
        let count = async |name: &str| -> u64 {
            let metrics =
                crate::support::http::get(format!("{}/metrics", almoner.url)).await.unwrap();
            let metrics = metrics.text().await.unwrap();
            let line = metrics.lines().find(|line| line.starts_with(name)).unwrap();
            line.rsplit(' ').next().unwrap().parse().unwrap()
        };
        // Each has tried more than once, and what could not be sent is counted.
        for (name, least) in [
            ("almoner_trace_export_failures_total", 2),
            ("almoner_error_report_failures_total", 2),
            ("almoner_trace_spans_dropped_total{reason=\"not_sent\"}", 1),
        ] {
            while count(name).await < least {
                // All that there was may have been tried in one go.
                browser.post("/donors", &donor()).await.expect(500);
                assert!(began.elapsed() < Duration::from_secs(60), "{name}");
                tokio::time::sleep(Duration::from_millis(100)).await;
            }
        }
        assert_eq!(count("almoner_trace_spans_sent_total").await, 0);
        let began = Instant::now();
        almoner.signal("-TERM");
        assert!(almoner.ended());
        assert!(began.elapsed() < Duration::from_secs(10), "{:?}", began.elapsed());
        for what in ["traces cannot be sent", "errors cannot be sent"] {
            assert_eq!(almoner.log().matches(what).count(), 1, "{}", almoner.log());
        }
    }
}

#[tokio::test]
async fn a_trace_that_a_stranger_hands_on_is_not_continued() {
    let collector = Fake::start();
    let mut almoner =
        Almoner::new().with("ALMONER_OTLP_ENDPOINT", &format!("http://{}", collector.address));
    almoner.start();
    let theirs = "4bf92f3577b34da6a3ce929d0e0e4736";
    let answer = crate::support::http::client()
        .build()
        .unwrap()
        .get(format!("{}/api/v1/nowhere", almoner.url))
        .header("traceparent", format!("00-{theirs}-00f067aa0ba902b7-01"))
        .send()
        .await
        .unwrap();
    let problem: Value = answer.json().await.unwrap();
    assert_eq!(problem["trace_id"].as_str().unwrap().len(), 32);
    assert_ne!(problem["trace_id"], theirs);
    almoner.signal("-TERM");
    assert!(almoner.ended());
}

#[tokio::test]
async fn bytes_that_are_no_http_are_counted_and_are_no_error_of_the_server() {
    let mut almoner = Almoner::new();
    almoner.start();
    let address = almoner.url.strip_prefix("http://").unwrap().to_owned();
    for bytes in [&b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03"[..], b"GET / HTTP/9.9\r\n\r\n"] {
        let mut connection = std::net::TcpStream::connect(&address).unwrap();
        connection.write_all(bytes).unwrap();
        let mut answer = Vec::new();
        connection.read_to_end(&mut answer).unwrap();
        assert!(answer.starts_with(b"HTTP/1.1 400"), "{}", String::from_utf8_lossy(&answer));
    }
    let metrics = crate::support::http::get(format!("{}/metrics", almoner.url)).await.unwrap();
    let metrics = metrics.text().await.unwrap();
    assert!(metrics.contains("almoner_http_malformed_requests_total 2"), "{metrics}");
    almoner.signal("-TERM");
    assert!(almoner.ended());
    let log = almoner.log();
    assert!(!log.contains("ERROR"), "{log}");
}

//! What a log line looks like, and that secrets never stand in one.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::Value;
use tracing::{dispatcher, field, info, info_span, warn};

use opentelemetry::{
    KeyValue,
    trace::{Event, Status},
};
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData};

use super::{
    ErrorSettings, LogFormat, Outlets, dispatch, dispatch_to, errors, log_panic, masked_url,
    redact, traces,
};

#[derive(Clone, Default)]
struct Captured(Arc<Mutex<Vec<u8>>>);

impl io::Write for Captured {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn logged(filter: &str, format: LogFormat, log: impl FnOnce()) -> String {
    let captured = Captured::default();
    let writer = captured.clone();
    let dispatch = dispatch(filter, format, move || writer.clone()).unwrap();
    dispatcher::with_default(&dispatch, log);
    let bytes = captured.0.lock().unwrap().clone();
    String::from_utf8(bytes).unwrap()
}

fn with_secrets() {
    const SECRET: &str = "s3cr3t-value";
    let span = info_span!(
        "request",
        request_id = "r-1",
        http.request.header.cookie = SECRET,
        session_key = field::Empty
    );
    let _entered = span.enter();
    span.record("session_key", SECRET);
    info!(
        password = SECRET,
        new_password = SECRET,
        current_password = ?SECRET,
        token = %SECRET,
        refresh_token = SECRET,
        csrf = SECRET,
        x_csrf_token = SECRET,
        cookie = SECRET,
        authorization = SECRET,
        iban = SECRET,
        secret = SECRET,
        query = SECRET,
        "first"
    );
    warn!(
        identity_number = SECRET,
        identity = SECRET,
        email = "s3cr3t-value@example.org",
        donor.email = ?"s3cr3t-value@example.org",
        phone = SECRET,
        notes = SECRET,
        Password = SECRET,
        http.target = "/api/v1/donors?q=s3cr3t-value",
        client_ip = "203.0.113.77",
        database = "postgres://almoner:s3cr3t-value@db/almoner",
        "second"
    );
}

#[test]
fn secrets_logged_by_accident_are_redacted_in_both_formats() {
    for format in [LogFormat::Text, LogFormat::Json] {
        let lines = logged("trace", format, with_secrets);
        assert_eq!(lines.lines().count(), 2, "{lines}");
        assert!(!lines.contains("3cr3t"), "{lines}");
        assert!(!lines.contains("203.0.113.77"), "{lines}");
        for kept in [
            "[redacted]",
            "s***@example.org",
            "203.0.113.0",
            "/api/v1/donors?…",
            "postgres://almoner:***@db/almoner",
        ] {
            assert!(lines.contains(kept), "{kept} is missing: {lines}");
        }
    }
}

#[test]
fn a_json_line_has_time_level_target_message_and_the_request_id_of_its_span() {
    let line = logged("info", LogFormat::Json, || {
        let request =
            info_span!("request", request_id = "r-7", method = "GET", status = field::Empty);
        let _request = request.enter();
        let _inner = info_span!("use_case", name = "list").entered();
        request.record("status", 200);
        info!(count = 3, ratio = 0.5, done = true, "listed");
    });
    let line: Value = serde_json::from_str(&line).unwrap();
    assert!(line["timestamp"].as_str().unwrap().ends_with('Z'));
    assert_eq!(line["level"], "INFO");
    assert_eq!(line["target"], "almoner_adapters::telemetry::tests");
    assert_eq!(line["message"], "listed");
    assert_eq!(line["request_id"], "r-7");
    assert_eq!(line["span"], "request:use_case");
    let expected = serde_json::json!({
        "method": "GET", "status": 200, "name": "list", "count": 3, "ratio": 0.5, "done": true
    });
    assert_eq!(line["fields"], expected);
}

#[test]
fn a_text_line_reads_like_a_sentence_with_its_fields_behind() {
    let line = logged("info", LogFormat::Text, || {
        let _request = info_span!("request", request_id = "r-7").entered();
        info!(listen = "127.0.0.1:8080", title = "two words", "listening");
    });
    let (_, rest) = line.split_once(' ').unwrap();
    assert_eq!(
        rest,
        " INFO almoner_adapters::telemetry::tests: listening request_id=r-7 listen=127.0.0.1:8080 \
         title=\"two words\" span=request\n"
    );
}

#[test]
fn nobody_can_forge_a_line_with_control_characters() {
    for format in [LogFormat::Text, LogFormat::Json] {
        let lines = logged("info", format, || {
            info!(user_agent = "x\n2026-01-01T00:00:00Z ERROR forged\u{1b}[2J", "a\r\nb");
        });
        assert_eq!(lines.matches('\n').count(), 1, "{lines}");
        assert!(!lines.contains('\u{1b}'), "{lines}");
    }
}

#[test]
fn the_filter_decides_what_is_logged() {
    let lines = logged("warn,almoner_adapters::telemetry=info", LogFormat::Text, || {
        info!("kept");
        info!(target: "elsewhere", "left out");
        warn!(target: "elsewhere", "kept too");
    });
    assert_eq!(lines.lines().count(), 2, "{lines}");
}

#[test]
fn an_error_is_logged_with_its_whole_chain() {
    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] io::Error);

    let line = logged("info", LogFormat::Text, || {
        let error = Outer(io::Error::other("inner"));
        warn!(error = &error as &dyn std::error::Error, "failed");
    });
    assert!(line.contains("error=\"outer: inner\""), "{line}");
}

#[test]
fn what_leaves_is_looked_through_as_text() {
    for (text, sent) in [
        ("no donor zeynep.k@example.com here", "no donor [e-mail] here"),
        ("GET /x?email=ayşe%40örnek.org", "GET /x?email=[e-mail]"),
        ("<a.b@c.example>", "<[e-mail]>"),
        ("postgres://almoner:hunter2@db/almoner", "postgres://almoner:[e-mail]"),
        ("paid from TR330006100519786457841326.", "paid from [account]."),
        ("paid from tr33 0006 1005 1978 6457 8413 26 today", "paid from [account] today"),
        ("DE89370400440532013000", "[account]"),
        ("number 10000000146 is taken", "number [number] is taken"),
        ("tax 1234567890", "tax [number]"),
        ("call 0532 123 45 67 or +90 (532) 123-45-67!", "call [number] or [number]!"),
        ("from 203.0.113.77:443", "from [address]:443"),
        ("from [2001:db8::7]:443, ::ffff:203.0.113.7", "from [[address]]:443, [address]"),
        (
            "password=hunter2, Token: \"a b\" csrf_token='c d'",
            "password=[redacted], Token: [redacted] csrf_token=[redacted]",
        ),
        ("x-api-key: abc; done", "x-api-key: [redacted]; done"),
        (
            "duplicate key: Key (name)=(Zeynep Karag) already exists.",
            "duplicate key: Key (name)=([redacted]",
        ),
        ("Failing row contains (1, Zeynep).", "Failing row contains ([redacted]"),
        // What is nobody's.
        ("listening on 127.0.0.1:8080 and [::1]:80", "listening on 127.0.0.1:8080 and [::1]:80"),
        ("almoner_http::middleware::add at 12:30:45", "almoner_http::middleware::add at 12:30:45"),
        ("019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11", "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11"),
        ("storage failed: no such table: donors", "storage failed: no such table: donors"),
        ("took 1234 ms for 50 rows", "took 1234 ms for 50 rows"),
    ] {
        assert_eq!(redact::scrubbed(text), sent);
    }
    assert_eq!(redact::sendable("donor.email", "zeynep.k@example.com"), "[e-mail]");
    assert_eq!(redact::sendable("notes", "asked to stay unnamed"), "[redacted]");
    assert_eq!(redact::sendable("url", "https://x.example/?password=a"), "https://x.example/?***");
    assert_eq!(redact::sendable("request_id", "1234567890123"), "1234567890123");
}

#[test]
fn an_address_is_shown_without_its_password() {
    for (url, masked) in [
        ("postgres://u:hunter2@db/almoner", "postgres://u:***@db/almoner"),
        ("postgres://u@db/almoner", "postgres://u@db/almoner"),
        ("postgres://db/a?user=u&password=hunter2", "postgres://db/a?***"),
        ("postgres://u:hunt@er2@db:port/a", "postgres://***@db:port/a"),
        ("hunter2", "***"),
    ] {
        assert_eq!(masked_url(url), masked);
    }
}

/// What a Sentry would be sent by what is logged.
fn reported(log: impl FnOnce()) -> Vec<Value> {
    let events = Arc::<Mutex<Vec<Value>>>::default();
    let kept = Arc::clone(&events);
    let settings = ErrorSettings {
        dsn: "http://key@127.0.0.1:9/1".into(),
        environment: "test".to_owned(),
        sample_rate: 1.0,
        instance: None,
    };
    let mut options = errors::options(&settings).unwrap();
    options.transport = Some(Arc::new(Arc::new(Kept(kept))));
    let outlets =
        Outlets { traces: None, errors: Some(Arc::new(sentry::Client::with_options(options))) };
    // The log itself says nothing, and no span of a request is in it.
    let dispatch = dispatch_to("off", LogFormat::Json, io::sink, &outlets).unwrap();
    dispatcher::with_default(&dispatch, log);
    std::mem::take(&mut *events.lock().unwrap())
}

struct Kept(Arc<Mutex<Vec<Value>>>);

impl sentry::Transport for Kept {
    fn send_envelope(&self, envelope: sentry::Envelope) {
        let event = serde_json::to_value(envelope.event().unwrap()).unwrap();
        self.0.lock().unwrap().push(event);
    }
}

#[test]
fn only_errors_of_ours_are_reported_with_what_the_log_knows() {
    let events = reported(|| {
        let request = info_span!(
            "request",
            method = "POST",
            route = "/api/v1/donors/{id}",
            request_id = "r-7",
            trace_id = field::Empty,
            client = "192.0.2.0",
            user_id = "019a9f3c-6b1e-7c41-9d55-3f0f6a0f8a11",
        );
        request.record("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736");
        let _request = request.enter();
        warn!(error = "not for a Sentry", "failed");
        tracing::error!(target: "sqlx::query", "SELECT 1");
        tracing::error!(
            code = "failed",
            error = "outer: no place for zeynep.k@example.com",
            donor_name = "Zeynep",
            rows = 3,
            "a use case failed"
        );
    });
    let [event] = events.as_slice() else { panic!("{events:?}") };
    assert_eq!(event["transaction"], "POST /api/v1/donors/{id}");
    assert_eq!(event["exception"]["values"][0]["type"], "a use case failed");
    assert_eq!(event["exception"]["values"][0]["value"], "outer: no place for [e-mail]");
    let tags = serde_json::json!({
        "code": "failed", "request_id": "r-7", "trace_id": "4bf92f3577b34da6a3ce929d0e0e4736",
    });
    assert_eq!(event["tags"], tags);
    assert_eq!(event["extra"], serde_json::json!({ "donor_name": "[redacted]", "rows": 3 }));
    let text = event.to_string();
    for absent in ["192.0.2", "019a9f3c", "server_name", "Zeynep"] {
        assert!(!text.contains(absent), "{absent}: {text}");
    }
}

#[test]
fn a_panic_is_reported_with_its_request_and_without_what_it_quotes() {
    let events = reported(|| {
        let before = std::panic::take_hook();
        std::panic::set_hook(Box::new(log_panic));
        let panicked = std::panic::catch_unwind(|| {
            let request = info_span!("request", method = "GET", route = "/api/v1/donors");
            let _request = request.enter();
            panic!("called `unwrap()` on {:?} of 10000000146", "Zeynep Karag");
        });
        std::panic::set_hook(before);
        assert!(panicked.is_err());
    });
    let [event] = events.as_slice() else { panic!("{events:?}") };
    let exception = &event["exception"]["values"][0];
    assert_eq!(exception["type"], "the program panicked");
    assert_eq!(exception["value"], "called `unwrap()` on \"…\" of [number]");
    assert_eq!(event["transaction"], "GET /api/v1/donors");
    assert!(event["extra"]["at"].as_str().unwrap().contains("tests.rs:"));
}

#[test]
fn a_span_is_cleaned_and_named_before_it_leaves() {
    let mut span = span_of("request");
    span.attributes = vec![
        KeyValue::new("method", "GET"),
        KeyValue::new("route", "/api/v1/donors"),
        KeyValue::new("client", "192.0.2.0"),
        KeyValue::new("trace_id", "4bf92f3577b34da6a3ce929d0e0e4736"),
        KeyValue::new("cookie", "s3cr3t"),
        KeyValue::new("reason", "asked by zeynep.k@example.com"),
    ];
    let mut event = |name: &'static str, attributes| {
        let event = Event::new(name, std::time::UNIX_EPOCH, attributes, 0);
        span.events.events.push(event);
    };
    event("no place for 10000000146", vec![KeyValue::new("q", "s3cr3t")]);
    event("answered", vec![KeyValue::new("status", 503)]);
    traces::presentable(&mut span);
    assert_eq!(span.name, "GET /api/v1/donors");
    assert!(matches!(span.status, Status::Error { .. }));
    let of = |name: &str| {
        let found = span.attributes.iter().find(|one| one.key.as_str() == name);
        found.map(|one| one.value.to_string())
    };
    assert_eq!(of("http.request.method").as_deref(), Some("GET"));
    assert_eq!(of("http.route").as_deref(), Some("/api/v1/donors"));
    assert_eq!(of("client.address").as_deref(), Some("192.0.2.0"));
    assert_eq!(of("http.response.status_code").as_deref(), Some("503"));
    assert_eq!(of("cookie").as_deref(), Some("[redacted]"));
    assert_eq!(of("reason").as_deref(), Some("asked by [e-mail]"));
    assert_eq!(of("trace_id"), None);
    let [event] = span.events.events.as_slice() else { panic!("{:?}", span.events.events) };
    assert_eq!(event.name, "no place for [number]");
    assert_eq!(event.attributes[0].value.as_str(), "[redacted]");
}

/// A finished span, as the SDK hands it on.
fn span_of(name: &'static str) -> SpanData {
    use opentelemetry::trace::{Tracer, TracerProvider};

    let spans = Spans::default();
    let provider = SdkTracerProvider::builder().with_span_processor(spans.clone()).build();
    drop(provider.tracer("test").start(name));
    spans.0.lock().unwrap().pop().unwrap()
}

#[derive(Clone, Debug, Default)]
struct Spans(Arc<Mutex<Vec<SpanData>>>);

impl opentelemetry_sdk::trace::SpanProcessor for Spans {
    fn on_start(&self, _: &mut opentelemetry_sdk::trace::Span, _: &opentelemetry::Context) {}

    fn on_end(&self, span: SpanData) {
        self.0.lock().unwrap().push(span);
    }

    fn force_flush(&self) -> opentelemetry_sdk::error::OTelSdkResult {
        Ok(())
    }

    fn shutdown_with_timeout(
        &self,
        _: std::time::Duration,
    ) -> opentelemetry_sdk::error::OTelSdkResult {
        Ok(())
    }
}

#[test]
fn what_is_no_http_is_no_error_of_the_log_and_other_errors_of_actix_are() {
    let line = logged("info", LogFormat::Text, || {
        const ACTIX: &str = "actix_http::h1::dispatcher";
        tracing::error!(target: ACTIX, "stream error: {}", "request parse error: invalid HTTP version");
        tracing::error!(target: ACTIX, "stream error: {}", "Internal error");
        tracing::error!(target: "somewhere", "stream error: request parse error: not this one");
    });
    let kept: Vec<&str> = line.lines().collect();
    assert_eq!(kept.len(), 2, "{line}");
    assert!(kept[0].ends_with("stream error: Internal error"), "{line}");
    assert!(kept[1].ends_with("not this one"), "{line}");
}

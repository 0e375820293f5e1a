//! What a log line looks like, and that secrets never stand in one.

use std::{
    io,
    sync::{Arc, Mutex, PoisonError},
};

use serde_json::Value;
use tracing::{dispatcher, field, info, info_span, warn};

use super::{LogFormat, dispatch};

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
    assert_eq!(line["target"], "almoner_app::telemetry::tests");
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
        " INFO almoner_app::telemetry::tests: listening request_id=r-7 listen=127.0.0.1:8080 \
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
    let lines = logged("warn,almoner_app::telemetry=info", LogFormat::Text, || {
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

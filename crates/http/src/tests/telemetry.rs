//! What is written down about a request, and what never is.

use std::{cell::RefCell, io, sync::Once};

use actix_web::http::Method;
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder};

use super::house::{by, hear, server, settings, stranger, world};
use crate::health::{REQUEST_SECONDS, REQUEST_SECONDS_BUCKETS};

/// What the tests of this thread have logged. The subscriber is the process's own: one that comes
/// and goes with a test would race with callsites that other threads register meanwhile.
struct Pages;

thread_local! {
    static LOGGED: RefCell<Vec<u8>> = const { RefCell::new(Vec::new()) };
}

impl Pages {
    fn open() {
        static SUBSCRIBER: Once = Once::new();
        SUBSCRIBER.call_once(|| {
            let subscriber = tracing_subscriber::fmt()
                .with_max_level(tracing::Level::TRACE)
                .with_ansi(false)
                .with_writer(|| Self)
                .finish();
            tracing::subscriber::set_global_default(subscriber).unwrap();
        });
        LOGGED.take();
    }

    fn text() -> String {
        String::from_utf8(LOGGED.take()).unwrap()
    }
}

impl io::Write for Pages {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        LOGGED.with_borrow_mut(|logged| logged.write(bytes))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[actix_web::test]
async fn the_log_names_route_user_and_network_and_no_secret() {
    Pages::open();
    let server = server(settings(), &world());
    let list = by("admin", Method::GET, "/api/v1/widgets?size=41414141&sort=hush");
    hear(&server, list).await;
    let create = by("admin", Method::POST, "/api/v1/widgets")
        .insert_header(("Content-Type", "application/json"))
        .set_payload("{\"name\":\"hush much too long\"}");
    hear(&server, create).await;
    hear(&server, stranger(Method::POST, "/api/v1/auth/login?role=hush")).await;
    let failing = "/api/v1/widgets/00000000-0000-0000-0000-000000000005/break?role=failed";
    hear(&server, by("admin", Method::POST, failing)).await;
    let text = Pages::text();
    for known in [
        "method=\"GET\" route=\"/api/v1/widgets\"",
        "route=\"/api/v1/widgets/{id}/break\"",
        "client=\"192.0.2.0\"",
        "user_id=\"00000000-0000-0000-0000-000000000005\"",
        "request_id=\"00000000-0000-0000-0000-000000007000\"",
        "status=200",
        "storage failed: the database refused a statement: secret of the store",
    ] {
        assert!(text.contains(known), "{known} in {text}");
    }
    for secret in ["41414141", "hush", "192.0.2.9", "almoner_session", "SignedCookie", "X-CSRF"] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
    assert_eq!(text.matches("secret of the store").count(), 1);
}

#[actix_web::test]
async fn requests_are_measured_by_route_and_never_by_address() {
    let recorder = PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full(REQUEST_SECONDS.into()), REQUEST_SECONDS_BUCKETS)
        .unwrap()
        .build_recorder();
    let handle = recorder.handle();
    let _guard = metrics::set_default_local_recorder(&recorder);
    let server = server(settings(), &world());
    hear(&server, by("admin", Method::GET, "/api/v1/widgets?size=5")).await;
    hear(&server, stranger(Method::GET, "/made/up")).await;
    hear(&server, stranger("MADEUP".parse().unwrap(), "/api/v1/widgets")).await;
    let text = handle.render();
    for line in [
        "almoner_http_requests_total{method=\"GET\",route=\"/api/v1/widgets\",status=\"200\"} 1",
        "almoner_http_requests_total{method=\"GET\",route=\"unmatched\",status=\"404\"} 1",
        "almoner_http_requests_total{method=\"other\",route=\"/api/v1/widgets\",status=\"405\"} 1",
        "almoner_http_request_duration_seconds_bucket{method=\"GET\",route=\"/api/v1/widgets\",le=",
    ] {
        assert!(text.contains(line), "{line} in {text}");
    }
    assert!(!text.contains("made/up") && !text.contains("MADEUP"));
}

//! Which of two forms a client gets.

use actix_web::http::{
    Method,
    header::{self, HeaderMap, HeaderValue},
};

use super::house::{by, hear, server, settings, world};
use crate::{
    kit::accept::{self, Accept},
    routes::Media,
};

fn accept(values: &[&'static str]) -> Accept {
    let mut headers = HeaderMap::new();
    for value in values {
        headers.append(header::ACCEPT, HeaderValue::from_static(value));
    }
    Accept::of(&headers)
}

#[test]
fn a_stream_is_for_whoever_wants_it_more_than_json() {
    for values in [
        &["text/event-stream"][..],
        &["Text/Event-Stream"],
        &["text/*"],
        &["text/event-stream, application/json;q=0.9"],
        &["text/event-stream", "application/json; q=0.5"],
        &["text/event-stream, */*;q=0.1"],
        &["text/event-stream;q=0.2, application/json;q=0"],
    ] {
        assert!(accept(values).prefers_stream(), "{values:?}");
    }
    for values in [
        &[][..],
        &[""],
        &["*/*"],
        &["*/*, application/json;q=0.5"],
        &["application/json"],
        &["application/json, text/event-stream"],
        &["text/event-stream, application/json"],
        &["text/event-stream", "application/json"],
        &["text/event-stream, */*"],
        &["text/event-stream;q=0.5, application/*"],
        &["text/event-stream;q=0"],
        &["text/event-stream;q=nan, application/json"],
        &["text/html"],
    ] {
        assert!(!accept(values).prefers_stream(), "{values:?}");
    }
}

#[actix_web::test]
async fn what_is_refused_by_name_is_not_let_in_by_a_wildcard() {
    let server = server(settings(), &world());
    let ask = |accept: &'static str| {
        by("admin", Method::GET, "/api/v1/widgets").insert_header(("Accept", accept))
    };
    for wrong in ["application/json;q=0, */*", "application/*;q=0.0, */*", "text/html"] {
        let heard = hear(&server, ask(wrong)).await;
        assert_eq!(heard.problem(), "not_acceptable", "{wrong}");
        assert_eq!(heard.json()["detail"], "this address answers with application/json");
    }
    for right in ["*/*;q=0, application/json", "application/*", "text/html, */*;q=0.1", ""] {
        assert_eq!(hear(&server, ask(right)).await.status, 200, "{right}");
    }
}

#[test]
fn a_refusal_says_which_forms_there_are() {
    let html = HeaderMap::from_iter([(header::ACCEPT, HeaderValue::from_static("text/html"))]);
    for (media, forms) in [
        (Media::Json, "application/json"),
        (Media::Both, "application/json, text/event-stream"),
        (Media::Stream, "text/event-stream"),
    ] {
        let problem = accept::check(&html, media).unwrap_err();
        assert_eq!(problem.body().detail.unwrap(), format!("this address answers with {forms}"));
    }
    assert!(accept::check(&html, Media::Socket).is_ok());
}

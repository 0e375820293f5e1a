//! A list that is followed, of which nothing more is heard.

use std::time::Duration;

use actix_web::{
    HttpResponse,
    http::header::{self, HeaderValue},
    web::Bytes,
};
use futures_util::stream;
use tokio::time::sleep;

use super::MOCK;
use crate::routes::EVENT_STREAM;

/// The beginning of a documented stream, which stays open.
pub(super) fn answer(example: &str, is_head: bool) -> HttpResponse {
    let mut answer = HttpResponse::Ok();
    answer
        .content_type(EVENT_STREAM)
        .insert_header((MOCK, "true"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // The compressor would hold events back.
        .insert_header((header::CONTENT_ENCODING, HeaderValue::from_static("identity")));
    if is_head {
        return answer.finish();
    }
    let first = Bytes::from(beginning(example));
    answer.streaming(stream::unfold(Some(first), |first| async {
        let said = match first {
            Some(first) => first,
            None => {
                sleep(PERIOD).await;
                Bytes::from_static(b": still here\n\n")
            }
        };
        Some((Ok::<_, actix_web::Error>(said), None))
    }))
}

/// Up to the first event: what the documented stream goes on with takes the example out again.
fn beginning(example: &str) -> String {
    let mut text = String::new();
    for part in example.split_inclusive("\n\n") {
        text.push_str(part);
        if part.contains("data: ") {
            break;
        }
    }
    text
}

/// How often there is a sign of life.
const PERIOD: Duration = Duration::from_secs(15);

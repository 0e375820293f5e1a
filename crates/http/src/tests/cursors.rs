//! Cursors belong to the list that made them.

use actix_web::http::{Method, StatusCode};
use almoner_kernel::{Epoch, Position, SortKey};
use uuid::Uuid;

use super::house::{by, hear, server, settings, world};
use crate::{
    kit::cursor::{Fingerprint, ForeignCursor, open, seal},
    settings::HttpSettings,
};

#[actix_web::test]
async fn the_next_page_is_reached_through_the_cursor_and_through_the_link() {
    let server = server(settings(), &world());
    let first = hear(&server, by("admin", Method::GET, "/api/v1/widgets?size=4&limit=1")).await;
    let cursor = first.json()["next_cursor"].as_str().unwrap().to_owned();
    let link = first.header("link").unwrap();
    let next = format!("/api/v1/widgets?size=4&limit=1&cursor={cursor}");
    assert_eq!(link, format!("<{next}>; rel=\"next\""));
    // The page may have another size and be counted; the filter may stand in another order.
    let other = format!("/api/v1/widgets?cursor={cursor}&limit=7&size=4&count=exact");
    for uri in [next, other] {
        let second = hear(&server, by("admin", Method::GET, &uri)).await;
        assert_eq!(second.status, StatusCode::OK);
        assert!(second.json().get("next_cursor").is_none());
        assert_eq!(second.header("link"), None);
    }
}

#[actix_web::test]
async fn a_cursor_of_another_filter_or_sort_or_an_altered_one_is_400() {
    let server = server(settings(), &world());
    let first = hear(&server, by("admin", Method::GET, "/api/v1/widgets?size=4")).await;
    let cursor = first.json()["next_cursor"].as_str().unwrap().to_owned();
    let altered = format!("{}A", &cursor[..cursor.len() - 1]);
    for query in [
        format!("size=5&cursor={cursor}"),
        format!("size=4&sort=name&cursor={cursor}"),
        format!("cursor={cursor}"),
        format!("size=4&cursor={altered}A"),
        "size=4&cursor=".to_owned(),
        "size=4&cursor=!".to_owned(),
    ] {
        let uri = format!("/api/v1/widgets?{query}");
        let heard = hear(&server, by("admin", Method::GET, &uri)).await;
        assert_eq!(heard.problem(), "bad_request", "{query}");
        assert_eq!(heard.errors(), [("cursor".to_owned(), "cursor".to_owned())]);
    }
}

#[actix_web::test]
async fn a_cursor_of_another_epoch_or_order_is_foreign() {
    let world = world();
    let first =
        hear(&server(settings(), &world), by("admin", Method::GET, "/api/v1/widgets")).await;
    let uri = format!("/api/v1/widgets?cursor={}", first.json()["next_cursor"].as_str().unwrap());
    let same = server(settings(), &world);
    assert_eq!(hear(&same, by("admin", Method::GET, &uri)).await.status, StatusCode::OK);
    let later = HttpSettings { epoch: Epoch::new(Uuid::from_u128(2)), ..settings() };
    let otherwise = HttpSettings { order: "en".to_owned(), ..settings() };
    for other in [later, otherwise] {
        let heard = hear(&server(other, &world), by("admin", Method::GET, &uri)).await;
        assert_eq!(heard.problem(), "bad_request");
        assert_eq!(heard.errors(), [("cursor".to_owned(), "cursor".to_owned())]);
    }
}

#[test]
fn every_kind_of_position_survives_the_seal() {
    let list = Fingerprint::of("/a", &[]);
    let day = chrono::NaiveDate::from_ymd_opt(2026, 2, 28).unwrap();
    for key in [
        None,
        Some(SortKey::Int(-5)),
        Some(SortKey::Text("ağaç".into())),
        Some(SortKey::Text(String::new())),
        Some(SortKey::Date(day)),
    ] {
        let position = Position { key, id: Uuid::from_u128(7) };
        let cursor = seal(&[1; 32], list, &position);
        assert_eq!(open(&[1; 32], list, &cursor), Ok(position));
        assert_eq!(open(&[2; 32], list, &cursor), Err(ForeignCursor));
        assert_eq!(open(&[1; 32], Fingerprint::of("/b", &[]), &cursor), Err(ForeignCursor));
    }
}

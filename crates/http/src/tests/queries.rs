//! Query strings, strictly.

use actix_web::http::Method;

use super::house::{Heard, by, hear, server, settings, world};

async fn list(query: &str) -> Heard {
    let uri = format!("/api/v1/widgets?{query}");
    hear(&server(settings(), &world()), by("admin", Method::GET, &uri)).await
}

#[actix_web::test]
async fn unknown_repeated_and_wrong_parameters_are_all_named() {
    let heard =
        list("sizee=1&size=secret&size=2&colour=secret&limit=201&sort=weight&count=all").await;
    assert_eq!(heard.problem(), "bad_request");
    let expected = [
        ("colour", "choice"),
        ("count", "choice"),
        ("limit", "range"),
        ("size", "repeated_parameter"),
        ("sizee", "unknown_parameter"),
        ("sort", "sort"),
    ];
    let expected = expected.map(|(name, code)| (name.to_owned(), code.to_owned()));
    assert_eq!(heard.errors(), expected);
    assert!(!String::from_utf8(heard.body).unwrap().contains("secret"));
}

#[actix_web::test]
async fn a_value_of_the_wrong_type_is_named_without_being_repeated() {
    for (query, name) in [("size=secret", "size"), ("limit=-1", "limit"), ("limit=0", "limit")] {
        let heard = list(query).await;
        assert_eq!(heard.problem(), "bad_request");
        assert_eq!(heard.errors()[0].0, name);
        assert!(heard.json()["errors"][0].get("pointer").is_none());
    }
}

#[actix_web::test]
async fn the_parameters_of_page_and_filter_come_from_one_query() {
    let heard = list("size=4&limit=10&sort=-name&count=exact").await;
    let body = heard.json();
    assert!(body["items"][0]["name"].as_str().unwrap().starts_with("Some(4) false Some("));
    assert_eq!((&body["total"], &body["total_is_capped"]), (&10_000.into(), &true.into()));
    let heard = list("").await;
    assert!(heard.json().get("total").is_none());
}

#[actix_web::test]
async fn an_operation_without_a_list_is_strict_too() {
    let uri = "/api/v1/widgets/00000000-0000-0000-0000-000000000005?purge=yes&force=1";
    let request = by("admin", Method::DELETE, uri).insert_header(("If-Match", "\"3\""));
    let heard = hear(&server(settings(), &world()), request).await;
    assert_eq!(heard.problem(), "bad_request");
    let names: Vec<String> = heard.errors().into_iter().map(|(name, _)| name).collect();
    assert_eq!(names, ["force", "purge"]);
}

#[actix_web::test]
async fn of_ever_so_many_made_up_parameters_some_are_told_back_at_a_length_fit_to_be_read() {
    let names: Vec<String> = (100..9_000).map(|number| format!("p{number}")).collect();
    let shown = format!("{}…", "a".repeat(100));
    let without_parameters = "/api/v1/widgets/00000000-0000-0000-0000-000000000005";
    for path in ["/api/v1/widgets", without_parameters] {
        let request = by("admin", Method::GET, &format!("{path}?{}", "a".repeat(5_000)));
        let heard = hear(&server(settings(), &world()), request).await;
        assert_eq!(heard.errors(), [(shown.clone(), "unknown_parameter".to_owned())]);
        let request = by("admin", Method::GET, &format!("{path}?{}", names.join("&")));
        let heard = hear(&server(settings(), &world()), request).await;
        assert_eq!(heard.errors().len(), 50);
    }
}

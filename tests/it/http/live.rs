//! Live lists: a list that is followed is at all times the list that is read.

mod ends;
mod lists;
mod resumed;
mod topics;

use reqwest::{Method, header};
use serde_json::{Value, json};

use super::{
    house::{House, a_donor, in_house_with},
    reading::{errors, refused},
};
use crate::support::{Answer, Backend, Browser, Follower};

in_both_houses![
    a_stream_begins_at_the_first_page,
    only_who_may_read_a_list_may_follow_it,
    a_head_is_no_stream,
];

/// What a fresh request says now.
async fn read(browser: &Browser, path: &str) -> Vec<Value> {
    browser.get(path).await.expect(200).list("/items").to_vec()
}

/// Follows until the list is the one that is read.
async fn catches_up(follower: &mut Follower, browser: &Browser, path: &str) {
    let now = read(browser, path).await;
    follower.until(|items| items == now).await;
}

async fn donors(browser: &Browser, names: &[&str]) -> Vec<Value> {
    let mut donors = Vec::new();
    for name in names {
        donors.push(a_donor(browser, name).await);
    }
    donors
}

fn at(kind: &str, record: &Value) -> String {
    format!("/{kind}/{}", record["id"].as_str().unwrap())
}

async fn a_stream_begins_at_the_first_page(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    donors(&superadmin, &["A", "B"]).await;
    let first = superadmin.get("/donors?limit=1").await.expect(200);
    let path = format!("/donors?limit=1&count=exact&cursor={}", first.text("/next_cursor"));
    superadmin.get(&path).await.expect(200);
    let answer = Follower::attempt(&superadmin, &path, None).await.err().expect("no stream");
    let answer = refused(*answer, 400, "bad_request");
    assert_eq!(errors(&answer), [("cursor", "not_live"), ("count", "not_live")]);
    let mut follower = Follower::of(&superadmin, "/donors?limit=1").await;
    let snapshot = follower.expect("snapshot").await;
    assert_eq!(snapshot.data, first.body);
}

async fn only_who_may_read_a_list_may_follow_it(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    let stream = |browser: &Browser, path: &str| {
        browser.request(Method::GET, path).header(header::ACCEPT, "text/event-stream")
    };
    for path in ["/donors", "/events?topics=donors"] {
        let answer = Answer::to(stream(&house.stranger(), path)).await;
        refused(answer, 401, "unauthenticated");
    }
    let member = house.somebody(&superadmin, "member").await;
    for path in ["/donors", "/users", "/audit/changes", "/events?topics=donors"] {
        refused(Answer::to(stream(&member, path)).await, 403, "forbidden");
    }
    for path in ["/roles", "/audit/security-events", "/donations/summary", "/users/me"] {
        refused(Answer::to(stream(&superadmin, path)).await, 406, "not_acceptable");
    }
    let json = superadmin.request(Method::GET, "/events?topics=donors");
    let answer = Answer::to(json.header(header::ACCEPT, "application/json")).await;
    refused(answer, 406, "not_acceptable");
    // JSON is what is meant when both will do: generated clients name all that there is.
    for accept in [
        "application/json, text/event-stream;q=0.5, */*;q=0.1",
        "application/json, text/event-stream",
        "text/event-stream, application/json",
    ] {
        for path in ["/donors", "/campaigns", "/donations", "/users", "/audit/changes"] {
            let both = superadmin.request(Method::GET, path).header(header::ACCEPT, accept);
            assert!(Answer::to(both).await.expect(200).body["items"].is_array(), "{accept}");
        }
    }
    let wrong = stream(&superadmin, "/donors?sort=age&colour=red");
    refused(Answer::to(wrong).await, 400, "bad_request");
}

async fn a_head_is_no_stream(house: &House<'_>) {
    let superadmin = house.superadmin().await;
    for path in ["/donors", "/events?topics=donors"] {
        let head = superadmin.request(Method::HEAD, path);
        let answer = Answer::to(head.header(header::ACCEPT, "text/event-stream")).await.expect(200);
        assert_eq!(answer.header("content-type"), "text/event-stream");
        assert_eq!(answer.header("cache-control"), "no-store");
    }
}

#[test]
fn one_user_follows_so_many_lists_and_no_more() {
    let few = |settings: &mut almoner_http::HttpSettings| settings.live.max_of_user = 2;
    in_house_with(Backend::Sqlite, few, async |house: &House<'_>| {
        let superadmin = house.superadmin().await;
        let viewer = house.somebody(&superadmin, "viewer").await;
        let first = Follower::of(&superadmin, "/donors").await;
        let mut second = Follower::of(&superadmin, "/donations").await;
        let third = Follower::attempt(&superadmin, "/campaigns", None).await;
        let answer = refused(*third.err().expect("no stream"), 429, "rate_limited");
        assert_eq!(answer.header("retry-after"), "30");
        assert_eq!(answer.header("ratelimit-limit"), "2");
        assert_eq!(answer.header("ratelimit-remaining"), "0");
        Follower::of(&viewer, "/donors").await;
        // A place is free again once the server has seen that the connection is gone.
        drop(first);
        second.expect("snapshot").await;
        for round in 0.. {
            a_donor(&superadmin, "Somebody").await;
            match Follower::attempt(&superadmin, "/campaigns", None).await {
                Ok(_) => break,
                Err(_) => assert!(round < 500, "the place is never free"),
            }
        }
    });
}

#[test]
fn an_idle_stream_gives_signs_of_life() {
    in_house_with(
        Backend::Sqlite,
        |_| {},
        async |house: &House<'_>| {
            let superadmin = house.superadmin().await;
            let request = superadmin.request(Method::GET, "/donors?kind=person");
            let mut response =
                request.header(header::ACCEPT, "text/event-stream").send().await.unwrap();
            superadmin.post("/campaigns", &json!({ "name": "Ramazan" })).await.expect(201);
            let mut heard = String::new();
            let alive = async {
                while !heard.contains(": still here\nid: ") {
                    let chunk = response.chunk().await.unwrap().expect("the stream ended");
                    heard.push_str(std::str::from_utf8(&chunk).unwrap());
                }
            };
            tokio::time::timeout(std::time::Duration::from_secs(40), alive).await.unwrap();
            assert!(heard.starts_with("retry: 1000\n\n"));
            // The position moves on, though nothing that is seen has changed.
            let ids: Vec<&str> =
                heard.lines().filter_map(|line| line.strip_prefix("id: ")).collect();
            assert_eq!(ids.len(), 2);
            assert_ne!(ids[0], ids[1]);
        },
    );
}

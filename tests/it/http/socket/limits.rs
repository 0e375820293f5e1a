//! How many sockets, subscriptions and rooms there may be, and what a subscription counts as.

use serde_json::json;

use super::{open, room, subscribe};
use crate::{
    http::{
        house::{House, a_donor, in_house_with},
        reading::refused,
    },
    support::{Backend, Socket},
};

#[test]
fn one_user_has_so_many_sockets_and_subscriptions_and_no_more() {
    let few = |settings: &mut almoner_http::HttpSettings| settings.live.max_of_user = 3;
    in_house_with(Backend::Sqlite, few, async |house: &House<'_>| {
        let superadmin = house.superadmin().await;
        let mut first = open(house, &superadmin).await;
        let _second = open(house, &superadmin).await;
        first.ask(subscribe("a", "/donors"), "subscribed").await;
        first.expect("event").await;
        let third = Socket::attempt(&superadmin, &house.url, |_| {}).await;
        refused(*third.err().expect("no socket"), 429, "rate_limited");
        first.send(subscribe("b", "/campaigns")).await;
        let error = first.expect("error").await;
        assert_eq!(
            (&error["id"], &error["problem"]["code"]),
            (&json!("b"), &json!("rate_limited"))
        );
        assert_eq!(error["retry_after"], 30);
        first.ask(json!({ "type": "unsubscribe", "id": "a" }), "unsubscribed").await;
        first.ask(subscribe("b", "/campaigns"), "subscribed").await;
    });
}

#[test]
fn one_socket_has_so_many_subscriptions_and_rooms_and_no_more() {
    let many = |settings: &mut almoner_http::HttpSettings| settings.live.max_of_user = 100;
    in_house_with(Backend::Sqlite, many, async |house: &House<'_>| {
        let superadmin = house.superadmin().await;
        let mut socket = open(house, &superadmin).await;
        let topics =
            |id: usize| json!({ "type": "subscribe", "id": id.to_string(), "topics": ["donors"] });
        for id in 0..50 {
            socket.ask(topics(id), "subscribed").await;
        }
        socket.send(topics(50)).await;
        let error = socket.expect("error").await;
        assert_eq!(
            (&error["id"], &error["problem"]["code"]),
            (&json!("50"), &json!("socket_limit"))
        );
        assert!(error.get("retry_after").is_none());
        drop(socket);
        let mut socket = open(house, &superadmin).await;
        for number in 0..51 {
            let donor = a_donor(&superadmin, &format!("Donor {number}")).await;
            socket.send(json!({ "type": "join", "id": "r", "room": room(&donor) })).await;
            match number {
                50 => drop(socket.refused("r", "socket_limit").await),
                _ => drop(socket.expect("joined").await),
            }
        }
    });
}

#[test]
fn a_subscription_counts_as_a_request() {
    let few = |settings: &mut almoner_http::HttpSettings| {
        settings.quotas.is_on = true;
        settings.quotas.stranger = std::num::NonZeroU32::new(50).unwrap();
        settings.quotas.user = std::num::NonZeroU32::new(10).unwrap();
    };
    in_house_with(Backend::Sqlite, few, async |house: &House<'_>| {
        let superadmin = house.superadmin().await;
        let mut socket = open(house, &superadmin).await;
        let mut begun = 0;
        loop {
            socket.send(subscribe("a", "/donors")).await;
            let answer = socket.expect_either("subscribed", "error").await;
            if answer["type"] == "error" {
                assert_eq!(answer["problem"]["code"], "rate_limited");
                assert!(answer["retry_after"].as_u64().is_some_and(|seconds| seconds > 0));
                break;
            }
            begun += 1;
            socket.expect("event").await;
            socket.ask(json!({ "type": "unsubscribe", "id": "a" }), "unsubscribed").await;
        }
        assert!((5..=10).contains(&begun), "{begun}");
        refused(superadmin.get("/donors").await, 429, "rate_limited");
    });
}

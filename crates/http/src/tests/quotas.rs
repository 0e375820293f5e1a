//! Quotas by address and by user.

use std::num::NonZeroU32;

use actix_web::http::{Method, StatusCode};

use super::house::{Heard, by, hear, server, settings, stranger, world};
use crate::{settings::HttpSettings, site::Server};

fn limited() -> HttpSettings {
    let mut settings = settings();
    let per_minute = |limit| NonZeroU32::new(limit).unwrap();
    settings.quotas.is_on = true;
    settings.quotas.stranger = per_minute(2);
    settings.quotas.user = per_minute(3);
    settings.quotas.roles.insert("viewer".to_owned(), per_minute(1));
    settings
}

fn quota(heard: &Heard) -> [Option<&str>; 3] {
    ["ratelimit-limit", "ratelimit-remaining", "ratelimit-reset"].map(|name| heard.header(name))
}

async fn spend(server: &Server, times: usize, role: &str) -> Heard {
    let request = || by(role, Method::GET, "/api/v1/widgets");
    for _ in 1..times {
        assert_eq!(hear(server, request()).await.status, StatusCode::OK);
    }
    hear(server, request()).await
}

#[actix_web::test]
async fn a_stranger_is_counted_by_address_and_learns_what_is_left() {
    let server = server(limited(), &world());
    let request = || stranger(Method::GET, "/api/v1/widgets");
    let first = hear(&server, request()).await;
    assert_eq!(first.problem(), "unauthenticated");
    assert_eq!(quota(&first), [Some("2"), Some("1"), Some("30")]);
    assert_eq!(first.header("x-ratelimit-limit"), None);
    hear(&server, request()).await;
    let third = hear(&server, request()).await;
    assert_eq!(third.problem(), "rate_limited");
    assert_eq!(quota(&third), [Some("2"), Some("0"), Some("60")]);
    assert_eq!(third.header("retry-after"), Some("30"));
    assert_eq!(third.header("x-ratelimit-after"), None);
    let neighbour = request().peer_addr(([192, 0, 2, 10], 4).into());
    assert_eq!(hear(&server, neighbour).await.status, StatusCode::UNAUTHORIZED);
}

#[actix_web::test]
async fn neighbours_in_one_ipv6_network_share_a_quota() {
    let server = server(limited(), &world());
    let from = |address: &str| {
        stranger(Method::GET, "/api/v1/widgets")
            .peer_addr(format!("[{address}]:4").parse().unwrap())
    };
    hear(&server, from("2001:db8:0:1::1")).await;
    hear(&server, from("2001:db8:0:1::2")).await;
    assert_eq!(hear(&server, from("2001:db8:0:1:ffff::")).await.problem(), "rate_limited");
    assert_eq!(hear(&server, from("2001:db8:0:2::1")).await.problem(), "unauthenticated");
}

#[actix_web::test]
async fn a_user_is_counted_by_role_and_never_by_address() {
    let server = server(limited(), &world());
    let third = spend(&server, 3, "admin").await;
    assert_eq!(third.status, StatusCode::OK);
    assert_eq!(quota(&third), [Some("3"), Some("0"), Some("60")]);
    assert_eq!(spend(&server, 1, "admin").await.problem(), "rate_limited");
    assert_eq!(quota(&spend(&server, 1, "viewer").await), [Some("1"), Some("0"), Some("60")]);
    assert_eq!(spend(&server, 1, "viewer").await.problem(), "rate_limited");
}

#[actix_web::test]
async fn probes_are_never_limited_and_limits_can_be_off() {
    let limited = server(limited(), &world());
    let off = server(settings(), &world());
    for _ in 0..5 {
        let probe = hear(&limited, stranger(Method::GET, "/health/live")).await;
        assert_eq!((probe.status, quota(&probe)), (StatusCode::OK, [None; 3]));
        let free = hear(&off, stranger(Method::GET, "/api/v1/widgets")).await;
        assert_eq!((free.status, quota(&free)), (StatusCode::UNAUTHORIZED, [None; 3]));
        assert_eq!(free.header("x-ratelimit-whitelisted"), None);
    }
}

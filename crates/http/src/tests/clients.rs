//! Where a request came from.

use std::net::{IpAddr, SocketAddr};

use actix_web::{http::Method, test::TestRequest};
use ipnet::IpNet;

use super::house::{hear, server, settings, stranger, world};
use crate::client::{address, network, user_agent};

fn seen(peer: &str, forwarded: &[&str]) -> String {
    let trusted: Vec<IpNet> =
        ["10.0.0.0/8", "::1/128"].iter().map(|net| net.parse().unwrap()).collect();
    let peer: SocketAddr = peer.parse().unwrap();
    let request =
        forwarded.iter().fold(TestRequest::default().peer_addr(peer), |request, value| {
            request.append_header(("X-Forwarded-For", *value))
        });
    address(&request.to_srv_request(), &trusted).unwrap().to_string()
}

#[test]
fn only_what_trusted_proxies_wrote_is_believed() {
    let cases: &[(&str, &[&str], &str)] = &[
        ("192.0.2.1:1", &["198.51.100.7"], "192.0.2.1"),
        ("10.0.0.1:1", &["198.51.100.7"], "198.51.100.7"),
        ("10.0.0.1:1", &["6.6.6.6, 198.51.100.7, 10.0.0.2"], "198.51.100.7"),
        ("10.0.0.1:1", &["6.6.6.6", "198.51.100.7", "10.0.0.2"], "198.51.100.7"),
        ("10.0.0.1:1", &["6.6.6.6, nonsense, 10.0.0.2"], "10.0.0.2"),
        ("10.0.0.1:1", &["10.0.0.3, 10.0.0.2"], "10.0.0.3"),
        ("10.0.0.1:1", &[], "10.0.0.1"),
        ("10.0.0.1:1", &["198.51.100.7:5555"], "198.51.100.7"),
        ("[::1]:1", &["[2001:db8::1]:5555"], "2001:db8::1"),
        ("[::ffff:10.0.0.1]:1", &["::ffff:198.51.100.7"], "198.51.100.7"),
    ];
    for (peer, forwarded, expected) in cases {
        assert_eq!(seen(peer, forwarded), *expected, "{peer} {forwarded:?}");
    }
}

#[test]
fn an_ipv6_client_is_its_network() {
    let ip = |text: &str| text.parse::<IpAddr>().unwrap();
    assert_eq!(network(ip("198.51.100.7")), ip("198.51.100.7"));
    assert_eq!(network(ip("2001:db8:1:2:3::9")), ip("2001:db8:1:2::"));
}

#[test]
fn a_user_agent_is_cut_between_characters() {
    let long = "ü".repeat(400);
    let request = TestRequest::default().insert_header(("User-Agent", long.as_bytes()));
    let kept = user_agent(&request.to_srv_request()).unwrap();
    assert_eq!(kept.len(), 512);
    let long = format!("x{long}");
    let request = TestRequest::default().insert_header(("User-Agent", long.as_bytes()));
    assert_eq!(user_agent(&request.to_srv_request()).unwrap().len(), 511);
}

#[actix_web::test]
async fn a_request_id_is_taken_from_trusted_proxies_only_and_only_when_sane() {
    let server = server(settings(), &world());
    let answered = async |peer: [u8; 4], id: &str| {
        let request = stranger(Method::GET, "/health/live")
            .peer_addr((peer, 1).into())
            .insert_header(("X-Request-Id", id));
        hear(&server, request).await.header("x-request-id").unwrap().to_owned()
    };
    assert_eq!(answered([10, 0, 0, 1], "trace-1_a.b").await, "trace-1_a.b");
    for (peer, id) in [([192, 0, 2, 1], "trace-1"), ([10, 0, 0, 1], "a b"), ([10, 0, 0, 1], "")] {
        assert!(answered(peer, id).await.starts_with("00000000-0000-"), "{id}");
    }
}

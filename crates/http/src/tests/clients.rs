//! Where a request came from.

use std::net::{IpAddr, SocketAddr};

use actix_web::{http::Method, test::TestRequest};
use ipnet::IpNet;

use super::house::{hear, server, settings, stranger, world};
use crate::kit::client::{TraceParent, address, handed_on_trace, network, user_agent};

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

#[test]
fn a_trace_parent_is_read_as_w3c_writes_it() {
    let known = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let parent = TraceParent::parse(known).unwrap();
    assert_eq!(parent.trace_id, 0x4bf9_2f35_77b3_4da6_a3ce_929d_0e0e_4736);
    assert_eq!((parent.span_id, parent.is_sampled), (0x00f0_67aa_0ba9_02b7, true));
    let unsampled = TraceParent::parse(&known.replace("-01", "-00")).unwrap();
    assert!(!unsampled.is_sampled);
    // A later version may say more.
    let later = format!("{}-more", known.replacen("00", "cc", 1));
    assert_eq!(TraceParent::parse(&later), Some(parent));
    for wrong in [
        "",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
        "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
        "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
        "00-+bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "0-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        "00-4bf92f3577b34da6a3ce929d0e0e473-00f067aa0ba902b7-01",
        "00-ğbf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
    ] {
        assert_eq!(TraceParent::parse(wrong), None, "{wrong}");
    }
}

#[actix_web::test]
async fn a_trace_is_taken_from_trusted_proxies_only_and_only_when_there_is_one() {
    let trusted = ["10.0.0.0/8".parse().unwrap()];
    let known = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01";
    let handed_on = |peer: [u8; 4], values: &[&str]| {
        let mut request = TestRequest::default().peer_addr((peer, 1).into());
        for value in values {
            request = request.append_header(("traceparent", *value));
        }
        handed_on_trace(&request.to_srv_request(), &trusted)
    };
    assert_eq!(handed_on([10, 0, 0, 1], &[known]), TraceParent::parse(known));
    assert_eq!(handed_on([192, 0, 2, 1], &[known]), None);
    assert_eq!(handed_on([10, 0, 0, 1], &[known, known]), None);
    assert_eq!(handed_on([10, 0, 0, 1], &[]), None);
}

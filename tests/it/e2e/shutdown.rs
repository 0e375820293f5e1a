//! Stopping loses nothing.

use std::{
    io::{Read, Write},
    net::TcpStream,
};

use serde_json::Value;

use super::almoner::Almoner;

#[test]
fn a_request_in_flight_is_answered_before_the_server_stops() {
    let mut almoner = Almoner::new();
    almoner.start();
    let address = almoner.url.strip_prefix("http://").unwrap().to_owned();
    let body = r#"{"email":"nobody@example.org","password":"a wrong password, but long"}"#;
    let mut connection = TcpStream::connect(&address).unwrap();
    write!(
        connection,
        "POST /api/v1/auth/login HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\
         Content-Type: application/json\r\nContent-Length: {}\r\nExpect: 100-continue\r\n\r\n",
        body.len()
    )
    .unwrap();
    // The server says that it has begun with the request.
    let mut begun = [0; 25];
    connection.read_exact(&mut begun).unwrap();
    assert!(begun.starts_with(b"HTTP/1.1 100 Continue"));
    almoner.signal("-TERM");
    // It has heard the signal when nobody can connect any more.
    while TcpStream::connect(&address).is_ok() {
        std::thread::yield_now();
    }
    connection.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 401"), "{answer}");
    assert!(almoner.ended());
}

#[test]
fn a_body_that_does_not_come_keeps_nobody_from_stopping() {
    // Longer than any test takes.
    let mut almoner = Almoner::new().with("ALMONER_SHUTDOWN_GRACE", "10m");
    almoner.start();
    let address = almoner.url.strip_prefix("http://").unwrap().to_owned();
    let mut connection = TcpStream::connect(&address).unwrap();
    write!(
        connection,
        "POST /api/v1/auth/login HTTP/1.1\r\nHost: {address}\r\nContent-Type: application/json\r\n\
         Content-Length: 10000\r\nExpect: 100-continue\r\n\r\n"
    )
    .unwrap();
    let mut begun = [0; 25];
    connection.read_exact(&mut begun).unwrap();
    almoner.signal("-TERM");
    assert!(almoner.ended());
    let mut answer = String::new();
    connection.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 503"), "{answer}");
}

#[tokio::test]
async fn a_server_that_is_about_to_go_says_so_while_it_still_answers() {
    // Longer than any test takes: the second signal ends it.
    let mut almoner = Almoner::new().with("ALMONER_SHUTDOWN_DRAIN", "10m");
    almoner.start();
    assert!(almoner.run(&["health"]).status.success());
    almoner.signal("-TERM");
    let ready = format!("{}/health/ready", almoner.url);
    let report = loop {
        let answer = crate::support::http::get(&ready).await.unwrap();
        if answer.status() == 503 {
            break answer.json::<Value>().await.unwrap();
        }
    };
    assert_eq!(report["status"], "down");
    assert_eq!(report["parts"][0]["status"], "up", "{report}");
    assert_eq!(report["parts"][4]["name"], "intake", "{report}");
    let probe = almoner.run(&["health"]);
    assert_eq!(probe.status.code(), Some(1));
    assert!(String::from_utf8_lossy(&probe.stderr).contains("503"));

    let answer =
        crate::support::http::get(format!("{}/api/openapi.json", almoner.url)).await.unwrap();
    assert_eq!(answer.status(), 200);
    almoner.signal("-TERM");
    assert!(almoner.ended());
    assert_eq!(almoner.run(&["health"]).status.code(), Some(1));
}

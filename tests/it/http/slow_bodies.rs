//! Requests that do not come to their end: nobody holds a connection for longer than the settings say.

use std::{
    io::{Read, Write},
    net::TcpStream,
    sync::mpsc,
    thread,
    time::Duration,
};

use almoner_http::HttpSettings;
use reqwest::Method;
use serde_json::{Value, json};

use super::{
    house::{House, behind_a_proxy, in_house, in_house_with},
    sessions::cookie,
};
use crate::support::{Answer, Backend};

/// Longer than any limit of the server: what takes as long is a connection that stays.
const FOR_EVER: Duration = Duration::from_secs(60);

fn impatient(settings: &mut HttpSettings) {
    settings.bodies.deadline = Duration::from_millis(500);
}

fn two_at_a_time(settings: &mut HttpSettings) {
    behind_a_proxy(settings);
    settings.bodies.per_client = 2;
    settings.bodies.start = FOR_EVER;
}

fn send(house: &House<'_>, bytes: &str) -> TcpStream {
    let mut connection = TcpStream::connect(house.url.strip_prefix("http://").unwrap()).unwrap();
    connection.set_read_timeout(Some(FOR_EVER)).unwrap();
    connection.write_all(bytes.as_bytes()).unwrap();
    connection
}

/// Everything the server says until it closes the connection.
fn heard(mut connection: TcpStream) -> String {
    let mut said = String::new();
    connection.read_to_string(&mut said).expect("the server closes the connection");
    said
}

fn problem(said: &str) -> Value {
    let body = said.split("\r\n\r\n").last().unwrap();
    serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}: {said}"))
}

fn head(line: &str, headers: &str) -> String {
    format!("{line} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\n{headers}\r\n")
}

const LOGIN: &str = "POST /api/v1/auth/login";
const WITH_LENGTH: &str = "Content-Length: 10000\r\n";
const CHUNKED: &str = "Transfer-Encoding: chunked\r\n";

#[test]
fn a_body_that_does_not_come_is_408_and_the_connection_is_closed() {
    in_house_with(Backend::Sqlite, impatient, async |house| {
        let user = house.superadmin().await;
        let token = user.csrf.clone().unwrap();
        let cookie = format!("Cookie: {}\r\nX-CSRF-Token: {token}\r\n", cookie(&user));
        for (line, headers, begin) in [
            (LOGIN, WITH_LENGTH.to_owned(), "{"),
            (LOGIN, CHUNKED.to_owned(), "1\r\n{\r\n"),
            (LOGIN, CHUNKED.to_owned(), "5\r\n{"),
            // What actix takes for the whole rest of the connection.
            (LOGIN, "Upgrade: websocket\r\nConnection: upgrade\r\n".to_owned(), "{"),
            // One that has no body, and reads it to say so.
            ("POST /api/v1/auth/logout", format!("{WITH_LENGTH}{cookie}"), " "),
        ] {
            let said = heard(send(house, &(head(line, &headers) + begin)));
            assert!(said.starts_with("HTTP/1.1 408 "), "{headers}: {said}");
            let lower = said.to_lowercase();
            assert!(lower.contains("content-type: application/problem+json"), "{said}");
            assert!(lower.contains("connection: close"), "{said}");
            assert_eq!(problem(&said)["code"], "request_timeout");
        }
    });
}

#[test]
fn a_stranger_sends_no_more_than_a_login_needs() {
    in_house(Backend::Sqlite, async |house| {
        let said = heard(send(house, &(head(LOGIN, "Content-Length: 16385\r\n") + "{")));
        assert!(said.starts_with("HTTP/1.1 413 "), "{said}");
        let chunk = format!("4001\r\n{}\r\n", " ".repeat(0x4001));
        let said = heard(send(house, &(head(LOGIN, CHUNKED) + &chunk)));
        assert!(said.starts_with("HTTP/1.1 413 "), "{said}");
        let superadmin = house.superadmin().await;
        let notes = "a".repeat(20_000);
        let donor = json!({ "kind": "person", "name": "Ayşe", "notes": notes });
        // Too long for notes, and read.
        assert_eq!(superadmin.post("/donors", &donor).await.status, 422);
    });
}

#[test]
fn a_body_that_nobody_reads_does_not_keep_the_connection() {
    in_house(Backend::Sqlite, async |house| {
        for (line, status) in [
            ("POST /api/v1/nothing", 404),
            ("POST /api/v1/donors", 401),
            ("GET /api/v1/donors", 401),
            ("GET /health/live", 200),
            ("PUT /api/v1/donors", 405),
            ("GET /api/v1/socket", 401),
        ] {
            for (headers, begin) in [(WITH_LENGTH, "{"), (CHUNKED, "1\r\n{\r\n")] {
                let said = heard(send(house, &(head(line, headers) + begin)));
                assert!(said.starts_with(&format!("HTTP/1.1 {status} ")), "{line}: {said}");
                assert!(said.to_lowercase().contains("connection: close"), "{line}: {said}");
            }
        }
        // One that is whole costs no connection.
        for (headers, body) in [("Content-Length: 2\r\n", "{}"), (CHUNKED, "2\r\n{}\r\n0\r\n\r\n")]
        {
            let once = head("POST /api/v1/nothing", headers) + body;
            let last = head("POST /api/v1/nothing", &format!("Connection: close\r\n{headers}"));
            let said = heard(send(house, &format!("{once}{last}{body}")));
            assert_eq!(said.matches("HTTP/1.1 404 ").count(), 2, "{said}");
        }
    });
}

#[test]
fn a_client_has_few_bodies_on_their_way_and_others_do_not_notice() {
    in_house_with(Backend::Sqlite, two_at_a_time, async |house| {
        let begin = |client: &str| {
            let headers = "Connection: close\r\nContent-Length: 2\r\nX-Forwarded-For: ";
            send(house, &(head(LOGIN, &format!("{headers}{client}\r\n")) + "{"))
        };
        let (tell, told) = mpsc::channel();
        let mut open = Vec::new();
        // All of them are one client: it has the network.
        for last in 0..3 {
            let connection = begin(&format!("2001:db8::{last}"));
            open.push(connection.try_clone().unwrap());
            let tell = tell.clone();
            thread::spawn(move || tell.send((last, heard(connection))));
        }
        let (refused, said) = told.recv_timeout(FOR_EVER).unwrap();
        assert!(said.starts_with("HTTP/1.1 429 "), "{said}");
        assert!(said.to_lowercase().contains("retry-after: "), "{said}");
        assert_eq!(problem(&said)["code"], "rate_limited");
        // What is whole needs no place, and nor does anybody else.
        for client in ["2001:db8::9", "2001:db8:0:1::9", "203.0.113.7"] {
            let request = house.stranger().request(Method::POST, "/auth/login").json(&json!({}));
            let answer = Answer::to(request.header("X-Forwarded-For", client)).await;
            assert_eq!(answer.status, 422, "{client}");
        }
        let mut other = begin("203.0.113.7");
        other.write_all(b"}").unwrap();
        assert!(heard(other).starts_with("HTTP/1.1 422 "));
        open.remove(refused);
        for mut connection in open {
            connection.write_all(b"}").unwrap();
            let (_, said) = told.recv_timeout(FOR_EVER).unwrap();
            assert!(said.starts_with("HTTP/1.1 422 "), "{said}");
        }
        // Their places are free again.
        let mut again = begin("2001:db8::1");
        again.write_all(b"}").unwrap();
        assert!(heard(again).starts_with("HTTP/1.1 422 "));
    });
}

#[test]
fn the_head_of_a_later_request_has_to_come_in_time_too() {
    in_house(Backend::Sqlite, async |house| {
        let mut connection = send(house, &head("GET /health/live", ""));
        let mut first = [0; 12];
        connection.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"HTTP/1.1 200");
        connection.write_all(b"GET /health/live HT").unwrap();
        let said = heard(connection);
        assert!(!said.contains("HTTP/1.1"), "{said}");
    });
}

#[test]
fn bodies_that_are_not_there_do_not_hold_up_a_stop() {
    in_house(Backend::Sqlite, async |house| {
        let waiting =
            send(house, &(head(LOGIN, &format!("{WITH_LENGTH}Expect: 100-continue\r\n")) + "{"));
        let mut begun = [0; 25];
        (&waiting).read_exact(&mut begun).unwrap();
        assert!(begun.starts_with(b"HTTP/1.1 100 Continue"));
        house.stop_taking();
        let said = heard(waiting);
        assert!(said.starts_with("HTTP/1.1 503 "), "{said}");
        assert_eq!(problem(&said)["code"], "unavailable");
    });
}

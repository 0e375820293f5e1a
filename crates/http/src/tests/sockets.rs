//! The application behind a real socket, where the server decides about bodies and lengths.

use std::{
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
};

use super::house::{server, settings, world};

/// Sends bytes and reads until the server closes.
async fn converse(at: SocketAddr, request: String) -> String {
    let talk = move || {
        let mut socket = TcpStream::connect(at).unwrap();
        socket.write_all(request.as_bytes()).unwrap();
        let mut answer = Vec::new();
        socket.read_to_end(&mut answer).unwrap();
        String::from_utf8_lossy(&answer).into_owned()
    };
    actix_web::web::block(talk).await.unwrap()
}

#[actix_web::test]
async fn a_real_server_answers_heads_without_bodies_and_failures_with_problems() {
    let server = server(settings(), &world());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let at = listener.local_addr().unwrap();
    let running = server.listen(listener, 1).unwrap();
    let handle = running.handle();
    actix_web::rt::spawn(running);
    let request = |method: &str, path: &str, more: &str| {
        format!("{method} {path} HTTP/1.1\r\nHost: almoner.test\r\nConnection: close\r\n{more}\r\n")
    };
    let head = converse(at, request("HEAD", "/problems/stale", "")).await;
    assert!(head.starts_with("HTTP/1.1 200") && head.ends_with("\r\n\r\n"), "{head}");
    let trace = converse(at, request("TRACE", "/api/v1/widgets", "")).await;
    assert!(
        trace.starts_with("HTTP/1.1 405") && trace.contains("allow: GET, HEAD, POST"),
        "{trace}"
    );
    let origin = "Origin: https://evil.test\r\nContent-Length: 2\r\n";
    let forged = converse(at, request("POST", "/api/v1/auth/login", origin) + "{}").await;
    assert!(forged.starts_with("HTTP/1.1 403") && forged.contains("\"csrf\""), "{forged}");
    handle.stop(false).await;
}

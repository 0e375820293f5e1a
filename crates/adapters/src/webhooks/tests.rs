//! Where calls go, and what becomes of an answer.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use almoner_webhooks::{Call, Failure, Reply, Sender, Target};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpListener,
};

use super::Caller;

/// Somebody who answers each connection with the same bytes; counts them.
async fn answering(answer: &'static [u8]) -> (u16, Arc<AtomicUsize>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    let count = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&count);
    tokio::spawn(async move {
        loop {
            let (mut connection, _) = listener.accept().await.unwrap();
            counted.fetch_add(1, Ordering::SeqCst);
            tokio::spawn(async move {
                let mut request = vec![0; 4096];
                // Whether the caller still listens is its own affair.
                if connection.read(&mut request).await.is_ok() {
                    let _ = connection.write_all(answer).await;
                }
            });
        }
    });
    (port, count)
}

async fn call(url: &str, allow_private: bool) -> Reply {
    let call = Call {
        // As it may stand in storage, whatever was allowed when it was stored.
        target: Target::from_stored(url).unwrap(),
        id: "msg_1".to_owned(),
        timestamp: 1,
        signature: "v1,x".to_owned(),
        body: "{}".to_owned(),
    };
    Caller::new(allow_private).unwrap().send(&call).await
}

#[tokio::test]
async fn nothing_within_is_called_without_leave() {
    let (port, count) = answering(b"HTTP/1.1 204 X\r\n\r\n").await;
    for url in [
        format!("http://127.0.0.1:{port}/"),
        format!("https://127.0.0.1:{port}/"),
        format!("https://localhost:{port}/"),
        format!("https://[::1]:{port}/"),
        format!("https://[::ffff:127.0.0.1]:{port}/"),
        "http://1.1.1.1/".to_owned(),
    ] {
        assert_eq!(call(&url, false).await.outcome, Err(Failure::Address), "{url}");
    }
    assert_eq!(count.load(Ordering::SeqCst), 0);
    assert_eq!(call(&format!("http://127.0.0.1:{port}/"), true).await.outcome, Ok(204));
    assert_eq!(call(&format!("http://localhost:{port}/"), true).await.outcome, Ok(204));
    assert_eq!(count.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn an_answer_is_its_status_and_no_redirect_is_followed() {
    let (elsewhere, count) = answering(b"HTTP/1.1 204 X\r\n\r\n").await;
    let moved = format!(
        "HTTP/1.1 307 X\r\nLocation: http://127.0.0.1:{elsewhere}/\r\nContent-Length: 0\r\n\r\n"
    );
    let (port, _) = answering(moved.leak().as_bytes()).await;
    assert_eq!(call(&format!("http://127.0.0.1:{port}/"), true).await.outcome, Ok(307));
    assert_eq!(count.load(Ordering::SeqCst), 0);

    let (port, _) =
        answering(b"HTTP/1.1 503 X\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n").await;
    let reply = call(&format!("http://127.0.0.1:{port}/"), true).await;
    assert_eq!((reply.outcome, reply.retry_after), (Ok(503), Some(Duration::from_secs(120))));
}

#[tokio::test]
async fn an_answer_without_end_is_not_read_to_its_end() {
    let endless = format!("HTTP/1.1 200 X\r\nContent-Length: 999999\r\n\r\n{}", "x".repeat(8_000));
    let (port, _) = answering(endless.leak().as_bytes()).await;
    let reply = call(&format!("http://127.0.0.1:{port}/"), true).await;
    assert_eq!(reply.outcome, Ok(200));
    assert!(reply.took < Duration::from_secs(5));
}

#[tokio::test]
async fn what_does_not_answer_says_why() {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let port = listener.local_addr().unwrap().port();
    drop(listener);
    let url = format!("http://127.0.0.1:{port}/");
    assert_eq!(call(&url, true).await.outcome, Err(Failure::Connection));
    // What speaks no TLS is no https.
    let (port, _) = answering(b"HTTP/1.1 204 X\r\n\r\n").await;
    let url = format!("https://127.0.0.1:{port}/");
    assert_eq!(call(&url, true).await.outcome, Err(Failure::Connection));
    let unknown = call("https://nobody.invalid/", false).await;
    assert_eq!(unknown.outcome, Err(Failure::Name));
}

//! `almoner health`: one request to the server, without an HTTP client.

use std::{
    io::{Read, Write},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream},
    time::Duration,
};

use anyhow::Context as _;

use crate::config::Config;

/// For connecting, and for each read: twice what readiness waits for a database that is away.
const PATIENCE: Duration = Duration::from_secs(10);
/// Bytes of an answer that are looked at: the status line is within the first 20.
const HEAD: u64 = 64;

/// Asks `/health/ready` at the address that the settings listen on.
///
/// # Errors
/// When the server does not answer, or says that it cannot work.
pub fn health(config: &Config) -> anyhow::Result<()> {
    let address = reachable(config.listen);
    let status = status(address).with_context(|| format!("no answer from {address}"))?;
    anyhow::ensure!(status == "200", "not ready: /health/ready answered {status}");
    Ok(())
}

/// A server that listens on every address also does on loopback.
fn reachable(listen: SocketAddr) -> SocketAddr {
    let ip = match listen.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, listen.port())
}

fn status(address: SocketAddr) -> anyhow::Result<String> {
    let mut server = TcpStream::connect_timeout(&address, PATIENCE)?;
    server.set_read_timeout(Some(PATIENCE))?;
    server.set_write_timeout(Some(PATIENCE))?;
    let request = format!("GET /health/ready HTTP/1.1\r\nHost: {address}\r\n");
    server.write_all(format!("{request}Connection: close\r\n\r\n").as_bytes())?;
    let mut head = Vec::new();
    server.take(HEAD).read_to_end(&mut head)?;
    let head = String::from_utf8_lossy(&head);
    let status = head.strip_prefix("HTTP/1.1 ").and_then(|rest| rest.get(..3));
    status.map(ToOwned::to_owned).context("the answer is not HTTP")
}

#[cfg(test)]
mod tests {
    use std::{
        io::{BufRead, BufReader},
        net::TcpListener,
        thread,
    };

    use super::*;

    /// A server that says this to whoever connects, once.
    fn saying(answer: &'static str) -> SocketAddr {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        thread::spawn(move || {
            let (mut client, _) = listener.accept().unwrap();
            // All of it: closing a connection with something unread in it resets it.
            let lines = BufReader::new(client.try_clone().unwrap()).lines();
            let request: Vec<_> =
                lines.map(Result::unwrap).take_while(|line| !line.is_empty()).collect();
            assert_eq!(request[0], "GET /health/ready HTTP/1.1");
            client.write_all(answer.as_bytes()).unwrap();
        });
        address
    }

    #[test]
    fn the_status_is_read_from_the_answer() {
        let ready = saying("HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n");
        assert_eq!(status(ready).unwrap(), "200");
        let down = saying("HTTP/1.1 503 Service Unavailable\r\ncontent-length: 0\r\n\r\n");
        assert_eq!(status(down).unwrap(), "503");
    }

    #[test]
    fn what_is_not_http_is_no_answer() {
        for answer in ["", "HTTP/1.1 2", "SSH-2.0-OpenSSH_9.2"] {
            assert!(status(saying(answer)).is_err(), "{answer}");
        }
    }

    #[test]
    fn every_address_is_asked_on_loopback() {
        for (listen, asked) in [
            ("0.0.0.0:80", "127.0.0.1:80"),
            ("[::]:80", "[::1]:80"),
            ("192.0.2.7:80", "192.0.2.7:80"),
        ] {
            assert_eq!(reachable(listen.parse().unwrap()).to_string(), asked);
        }
    }
}

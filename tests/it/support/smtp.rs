//! A mail server for one test: it speaks SMTP over a real socket, with STARTTLS or TLS from the first
//! byte under a certificate of its own, asks for a password, and answers what a test tells it to.

use std::{
    collections::VecDeque,
    path::Path,
    sync::{Arc, Mutex},
    time::Duration,
};

use rcgen::{CertifiedKey, generate_simple_self_signed};
use tokio::{
    io::{AsyncBufReadExt, AsyncRead, AsyncWrite, AsyncWriteExt, BufReader},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{ServerConfig, crypto::ring, pki_types::PrivateKeyDer},
};

/// Who may log in, and with what: `AUTH PLAIN` of `posta` and `three grey herons wait`.
const PLAIN: &str = "AHBvc3RhAHRocmVlIGdyZXkgaGVyb25zIHdhaXQ=";
/// The password.
pub const PASSWORD: &str = "three grey herons wait";
/// The user.
pub const USER: &str = "posta";

/// A mail that was taken.
#[derive(Clone, Debug)]
pub struct Taken {
    pub from: String,
    pub to: Vec<String>,
    /// As it came, without the dots that protect dots.
    pub data: String,
    pub was_encrypted: bool,
    pub was_logged_in: bool,
}

/// How the server protects its conversations.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Protection {
    /// It offers STARTTLS.
    StartTls,
    /// It offers nothing.
    None,
    /// TLS from the first byte.
    Implicit,
}

/// What a test says beforehand: the answers to the next recipients and the next bodies; `250` where
/// nothing is said.
#[derive(Debug, Default)]
pub struct Script {
    pub rcpt: VecDeque<&'static str>,
    pub data: VecDeque<&'static str>,
}

/// The server.
pub struct Smtp {
    pub port: u16,
    /// Its certificate, PEM.
    pub certificate: String,
    pub script: Arc<Mutex<Script>>,
    taken: Arc<Mutex<Vec<Taken>>>,
    /// Every line that clients sent, but for bodies.
    heard: Arc<Mutex<Vec<String>>>,
    task: JoinHandle<()>,
}

impl Drop for Smtp {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Smtp {
    /// Listens on a port of its own.
    pub async fn start(protection: Protection) -> Self {
        let CertifiedKey { cert, signing_key } =
            generate_simple_self_signed(["localhost".to_owned()]).unwrap();
        let key = PrivateKeyDer::try_from(signing_key.serialize_der()).unwrap();
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![cert.der().clone()], key)
            .unwrap();
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let (script, taken, heard) = <(Arc<Mutex<Script>>, Arc<_>, Arc<_>)>::default();
        let shared = Shared {
            script: Arc::clone(&script),
            taken: Arc::clone(&taken),
            heard: Arc::clone(&heard),
        };
        let task = tokio::spawn(async move {
            loop {
                let (socket, _) = listener.accept().await.unwrap();
                let (shared, acceptor) = (shared.clone(), acceptor.clone());
                tokio::spawn(async move { shared.serve(socket, acceptor, protection).await });
            }
        });
        Self { port, certificate: cert.pem(), script, taken, heard, task }
    }

    /// Writes the certificate where a configuration can name it.
    pub fn certificate_in(&self, folder: &Path) -> String {
        let file = folder.join("smtp.pem");
        std::fs::write(&file, &self.certificate).unwrap();
        file.to_str().unwrap().to_owned()
    }

    /// The mails that were taken so far.
    pub fn taken(&self) -> Vec<Taken> {
        self.taken.lock().unwrap().clone()
    }

    /// What clients said so far.
    pub fn heard(&self) -> Vec<String> {
        self.heard.lock().unwrap().clone()
    }

    /// Waits until so many mails were taken.
    pub async fn wait_for(&self, count: usize) -> Vec<Taken> {
        self.wait_until(|smtp| smtp.taken().len() >= count).await;
        self.taken()
    }

    /// Waits until something is so.
    pub async fn wait_until(&self, is_so: impl Fn(&Self) -> bool) {
        for _ in 0..1200 {
            if is_so(self) {
                return;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("a minute has passed; taken: {:#?}, heard: {:#?}", self.taken(), self.heard());
    }
}

impl Taken {
    /// The value of a header, unfolded.
    pub fn header(&self, name: &str) -> String {
        let (head, _) = self.data.split_once("\r\n\r\n").unwrap();
        let unfolded = head.replace("\r\n ", " ").replace("\r\n\t", " ");
        let start = format!("{}:", name.to_lowercase());
        let line = unfolded.split("\r\n").find(|line| line.to_lowercase().starts_with(&start));
        line.unwrap_or_else(|| panic!("no {name} in {head}"))[start.len()..].trim().to_owned()
    }

    /// The text of the mail: its first part, decoded.
    pub fn text(&self) -> String {
        let boundary = self.header("Content-Type");
        let boundary = boundary.split_once("boundary=\"").unwrap().1;
        let boundary = format!("--{}", boundary.split_once('"').unwrap().0);
        let part = self.data.split(&boundary).nth(1).unwrap();
        let (head, body) = part.trim_start().split_once("\r\n\r\n").unwrap();
        let head = head.to_lowercase();
        assert!(head.contains("text/plain"), "{head}");
        match head.split_once("content-transfer-encoding: ").unwrap().1.lines().next().unwrap() {
            "quoted-printable" => from_quoted_printable(body),
            "7bit" | "8bit" => body.to_owned(),
            other => panic!("{other}"),
        }
    }

    /// The token of the link in the mail.
    pub fn token(&self) -> String {
        let text = self.text();
        let (_, rest) = text.split_once("#token=").unwrap_or_else(|| panic!("no link in {text}"));
        rest.split_whitespace().next().unwrap().to_owned()
    }
}

fn from_quoted_printable(text: &str) -> String {
    let text = text.replace("=\r\n", "");
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    while let [first, more @ ..] = rest {
        rest = more;
        match (first, more) {
            (b'=', [high, low, after @ ..]) => {
                let hex = String::from_utf8(vec![*high, *low]).unwrap();
                bytes.push(u8::from_str_radix(&hex, 16).unwrap());
                rest = after;
            }
            _ => bytes.push(*first),
        }
    }
    String::from_utf8(bytes).unwrap()
}

#[derive(Clone)]
struct Shared {
    script: Arc<Mutex<Script>>,
    taken: Arc<Mutex<Vec<Taken>>>,
    heard: Arc<Mutex<Vec<String>>>,
}

/// How a conversation goes on.
enum Next {
    StartTls,
    End,
}

impl Shared {
    async fn serve(self, socket: TcpStream, acceptor: TlsAcceptor, protection: Protection) {
        if protection == Protection::Implicit {
            if let Ok(tls) = acceptor.accept(socket).await {
                self.converse(&mut BufReader::new(tls), true, false, true).await;
            }
            return;
        }
        let offers_tls = protection == Protection::StartTls;
        let mut plain = BufReader::new(socket);
        if let Next::StartTls = self.converse(&mut plain, true, offers_tls, false).await
            && let Ok(tls) = acceptor.accept(plain.into_inner()).await
        {
            self.converse(&mut BufReader::new(tls), false, false, true).await;
        }
    }

    async fn converse<S: AsyncRead + AsyncWrite + Unpin>(
        &self,
        stream: &mut BufReader<S>,
        greets: bool,
        offers_tls: bool,
        is_encrypted: bool,
    ) -> Next {
        let mut mail = Taken {
            from: String::new(),
            to: Vec::new(),
            data: String::new(),
            was_encrypted: is_encrypted,
            was_logged_in: false,
        };
        if greets && say(stream, "220 localhost ESMTP").await.is_none() {
            return Next::End;
        }
        loop {
            let mut line = String::new();
            match stream.read_line(&mut line).await {
                Ok(0) | Err(_) => return Next::End,
                Ok(_) => {}
            }
            let line = line.trim_end().to_owned();
            self.heard.lock().unwrap().push(line.clone());
            let command = line.to_uppercase();
            let answer = if command.starts_with("EHLO") {
                match (offers_tls, is_encrypted) {
                    (true, _) => "250-localhost\r\n250-8BITMIME\r\n250 STARTTLS",
                    (false, true) => "250-localhost\r\n250-8BITMIME\r\n250 AUTH PLAIN",
                    (false, false) => "250-localhost\r\n250 8BITMIME",
                }
                .to_owned()
            } else if command == "STARTTLS" {
                return match say(stream, "220 go ahead").await {
                    Some(()) => Next::StartTls,
                    None => Next::End,
                };
            } else if command.starts_with("AUTH PLAIN") {
                mail.was_logged_in = line.ends_with(PLAIN);
                match mail.was_logged_in {
                    true => "235 welcome".to_owned(),
                    false => "535 5.7.8 who are you".to_owned(),
                }
            } else if command.starts_with("MAIL FROM:") {
                mail.from = address(&line);
                "250 ok".to_owned()
            } else if command.starts_with("RCPT TO:") {
                mail.to.push(address(&line));
                self.script.lock().unwrap().rcpt.pop_front().unwrap_or("250 ok").to_owned()
            } else if command == "DATA" {
                if say(stream, "354 go on").await.is_none() {
                    return Next::End;
                }
                let Some(data) = body(stream).await else { return Next::End };
                mail.data = data;
                let answer = self.script.lock().unwrap().data.pop_front().unwrap_or("250 taken");
                if answer.starts_with('2') {
                    self.taken.lock().unwrap().push(mail.clone());
                }
                answer.to_owned()
            } else if command == "RSET" || command == "NOOP" {
                "250 ok".to_owned()
            } else if command == "QUIT" {
                say(stream, "221 bye").await;
                return Next::End;
            } else {
                "502 not here".to_owned()
            };
            if say(stream, &answer).await.is_none() {
                return Next::End;
            }
        }
    }
}

async fn say<S: AsyncWrite + Unpin>(stream: &mut S, line: &str) -> Option<()> {
    stream.write_all(format!("{line}\r\n").as_bytes()).await.ok()?;
    stream.flush().await.ok()
}

async fn body<S: AsyncRead + Unpin>(stream: &mut BufReader<S>) -> Option<String> {
    let mut data = String::new();
    loop {
        let mut line = String::new();
        if stream.read_line(&mut line).await.ok()? == 0 {
            return None;
        }
        if line == ".\r\n" {
            return Some(data);
        }
        data.push_str(line.strip_prefix('.').unwrap_or(&line));
    }
}

fn address(line: &str) -> String {
    let (_, rest) = line.split_once('<').unwrap();
    rest.split_once('>').unwrap().0.to_owned()
}

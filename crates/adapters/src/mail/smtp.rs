//! SMTP, through lettre: one connection for each mail, because there are few of them.

use std::{fmt, fs, path::PathBuf, time::Duration};

use almoner_mail::{
    Message,
    ports::{SendError, Transport},
};
use anyhow::Context as _;
use async_trait::async_trait;
use lettre::{
    AsyncSmtpTransport, AsyncTransport, Tokio1Executor,
    transport::smtp::{
        self,
        authentication::Credentials,
        client::{Certificate, Tls, TlsParameters},
        extension::ClientId,
    },
};
use secrecy::{ExposeSecret, SecretString};

use super::compose;

/// The server that takes mail.
#[derive(Clone, Debug)]
pub struct SmtpRoute {
    /// Its name, which its certificate must have.
    pub host: String,
    /// Its port.
    pub port: u16,
    /// How the conversation is protected.
    pub tls: SmtpTls,
    /// Who logs in, if anybody does.
    pub user: Option<String>,
    /// With which password.
    pub password: Option<SmtpPassword>,
    /// Certificates it may have beside those of the public authorities.
    pub ca_file: Option<PathBuf>,
    /// How long it may take for each answer.
    pub timeout: Duration,
}

/// The password of the SMTP server.
#[derive(Clone)]
pub enum SmtpPassword {
    /// It was given.
    Given(SecretString),
    /// It stands in a file, alone on its first line.
    File(PathBuf),
}

impl fmt::Debug for SmtpPassword {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Given(_) => f.write_str("***"),
            Self::File(file) => write!(f, "in {}", file.display()),
        }
    }
}

/// How a conversation with an SMTP server is protected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SmtpTls {
    /// TLS from the first byte.
    Implicit,
    /// STARTTLS, or no mail.
    StartTls,
    /// STARTTLS where it is offered: whoever sits in between can take the offer away.
    Opportunistic,
    /// None.
    Off,
}

/// Hands mails to another server.
#[derive(Debug)]
pub struct SmtpTransport {
    inner: AsyncSmtpTransport<Tokio1Executor>,
}

impl SmtpTransport {
    /// Prepares to talk to a server, under a name of our own; nothing is sent yet.
    ///
    /// # Errors
    /// In words for the operator: a file that cannot be read or has not what it should.
    pub fn new(route: &SmtpRoute, hello: String) -> anyhow::Result<Self> {
        let mut builder = AsyncSmtpTransport::<Tokio1Executor>::builder_dangerous(&route.host)
            .port(route.port)
            .timeout(Some(route.timeout))
            .hello_name(client_id(hello))
            .tls(match route.tls {
                SmtpTls::Implicit => Tls::Wrapper(parameters(route)?),
                SmtpTls::StartTls => Tls::Required(parameters(route)?),
                SmtpTls::Opportunistic => Tls::Opportunistic(parameters(route)?),
                SmtpTls::Off => Tls::None,
            });
        if let (Some(user), Some(password)) = (&route.user, &route.password) {
            let password = read(password)?;
            let password = password.expose_secret().to_owned();
            builder = builder.credentials(Credentials::new(user.clone(), password));
        }
        Ok(Self { inner: builder.build() })
    }
}

#[async_trait]
impl Transport for SmtpTransport {
    async fn send(&self, message: &Message) -> Result<Option<u16>, SendError> {
        let mail = compose(message)
            .map_err(|error| SendError::NotAccepted { code: None, source: Box::new(error) })?;
        let answer = self.inner.send(mail).await.map_err(sorted)?;
        Ok(Some(answer.code().into()))
    }
}

/// Whether it is about the mail, about us, or about the network.
fn sorted(error: smtp::Error) -> SendError {
    /// Who we are, and that we may not: RFC 4954, section 6, and RFC 3207.
    const ABOUT_US: [u16; 5] = [454, 530, 534, 535, 538];

    let is_client = error.is_client();
    let (is_permanent, code) = (error.is_permanent(), error.status().map(u16::from));
    let source = Box::new(error);
    match code {
        Some(code) if ABOUT_US.contains(&code) => {
            SendError::NotAccepted { code: Some(code), source }
        }
        Some(code) if is_permanent => SendError::Refused { code, source },
        Some(code) => SendError::Deferred { code, source },
        None if is_client => SendError::NotAccepted { code: None, source },
        None => SendError::Unreachable(source),
    }
}

fn parameters(route: &SmtpRoute) -> anyhow::Result<TlsParameters> {
    let mut parameters = TlsParameters::builder(route.host.clone());
    if let Some(file) = &route.ca_file {
        let pem = fs::read(file).with_context(|| format!("cannot read {}", file.display()))?;
        let certificate = Certificate::from_pem(&pem)
            .with_context(|| format!("{} holds no certificate in PEM", file.display()))?;
        parameters = parameters.add_root_certificate(certificate);
    }
    parameters.build_rustls().context("TLS cannot be set up")
}

/// Addresses are said in brackets.
fn client_id(name: String) -> ClientId {
    match name.trim_matches(['[', ']']).parse() {
        Ok(std::net::IpAddr::V4(address)) => ClientId::Ipv4(address),
        Ok(std::net::IpAddr::V6(address)) => ClientId::Ipv6(address),
        Err(_) => ClientId::Domain(name),
    }
}

fn read(password: &SmtpPassword) -> anyhow::Result<SecretString> {
    match password {
        SmtpPassword::Given(password) => Ok(password.clone()),
        SmtpPassword::File(file) => {
            let text = SecretString::from(
                fs::read_to_string(file)
                    .with_context(|| format!("cannot read {}", file.display()))?,
            );
            let line = text.expose_secret().lines().next().unwrap_or_default();
            anyhow::ensure!(!line.is_empty(), "{} holds no password", file.display());
            Ok(line.into())
        }
    }
}

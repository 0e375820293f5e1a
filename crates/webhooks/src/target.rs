//! Where messages go: the URL of a receiver.

use std::{fmt, net::IpAddr};

use almoner_kernel::{fault::Unfit, text};
use url::{Host, Url};

use crate::{address::is_public, words};

/// The URL of a receiver. It is shown to those who may read webhooks, and stands in the trail; it
/// never holds a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Target(Url);

impl Target {
    /// Characters a URL has at the most.
    pub const MAX: usize = 1_000;

    /// Reads a URL. Where private addresses are allowed, so are plain `http`, which nobody overhears
    /// in one's own network, and every port.
    ///
    /// # Errors
    /// `url`, with words that say what is wrong.
    pub fn parse(text: &str, allow_private: bool) -> Result<Self, Unfit> {
        let refused = |words| Unfit::new("url", words);
        let text = text::line(text, Self::MAX)?;
        let url = Url::parse(&text).map_err(|_| refused(words::not_a_url()))?;
        let is_known = url.scheme() == "https" || (allow_private && url.scheme() == "http");
        if !is_known || url.as_str().len() > Self::MAX {
            return Err(refused(words::not_a_url()));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(refused(words::url_with_user()));
        }
        if url.fragment().is_some() {
            return Err(refused(words::url_with_fragment()));
        }
        // Below 1024 are mail, shells and name services, which might take a request for their own.
        if !allow_private && url.port().is_some_and(|port| port < 1024) {
            return Err(refused(words::url_port()));
        }
        let target = Self(url);
        if !allow_private && target.address().is_some_and(|address| !is_public(address)) {
            return Err(refused(words::url_private()));
        }
        Ok(target)
    }

    /// A URL that was checked before it was stored.
    pub fn from_stored(text: &str) -> Option<Self> {
        Url::parse(text).ok().filter(|url| url.has_host()).map(Self)
    }

    /// The whole URL.
    pub fn as_str(&self) -> &str {
        self.0.as_str()
    }

    /// The name or the address in it.
    pub fn host(&self) -> &str {
        self.0.host_str().unwrap_or_default()
    }

    /// The address, when the host is one.
    pub fn address(&self) -> Option<IpAddr> {
        match self.0.host()? {
            Host::Domain(_) => None,
            Host::Ipv4(address) => Some(address.into()),
            Host::Ipv6(address) => Some(address.into()),
        }
    }

    /// The port that is connected to.
    pub fn port(&self) -> u16 {
        self.0.port_or_known_default().unwrap_or(443)
    }

    /// False for plain `http`.
    pub fn is_https(&self) -> bool {
        self.0.scheme() == "https"
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Paths and queries hold tokens now and then.
        f.debug_tuple("Target").field(&self.host()).finish()
    }
}

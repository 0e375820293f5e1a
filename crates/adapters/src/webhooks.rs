//! One call to a receiver. A name is resolved once, all of its addresses are looked at, and only these
//! are connected to: a second look-up could give others (DNS rebinding). If any address is not public
//! there is no call, because a name that leads to both kinds is a trap. The client (reqwest, one for
//! each call) is given a resolver that knows these addresses only, no proxy, no redirect, no kept
//! connection. TLS is rustls on ring with Mozilla's authorities compiled in: the image has none. A
//! receiver with an authority of its own would need a setting that does not exist.

use std::{
    net::{IpAddr, SocketAddr},
    sync::Arc,
    time::{Duration, Instant},
};

use almoner_webhooks::{Call, Failure, Reply, Sender, Target, address::is_public};
use async_trait::async_trait;
use reqwest::{
    Client, Response,
    dns::{Addrs, Name, Resolve, Resolving},
    header::{CONTENT_TYPE, RETRY_AFTER},
    redirect::Policy,
};
use rustls::{ClientConfig, RootCertStore, crypto::ring};
use tokio::{net::lookup_host, time};

/// From the look-up to the end of the answer.
const TIMEOUT: Duration = Duration::from_secs(10);

/// Bytes of an answer that are read; nobody looks at them.
const MAX_ANSWER: usize = 4 << 10;

/// Makes calls.
pub struct Caller {
    tls: ClientConfig,
    allow_private: bool,
}

impl Caller {
    /// A caller that trusts the authorities Mozilla does.
    ///
    /// # Errors
    /// When ring does not know the versions of TLS that rustls wants.
    pub fn new(allow_private: bool) -> Result<Self, rustls::Error> {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        let tls = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Self { tls, allow_private })
    }

    async fn attempt(&self, call: &Call) -> Result<(u16, Option<Duration>), Failure> {
        let addresses = self.addresses(&call.target).await?;
        let response = self
            .client(addresses)?
            .post(call.target.as_str())
            .header(CONTENT_TYPE, "application/json")
            .header("webhook-id", &call.id)
            .header("webhook-timestamp", call.timestamp)
            .header("webhook-signature", &call.signature)
            .body(call.body.clone())
            .send()
            .await
            .map_err(|error| match error.is_timeout() {
                true => Failure::Timeout,
                false => Failure::Connection,
            })?;
        let status = response.status().as_u16();
        let retry_after = retry_after(&response);
        read_some(response).await;
        Ok((status, retry_after))
    }

    /// Where the receiver is: every address, or none when one of them may not be called. A name that
    /// leads to both kinds is not to be trusted with either.
    async fn addresses(&self, target: &Target) -> Result<Vec<SocketAddr>, Failure> {
        let found: Vec<SocketAddr> = match target.address() {
            Some(address) => vec![(address, target.port()).into()],
            None => lookup_host((target.host(), target.port()))
                .await
                .map_err(|_| Failure::Name)?
                .collect(),
        };
        // What was stored while private addresses were allowed is not called once they are not.
        let is_plain = !target.is_https() && !self.allow_private;
        match found.first() {
            None => Err(Failure::Name),
            Some(_) if is_plain || !found.iter().all(|one| self.may_call(one.ip())) => {
                Err(Failure::Address)
            }
            Some(_) => Ok(found),
        }
    }

    fn may_call(&self, address: IpAddr) -> bool {
        self.allow_private || is_public(address)
    }

    /// A client for one call, which knows these addresses and no others: no resolver, no proxy from
    /// the environment, no redirect, no connection kept from another call.
    fn client(&self, addresses: Vec<SocketAddr>) -> Result<Client, Failure> {
        Client::builder()
            .tls_backend_preconfigured(self.tls.clone())
            .dns_resolver(Arc::new(Checked(addresses)))
            .no_proxy()
            .redirect(Policy::none())
            .http1_only()
            .pool_max_idle_per_host(0)
            .timeout(TIMEOUT)
            .user_agent(concat!("almoner/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(|error| {
                tracing::error!(%error, "no client for a webhook could be made");
                Failure::Connection
            })
    }
}

#[async_trait]
impl Sender for Caller {
    async fn send(&self, call: &Call) -> Reply {
        let began = Instant::now();
        let attempt = time::timeout(TIMEOUT, self.attempt(call)).await;
        let took = began.elapsed();
        match attempt.unwrap_or(Err(Failure::Timeout)) {
            Ok((status, retry_after)) => Reply { outcome: Ok(status), retry_after, took },
            Err(failure) => Reply { outcome: Err(failure), retry_after: None, took },
        }
    }
}

/// Addresses that have been looked at, for whatever name is asked.
struct Checked(Vec<SocketAddr>);

impl Resolve for Checked {
    fn resolve(&self, _: Name) -> Resolving {
        let addresses: Addrs = Box::new(self.0.clone().into_iter());
        Box::pin(std::future::ready(Ok(addresses)))
    }
}

/// `Retry-After` in seconds; a date, which few send, is left out.
fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds))
}

/// Lets a receiver that sends a little come to its end; what it says is not kept.
async fn read_some(mut response: Response) {
    let mut read = 0;
    while read < MAX_ANSWER {
        match response.chunk().await {
            Ok(Some(chunk)) => read += chunk.len(),
            // The status counts, whatever became of the rest.
            Ok(None) | Err(_) => return,
        }
    }
}

#[cfg(test)]
mod tests;

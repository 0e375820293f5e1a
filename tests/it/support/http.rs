//! Clients for the tests. The program gives reqwest its TLS for each call; a client of the tests takes
//! that of the process, which has to be said once.

use std::sync::Once;

use reqwest::{Client, ClientBuilder, IntoUrl, Response};
use tokio_rustls::rustls::crypto::ring;

/// A client that a test completes itself.
pub fn client() -> ClientBuilder {
    static TLS: Once = Once::new();
    TLS.call_once(|| ring::default_provider().install_default().unwrap());
    Client::builder()
}

/// Reads something without a session.
pub async fn get(url: impl IntoUrl) -> reqwest::Result<Response> {
    client().build()?.get(url).send().await
}

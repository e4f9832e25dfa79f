//! The HTTP client for OIDC issuers and trace collectors: TLS by rustls, with the system trust
//! store.

use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::rustls::crypto::ring::default_provider;
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};

/// A client with a `timeout` for a complete response.
pub(crate) fn agent(timeout: Duration) -> Agent {
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .root_certs(RootCerts::PlatformVerifier)
        .unversioned_rustls_crypto_provider(Arc::new(default_provider()))
        .build();
    Agent::config_builder()
        .tls_config(tls)
        .timeout_global(Some(timeout))
        // A redirection could send a secret to another server.
        .max_redirects(0)
        .http_status_as_error(false)
        .build()
        .into()
}

//! How others are asked over HTTP: with TLS by rustls, and with the trust of the system.

use std::sync::Arc;
use std::time::Duration;

use tokio_rustls::rustls::crypto::ring::default_provider;
use ureq::Agent;
use ureq::tls::{RootCerts, TlsConfig, TlsProvider};

/// Asks one other, which may take as long as `patience` for all of an answer.
pub(crate) fn agent(patience: Duration) -> Agent {
    let tls = TlsConfig::builder()
        .provider(TlsProvider::Rustls)
        .root_certs(RootCerts::PlatformVerifier)
        .unversioned_rustls_crypto_provider(Arc::new(default_provider()))
        .build();
    Agent::config_builder()
        .tls_config(tls)
        .timeout_global(Some(patience))
        // A redirection could lead a secret elsewhere.
        .max_redirects(0)
        .http_status_as_error(false)
        .build()
        .into()
}

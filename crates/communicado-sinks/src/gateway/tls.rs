//! Whom to believe that it is the gateway, over TLS.

use std::io;
use std::sync::Arc;

use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{CertificateError, ClientConfig, Error, RootCertStore};

use crate::publish::PublishError;

/// What webpki calls an authority that shows itself as a server; OpenSSL makes such by default.
const OWN_AUTHORITY: &str = "CaUsedAsEndEntity";

/// What speaks TLS: it trusts the system's authorities, or only these, in PEM.
pub(super) fn connector(authorities: Option<&[u8]>) -> Result<TlsConnector, PublishError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
    let builder =
        builder.with_safe_default_protocol_versions().map_err(|error| unusable(&error))?;
    let config = match authorities {
        None => builder.with_platform_verifier().map_err(|error| {
            PublishError::transient(
                format!("the system's list of authorities cannot be read: {error}"),
                "install it (Debian: ca-certificates), or name the gateway's authority with --ca",
            )
        })?,
        Some(pem) => {
            let roots = Arc::new(roots(pem)?);
            let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider).build();
            let verifier = verifier.map_err(|error| {
                PublishError::permanent(
                    format!("the authority that was named cannot be used: {error}"),
                    "name the certificate of the authority that signed the gateway's",
                )
            })?;
            builder.with_webpki_verifier(verifier)
        }
    };
    Ok(TlsConnector::from(Arc::new(config.with_no_client_auth())))
}

/// The certificates in a text.
fn roots(pem: &[u8]) -> Result<RootCertStore, PublishError> {
    let mut roots = RootCertStore::empty();
    let wrong = |why: String| {
        PublishError::permanent(
            format!("the file with the gateway's authority is not usable: {why}"),
            "name a file with a certificate in PEM, which begins with BEGIN CERTIFICATE",
        )
    };
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(wrong("it holds no certificate".to_owned()));
    }
    Ok(roots)
}

fn unusable(error: &Error) -> PublishError {
    PublishError::permanent(format!("TLS cannot be used: {error}"), "report it: it is a fault here")
}

/// Why TLS did not come about.
pub(super) fn handshake_error(host: &str, error: &io::Error) -> PublishError {
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    let clock = "check the clock of this machine, and have the gateway's certificate renewed";
    match inner {
        Some(Error::InvalidCertificate(why)) => {
            let (cause, help) = match why {
                CertificateError::UnknownIssuer => (
                    "it is signed by nobody whom this machine trusts".to_owned(),
                    "if it is your company's own, name the certificate of its authority with --ca",
                ),
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                    ("it has expired".to_owned(), clock)
                }
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                    ("it is not valid yet".to_owned(), clock)
                }
                CertificateError::NotValidForName
                | CertificateError::NotValidForNameContext { .. } => (
                    format!("it is not for `{host}`"),
                    "use the name that is in the certificate as the address",
                ),
                CertificateError::Revoked => (
                    "it was revoked".to_owned(),
                    "do not use this gateway before who runs it has explained that",
                ),
                // rustls has no word of its own for it.
                CertificateError::Other(why) if why.to_string().contains(OWN_AUTHORITY) => (
                    "it is that of an authority itself, and of nobody else".to_owned(),
                    "make one for the gateway alone (OpenSSL: basicConstraints=CA:FALSE)",
                ),
                other => (other.to_string(), "have the gateway's certificate looked at"),
            };
            let cause = format!("the gateway's certificate is not accepted: {cause}");
            PublishError::needs_action(cause, help)
        }
        Some(Error::InvalidMessage(_)) => PublishError::needs_action(
            "what answers does not speak TLS",
            "check the port, or whether the gateway listens with TLS",
        ),
        Some(other) => PublishError::transient(
            format!("TLS with the gateway fails: {other}"),
            "if it goes on, have the gateway's TLS looked at",
        ),
        None => PublishError::transient(
            format!("the connection breaks while TLS begins: {error}"),
            "if it goes on, have the gateway looked at",
        ),
    }
}

//! TLS: the verification of a peer's certificate.

use std::io;
use std::sync::Arc;

use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{CertificateError, ClientConfig, Error, RootCertStore};

use crate::NetError;
use crate::peer::Peer;

/// The error of webpki for a CA certificate used by a server; OpenSSL creates such by default.
const CA_AS_SERVER: &str = "CaUsedAsEndEntity";

/// A TLS connector that trusts the system's CAs, or only these, in PEM.
pub(crate) fn connector(peer: Peer, authorities: Option<&[u8]>) -> Result<TlsConnector, NetError> {
    let provider = Arc::new(ring::default_provider());
    let builder = ClientConfig::builder_with_provider(Arc::clone(&provider));
    let builder =
        builder.with_safe_default_protocol_versions().map_err(|error| unusable(&error))?;
    let config = match authorities {
        None => builder.with_platform_verifier().map_err(|error| {
            NetError::transient(
                format!("cannot read the system's CA certificates: {error}"),
                format!(
                    "install them (Debian: ca-certificates), or name the {}'s CA with {}",
                    peer.noun, peer.ca_option
                ),
            )
        })?,
        Some(pem) => {
            let roots = Arc::new(roots(peer, pem)?);
            let verifier = WebPkiServerVerifier::builder_with_provider(roots, provider).build();
            let verifier = verifier.map_err(|error| {
                NetError::permanent(
                    format!("the CA certificate is not usable: {error}"),
                    format!("name the CA that signed the certificate of the {}", peer.noun),
                )
            })?;
            builder.with_webpki_verifier(verifier)
        }
    };
    Ok(TlsConnector::from(Arc::new(config.with_no_client_auth())))
}

/// The certificates in a text.
fn roots(peer: Peer, pem: &[u8]) -> Result<RootCertStore, NetError> {
    let mut roots = RootCertStore::empty();
    let wrong = |why: String| {
        NetError::permanent(
            format!("the file with the {}'s CA is not usable: {why}", peer.noun),
            "name a file with a certificate in PEM, which starts with BEGIN CERTIFICATE",
        )
    };
    for certificate in CertificateDer::pem_slice_iter(pem) {
        let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
        roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
    }
    if roots.is_empty() {
        return Err(wrong("it has no certificate".to_owned()));
    }
    Ok(roots)
}

fn unusable(error: &Error) -> NetError {
    NetError::permanent(format!("TLS is not usable: {error}"), "report this as a bug")
}

/// The error for a failed TLS handshake.
pub(crate) fn handshake_error(peer: Peer, host: &str, error: &io::Error) -> NetError {
    let noun = peer.noun;
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    let clock = || {
        "check the clock of this machine, and ask the administrator to renew the certificate"
            .to_owned()
    };
    match inner {
        Some(Error::InvalidCertificate(why)) => {
            let (cause, help) = match why {
                CertificateError::UnknownIssuer => (
                    "this machine does not trust its issuer".to_owned(),
                    format!(
                        "if your company has its own CA, name the CA's certificate with {}",
                        peer.ca_option
                    ),
                ),
                CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                    ("it has expired".to_owned(), clock())
                }
                CertificateError::NotValidYet | CertificateError::NotValidYetContext { .. } => {
                    ("it is not valid yet".to_owned(), clock())
                }
                CertificateError::NotValidForName
                | CertificateError::NotValidForNameContext { .. } => (
                    format!("it is not for `{host}`"),
                    "use the name in the certificate as the address".to_owned(),
                ),
                CertificateError::Revoked => (
                    "it was revoked".to_owned(),
                    format!(
                        "do not use this {noun} until its administrator has explained the revocation"
                    ),
                ),
                // rustls has no variant for this error.
                CertificateError::Other(why) if why.to_string().contains(CA_AS_SERVER) => (
                    "it is a CA certificate".to_owned(),
                    format!(
                        "create a certificate for the {noun} (OpenSSL: basicConstraints=CA:FALSE)"
                    ),
                ),
                other => (
                    other.to_string(),
                    format!("ask the {noun}'s administrator to check the certificate"),
                ),
            };
            let cause = format!("the {noun}'s certificate is not accepted: {cause}");
            NetError::needs_action(cause, help)
        }
        Some(Error::InvalidMessage(_)) => NetError::needs_action(
            "the server does not speak TLS",
            format!("check the port, and whether the {noun} uses TLS"),
        ),
        Some(other) => NetError::transient(
            format!("the TLS handshake with the {noun} failed: {other}"),
            format!("if this persists, ask the {noun}'s administrator to check TLS"),
        ),
        None => NetError::transient(
            format!("the connection broke during the TLS handshake: {error}"),
            format!("if this persists, ask the {noun}'s administrator to check it"),
        ),
    }
}

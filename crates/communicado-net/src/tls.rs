//! TLS: the verification of a peer's certificate.

use std::io;
use std::sync::Arc;

use rustls_platform_verifier::BuilderVerifierExt as _;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::WebPkiServerVerifier;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::{
    AlertDescription, CertificateError, ClientConfig, Error, RootCertStore,
};

use crate::peer::Peer;
use crate::{ClientCertificate, NetError};

/// The error of webpki for a CA certificate used by a server; OpenSSL creates such by default.
const CA_AS_SERVER: &str = "CaUsedAsEndEntity";

/// A TLS connector that trusts the system's CAs, or only these, in PEM.
pub(crate) fn connector(
    peer: Peer,
    authorities: Option<&[u8]>,
    identity: Option<&ClientCertificate>,
) -> Result<TlsConnector, NetError> {
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
    let config = match identity {
        None => config.with_no_client_auth(),
        Some(ClientCertificate { certificates, key }) => {
            let config = config.with_client_auth_cert(certificates.clone(), key.clone_key());
            config.map_err(|error| {
                NetError::needs_action(
                    format!("the client certificate is not usable: {error}"),
                    "name the key of this certificate with `key-file`",
                )
            })?
        }
    };
    Ok(TlsConnector::from(Arc::new(config)))
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

/// The error for an alert about the client certificate. With TLS 1.3 it arrives after the handshake.
pub(crate) fn alert_error(peer: Peer, error: &io::Error) -> Option<NetError> {
    let noun = peer.noun;
    let inner = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    let Some(Error::AlertReceived(alert)) = inner else { return None };
    match alert {
        AlertDescription::CertificateRequired => Some(NetError::needs_action(
            format!("the {noun} requires a client certificate"),
            "set `certificate-file` and `key-file`",
        )),
        AlertDescription::BadCertificate
        | AlertDescription::UnsupportedCertificate
        | AlertDescription::CertificateRevoked
        | AlertDescription::CertificateExpired
        | AlertDescription::CertificateUnknown
        | AlertDescription::UnknownCA => Some(NetError::needs_action(
            format!("the {noun} rejected the client certificate: {alert:?}"),
            format!("ask the {noun}'s administrator for a certificate that it accepts"),
        )),
        _ => None,
    }
}

/// The error for a failed TLS handshake.
pub(crate) fn handshake_error(peer: Peer, host: &str, error: &io::Error) -> NetError {
    if let Some(alert) = alert_error(peer, error) {
        return alert;
    }
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
                | CertificateError::NotValidForNameContext { .. } => {
                    (format!("it is not for `{host}`"), peer.name_help.to_owned())
                }
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

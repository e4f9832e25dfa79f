//! The check of the TLS certificate: its key, its names and its expiry.

use communicado_runtime::{Check, Clock as _, SystemClock};
use communicado_wire::Timestamp;
use tokio_rustls::rustls::client::verify_server_name;
use tokio_rustls::rustls::pki_types::{CertificateDer, ServerName};
use tokio_rustls::rustls::server::ParsedCertificate;
use x509_parser::prelude::{FromDer as _, X509Certificate};

use super::{bad, failed, good, limited};
use crate::serve::{Certificate, ServeOptions};
use crate::web_url::PublicUrl;

const WHAT: &str = "certificate";
/// The subject of the second check.
const NAME: &str = "certificate name";
/// The time before the expiry in which a renewal is late. Renewal programs begin 30 days before.
const LATE_S: i64 = 14 * 24 * 3600;

/// Checks the certificate of the options.
pub(super) fn check(options: &ServeOptions) -> Vec<Check> {
    let files = match &options.certificate {
        Some(Certificate::Files(files)) => files,
        Some(Certificate::SelfSigned { .. }) => {
            let found = "the gateway makes a self-signed one, which browsers refuse";
            return vec![limited(WHAT, found, "use --tls-cert and --tls-key")];
        }
        None if options.listen.ip().is_loopback() => {
            let found = "none, because the gateway listens only on loopback";
            return vec![good(WHAT, found)];
        }
        None => {
            let found = format!("none, and other machines reach {} without TLS", options.listen);
            let action = "let only the proxy reach this address, with a firewall";
            return vec![limited(WHAT, found, action)];
        }
    };
    let chain = match files.read() {
        Ok(key) => key.cert.clone(),
        Err(failure) => return vec![failed(WHAT, failure)],
    };
    let now = SystemClock::start().civil();
    let expiry = expiry(&chain, now);
    let name = name(&chain, options.config.public_url.as_ref());
    vec![expiry, name]
}

/// Checks the validity of each certificate of the chain.
fn expiry(chain: &[CertificateDer<'_>], now: Timestamp) -> Check {
    let mut validities = Vec::new();
    for certificate in chain {
        match X509Certificate::from_der(certificate) {
            Ok((_, parsed)) => {
                let validity = parsed.validity();
                validities.push((validity.not_before.timestamp(), validity.not_after.timestamp()));
            }
            Err(error) => {
                let found = format!("a certificate of the chain cannot be read: {error}");
                return bad(WHAT, found, "obtain a new certificate");
            }
        }
    }
    let begin = validities.iter().map(|(begin, _)| *begin).max().unwrap_or_default();
    let end = validities.iter().map(|(_, end)| *end).min().unwrap_or_default();
    let now = now.micros() / 1_000_000;
    let action = "renew the certificate; the gateway reads the new files by itself";
    if end <= now {
        bad(WHAT, format!("it expired on {}", date(end)), action)
    } else if begin > now {
        let action = "check the clock, or obtain a certificate that is valid now";
        bad(WHAT, format!("it is not valid before {}", date(begin)), action)
    } else if end - now < LATE_S {
        limited(WHAT, format!("its key matches, and it expires on {}", date(end)), action)
    } else {
        good(WHAT, format!("its key matches, and it is valid until {}", date(end)))
    }
}

/// Checks that the certificate is for the host of the public URL.
fn name(chain: &[CertificateDer<'_>], url: Option<&PublicUrl>) -> Check {
    let Some(url) = url else {
        let found = "not checked, because the public URL is unknown";
        return limited(NAME, found, "set --public-url to the URL that people use");
    };
    let (Some(first), Ok(host)) = (chain.first(), ServerName::try_from(url.host())) else {
        let found = format!("`{}` is not a name that a certificate can have", url.host());
        return bad(NAME, found, "set another --public-url");
    };
    let verified =
        ParsedCertificate::try_from(first).and_then(|parsed| verify_server_name(&parsed, &host));
    match verified {
        Ok(()) => good(NAME, format!("it is for {}", url.host())),
        Err(error) => {
            let found = format!("it is not for {}: {error}", url.host());
            bad(NAME, found, "obtain a certificate for the host of --public-url")
        }
    }
}

/// The day of a time in seconds since 1970, in UTC.
fn date(seconds: i64) -> String {
    let time = Timestamp::from_micros(seconds.saturating_mul(1_000_000));
    time.map_or_else(
        |_| format!("{seconds} s since 1970"),
        |time| time.to_string().chars().take(10).collect(),
    )
}

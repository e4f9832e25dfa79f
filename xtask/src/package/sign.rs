//! Authenticode signatures on the files for Windows, which osslsigncode makes.
//!
//! The maintainer names the certificate and the key in the environment: see RELEASING.md. Without
//! them, the files are unsigned. The check of the packages signs with a certificate for tests.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use super::{Release, text_of};

/// The variables with the files of the certificate chain and of the key, both in PEM format.
const CERTIFICATE: &str = "COMMUNICADO_SIGNING_CERTIFICATE";
const KEY: &str = "COMMUNICADO_SIGNING_KEY";
/// The variable with the address of a timestamp server (RFC 3161).
const TIMESTAMP: &str = "COMMUNICADO_SIGNING_TIMESTAMP";

/// A certificate with its key.
pub(super) struct Signer {
    pub(super) certificate: PathBuf,
    key: PathBuf,
    /// The server that confirms the time, so that a signature outlives its certificate.
    timestamp: Option<String>,
}

impl Signer {
    /// The signer that the environment names.
    pub(super) fn from_environment() -> Result<Option<Self>, String> {
        let variable = |name| std::env::var(name).ok();
        Self::new(variable(CERTIFICATE), variable(KEY), variable(TIMESTAMP))
    }

    fn new(
        certificate: Option<String>,
        key: Option<String>,
        timestamp: Option<String>,
    ) -> Result<Option<Self>, String> {
        match (certificate, key) {
            (None, None) => Ok(None),
            (Some(certificate), Some(key)) => {
                Ok(Some(Self { certificate: certificate.into(), key: key.into(), timestamp }))
            }
            _ => Err(format!("only one of {CERTIFICATE} and {KEY} is set\n  help: set both")),
        }
    }

    /// A signer with a new certificate, which no Windows trusts.
    pub(super) fn for_tests(folder: &Path) -> Result<Self, String> {
        let (certificate, key) = (folder.join("certificate.pem"), folder.join("key.pem"));
        let mut openssl = Command::new("openssl");
        openssl.args(["req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"]);
        openssl.args(["-subj", "/CN=Communicado test", "-addext", "extendedKeyUsage=codeSigning"]);
        text_of(openssl.arg("-keyout").arg(&key).arg("-out").arg(&certificate))?;
        Ok(Self { certificate, key, timestamp: None })
    }

    /// Signs a program or an installer in its place.
    pub(super) fn sign(&self, file: &Path, release: &Release) -> Result<(), String> {
        let signed = file.with_extension("signed");
        let mut sign = Command::new("osslsigncode");
        sign.args(["sign", "-h", "sha256", "-n", "Communicado", "-i", release.homepage]);
        sign.arg("-certs").arg(&self.certificate).arg("-key").arg(&self.key);
        match &self.timestamp {
            Some(server) => sign.args(["-ts", server]),
            None => sign.args(["-time", &release.epoch]),
        };
        text_of(sign.arg("-in").arg(file).arg("-out").arg(&signed))?;
        fs::rename(&signed, file).map_err(|error| format!("{}: {error}", file.display()))
    }

    /// Verifies a signature against the certificate.
    pub(super) fn verify(&self, file: &Path) -> Result<(), String> {
        let mut verify = Command::new("osslsigncode");
        verify.arg("verify").arg("-CAfile").arg(&self.certificate);
        text_of(verify.arg("-in").arg(file)).map(|_| ())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_certificate_needs_its_key() {
        let path = || Some("file.pem".to_owned());
        assert!(Signer::new(None, None, None).is_ok_and(|signer| signer.is_none()));
        assert!(Signer::new(path(), path(), None).is_ok_and(|signer| signer.is_some()));
        assert!(Signer::new(path(), None, None).is_err_and(|why| why.contains(KEY)));
        assert!(Signer::new(None, path(), None).is_err());
    }
}

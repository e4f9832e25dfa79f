//! The certificate that this program shows to a server, with its key.

use std::path::Path;

use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::certificate_file::read_certificates;
use crate::{NetError, read_secret};

/// The options that name the files.
const CERTIFICATE_FILE: &str = "certificate-file";
const KEY_FILE: &str = "key-file";

/// A client certificate with its key.
pub struct ClientCertificate {
    /// The certificate, then the CAs between it and the root.
    pub(crate) certificates: Vec<CertificateDer<'static>>,
    pub(crate) key: PrivateKeyDer<'static>,
}

impl ClientCertificate {
    /// Reads the files of the options `certificate-file` and `key-file`, if they are set.
    ///
    /// # Errors
    ///
    /// If only one option is set, or a file is not readable or not in PEM format.
    pub fn read(certificate_file: Option<&Path>, key_file: &str) -> Result<Option<Self>, NetError> {
        let file = match (certificate_file, key_file) {
            (None, "") => return Ok(None),
            (Some(file), key_file) if !key_file.is_empty() => file,
            (missing, _) => {
                let missing = if missing.is_some() { KEY_FILE } else { CERTIFICATE_FILE };
                return Err(NetError::permanent(
                    format!("the client certificate is not complete: `{missing}` is not set"),
                    format!("set both `{CERTIFICATE_FILE}` and `{KEY_FILE}`, or neither"),
                ));
            }
        };
        let pem = read_certificates("client certificate", CERTIFICATE_FILE, file)?;
        let parsed: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(&pem).collect();
        let certificates = parsed.unwrap_or_default();
        if certificates.is_empty() {
            return Err(NetError::needs_action(
                format!("`{}` of `{CERTIFICATE_FILE}` has no certificate", file.display()),
                "name a file in PEM format, which starts with BEGIN CERTIFICATE",
            ));
        }
        let secret = read_secret(KEY_FILE, key_file)?;
        // The error of the parser may quote the file.
        let key = PrivateKeyDer::from_pem_slice(secret.as_bytes()).map_err(|_| {
            NetError::needs_action(
                format!("`{key_file}` of `{KEY_FILE}` has no private key without a password"),
                format!("write the key without a password: openssl pkey -in {key_file}"),
            )
        })?;
        Ok(Some(Self { certificates, key }))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn half_an_identity_is_an_error_that_names_the_missing_option() {
        assert!(ClientCertificate::read(None, "").is_ok_and(|identity| identity.is_none()));
        let check = |certificate_file: Option<&str>, key_file, missing: &str| {
            let error =
                ClientCertificate::read(certificate_file.map(Path::new), key_file).err().unwrap();
            assert!(error.cause.ends_with(&format!("`{missing}` is not set")), "{error}");
        };
        check(Some("/a.crt"), "", "key-file");
        check(None, "/a.key", "certificate-file");
    }
}

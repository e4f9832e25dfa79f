//! TLS: a certificate from files, or a self-signed certificate for tests.

use std::io::Write as _;
use std::path::PathBuf;
use std::sync::Arc;

use communicado_cli_support::{Failure, Outcome};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::PemObject as _;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};

use crate::private;

/// The origin of the certificate.
#[derive(Clone, Debug)]
pub(crate) enum Certificate {
    Files {
        certificate: PathBuf,
        key: PathBuf,
    },
    /// A self-signed certificate for these names. It is written to the file for its users to trust.
    SelfSigned {
        names: Vec<String>,
        write_to: PathBuf,
    },
}

impl Certificate {
    /// # Errors
    ///
    /// If a file cannot be read, or is not a certificate or key.
    pub(super) fn acceptor(self) -> Result<TlsAcceptor, Failure> {
        let (chain, key) = match self {
            Self::Files { certificate, key } => read(certificate, key)?,
            Self::SelfSigned { names, write_to } => generate(names, write_to)?,
        };
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .and_then(|config| config.with_no_client_auth().with_single_cert(chain, key));
        let mut config = config.map_err(|error| {
            let help = "give the whole chain, and the key of its first certificate";
            wrong("cannot use the certificate", error).help(help)
        })?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }
}

type CertificateChain = (Vec<CertificateDer<'static>>, PrivateKeyDer<'static>);

fn read(certificate: PathBuf, key: PathBuf) -> Result<CertificateChain, Failure> {
    let file = |path: &PathBuf| format!("cannot use {} for TLS", path.display());
    let chain = CertificateDer::pem_file_iter(&certificate)
        .and_then(|chain| chain.collect::<Result<Vec<_>, _>>())
        .map_err(|error| wrong(&file(&certificate), error).help("give a PEM file"))?;
    let key = PrivateKeyDer::from_pem_file(&key)
        .map_err(|error| wrong(&file(&key), error).help("give a PEM key without a password"))?;
    Ok((chain, key))
}

fn generate(names: Vec<String>, write_to: PathBuf) -> Result<CertificateChain, Failure> {
    let made = rcgen::generate_simple_self_signed(names)
        .map_err(|error| wrong("cannot create a certificate", error))?;
    private::replace(&write_to)
        .and_then(|mut file| file.write_all(made.cert.pem().as_bytes()))
        .map_err(|error| wrong(&format!("cannot write {}", write_to.display()), error))?;
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der())
        .map_err(|error| wrong("cannot create a key", error))?;
    Ok((vec![made.cert.into()], key))
}

fn wrong(what: &str, cause: impl ToString) -> Failure {
    Failure::new(Outcome::Failed, what).cause(cause)
}

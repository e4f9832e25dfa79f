//! TLS: a certificate from files, which is read again when they change, or a self-signed
//! certificate for tests.

use std::io::Write as _;
use std::os::unix::fs::MetadataExt as _;
use std::path::PathBuf;
use std::sync::{Arc, PoisonError, RwLock};
use std::time::SystemTime;

use communicado_cli_support::{Failure, Outcome};
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring::default_provider;
use tokio_rustls::rustls::pki_types::pem::{self, PemObject as _};
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::server::{ClientHello, ResolvesServerCert};
use tokio_rustls::rustls::sign::CertifiedKey;

use crate::audit;
use crate::private;

/// The origin of the certificate.
#[derive(Clone, Debug)]
pub(crate) enum Certificate {
    Files(CertificateFiles),
    /// A self-signed certificate for these names. It is written to the file for its users to trust.
    SelfSigned {
        names: Vec<String>,
        write_to: PathBuf,
    },
}

/// The TLS of a gateway.
pub(super) struct Tls {
    pub(super) acceptor: TlsAcceptor,
    /// Present if the certificate is from files, which can change.
    pub(super) reloader: Option<Reloader>,
}

/// The certificate for new connections.
#[derive(Debug)]
struct CurrentKey(RwLock<Arc<CertifiedKey>>);

impl ResolvesServerCert for CurrentKey {
    fn resolve(&self, _: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(self.0.read().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

impl Certificate {
    /// # Errors
    ///
    /// If a file cannot be read, or is not a certificate or key.
    pub(super) fn tls(self) -> Result<Tls, Failure> {
        let (key, files) = match self {
            Self::Files(files) => (files.read()?, Some(files)),
            Self::SelfSigned { names, write_to } => (generate(names, write_to)?, None),
        };
        let current = Arc::new(CurrentKey(RwLock::new(Arc::new(key))));
        let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
            .with_safe_default_protocol_versions()
            .map_err(|error| wrong("cannot use TLS", error))?;
        let mut config = config.with_no_client_auth().with_cert_resolver(current.clone());
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        let reloader = files.map(|files| Reloader { stamps: files.stamps(), files, current });
        Ok(Tls { acceptor: TlsAcceptor::from(Arc::new(config)), reloader })
    }
}

/// The PEM files of a certificate chain and its key.
#[derive(Clone, Debug)]
pub(crate) struct CertificateFiles {
    pub(crate) certificate: PathBuf,
    pub(crate) key: PathBuf,
}

/// The identity of a file's contents: inode, size and time of the last change.
type Stamp = Option<(u64, u64, Option<SystemTime>)>;

impl CertificateFiles {
    /// Reads the chain and its key.
    ///
    /// # Errors
    ///
    /// If a file cannot be read, or the key is not that of the certificate.
    pub(crate) fn read(&self) -> Result<CertifiedKey, Failure> {
        let file = |path: &PathBuf| format!("cannot use {} for TLS", path.display());
        let chain = CertificateDer::pem_file_iter(&self.certificate)
            .and_then(|chain| chain.collect::<Result<Vec<_>, _>>())
            .map_err(|error| {
                let help = help_for(&error, "give a PEM file");
                wrong(&file(&self.certificate), error).help(help)
            })?;
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|error| {
            let help = help_for(&error, "give a PEM key without a password");
            wrong(&file(&self.key), error).help(help)
        })?;
        certified(chain, key)
    }

    fn stamps(&self) -> [Stamp; 2] {
        [&self.certificate, &self.key].map(|path| {
            let metadata = path.metadata().ok()?;
            Some((metadata.ino(), metadata.len(), metadata.modified().ok()))
        })
    }
}

/// Reads the certificate again on SIGHUP and after a change of its files.
///
/// Open connections keep the certificate with which they began.
#[derive(Debug)]
pub(super) struct Reloader {
    files: CertificateFiles,
    stamps: [Stamp; 2],
    current: Arc<CurrentKey>,
}

impl Reloader {
    /// Reads the files if they have changed.
    pub(super) fn reload_if_changed(&mut self) {
        if self.files.stamps() != self.stamps {
            self.reload();
        }
    }

    /// Reads the files. If they are not valid, the earlier certificate remains.
    pub(super) fn reload(&mut self) {
        // A change during the reading is noticed at the next check.
        self.stamps = self.files.stamps();
        match self.files.read() {
            Ok(key) => {
                *self.current.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(key);
                audit::gateway("certificate-changed");
            }
            Err(failure) => {
                let (cause, help) = failure.into_parts();
                let cause = format!("{cause}; the earlier certificate remains");
                tracing::error!(what = "tls", cause, help = help.unwrap_or_default());
            }
        }
    }
}

/// The advice for a file that cannot be read, or else for its contents.
const fn help_for(error: &pem::Error, contents: &'static str) -> &'static str {
    match error {
        pem::Error::Io(_) => "check the path, and that the user of the gateway can read the file",
        _ => contents,
    }
}

fn certified(
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
) -> Result<CertifiedKey, Failure> {
    CertifiedKey::from_der(chain, key, &default_provider()).map_err(|error| {
        let help = "give the whole chain, and the key of its first certificate";
        wrong("cannot use the certificate", error).help(help)
    })
}

fn generate(names: Vec<String>, write_to: PathBuf) -> Result<CertifiedKey, Failure> {
    let made = rcgen::generate_simple_self_signed(names)
        .map_err(|error| wrong("cannot create a certificate", error))?;
    private::replace(&write_to)
        .and_then(|mut file| file.write_all(made.cert.pem().as_bytes()))
        .map_err(|error| wrong(&format!("cannot write {}", write_to.display()), error))?;
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der())
        .map_err(|error| wrong("cannot create a key", error))?;
    certified(vec![made.cert.into()], key)
}

fn wrong(what: &str, cause: impl ToString) -> Failure {
    Failure::new(Outcome::Failed, what).cause(cause)
}

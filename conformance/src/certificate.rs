//! Certificates that a program accepts or rejects, made with OpenSSL.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::expect_ok::ExpectOk;
use crate::packages::require;

/// A certificate and its key.
#[derive(Clone, Debug)]
pub struct Pair {
    /// The file of the certificate, in PEM.
    pub certificate: PathBuf,
    /// The file of the key, in PEM.
    pub key: PathBuf,
}

impl Pair {
    fn named(folder: &Path, name: &str) -> Self {
        let [certificate, key] = ["crt", "key"].map(|end| folder.join(format!("{name}.{end}")));
        Self { certificate, key }
    }

    /// Creates a certificate authority.
    pub fn authority(folder: &Path, name: &str) -> Self {
        let pair = Self::named(folder, name);
        let subject = format!("/CN={name}");
        openssl(folder, &["req", "-x509", "-nodes", "-subj", &subject], |command| {
            command.args(KEY).arg("-out").arg(&pair.certificate).arg("-keyout").arg(&pair.key);
        });
        pair
    }

    /// Creates a certificate for these names, signed by `authority` for this period.
    pub fn signed(
        folder: &Path,
        authority: &Self,
        name: &str,
        names: &str,
        span: [&str; 2],
    ) -> Self {
        let pair = Self::named(folder, name);
        let request = folder.join("request");
        let subject = format!("/CN={name}");
        openssl(folder, &["req", "-new", "-nodes", "-subj", &subject], |command| {
            command.args(KEY).arg("-out").arg(&request).arg("-keyout").arg(&pair.key);
        });
        let config = folder.join("openssl.cnf");
        let text = CONFIG.replace("NAMES", names).replace("FOLDER", &folder.display().to_string());
        fs::write(&config, text).expect_ok("configure openssl");
        for (file, text) in [("index", ""), ("serial", "01")] {
            fs::write(folder.join(file), text).expect_ok("prepare openssl");
        }
        let [from, to] = span;
        let dates = ["-startdate", from, "-enddate", to];
        openssl(folder, &["ca", "-batch", "-notext"], |command| {
            command.arg("-config").arg(config).args(dates).arg("-in").arg(request);
            command.arg("-cert").arg(&authority.certificate).arg("-keyfile").arg(&authority.key);
            command.arg("-out").arg(&pair.certificate);
        });
        pair
    }

    /// The path of the certificate.
    pub fn certificate(&self) -> &str {
        self.certificate.to_str().expect_ok("name the certificate")
    }

    /// The path of the key.
    pub fn key(&self) -> &str {
        self.key.to_str().expect_ok("name the key")
    }
}

/// A long period around now.
pub const VALID: [&str; 2] = ["20200101000000Z", "20490101000000Z"];
/// A period in the past.
pub const EXPIRED: [&str; 2] = ["20200101000000Z", "20200102000000Z"];

const KEY: [&str; 4] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];

const CONFIG: &str = "[ca]\ndefault_ca=own\n[own]\ndatabase=FOLDER/index\nserial=FOLDER/serial\n\
                      new_certs_dir=FOLDER\ndefault_md=sha256\npolicy=any\nx509_extensions=leaf\n\
                      [any]\ncommonName=supplied\n[leaf]\nbasicConstraints=CA:FALSE\n\
                      subjectAltName=NAMES\n";

fn openssl(folder: &Path, words: &[&str], add: impl FnOnce(&mut Command)) {
    require(&["openssl"]);
    let mut command = Command::new("openssl");
    add(command.args(words).current_dir(folder));
    let made = command.output().expect_ok("start openssl");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

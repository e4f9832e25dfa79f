//! Certificates that the agent accepts or rejects, made with OpenSSL.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use communicado_conformance::{ExpectOk as _, Gateway, require};

use crate::fixture::{AgentFixture, ends, says};

/// A certificate and its key.
struct Pair {
    certificate: PathBuf,
    key: PathBuf,
}

impl Pair {
    fn named(folder: &Path, name: &str) -> Self {
        let [certificate, key] = ["crt", "key"].map(|end| folder.join(format!("{name}.{end}")));
        Self { certificate, key }
    }

    /// Creates a certificate authority.
    fn authority(folder: &Path, name: &str) -> Self {
        let pair = Self::named(folder, name);
        let subject = format!("/CN={name}");
        openssl(folder, &["req", "-x509", "-nodes", "-subj", &subject], |command| {
            command.args(KEY).arg("-out").arg(&pair.certificate).arg("-keyout").arg(&pair.key);
        });
        pair
    }

    /// Creates a certificate for these names, signed by `authority` for this period.
    fn of_gateway(
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

    fn certificate(&self) -> &str {
        self.certificate.to_str().expect_ok("name the certificate")
    }
}

const KEY: [&str; 4] = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"];

const CONFIG: &str = "[ca]\ndefault_ca=own\n[own]\ndatabase=FOLDER/index\nserial=FOLDER/serial\n\
                      new_certs_dir=FOLDER\ndefault_md=sha256\npolicy=any\nx509_extensions=leaf\n\
                      [any]\ncommonName=supplied\n[leaf]\nbasicConstraints=CA:FALSE\n\
                      subjectAltName=NAMES\n";

/// A long period around now.
const VALID: [&str; 2] = ["20200101000000Z", "20490101000000Z"];
const EXPIRED: [&str; 2] = ["20200101000000Z", "20200102000000Z"];

fn openssl(folder: &Path, words: &[&str], add: impl FnOnce(&mut Command)) {
    require(&["openssl"]);
    let mut command = Command::new("openssl");
    add(command.args(words).current_dir(folder));
    let made = command.output().expect_ok("start openssl");
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
}

#[test]
fn only_the_named_authority_is_trusted() {
    let fixture = AgentFixture::new();
    let folder = fixture.session.folder();
    let [mine, other] = ["mine", "other"].map(|name| Pair::authority(folder, name));
    let names = "DNS:localhost,IP:127.0.0.1";
    let served = Pair::of_gateway(folder, &mine, "gateway", names, VALID);
    let gateway = Gateway::with_tls(&served.certificate, &served.key);
    for host in ["localhost", "127.0.0.1"] {
        fixture.allow(&gateway.address(host), &["--ca", mine.certificate()]);
        let mut agent = fixture.agent();
        gateway.next_list();
        fixture.expect_status("publishing");
        ends(&mut agent);
        gateway.rest();
    }
    for options in [&[][..], &["--ca", other.certificate()]] {
        fixture.allow(&gateway.address("localhost"), options);
        tells(&fixture, "this machine does not trust its issuer", "if your company has its own CA");
        assert!(gateway.rest().is_empty(), "the agent published to an untrusted server");
    }
}

/// Checks that the agent reports the fault of a certificate.
#[track_caller]
fn tells(fixture: &AgentFixture, why: &str, help: &str) {
    let mut agent = fixture.agent();
    says(&agent, &format!("  cause: the gateway's certificate is not accepted: {why}"));
    says(&agent, &format!("  help: {help}"));
    ends(&mut agent);
}

#[test]
fn an_invalid_certificate_is_reported_and_rejected() {
    let fixture = AgentFixture::new();
    let folder = fixture.session.folder();
    let mine = Pair::authority(folder, "mine");
    let other_name = Pair::of_gateway(folder, &mine, "other", "DNS:other.test", VALID);
    let expired = Pair::of_gateway(folder, &mine, "expired", "DNS:localhost", EXPIRED);
    for (served, why, help) in [
        (&other_name, "it is not for `localhost`", "use the name in the certificate"),
        (&expired, "it has expired", "check the clock of this machine"),
        (&mine, "it is a CA certificate", "create a certificate for the gateway"),
    ] {
        let gateway = Gateway::with_tls(&served.certificate, &served.key);
        fixture.allow(&gateway.address("localhost"), &["--ca", mine.certificate()]);
        tells(&fixture, why, help);
        assert!(gateway.rest().is_empty(), "the agent published to an untrusted server");
    }
}

#[test]
fn a_server_without_tls_is_reported() {
    let (fixture, gateway) = (AgentFixture::new(), Gateway::start());
    let address = gateway.address("localhost").replace("http://", "https://");
    fixture.allow(&address, &[]);
    let mut agent = fixture.agent();
    says(&agent, "cause: the server does not speak TLS");
    ends(&mut agent);
    assert!(gateway.rest().is_empty());
}

#[test]
fn a_file_that_holds_no_authority_ends_the_agent() {
    let (fixture, gateway) = (AgentFixture::new(), Gateway::start());
    let address = gateway.address("localhost").replace("http://", "https://");
    let nothing = fixture.session.folder().join("nothing.pem");
    fs::write(&nothing, "nothing").expect_ok("write a file");
    fixture.allow(&address, &["--ca", nothing.to_str().expect_ok("name it")]);
    let ended = fixture.run(&[]);
    assert_eq!(ended.code, Some(1));
    assert!(ended.err.contains("it has no certificate"), "{}", ended.err);
}

//! `doctor` beside real files, a real issuer and real NATS servers.

use std::fs;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::Path;
use std::process::{Command, Output};
use std::time::{Duration, UNIX_EPOCH};

use communicado_runtime::{Clock as _, SystemClock};
use rcgen::{CertificateParams, KeyPair};
use tempfile::TempDir;

use crate::cluster::Nats;
use crate::fixture::{Gateway, free_port, program};
use crate::private::{OTHER, is_root};
use crate::sign_in::Issuer;

/// Runs `doctor` on a data folder, with options of `serve`.
fn doctor(folder: &Path, options: &[&str]) -> Output {
    let mut command = Command::new(program());
    command.arg("doctor").arg("--data").arg(folder);
    if !options.is_empty() {
        command.arg("--").args(options);
    }
    command.output().unwrap()
}

fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// Checks that a line begins like this.
#[track_caller]
fn has(output: &Output, start: &str) {
    assert!(text(output).lines().any(|line| line.starts_with(start)), "{start}: {output:?}");
}

#[track_caller]
fn finds_a_problem(output: &Output, start: &str) {
    has(output, start);
    has(output, "problems found: ");
    assert_eq!(output.status.code(), Some(1), "{output:?}");
}

/// Writes a certificate for localhost that expires after these days, and its key.
fn certify(folder: &Path, days: i64) -> [String; 2] {
    let mut params = CertificateParams::new(["localhost", "127.0.0.1"].map(str::to_owned)).unwrap();
    let now = SystemClock::start().civil().micros();
    let after = |days: i64| {
        let micros = now + days * 24 * 3600 * 1_000_000;
        (UNIX_EPOCH + Duration::from_micros(micros.try_into().unwrap())).into()
    };
    params.not_before = after(-100);
    params.not_after = after(days);
    let key = KeyPair::generate().unwrap();
    let made = params.self_signed(&key).unwrap();
    let [certificate, file] = ["tls.crt", "tls.key"].map(|name| folder.join(name));
    fs::write(&certificate, made.pem()).unwrap();
    fs::write(&file, key.serialize_pem()).unwrap();
    [certificate, file].map(|path| path.to_str().unwrap().to_owned())
}

#[test]
fn each_part_of_a_working_gateway_is_checked() {
    let (files, port) = (TempDir::new().unwrap(), free_port());
    let [certificate, key] = certify(files.path(), 90);
    let url = format!("https://localhost:{port}");
    let issuer = Issuer::start(&url);
    let options = [
        "--tls-cert",
        &certificate,
        "--tls-key",
        &key,
        "--public-url",
        &url,
        "--oidc-issuer",
        &issuer.address,
        "--oidc-client-id",
        "gateway",
    ];
    let gateway = Gateway::at(&format!("127.0.0.1:{port}"), &options);
    // The clients of the test trust this file.
    let trusted = gateway.folder().join("tls.pem");
    fs::copy(&certificate, &trusted).unwrap();
    fs::set_permissions(&trusted, fs::Permissions::from_mode(0o600)).unwrap();
    gateway.add("ada", &[]);
    let mut command = Command::new(program());
    command.arg("doctor").arg("--data").arg(gateway.folder());
    let output = command.env("SSL_CERT_FILE", &certificate).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    for start in [
        "ok  configuration: the options of the running gateway are valid",
        "ok  program: ",
        "ok  gateway: it runs",
        "ok  store: ",
        "ok  NATS: not used",
        "ok  certificate: its key matches, and it is valid until 20",
        "ok  certificate name: it is for localhost",
        "ok  proxy: --public-url leads to this gateway",
        "ok  issuer: it responds with its own name; the redirect URI is https://localhost:",
    ] {
        has(&output, start);
    }
    assert!(text(&output).contains("gateway.sqlite has people: 1, tokens: 1"), "{output:?}");
    // A line with the sign of a limitation has no verdict without limitations.
    let is_limited = text(&output).contains("\n--  ");
    has(&output, if is_limited { "no problems found, with" } else { "no problems found" });

    // Without trust in its certificate, the public URL is not known to work.
    let output = doctor(gateway.folder(), &[]);
    has(&output, "--  proxy: not checked, because https://localhost:");
    has(&output, "no problems found, with the limitations");
    // The options after `--` replace those of the gateway.
    let other = format!("{}/other", issuer.address);
    let output =
        doctor(gateway.folder(), &["--oidc-issuer", &other, "--oidc-client-id", "gateway"]);
    finds_a_problem(&output, "!!  issuer: ");
    let output = doctor(gateway.folder(), &["--public-url", "status.example"]);
    finds_a_problem(&output, "!!  configuration: invalid value 'status.example'");
    has(&output, "--  certificate: not checked");
}

#[test]
fn a_wrong_certificate_is_a_problem() {
    let mut gateway = Gateway::start();
    gateway.stop();
    let files = TempDir::new().unwrap();
    let check = |certificate: &str, key: &str, url: &str| {
        let options = ["--tls-cert", certificate, "--tls-key", key, "--public-url", url];
        doctor(gateway.folder(), &options)
    };
    let [certificate, key] = certify(files.path(), -1);
    finds_a_problem(&check(&certificate, &key, "https://localhost"), "!!  certificate: it expired");
    let [certificate, key] = certify(files.path(), 3);
    let output = check(&certificate, &key, "https://localhost");
    has(&output, "--  certificate: its key matches, and it expires on 20");
    has(&output, "ok  certificate name: it is for localhost");
    // A stopped gateway has no proxy to check.
    has(&output, "--  gateway: it does not run");
    has(&output, "--  proxy: not checked");
    assert!(output.status.success(), "{output:?}");
    let output = check(&certificate, &key, "https://status.example");
    finds_a_problem(&output, "!!  certificate name: it is not for status.example");
    let elsewhere = TempDir::new().unwrap();
    let [_, other_key] = certify(elsewhere.path(), 3);
    let output = check(&certificate, &other_key, "https://localhost");
    finds_a_problem(&output, "!!  certificate: cannot use the certificate");
    let output = check("/nonexistent.pem", &key, "https://localhost");
    finds_a_problem(&output, "!!  certificate: cannot use /nonexistent.pem");
}

#[test]
fn a_key_that_the_user_of_the_gateway_cannot_read_is_a_limitation() {
    let mut gateway = Gateway::start();
    gateway.stop();
    let files = TempDir::new().unwrap();
    let [certificate, key] = certify(files.path(), 90);
    let options = ["--tls-cert", &certificate, "--tls-key", &key];
    fs::set_permissions(&key, fs::Permissions::from_mode(0o600)).unwrap();
    let own = "the mode does not let the owner";
    assert!(!text(&doctor(gateway.folder(), &options)).contains(own));
    if is_root() {
        for entry in gateway.folder().read_dir().unwrap() {
            chown(entry.unwrap().path(), Some(OTHER), None).unwrap();
        }
        chown(gateway.folder(), Some(OTHER), Some(OTHER)).unwrap();
        let output = doctor(gateway.folder(), &options);
        has(&output, &format!("--  secrets: {own} of"));
        assert!(text(&output).contains(&format!("read {key}\n")), "{output:?}");
        chown(&key, None, Some(OTHER)).unwrap();
        fs::set_permissions(&key, fs::Permissions::from_mode(0o640)).unwrap();
        assert!(!text(&doctor(gateway.folder(), &options)).contains(own));
    }
}

#[test]
fn open_files_and_a_damaged_store_are_problems_and_stay_unchanged() {
    let mut gateway = Gateway::start();
    gateway.stop();
    let file = gateway.folder().join("gateway.sqlite");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o644)).unwrap();
    let output = doctor(gateway.folder(), &[]);
    finds_a_problem(&output, "!!  permissions: other users can open ");
    assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o644);
    has(&output, "ok  store: ");
    has(&output, "--  configuration: not checked, because no gateway runs here");
    fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).unwrap();
    let garbage = vec![b'x'; 8192];
    fs::write(&file, &garbage).unwrap();
    finds_a_problem(&doctor(gateway.folder(), &[]), "!!  store: the store is damaged");
    assert_eq!(fs::read(&file).unwrap(), garbage);
    let nowhere = TempDir::new().unwrap();
    let output = doctor(nowhere.path(), &[]);
    finds_a_problem(&output, "!!  store: there is no running gateway and no store");
    assert_eq!(nowhere.path().read_dir().unwrap().count(), 0);
}

#[test]
fn the_bucket_is_read_and_unreachable_servers_are_a_problem() {
    let nats = Nats::start();
    let gateway = nats.gateway_with(None, &[]);
    gateway.add("ada", &[]);
    let output = gateway.command(&["doctor"]);
    has(&output, "ok  NATS: the bucket `communicado` of NATS at ");
    assert!(text(&output).contains("has people: 1, tokens: 1"), "{output:?}");
    let unreachable = format!("nats://ada:secret@127.0.0.1:{}", free_port());
    let output = doctor(gateway.folder(), &["--nats", &unreachable]);
    finds_a_problem(&output, "!!  NATS: cannot use the shared bucket: cannot reach 127.0.0.1:");
    assert!(!text(&output).contains("secret"), "{output:?}");
}

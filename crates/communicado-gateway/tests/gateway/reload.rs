//! SIGHUP and the renewal of a certificate.

use std::io;
use std::path::Path;
use std::process::Command;

use rustix::process::Signal;
use tempfile::TempDir;

use crate::client::{Target, bearer, request};
use crate::fixture::{Gateway, program, within};

/// Replaces a certificate and its key, as renewal programs do.
fn renew(folder: &Path) {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let made = rcgen::generate_simple_self_signed(names).unwrap();
    let key = made.signing_key.serialize_pem();
    for (name, text) in [("certificate", made.cert.pem()), ("key", key)] {
        std::fs::write(folder.join("new"), text).unwrap();
        std::fs::rename(folder.join("new"), folder.join(name)).unwrap();
    }
}

/// The status of a request that trusts only the present certificate.
fn status(gateway: &Gateway, files: &Path) -> io::Result<u16> {
    let target = Target::of_server(gateway.address(), &files.join("certificate"));
    target.request(&request("GET", "/readyz", "", None)).map(|response| response.status)
}

#[test]
fn a_renewed_certificate_is_used_and_open_streams_go_on() {
    let files = TempDir::new().unwrap();
    renew(files.path());
    let path = |name: &str| files.path().join(name).to_str().unwrap().to_owned();
    let (certificate, key) = (path("certificate"), path("key"));
    let mut gateway = Gateway::with(&["--tls-cert", &certificate, "--tls-key", &key]);
    let log = files.path().join("log");
    gateway.restart_as(Command::new(program()).stderr(std::fs::File::create(&log).unwrap()));
    std::fs::copy(&certificate, gateway.folder().join("tls.pem")).unwrap();
    gateway.add("ada", &[]);
    let mut stream = Target::of(&gateway).connect().unwrap();
    let events = request("GET", "/v1/events", &bearer(&gateway.token), None);
    assert_eq!(stream.request(&events).unwrap().status, 200);
    stream.through(b"event: snapshot").unwrap();

    // With a signal the gateway reads the files at once, without a signal soon.
    for signals in [true, false] {
        renew(files.path());
        if signals {
            gateway.signal(Signal::HUP);
        }
        within("the gateway uses the new certificate", || status(&gateway, files.path()).ok());
        std::fs::copy(&certificate, gateway.folder().join("tls.pem")).unwrap();
        gateway.publish("ada", "laptop", if signals { "busy" } else { "away" });
        stream.through(if signals { b"\"busy\"" } else { b"\"away\"" }).unwrap();
    }

    // A wrong certificate changes nothing.
    let valid = std::fs::read(&certificate).unwrap();
    std::fs::write(&certificate, "no certificate").unwrap();
    gateway.signal(Signal::HUP);
    within("the gateway reports the wrong certificate", || {
        let log = std::fs::read_to_string(&log).unwrap();
        log.contains("the earlier certificate remains").then_some(())
    });
    std::fs::write(&certificate, valid).unwrap();
    assert_eq!(status(&gateway, files.path()).unwrap(), 200);
    assert!(gateway.runs());
}

#[test]
fn a_hangup_does_not_stop_a_gateway_without_a_certificate() {
    let mut gateway = Gateway::start();
    for _ in 0..3 {
        gateway.signal(Signal::HUP);
        gateway.get("/v1/people");
    }
    assert!(gateway.stop().success());
}

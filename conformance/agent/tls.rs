//! Certificates that the agent accepts or rejects.

use std::fs;

use communicado_conformance::{EXPIRED, ExpectOk as _, Gateway, Pair, VALID, ends, says};

use crate::fixture::AgentFixture;

#[test]
fn only_the_named_authority_is_trusted() {
    let fixture = AgentFixture::new();
    let folder = fixture.session.folder();
    let [mine, other] = ["mine", "other"].map(|name| Pair::authority(folder, name));
    let names = "DNS:localhost,IP:127.0.0.1";
    let served = Pair::signed(folder, &mine, "gateway", names, VALID);
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
    let other_name = Pair::signed(folder, &mine, "other", "DNS:other.test", VALID);
    let expired = Pair::signed(folder, &mine, "expired", "DNS:localhost", EXPIRED);
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

//! STARTTLS, TLS from the first byte, and connections that must have either.

use std::path::Path;

use communicado_conformance::{
    Communicado, EXPIRED, ExpectOk as _, Pair, Prosody, Relay, TestSession, VALID, XmppClient,
};

use crate::{AVAILABLE, SIGNED_OUT, watch, with_server};

/// The source watches its own account, which needs no subscription.
const OWN: &str = "own-account = true\n";
/// A short form of 127.0.0.1, which Communicado takes for another computer.
const OTHER_COMPUTER: &str = "127.1";
/// The first bytes of a client until it asks for TLS.
const REQUEST: &str = "<?xml version='1.0'?><stream:stream xmlns='jabber:client' \
                       xmlns:stream='http://etherx.jabber.org/streams' to='uc.test' version='1.0'>\
                       <starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
/// The server's offer of STARTTLS.
const OFFER: &str = "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
/// The server's permission to start TLS.
const PROCEED: &str = "<proceed xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>";
/// The first two bytes of a TLS handshake.
const HANDSHAKE: &[u8] = &[22, 3];

/// A server with TLS, and the authority of its certificate.
struct TlsServer {
    session: TestSession,
    prosody: Prosody,
    authority: Pair,
}

impl TlsServer {
    fn start() -> Self {
        Self::serving(|folder, authority| {
            Pair::signed(folder, authority, "server", "DNS:uc.test", VALID)
        })
    }

    /// A server with another certificate.
    fn serving(certificate: impl FnOnce(&Path, &Pair) -> Pair) -> Self {
        let session = TestSession::new();
        let authority = Pair::authority(session.folder(), "authority");
        let pair = certificate(session.folder(), &authority);
        let prosody = Prosody::with_tls(session.folder(), &pair);
        Self { session, prosody, authority }
    }

    fn tls_port(&self) -> u16 {
        self.prosody.tls_port().expect_ok("find the port with TLS")
    }

    /// The ports for STARTTLS and for TLS from the first byte, each with its scheme.
    fn ports(&self) -> [(&'static str, u16); 2] {
        [("xmpp", self.prosody.port()), ("xmpps", self.tls_port())]
    }

    /// The program, which trusts the authority of the server.
    fn communicado(&self, server: &str, more: &str) -> Communicado {
        with_server(&self.session, server, &format!("{OWN}{}{more}", ca_file(&self.authority)))
    }
}

fn ca_file(authority: &Pair) -> String {
    format!("ca-file = \"{}\"\n", authority.certificate())
}

/// Checks that the source signs in.
#[track_caller]
fn signs_in(communicado: &Communicado) {
    let ended = communicado.run(&["status"]);
    assert_eq!(ended.out, "bob@uc.test  signed-out\n", "{}", ended.err);
}

/// Checks the error of a sign-in that fails.
#[track_caller]
fn is_refused(communicado: &Communicado, cause: &str, help: &str) {
    let ended = communicado.run(&["status"]);
    assert_eq!(ended.out, "bob@uc.test  unknown        source-lost\n", "{}", ended.err);
    assert!(ended.err.contains(cause), "{}", ended.err);
    assert!(ended.err.contains(help), "{}", ended.err);
}

/// Returns whether the bytes have a sign-in that everybody can read.
fn shows_a_sign_in(bytes: &[u8]) -> bool {
    bytes.windows(5).any(|part| part == b"<auth")
}

#[test]
fn an_account_is_reported_over_starttls_and_over_tls_from_the_first_byte() {
    let server = TlsServer::start();
    for (scheme, port) in server.ports() {
        let communicado = server.communicado(&format!("{scheme}://127.0.0.1:{port}"), "");
        let mut watch = watch(&communicado);
        watch.expect("bob@uc.test", &[SIGNED_OUT]);
        let bob =
            XmppClient::sign_in("bob@uc.test/phone", Prosody::PASSWORD, server.prosody.port());
        watch.expect("bob@uc.test", &[AVAILABLE]);
        bob.quit();
        watch.expect("bob@uc.test", &[SIGNED_OUT]);
        watch.end();
    }
}

#[test]
fn only_tls_carries_the_sign_in_to_a_server_that_offers_it() {
    let server = TlsServer::start();
    for ((scheme, port), before) in server.ports().into_iter().zip([REQUEST, ""]) {
        for host in ["127.0.0.1", OTHER_COMPUTER] {
            for more in ["", "insecure = true\n"] {
                let relay = Relay::to(port);
                let address = format!("{scheme}://{host}:{}", relay.port());
                signs_in(&server.communicado(&address, more));
                let sent = relay.sent();
                let text = String::from_utf8_lossy(&sent);
                let rest = sent.strip_prefix(before.as_bytes());
                assert!(rest.is_some_and(|rest| rest.starts_with(HANDSHAKE)), "{text}");
                assert!(!shows_a_sign_in(&sent), "{text}");
            }
        }
    }
}

#[test]
fn an_unknown_authority_is_refused() {
    let server = TlsServer::start();
    let other = Pair::authority(server.session.folder(), "other");
    for (scheme, port) in server.ports() {
        for trusted in [String::new(), ca_file(&other)] {
            let relay = Relay::to(port);
            let address = format!("{scheme}://127.0.0.1:{}", relay.port());
            let communicado = with_server(&server.session, &address, &format!("{OWN}{trusted}"));
            let cause = "the XMPP server's certificate is not accepted: this machine does not \
                         trust its issuer";
            is_refused(&communicado, cause, "name the CA's certificate with `ca-file`");
            assert!(!shows_a_sign_in(&relay.sent()));
        }
    }
}

#[test]
fn a_certificate_that_is_not_valid_is_refused() {
    // The certificate must be for the domain, not for the host in the address.
    let other_name = TlsServer::serving(|folder, authority| {
        Pair::signed(folder, authority, "server", "IP:127.0.0.1", VALID)
    });
    let expired = TlsServer::serving(|folder, authority| {
        Pair::signed(folder, authority, "server", "DNS:uc.test", EXPIRED)
    });
    let authority = TlsServer::serving(|_, authority| authority.clone());
    let name_help = "ask the administrator for a certificate for the domain of `account`";
    let ca_help = "create a certificate for the XMPP server";
    for (server, cause, help) in [
        (other_name, "it is not for `uc.test`", name_help),
        (expired, "it has expired", "check the clock of this machine"),
        (authority, "it is a CA certificate", ca_help),
    ] {
        for (scheme, port) in server.ports() {
            let relay = Relay::to(port);
            let address = format!("{scheme}://127.0.0.1:{}", relay.port());
            is_refused(&server.communicado(&address, ""), cause, help);
            assert!(!shows_a_sign_in(&relay.sent()));
        }
    }
}

#[test]
fn another_computer_without_an_offer_of_tls_is_refused_unless_insecure() {
    let (plain, server) = (TestSession::new(), TlsServer::start());
    let prosody = plain.prosody();
    let relays = || [Relay::to(prosody.port()), Relay::replacing(server.prosody.port(), OFFER, "")];
    for relay in relays() {
        let address = format!("xmpp://{OTHER_COMPUTER}:{}", relay.port());
        let help = "write `server` with xmpps, or set `insecure = true` if you trust the network";
        let communicado = server.communicado(&address, "");
        is_refused(&communicado, "the server does not offer TLS", help);
        assert!(!shows_a_sign_in(&relay.sent()));
    }
    for (host, more) in [(OTHER_COMPUTER, "insecure = true\n"), ("127.0.0.1", "")] {
        for relay in relays() {
            let address = format!("xmpp://{host}:{}", relay.port());
            signs_in(&server.communicado(&address, more));
            assert!(shows_a_sign_in(&relay.sent()));
        }
    }
}

#[test]
fn a_server_that_refuses_to_start_tls_gets_no_sign_in() {
    let session = TestSession::new();
    let prosody = Prosody::with_unusable_certificate(session.folder());
    // Prosody offers no TLS without a certificate, but answers the request.
    let offer = format!("<stream:features>{OFFER}");
    for (host, more) in [("127.0.0.1", ""), (OTHER_COMPUTER, "insecure = true\n")] {
        let relay = Relay::replacing(prosody.port(), "<stream:features>", &offer);
        let address = format!("xmpp://{host}:{}", relay.port());
        let communicado = with_server(&session, &address, &format!("{OWN}{more}"));
        let cause = "the server refused to start TLS";
        is_refused(&communicado, cause, "check the certificate of the server");
        assert!(!shows_a_sign_in(&relay.sent()));
    }
}

#[test]
fn text_before_the_handshake_of_tls_is_refused() {
    let server = TlsServer::start();
    let injected = format!("{PROCEED}<stream:features/>");
    let relay = Relay::replacing(server.prosody.port(), PROCEED, &injected);
    let communicado = server.communicado(&format!("xmpp://127.0.0.1:{}", relay.port()), "");
    is_refused(&communicado, "it sent bytes before TLS", "check that the address");
    assert_eq!(String::from_utf8_lossy(&relay.sent()), REQUEST);
}

#[test]
fn the_wrong_scheme_for_a_port_is_reported() {
    let server = TlsServer::start();
    let communicado =
        server.communicado(&format!("xmpps://127.0.0.1:{}", server.prosody.port()), "");
    is_refused(&communicado, "the server does not speak TLS", "check the port");
    let communicado = server.communicado(&format!("xmpp://127.0.0.1:{}", server.tls_port()), "");
    is_refused(&communicado, "closed the connection without an answer", "with xmpps");
}

//! `mqtt` with TLS: the CA of the broker, the user and the client certificate.

use communicado_conformance::{AgentSession, Broker, ExpectOk as _, Pair, VALID, ends};

use crate::contract;
use crate::mqtt::{LEASE, Reader, configure_url};

const NAMES: &str = "DNS:localhost,IP:127.0.0.1";

/// A broker with TLS, the authority of its certificate, and a reader without TLS.
struct TlsBroker {
    fixture: AgentSession,
    authority: Pair,
    reader: Reader,
}

impl TlsBroker {
    /// A broker that requires a client certificate, or not.
    fn start(requires_certificate: bool) -> Self {
        let fixture = AgentSession::new("");
        let folder = fixture.session.folder();
        let authority = Pair::authority(folder, "authority");
        let pair = Pair::signed(folder, &authority, "broker", NAMES, VALID);
        let broker = Broker::with_tls(folder, &pair, requires_certificate.then_some(&authority));
        Self { reader: Reader::of(broker), fixture, authority }
    }

    /// Configures the sink with more options, and consents.
    fn allow(&self, more: &str) {
        let port = self.reader.broker.tls_port().expect_ok("find the port with TLS");
        configure_url(&self.fixture, &format!("mqtts://localhost:{port}"), LEASE, more);
        self.fixture.expect_success(&["allow", "mqtt", "--yes"]);
    }

    fn ca_file(&self) -> String {
        format!("ca-file = \"{}\"\n", self.authority.certificate())
    }

    /// Checks the error of one attempt.
    #[track_caller]
    fn fails(&self, cause: &str, help: &str) {
        let tried = self.fixture.run(&["try", "mqtt"]);
        assert_eq!(tried.code, Some(5), "{}", tried.err);
        assert!(tried.err.contains(cause), "{}", tried.err);
        assert!(tried.err.contains(help), "{}", tried.err);
        let messages = self.reader.subscriber.messages();
        assert!(messages.is_empty(), "{messages:?}");
    }
}

#[test]
fn the_agent_reports_over_tls_only_to_a_broker_of_the_configured_authority() {
    let mut broker = TlsBroker::start(false);
    broker.allow("");
    broker.fails("this machine does not trust its issuer", "`ca-file`");
    let other = Pair::authority(broker.fixture.session.folder(), "other");
    broker.allow(&format!("ca-file = \"{}\"\n", other.certificate()));
    broker.fails("this machine does not trust its issuer", "`ca-file`");
    broker.allow(&broker.ca_file());
    let mut agent = broker.fixture.agent();
    contract::knows(&mut broker.reader, "absent", "");
    ends(&mut agent);
    contract::forgets(&mut broker.reader);
}

#[test]
fn the_client_certificate_opens_a_broker_that_requires_one() {
    let mut broker = TlsBroker::start(true);
    broker.allow(&broker.ca_file());
    broker.fails("the broker requires a client certificate", "`certificate-file`");
    let folder = broker.fixture.session.folder();
    let client = Pair::signed(folder, &broker.authority, "laptop", NAMES, VALID);
    let certificate = format!("certificate-file = \"{}\"\n", client.certificate());
    broker.allow(&(broker.ca_file() + &certificate));
    broker.fails("`key-file` is not set", "or neither");

    let key = std::fs::read_to_string(&client.key).expect_ok("read the key");
    let key_file = |text: &str| {
        let file = broker.fixture.secret("laptop-key", text);
        broker.ca_file() + &certificate + &format!("key-file = \"{file}\"\n")
    };
    broker.allow(&key_file("not a key"));
    broker.fails("has no private key without a password", "openssl pkey");
    let unknown = Pair::authority(folder, "unknown");
    let stranger = Pair::signed(folder, &unknown, "stranger", NAMES, VALID);
    broker.allow(&key_file(&std::fs::read_to_string(&stranger.key).expect_ok("read the key")));
    broker.fails("the client certificate is not usable", "`key-file`");

    broker.allow(&key_file(&key));
    let mut agent = broker.fixture.agent();
    contract::knows(&mut broker.reader, "absent", "");
    ends(&mut agent);
    contract::forgets(&mut broker.reader);
    assert!(!agent.output().contains("PRIVATE KEY"), "{}", agent.output());
}

#[test]
fn a_client_certificate_of_another_authority_is_rejected() {
    let broker = TlsBroker::start(true);
    let folder = broker.fixture.session.folder();
    let unknown = Pair::authority(folder, "unknown");
    let stranger = Pair::signed(folder, &unknown, "stranger", NAMES, VALID);
    let key = std::fs::read_to_string(&stranger.key).expect_ok("read the key");
    let key = broker.fixture.secret("key", &key);
    let certificate = format!("certificate-file = \"{}\"\n", stranger.certificate());
    broker.allow(&(broker.ca_file() + &certificate + &format!("key-file = \"{key}\"\n")));
    broker.fails("the broker rejected the client certificate", "a certificate that it accepts");
}

//! An MQTT broker, and a subscriber to it.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::certificate::Pair;
use crate::deadline::within;
use crate::expect_ok::ExpectOk;
use crate::packages;
use crate::ports;
use crate::process::{Process, Signal};

/// An MQTT broker on a free port.
#[derive(Debug)]
pub struct Broker {
    kind: BrokerKind,
    folder: PathBuf,
    port: u16,
    tls: Option<TlsListener>,
    server: Option<Process>,
}

/// A second port of Mosquitto, with TLS.
#[derive(Debug)]
struct TlsListener {
    port: u16,
    pair: Pair,
    /// The authority of the client certificates that the broker requires, if it requires one.
    clients: Option<Pair>,
}

/// A program that is an MQTT broker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BrokerKind {
    /// Mosquitto without an account.
    Mosquitto,
    /// Mosquitto that stores its messages in a file, and reads them when it starts again.
    MosquittoWithStore,
    /// Mosquitto with the user `ada` and the password `secret`. The user may only publish below
    /// `communicado` and `homeassistant`.
    MosquittoWithUser,
    /// nats-server with its MQTT listener: only 3.1.1.
    Nats,
    /// amqtt, in Python: only 3.1.1.
    Amqtt,
    /// aedes, in JavaScript: only 3.1.1.
    Aedes,
}

/// A subscriber, which keeps all messages of a topic.
#[derive(Debug)]
pub struct Subscriber(Process);

/// A message to a subscriber.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MqttMessage {
    /// True if the broker had stored it before the subscription.
    pub retained: bool,
    /// The topic.
    pub topic: String,
    /// The payload, which is JSON.
    pub body: Value,
}

impl Broker {
    /// Starts a broker in `folder`.
    pub fn start(kind: BrokerKind, folder: &Path) -> Self {
        Self::at(kind, folder, None)
    }

    /// Starts Mosquitto in `folder` with a second port, which has TLS with this certificate.
    ///
    /// With an authority of `clients`, this port requires a certificate of the client.
    pub fn with_tls(folder: &Path, pair: &Pair, clients: Option<&Pair>) -> Self {
        let (port, pair, clients) = (ports::free(), pair.clone(), clients.cloned());
        Self::at(BrokerKind::Mosquitto, folder, Some(TlsListener { port, pair, clients }))
    }

    fn at(kind: BrokerKind, folder: &Path, tls: Option<TlsListener>) -> Self {
        let port = ports::free();
        let mut broker = Self { kind, folder: folder.to_owned(), port, tls, server: None };
        broker.start_again();
        broker
    }

    /// The TCP port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The TCP port with TLS on 127.0.0.1, if the broker has one.
    pub fn tls_port(&self) -> Option<u16> {
        self.tls.as_ref().map(|tls| tls.port)
    }

    /// Starts the broker again on the same port. Only [`BrokerKind::MosquittoWithStore`] remembers
    /// its messages.
    pub fn start_again(&mut self) {
        let Self { kind, folder, port, tls, .. } = self;
        let file = |name: &str, text: &str| {
            let file = folder.join(name);
            std::fs::write(&file, text).expect_ok("write the broker's configuration");
            file
        };
        let server = match kind {
            BrokerKind::Mosquitto
            | BrokerKind::MosquittoWithUser
            | BrokerKind::MosquittoWithStore => {
                packages::require(&["mosquitto", "mosquitto_sub"]);
                let mut config = format!("user root\nlistener {port} 127.0.0.1\n");
                if let Some(tls) = tls {
                    config += &tls.listener();
                }
                if *kind == BrokerKind::MosquittoWithStore {
                    let folder = folder.display();
                    config += &format!("persistence true\npersistence_location {folder}/\n");
                }
                if *kind == BrokerKind::MosquittoWithUser {
                    let passwords = file("passwords", "");
                    let run = std::process::Command::new("mosquitto_passwd")
                        .arg("-b")
                        .arg(&passwords)
                        .args(["ada", "secret"])
                        .status();
                    assert!(run.expect_ok("run mosquitto_passwd").success());
                    config += &format!("password_file {}\n", passwords.display());
                } else {
                    config += "allow_anonymous true\n";
                }
                let config = file("mosquitto.conf", &config);
                Process::start("mosquitto", "mosquitto", folder, |command| {
                    command.arg("-c").arg(config);
                })
            }
            BrokerKind::Nats => {
                packages::require(&["nats-server"]);
                let store = folder.join(format!("nats-{}", ports::free()));
                let config = file(
                    "nats.conf",
                    &format!(
                        "server_name: one\nlisten: \"127.0.0.1:{}\"\n\
                         jetstream {{ store_dir: \"{}\" }}\nmqtt {{ listen: \"127.0.0.1:{port}\" }}\n",
                        ports::free(),
                        store.display()
                    ),
                );
                Process::start("nats", "nats-server", folder, |command| {
                    command.arg("-c").arg(config);
                })
            }
            BrokerKind::Amqtt => {
                let config = file(
                    "amqtt.yaml",
                    &format!(
                        "listeners:\n  default:\n    type: tcp\n    bind: 127.0.0.1:{port}\n\
                         plugins:\n  amqtt.plugins.authentication.AnonymousAuthPlugin:\n    \
                         allow_anonymous: true\n"
                    ),
                );
                let program = peer_folder("python").join("bin/amqtt");
                Process::start("amqtt", &program.to_string_lossy(), folder, |command| {
                    command.arg("-c").arg(config);
                })
            }
            BrokerKind::Aedes => {
                let script = concat!(env!("CARGO_MANIFEST_DIR"), "/peers/aedes.mjs");
                let modules = peer_folder("node");
                Process::start("aedes", "node", folder, |command| {
                    command.arg(script).arg(modules).arg(port.to_string());
                })
            }
        };
        self.server = Some(server);
        let port = self.port;
        within(&format!("the broker listens: {}", self.output()), || {
            std::net::TcpStream::connect(("127.0.0.1", port)).ok().map(drop)
        });
    }

    fn output(&self) -> String {
        self.server.as_ref().map(Process::output).unwrap_or_default()
    }

    /// Kills the broker, which forgets everything.
    pub fn kill(&mut self) {
        if let Some(server) = &mut self.server {
            server.kill();
        }
        self.server = None;
    }

    /// Ends the broker with SIGTERM, so that it stores its messages if it has a store.
    pub fn stop(&mut self) {
        if let Some(mut server) = self.server.take() {
            server.signal(Signal::TERM);
            server.wait();
        }
    }

    /// Stops the process without an end, or lets it continue.
    pub fn hang(&mut self, hangs: bool) {
        if let Some(server) = &mut self.server {
            server.signal(if hangs { Signal::STOP } else { Signal::CONT });
        }
    }

    /// Subscribes to a topic.
    pub fn subscribe(&self, topic: &str) -> Subscriber {
        packages::require(&["mosquitto_sub"]);
        let name = format!("subscriber-{}", ports::free());
        let user: &[&str] = match self.kind {
            BrokerKind::MosquittoWithUser => &["-u", "ada", "-P", "secret"],
            _ => &[],
        };
        Subscriber(Process::start(&name, "mosquitto_sub", &self.folder, |command| {
            command.args(["-h", "127.0.0.1", "-p", &self.port.to_string(), "-q", "1"]);
            command.args(user).args(["-t", topic, "-F", "%r\t%t\t%p"]);
        }))
    }
}

impl TlsListener {
    /// The listener in the configuration of Mosquitto.
    fn listener(&self) -> String {
        let Self { port, pair, clients } = self;
        let mut config = format!(
            "listener {port} 127.0.0.1\ncertfile {}\nkeyfile {}\n",
            pair.certificate(),
            pair.key()
        );
        if let Some(clients) = clients {
            config += &format!("cafile {}\nrequire_certificate true\n", clients.certificate());
        }
        config
    }
}

impl Subscriber {
    /// All messages until now.
    pub fn messages(&self) -> Vec<MqttMessage> {
        let output = self.0.output();
        let parse = |line: &str| {
            let mut parts = line.splitn(3, '\t');
            let (retained, topic) = (parts.next()? == "1", parts.next()?.to_owned());
            Some(MqttMessage { retained, topic, body: serde_json::from_str(parts.next()?).ok()? })
        };
        output.lines().filter_map(parse).collect()
    }

    /// The last message.
    pub fn last(&self) -> Option<MqttMessage> {
        self.messages().pop()
    }
}

/// The Python that has the libraries of the sinks' peers.
pub fn sink_python() -> PathBuf {
    peer_folder("python").join("bin/python3")
}

/// The folder of peers that `cargo xtask sink-peers` installs.
pub(crate) fn peer_folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/peers/sinks").join(name);
    assert!(folder.is_dir(), "{} is missing\n  help: cargo xtask sink-peers", folder.display());
    folder
}

//! A receiver of webhooks.

use std::path::{Path, PathBuf};

use serde_json::Value;

use crate::broker::{peer_folder, sink_python};
use crate::deadline::within;
use crate::expect_ok::ExpectOk as _;
use crate::packages;
use crate::ports;
use crate::process::{Process, Signal};

/// A receiver on a free port, with the libraries `standardwebhooks` and `cloudevents`.
#[derive(Debug)]
pub struct Receiver {
    kind: ReceiverKind,
    folder: PathBuf,
    port: u16,
    secret: String,
    server: Option<Process>,
}

/// A program that receives webhooks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReceiverKind {
    /// In Python. It follows [`Receiver::behave`].
    Python,
    /// In Python, with a clock that is 10 minutes ahead.
    PythonInTheFuture,
    /// In JavaScript.
    Node,
}

impl Receiver {
    /// Starts a receiver in `folder`, which refuses requests without a signature of `secret`. An
    /// empty secret accepts all.
    pub fn start(kind: ReceiverKind, folder: &Path, secret: &str) -> Self {
        let (port, secret) = (ports::free(), secret.to_owned());
        let mut receiver = Self { kind, folder: folder.to_owned(), port, secret, server: None };
        receiver.behave("take");
        receiver.start_again();
        receiver
    }

    /// Kills the receiver, and starts it on the same port without its memory.
    pub fn restart(&mut self) {
        if let Some(server) = &mut self.server {
            server.kill();
        }
        self.start_again();
    }

    fn start_again(&mut self) {
        let Self { kind, folder, port, secret, .. } = self;
        let name = format!("receiver-{}", ports::free());
        let peers = concat!(env!("CARGO_MANIFEST_DIR"), "/peers");
        let port_text = port.to_string();
        let python = sink_python();
        let manner = folder.join("manner");
        let server = match kind {
            ReceiverKind::Python => {
                Process::start(&name, &python.to_string_lossy(), folder, |command| {
                    command.arg(format!("{peers}/receiver.py")).args([&port_text, secret]);
                    command.arg(manner);
                })
            }
            ReceiverKind::PythonInTheFuture => {
                packages::require(&["faketime"]);
                Process::start(&name, "faketime", folder, |command| {
                    command.args(["-f", "+10m"]).arg(python).arg(format!("{peers}/receiver.py"));
                    command.args([&port_text, secret]).arg(manner);
                })
            }
            ReceiverKind::Node => {
                packages::require(&["node"]);
                Process::start(&name, "node", folder, |command| {
                    command.arg(format!("{peers}/receiver.mjs")).arg(peer_folder("node"));
                    command.args([&port_text, secret]);
                })
            }
        };
        let port = *port;
        within("the receiver listens", || {
            std::net::TcpStream::connect(("127.0.0.1", port)).ok().map(drop)
        });
        self.server = Some(server);
    }

    /// The URL, with this path.
    pub fn url(&self, path: &str) -> String {
        format!("http://127.0.0.1:{}{path}", self.port)
    }

    /// Sets the manner of answering; see `peers/receiver.py`.
    pub fn behave(&self, manner: &str) {
        let (file, new) = (self.folder.join("manner"), self.folder.join("manner.new"));
        std::fs::write(&new, manner).expect_ok("write the manner");
        std::fs::rename(new, file).expect_ok("set the manner");
    }

    /// Stops the process without an end, or lets it continue.
    pub fn hang(&mut self, hangs: bool) {
        if let Some(server) = &mut self.server {
            server.signal_all(if hangs { Signal::STOP } else { Signal::CONT });
        }
    }

    /// All requests until now.
    pub fn requests(&self) -> Vec<Value> {
        let output = self.server.as_ref().map(Process::output).unwrap_or_default();
        output.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }
}

//! The servers of the tests.

use communicado_conformance::{Ejabberd, Prosody, Signal, TestSession, XmppClient};

/// A kind of server.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ServerKind {
    Prosody,
    Ejabberd,
}

/// A server with the accounts alice, bob and eve.
#[derive(Debug)]
pub(crate) enum Server {
    Prosody(Prosody),
    Ejabberd(Ejabberd),
}

impl Server {
    pub(crate) fn start(kind: ServerKind, session: &TestSession) -> Self {
        match kind {
            ServerKind::Prosody => Self::Prosody(session.prosody()),
            ServerKind::Ejabberd => Self::Ejabberd(Ejabberd::start(session.folder())),
        }
    }

    pub(crate) fn port(&self) -> u16 {
        match self {
            Self::Prosody(server) => server.port(),
            Self::Ejabberd(server) => server.port(),
        }
    }

    pub(crate) fn kill(&mut self) {
        match self {
            Self::Prosody(server) => server.kill(),
            Self::Ejabberd(server) => server.kill(),
        }
    }

    pub(crate) fn start_again(&mut self) {
        match self {
            Self::Prosody(server) => server.start_again(),
            Self::Ejabberd(server) => server.start_again(),
        }
    }

    pub(crate) fn signal(&mut self, signal: Signal) {
        match self {
            Self::Prosody(server) => server.signal(signal),
            Self::Ejabberd(server) => server.signal(signal),
        }
    }

    /// Signs in with an address that has a resource.
    pub(crate) fn sign_in(&self, address: &str) -> XmppClient {
        XmppClient::sign_in(address, Prosody::PASSWORD, self.port())
    }
}

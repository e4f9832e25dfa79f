//! The folder and the bus that everything in one test shares.

use std::cell::Cell;
use std::path::Path;

use tempfile::TempDir;

use crate::account::Account;
use crate::bus::Bus;
use crate::client::{Client, Kind};
use crate::communicado::Communicado;
use crate::expect_ok::ExpectOk;
use crate::kamailio::Kamailio;
use crate::prosody::Prosody;
use crate::watch::Watch;

/// A private world for one test: nothing in it knows of another test's.
///
/// Declare it first: what is declared later is dropped, and so ended, before the bus and the folder.
#[derive(Debug)]
pub struct TestSession {
    bus: Bus,
    clients: Cell<u32>,
    folder: TempDir,
}

impl TestSession {
    /// Makes a folder and starts a bus.
    pub fn new() -> Self {
        // In /tmp whatever TMPDIR says: a socket's path must be short.
        let folder = TempDir::with_prefix_in("uc-", "/tmp").expect_ok("make a folder in /tmp");
        let bus = Bus::start(folder.path());
        Self { bus, clients: Cell::new(0), folder }
    }

    /// The folder, gone with the stage.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The bus.
    pub fn bus(&mut self) -> &mut Bus {
        &mut self.bus
    }

    /// Starts an XMPP server.
    pub fn prosody(&self) -> Prosody {
        Prosody::start(self.folder())
    }

    /// Prepares an XMPP server that does not run yet.
    pub fn prosody_later(&self) -> Prosody {
        Prosody::prepare(self.folder())
    }

    /// Starts a SIP registrar.
    pub fn kamailio(&self) -> Kamailio {
        Kamailio::start(self.folder())
    }

    /// Starts Finch.
    pub fn finch(&self, accounts: &[&Account]) -> Client {
        self.client(Kind::Finch, accounts)
    }

    /// Starts Pidgin.
    pub fn pidgin(&self, accounts: &[&Account]) -> Client {
        self.client(Kind::Pidgin, accounts)
    }

    /// Starts a client with a home of its own.
    pub fn client(&self, kind: Kind, accounts: &[&Account]) -> Client {
        let number = self.clients.get();
        self.clients.set(number + 1);
        let home = self.folder().join(format!("client-{number}"));
        let accounts: Vec<_> = accounts.iter().map(|&account| account.clone()).collect();
        Client::start(kind, home, &self.bus.address(), &accounts)
    }

    /// The program under test, on this stage's bus.
    pub fn communicado(&self) -> Communicado {
        Communicado::new(self.folder(), &self.bus.address())
    }

    /// Starts `communicado watch --json` on this stage's bus.
    pub fn watch(&self) -> Watch {
        Watch::start(&self.communicado(), &[])
    }
}

impl Default for TestSession {
    fn default() -> Self {
        Self::new()
    }
}

//! The folder and the bus of one test.

use std::cell::Cell;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

use crate::account::Account;
use crate::bus::Bus;
use crate::client::Client;
use crate::client_kind::ClientKind;
use crate::communicado::Communicado;
use crate::expect_ok::ExpectOk;
use crate::kamailio::Kamailio;
use crate::packages;
use crate::prosody::Prosody;
use crate::watch::Watch;

/// A private desktop session for one test.
///
/// Declare it first: Rust drops later values, and so ends their processes, before the bus.
#[derive(Debug)]
pub struct TestSession {
    bus: Bus,
    clients: Cell<u32>,
    folder: TempDir,
}

impl TestSession {
    /// Makes a folder and starts a bus.
    pub fn new() -> Self {
        Self::on(Bus::start)
    }

    /// Makes a folder and starts a `dbus-broker`.
    pub fn with_broker() -> Self {
        Self::on(Bus::start_broker)
    }

    fn on(start: impl FnOnce(&Path) -> Bus) -> Self {
        // In /tmp and not in TMPDIR, because a socket path must be short.
        let folder = TempDir::with_prefix_in("uc-", "/tmp").expect_ok("make a folder in /tmp");
        let bus = start(folder.path());
        Self { bus, clients: Cell::new(0), folder }
    }

    /// The folder, which is removed with the session.
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// A name that no other session has: `name`, and the name of the folder.
    pub fn unique_name(&self, name: &str) -> String {
        let folder = self.folder().file_name().and_then(|folder| folder.to_str());
        format!("{name}-{}", folder.expect_ok("name a folder"))
    }

    /// A copy of an installed program, with another name.
    pub fn program_called(&self, name: &str, original: &str) -> PathBuf {
        let folder = self.folder().join("copies").join(original);
        let program = folder.join(name);
        if !program.exists() {
            std::fs::create_dir_all(&folder).expect_ok("make a folder for a program");
            let installed = packages::find(original).expect_ok("find a program");
            // A file that this process has open for writing cannot be started.
            let copied = Command::new("cp").arg(installed).arg(&program).status();
            assert!(copied.expect_ok("copy a program").success());
        }
        program
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
        self.client(ClientKind::Finch, accounts)
    }

    /// Starts Pidgin.
    pub fn pidgin(&self, accounts: &[&Account]) -> Client {
        self.client(ClientKind::Pidgin, accounts)
    }

    /// Starts a client with its own home.
    pub fn client(&self, kind: ClientKind, accounts: &[&Account]) -> Client {
        self.client_at(&self.bus.address(), kind, accounts)
    }

    /// Starts a client with its own home and `bus` in its environment.
    pub fn client_at(&self, bus: &str, kind: ClientKind, accounts: &[&Account]) -> Client {
        let number = self.clients.get();
        self.clients.set(number + 1);
        let home = self.folder().join(format!("client-{number}"));
        let accounts: Vec<_> = accounts.iter().map(|&account| account.clone()).collect();
        Client::start(kind, home, bus, &accounts)
    }

    /// The program under test, on the bus of this session.
    pub fn communicado(&self) -> Communicado {
        Communicado::new(self.folder(), &self.bus.address())
    }

    /// Starts `communicado watch --json` on the bus of this session.
    pub fn watch(&self) -> Watch {
        Watch::start(&self.communicado(), &[])
    }
}

impl Default for TestSession {
    fn default() -> Self {
        Self::new()
    }
}

//! A real XMPP server.

use std::path::{Path, PathBuf};

use crate::deadline::within;
use crate::expect_ok::ExpectOk;
use crate::packages;
use crate::ports;
use crate::process::{Process, Signal};

const CONFIG: &str = include_str!("../purple/prosody.cfg.lua");

/// Prosody on a free port, with users alice, bob and eve at `uc.test`.
#[derive(Debug)]
pub struct Prosody {
    folder: PathBuf,
    port: u16,
    server: Option<Process>,
}

impl Prosody {
    /// The password of every user.
    pub const PASSWORD: &'static str = "secret";

    /// Starts a server in `folder`.
    pub fn start(folder: &Path) -> Self {
        let mut prosody = Self::prepare(folder);
        prosody.start_again();
        prosody
    }

    /// Prepares a server without starting it: nothing listens on its port.
    pub fn prepare(folder: &Path) -> Self {
        packages::require(&["setsid", "prosody"]);
        let folder = folder.join("prosody");
        let port = ports::free();
        // Prosody writes a dot in the name of a host or user as %2e.
        let users = folder.join("data/uc%2etest/accounts");
        std::fs::create_dir_all(&users).expect_ok("make a folder for Prosody's users");
        std::fs::create_dir_all(folder.join("certs")).expect_ok("make a folder for Prosody");
        for user in ["alice", "bob", "eve"] {
            let account = format!("return {{ [\"password\"] = \"{}\"; }};\n", Self::PASSWORD);
            std::fs::write(users.join(format!("{user}.dat")), account).expect_ok("write a user");
        }
        let config = CONFIG
            .replace("@FOLDER@", &folder.to_string_lossy())
            .replace("@PORT@", &port.to_string());
        std::fs::write(folder.join("prosody.cfg.lua"), config)
            .expect_ok("write Prosody's configuration");
        Self { folder, port, server: None }
    }

    /// The TCP port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Starts the server, again on the same port.
    pub fn start_again(&mut self) {
        // An earlier server's log would say at once that the port is open.
        _ = std::fs::remove_file(self.folder.join("prosody.log"));
        let mut server = Process::start("prosody", "prosody", &self.folder, |command| {
            command.arg("--config").arg(self.folder.join("prosody.cfg.lua")).arg("-F");
            command.env("HOME", &self.folder);
        });
        let listens = format!("Activated service 'c2s' on [127.0.0.1]:{}", self.port);
        within("Prosody listens", || {
            server.assert_runs();
            server.output().contains(&listens).then_some(())
        });
        self.server = Some(server);
    }

    /// Kills the server with SIGKILL; its port refuses from then on.
    pub fn kill(&mut self) {
        self.server.take().expect_ok("kill a server that does not run").kill();
    }

    /// Stops it (`Signal::STOP`) or lets it go on (`Signal::CONT`).
    pub fn signal(&mut self, signal: Signal) {
        self.server.as_mut().expect_ok("signal a server that does not run").signal(signal);
    }
}

//! A real XMPP server.

use std::path::{Path, PathBuf};

use crate::certificate::Pair;
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
    tls_port: Option<u16>,
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

    /// Starts a server that offers STARTTLS on its port, and TLS from the first byte on another one.
    pub fn with_tls(folder: &Path, pair: &Pair) -> Self {
        let tls_port = ports::free();
        let tls = format!(
            "c2s_direct_tls_ports = {{ {tls_port} }}\nssl = {{ certificate = \"{}\", key = \"{}\" }}",
            pair.certificate(),
            pair.key()
        );
        let mut prosody = Self { tls_port: Some(tls_port), ..Self::configure(folder, Some(&tls)) };
        prosody.start_again();
        prosody
    }

    /// Starts a server that cannot read its certificate. It refuses a request for STARTTLS.
    pub fn with_unusable_certificate(folder: &Path) -> Self {
        let tls = "ssl = { certificate = \"certs/missing.crt\", key = \"certs/missing.key\" }";
        let mut prosody = Self::configure(folder, Some(tls));
        prosody.start_again();
        prosody
    }

    /// Prepares a server without starting it: nothing listens on its port.
    pub fn prepare(folder: &Path) -> Self {
        Self::configure(folder, None)
    }

    fn configure(folder: &Path, tls: Option<&str>) -> Self {
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
            .replace("@PORT@", &port.to_string())
            .replace("@MODULES@", if tls.is_some() { ", \"tls\"" } else { "" })
            .replace("@TLS@", tls.unwrap_or_default());
        std::fs::write(folder.join("prosody.cfg.lua"), config)
            .expect_ok("write Prosody's configuration");
        Self { folder, port, tls_port: None, server: None }
    }

    /// The TCP port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// The TCP port on 127.0.0.1 with TLS from the first byte.
    pub fn tls_port(&self) -> Option<u16> {
        self.tls_port
    }

    /// Starts the server, again on the same port.
    pub fn start_again(&mut self) {
        // An earlier server's log would say at once that the port is open.
        _ = std::fs::remove_file(self.folder.join("prosody.log"));
        let mut server = Process::start("prosody", "prosody", &self.folder, |command| {
            command.arg("--config").arg(self.folder.join("prosody.cfg.lua")).arg("-F");
            command.env("HOME", &self.folder);
        });
        let services = [("c2s", Some(self.port)), ("c2s_direct_tls", self.tls_port)];
        for (service, port) in services {
            let Some(port) = port else { continue };
            let listens = format!("Activated service '{service}' on [127.0.0.1]:{port}");
            within("Prosody listens", || {
                server.assert_runs();
                server.output().contains(&listens).then_some(())
            });
        }
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

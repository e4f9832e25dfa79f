//! A real SIP registrar, which is enough for the SIPE plug-in.

use std::net::{Ipv4Addr, TcpStream};
use std::path::{Path, PathBuf};

use crate::deadline::within;
use crate::expect_ok::ExpectOk;
use crate::packages;
use crate::ports;
use crate::process::Process;

const CONFIG: &str = include_str!("../purple/kamailio.cfg");

/// Kamailio on a free port, for any user at `uc.test`.
#[derive(Debug)]
pub struct Kamailio {
    folder: PathBuf,
    port: u16,
    server: Option<Process>,
}

impl Kamailio {
    /// Starts a registrar in `folder`.
    pub fn start(folder: &Path) -> Self {
        packages::require(&["setsid", "kamailio"]);
        let folder = folder.join("kamailio");
        std::fs::create_dir_all(&folder).expect_ok("make a folder for Kamailio");
        let modules = packages::library_folders()
            .map(|libraries| libraries.join("kamailio/modules"))
            .find(|modules| modules.is_dir())
            .expect_ok("find Kamailio's modules below /usr/lib");
        let port = ports::free();
        let config = CONFIG
            .replace("@MODULES@", &modules.to_string_lossy())
            .replace("@PORT@", &port.to_string());
        std::fs::write(folder.join("kamailio.cfg"), config)
            .expect_ok("write Kamailio's configuration");
        let mut kamailio = Self { folder, port, server: None };
        kamailio.start_again();
        kamailio
    }

    /// The TCP port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Starts the registrar, again on the same port.
    pub fn start_again(&mut self) {
        let mut server = Process::start("kamailio", "kamailio", &self.folder, |command| {
            command.arg("-f").arg(self.folder.join("kamailio.cfg"));
            // In the foreground, errors to the log, 32 MB shared and 4 MB private memory.
            command.args(["-DD", "-E", "-m", "32", "-M", "4", "-Y"]).arg(&self.folder);
        });
        within("Kamailio listens", || {
            server.assert_runs();
            TcpStream::connect((Ipv4Addr::LOCALHOST, self.port)).ok()
        });
        self.server = Some(server);
    }

    /// Kills the registrar and its workers with SIGKILL.
    pub fn kill(&mut self) {
        self.server.take().expect_ok("kill a server that does not run").kill();
    }
}

impl Drop for Kamailio {
    fn drop(&mut self) {
        if let Some(server) = &mut self.server {
            server.end_soon();
        }
    }
}

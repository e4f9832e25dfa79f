//! Another real XMPP server.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::path::{Path, PathBuf};

use crate::deadline::within;
use crate::expect_ok::ExpectOk;
use crate::packages;
use crate::ports;
use crate::process::{Process, Signal};
use crate::prosody::Prosody;

const CONFIG: &str = include_str!("../xmpp/ejabberd.yml");

/// The folder of ejabberd's modules in Debian.
const MODULES: &str = "/usr/lib/x86_64-linux-gnu";

/// ejabberd on a free port, with users alice, bob and eve at `uc.test`, whose password is that of
/// [`Prosody`].
///
/// The fixture starts Erlang without `ejabberdctl`: that changes the user, reads the configuration
/// in `/etc`, and starts a name server that stays.
#[derive(Debug)]
pub struct Ejabberd {
    folder: PathBuf,
    port: u16,
    api: u16,
    server: Option<Process>,
}

impl Ejabberd {
    /// Starts a server in `folder`.
    pub fn start(folder: &Path) -> Self {
        packages::require(&["ejabberdctl", "erl"]);
        let folder = folder.join("ejabberd");
        std::fs::create_dir_all(folder.join("data")).expect_ok("make a folder for ejabberd");
        let (port, api) = (ports::free(), ports::free());
        let config = CONFIG.replace("@PORT@", &port.to_string()).replace("@API@", &api.to_string());
        std::fs::write(folder.join("ejabberd.yml"), config)
            .expect_ok("write ejabberd's configuration");
        let mut ejabberd = Self { folder, port, api, server: None };
        ejabberd.start_again();
        for user in ["alice", "bob", "eve"] {
            ejabberd.register(user);
        }
        ejabberd
    }

    /// The TCP port on 127.0.0.1.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Starts the server, again on the same port.
    pub fn start_again(&mut self) {
        let folder = &self.folder;
        let mut server = Process::start("ejabberd", "erl", folder, |command| {
            let data = format!("\"{}\"", folder.join("data").display());
            command.args(["-noinput", "-mnesia", "dir", &data, "-s", "ejabberd"]);
            command.env("HOME", folder).env("ERL_LIBS", MODULES);
            command.env("EJABBERD_CONFIG_PATH", folder.join("ejabberd.yml"));
            command.env("EJABBERD_LOG_PATH", folder.join("messages.log"));
        });
        for port in [self.port, self.api] {
            within("ejabberd listens", || {
                server.assert_runs();
                TcpStream::connect(("127.0.0.1", port)).ok()
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
        self.server.as_mut().expect_ok("signal a server that does not run").signal_all(signal);
    }

    fn register(&self, user: &str) {
        let password = Prosody::PASSWORD;
        let body = format!(r#"{{"user":"{user}","host":"uc.test","password":"{password}"}}"#);
        let request = format!(
            "POST /api/register HTTP/1.1\r\nHost: uc.test\r\nContent-Type: application/json\r\n\
             Content-Length: {}\r\nConnection: close\r\n\r\n{body}",
            body.len()
        );
        let mut stream =
            TcpStream::connect(("127.0.0.1", self.api)).expect_ok("connect to ejabberd");
        stream.write_all(request.as_bytes()).expect_ok("write to ejabberd");
        let mut answer = String::new();
        stream.read_to_string(&mut answer).expect_ok("read from ejabberd");
        assert!(answer.contains("successfully registered"), "{answer}");
    }
}

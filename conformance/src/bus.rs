//! A private session bus.

use std::net::Shutdown;
use std::os::unix::net::{UnixDatagram, UnixStream};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::thread;

use crate::deadline::within;
use crate::expect_ok::ExpectOk;
use crate::namespace;
use crate::packages;
use crate::process::{self, Process};

const CONFIG: &str = include_str!("../purple/bus.conf");

/// A bus with its own address, which activates only the names that a test registers.
///
/// It is a `dbus-daemon`, unless the test asks for a `dbus-broker`.
#[derive(Debug)]
pub struct Bus {
    folder: PathBuf,
    daemon: Option<Process>,
    /// The journal of a `dbus-broker`, which does not start without one.
    journal: Option<UnixDatagram>,
}

impl Bus {
    /// Starts a bus in `folder`. The path must be short: a socket path has at most 107 bytes.
    pub fn start(folder: &Path) -> Self {
        packages::require(&["setsid", "dbus-daemon", "dbus-send"]);
        Self::start_with(folder, None)
    }

    /// Starts a `dbus-broker` in `folder`, in a mount namespace with its own journal.
    pub fn start_broker(folder: &Path) -> Self {
        packages::require(&["dbus-broker-launch", "systemd-socket-activate", "unshare"]);
        let systemd = folder.join("run/systemd/journal");
        std::fs::create_dir_all(&systemd).expect_ok("make a folder for a journal");
        let journal = UnixDatagram::bind(systemd.join("socket")).expect_ok("make a journal");
        let reader = journal.try_clone().expect_ok("read a journal");
        // The thread ends when the bus shuts the socket down. A full socket would stop the broker.
        thread::spawn(move || while reader.recv(&mut [0; 4096]).is_ok_and(|length| length > 0) {});
        Self::start_with(folder, Some(journal))
    }

    fn start_with(folder: &Path, journal: Option<UnixDatagram>) -> Self {
        let services = folder.join("services");
        std::fs::create_dir_all(&services).expect_ok("make a folder for D-Bus services");
        let mut bus = Self { folder: folder.to_owned(), daemon: None, journal };
        let config = CONFIG
            .replace("@ADDRESS@", &bus.address())
            .replace("@SERVICES@", &services.to_string_lossy());
        std::fs::write(bus.config(), config).expect_ok("write the bus's configuration");
        bus.start_again();
        bus
    }

    /// The value for `DBUS_SESSION_BUS_ADDRESS`.
    pub fn address(&self) -> String {
        format!("unix:path={}", self.socket().display())
    }

    /// Kills the bus with SIGKILL.
    pub fn kill(&mut self) {
        self.daemon.take().expect_ok("kill a bus that does not run").kill();
    }

    /// Starts the bus again, empty and at the same address.
    pub fn start_again(&mut self) {
        // A killed daemon leaves its socket, which would look like a running bus.
        _ = std::fs::remove_file(self.socket());
        let mut daemon = match self.journal {
            None => Process::start("bus", "dbus-daemon", &self.folder, |command| {
                command.arg("--nofork").arg("--nosyslog").arg("--config-file").arg(self.config());
            }),
            Some(_) => Process::start("bus", "unshare", &self.folder, |command| {
                let folder = self.folder.join("run");
                namespace::bind(command, &folder, Path::new("/run"));
                command.args(["systemd-socket-activate", "-E"]);
                command.arg(format!("DBUS_SESSION_BUS_ADDRESS={}", self.address()));
                command.arg("-l").arg(self.socket());
                command.args(["dbus-broker-launch", "--scope", "user", "--config-file"]);
                command.arg(self.config());
            }),
        };
        within("the bus listens", || {
            daemon.assert_runs();
            UnixStream::connect(self.socket()).ok()
        });
        self.daemon = Some(daemon);
    }

    /// Replaces a part of the configuration, and starts the bus again.
    pub fn configure(&mut self, from: &str, to: &str) {
        let config = process::read(&self.config()).expect_ok("read the bus's configuration");
        assert!(config.contains(from), "the configuration has no {from}:\n{config}");
        std::fs::write(self.config(), config.replace(from, to)).expect_ok("configure the bus");
        self.kill();
        self.start_again();
    }

    /// Makes `name` activatable by a program that only writes the returned file.
    ///
    /// dbus-daemon watches its folders and reloads them on request.
    pub fn trap(&self, name: &str) -> PathBuf {
        let sprung = self.folder.join(format!("{name}.was-started"));
        let service =
            format!("[D-BUS Service]\nName={name}\nExec=/usr/bin/touch {}\n", sprung.display());
        let path = self.folder.join("services").join(format!("{name}.service"));
        std::fs::write(path, service).expect_ok("write a D-Bus service");
        self.call("org.freedesktop.DBus.ReloadConfig", &[]).expect_ok("reload the bus");
        sprung
    }

    /// The match rules of a process, which select the traffic that it receives.
    pub fn match_rules(&self, process: u32) -> Vec<String> {
        let rules = "org.freedesktop.DBus.Debug.Stats.GetAllMatchRules";
        let answer = self.call(rules, &[]).expect_ok("ask the bus for its match rules");
        // `array [ dict entry( :1.1 array [ type='signal',member='..' type=..] ) dict entry( ..`
        let mut mine = false;
        let mut found = Vec::new();
        for word in answer.split_whitespace() {
            if word.starts_with(':') {
                mine = self.process_of(word) == Some(process);
            } else if mine && word.contains('=') {
                found.push(word.to_owned());
            }
        }
        found
    }

    fn process_of(&self, connection: &str) -> Option<u32> {
        let method = "org.freedesktop.DBus.GetConnectionUnixProcessID";
        let answer = self.call(method, &[&format!("string:{connection}")]).ok()?;
        answer.rsplit(' ').next()?.parse().ok()
    }

    /// Calls a method of the bus itself with `dbus-send` and returns its literal answer.
    ///
    /// # Errors
    ///
    /// The output of `dbus-send`, if the bus answers with an error.
    pub fn call(&self, method: &str, arguments: &[&str]) -> Result<String, String> {
        let bus = ["--dest=org.freedesktop.DBus", "/org/freedesktop/DBus", method];
        dbus_call(&self.address(), &bus, arguments)
    }

    /// Starts `dbus-monitor`, which prints all traffic of the bus from now on.
    pub fn overhear(&self) -> Process {
        let monitor = Process::start("monitor", "dbus-monitor", &self.folder, |command| {
            command.arg("--session").env("DBUS_SESSION_BUS_ADDRESS", self.address());
        });
        // The bus confirms the monitor.
        within("the monitor hears", || monitor.output().contains("NameAcquired").then_some(()));
        monitor
    }

    /// Asks the bus to start the program of an activatable name, without waiting.
    pub fn activate(&self, name: &str) {
        let bus = ["--type=method_call", "--dest=org.freedesktop.DBus", "/org/freedesktop/DBus"];
        let method = ["org.freedesktop.DBus.StartServiceByName"];
        let arguments = [&*format!("string:{name}"), "uint32:0"];
        dbus_send(&self.address(), &[&bus[..], &method].concat(), &arguments).expect_ok("activate");
    }

    /// Broadcasts a signal from a third program.
    pub fn emit(&self, path: &str, signal: &str, arguments: &[&str]) {
        dbus_send(&self.address(), &["--type=signal", path, signal], arguments)
            .expect_ok("emit a signal");
    }

    fn socket(&self) -> PathBuf {
        self.folder.join("bus")
    }

    fn config(&self) -> PathBuf {
        self.folder.join("bus.conf")
    }
}

impl Drop for Bus {
    fn drop(&mut self) {
        if let Some(journal) = &self.journal {
            _ = journal.shutdown(Shutdown::Both);
        }
    }
}

/// Calls a method with `dbus-send` and returns the literal answer.
pub(crate) fn dbus_call(
    address: &str,
    call: &[&str],
    arguments: &[&str],
) -> Result<String, String> {
    let mut head = vec!["--print-reply=literal", "--reply-timeout=7200000"];
    head.extend(call);
    dbus_send(address, &head, arguments)
}

/// Runs `dbus-send` to its end.
pub(crate) fn dbus_send(
    address: &str,
    head: &[&str],
    arguments: &[&str],
) -> Result<String, String> {
    let mut command = Command::new("dbus-send");
    process::clean(&mut command).env("DBUS_SESSION_BUS_ADDRESS", address);
    let output =
        command.arg("--session").args(head).args(arguments).output().expect_ok("run dbus-send");
    if output.status.success() {
        Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned())
    } else {
        Err(String::from_utf8_lossy(&output.stderr).trim().to_owned())
    }
}

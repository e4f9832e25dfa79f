//! The program under test.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::atomic::{AtomicU32, Ordering};

use crate::expect_ok::ExpectOk;
use crate::namespace;
use crate::packages;
use crate::process::{self, Process};
use crate::wine_command::{WINE, built, in_prefix};

/// `communicado` with an empty home. The environment has only the address of a bus.
///
/// The program is `COMMUNICADO_BIN`, else the release build, else the debug build.
#[derive(Clone, Debug)]
pub struct Communicado {
    program: PathBuf,
    home: PathBuf,
    bus: Option<String>,
    /// The folder to show at `/run/user`, for a job of cron.
    run_user: Option<PathBuf>,
    /// The Wine prefix, for the program on Windows.
    wine: Option<PathBuf>,
}

/// The result of a command.
#[derive(Clone, Debug)]
pub struct Completed {
    /// The exit status; none if a signal ended the command.
    pub code: Option<i32>,
    /// Its standard output.
    pub out: String,
    /// Its standard error.
    pub err: String,
}

impl Communicado {
    pub(crate) fn new(folder: &Path, bus: &str) -> Self {
        let home = folder.join("communicado");
        for part in ["config", "run", "state", "cache", "data"] {
            std::fs::create_dir_all(home.join(part)).expect_ok("make a home for communicado");
        }
        let communicado = Self {
            program: program(),
            home,
            bus: Some(bus.to_owned()),
            run_user: None,
            wine: None,
        };
        // The clients of other tests run on other buses, and would be `unknown`.
        communicado.write_config("[sources.purple]\nother-buses = false\n");
        communicado
    }

    /// The same program with its defaults, which include clients on other buses.
    #[must_use]
    pub fn with_other_buses(self) -> Self {
        self.write_config("");
        self
    }

    fn write_config(&self, config: &str) {
        let folder = self.home.join("config/communicado");
        std::fs::create_dir_all(&folder).expect_ok("make a folder for the configuration");
        std::fs::write(folder.join("config.toml"), config).expect_ok("write a configuration");
    }

    /// The program for Windows, in a Wine prefix.
    ///
    /// The program is `COMMUNICADO_EXE`, else the one from `cargo xtask windows peers`.
    pub(crate) fn under_wine(prefix: &Path) -> Self {
        let named = std::env::var_os("COMMUNICADO_EXE").map(PathBuf::from);
        let program = named.unwrap_or_else(|| built("communicado.exe"));
        Self {
            program,
            home: prefix.to_owned(),
            bus: None,
            run_user: None,
            wine: Some(prefix.to_owned()),
        }
    }

    /// The folder in `XDG_RUNTIME_DIR`.
    pub fn runtime_folder(&self) -> PathBuf {
        self.home.join("run")
    }

    /// The file of the program.
    pub fn program(&self) -> &Path {
        &self.program
    }

    /// The clients that `watch` reports from the start, found or not.
    pub(crate) const fn always_reported(&self) -> &'static [&'static str] {
        match self.wine {
            None => &["finch", "pidgin", "chatty"],
            Some(_) => &["communicator", "lync", "teams"],
        }
    }

    /// True if a signal can end the program.
    pub(crate) const fn takes_signals(&self) -> bool {
        self.wine.is_none()
    }

    /// The same program without a bus, whatever bus this machine has.
    #[must_use]
    pub fn without_bus(self) -> Self {
        self.on_bus("disabled:")
    }

    /// The same program without the address of a bus. It searches the usual places.
    #[must_use]
    pub fn without_address(self) -> Self {
        Self { bus: None, ..self }
    }

    /// The same program as a job of cron: without the variables of a session, and with `run_user` at `/run/user`.
    #[must_use]
    pub fn in_cron(self, run_user: &Path) -> Self {
        packages::require(&["unshare"]);
        Self { run_user: Some(run_user.to_owned()), ..self.without_address() }
    }

    /// The same program with another address of a bus.
    #[must_use]
    pub fn on_bus(self, address: &str) -> Self {
        Self { bus: Some(address.to_owned()), ..self }
    }

    /// Starts a command, its standard error in the log of the process.
    pub fn start(&self, arguments: &[&str], prepare: impl FnOnce(&mut Command)) -> Process {
        // A session may run the program several times.
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let name = format!("communicado-{}", NUMBER.fetch_add(1, Ordering::Relaxed));
        if let Some(prefix) = &self.wine {
            return Process::start(&name, WINE, &self.home, |command| {
                command.arg(&self.program).args(arguments);
                prepare(in_prefix(command, prefix));
            });
        }
        let program = self.program.to_string_lossy();
        let first = self.run_user.as_ref().map_or(&*program, |_| "unshare");
        Process::start(&name, first, &self.home, |command| {
            if let Some(folder) = &self.run_user {
                namespace::bind(command, folder, Path::new("/run/user"));
                command.arg(&*program);
            }
            command.args(arguments).env("HOME", &self.home);
            for (name, part) in [
                ("XDG_CONFIG_HOME", "config"),
                ("XDG_RUNTIME_DIR", "run"),
                ("XDG_STATE_HOME", "state"),
                ("XDG_CACHE_HOME", "cache"),
                ("XDG_DATA_HOME", "data"),
            ] {
                command.env(name, self.home.join(part));
            }
            if self.run_user.is_some() {
                command.env_remove("XDG_RUNTIME_DIR");
            }
            if let Some(bus) = &self.bus {
                command.env("DBUS_SESSION_BUS_ADDRESS", bus);
            }
            prepare(command);
        })
    }

    /// Runs a command to its end.
    pub fn run(&self, arguments: &[&str]) -> Completed {
        static NUMBER: AtomicU32 = AtomicU32::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let out = self.home.join(format!("output-{number}"));
        let file = File::create(&out).expect_ok("write communicado's output");
        let mut process = self.start(arguments, |command| {
            command.stdout(file);
        });
        let code = process.wait().code();
        Completed {
            code,
            out: process::read(&out).expect_ok("read communicado's output"),
            err: process.output(),
        }
    }
}

fn program() -> PathBuf {
    if let Some(program) = std::env::var_os("COMMUNICADO_BIN") {
        return program.into();
    }
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    ["release", "debug"]
        .map(|profile| target.join(profile).join("communicado"))
        .into_iter()
        .find(|program| program.is_file())
        .expect_ok("find the program under test\n  help: cargo build --release -p communicado-cli")
}

//! A real libpurple client: Finch in its own terminal, or Pidgin on its own screen.

use std::cell::OnceCell;
use std::path::{Path, PathBuf};
use std::process::{Command, ExitStatus};

use crate::account::{self, Account};
use crate::display::Display;
use crate::expect_ok::ExpectOk;
use crate::packages;
use crate::process::{self, Process, Signal};
use crate::pty::Pty;
use crate::purple::Purple;

/// The program of a [`Client`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// libpurple's client for the terminal.
    Finch,
    /// libpurple's client for the desktop.
    Pidgin,
}

impl Kind {
    /// The id of the user interface, for which libpurple stores the enabled accounts.
    pub(crate) fn ui(self) -> &'static str {
        match self {
            Self::Finch => "gnt-purple",
            Self::Pidgin => "gtk-gaim",
        }
    }
}

/// A running client with its own home, configuration and window.
#[derive(Debug)]
pub struct Client {
    kind: Kind,
    bus: String,
    process: Process,
    window: Window,
    user: OnceCell<Purple>,
}

#[derive(Debug)]
enum Window {
    Terminal(Pty),
    Screen(Display),
}

impl Client {
    /// Starts a client with `accounts` on the bus at the address `bus`, at home in `home`.
    ///
    /// Returns at once, so that the test can watch the start.
    pub(crate) fn start(kind: Kind, home: PathBuf, bus: &str, accounts: &[Account]) -> Self {
        let config = home.join("purple");
        std::fs::create_dir_all(&config).expect_ok("make a client's home");
        std::fs::write(config.join("accounts.xml"), account::to_xml(accounts))
            .expect_ok("write a client's accounts");
        let (process, window) = match kind {
            Kind::Finch => finch(&home, &config, bus),
            Kind::Pidgin => pidgin(&home, &config, bus),
        };
        Self { kind, bus: bus.to_owned(), process, window, user: OnceCell::new() }
    }

    /// The client's user; waits until the client is on the bus.
    pub fn user(&self) -> &Purple {
        self.user.get_or_init(|| Purple::find(&self.bus, self.kind, self.process.id()))
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Quits with the keys of the client's window, and waits until the process has exited.
    pub fn quit(&mut self) {
        self.user();
        match &mut self.window {
            // Alt+Q.
            Window::Terminal(terminal) => terminal.write("\u{1b}q"),
            Window::Screen(display) => display.press("Buddy List", "ctrl+q"),
        }
        self.wait();
    }

    /// Ends the client with SIGTERM, and waits until it has exited.
    pub fn terminate(&mut self) {
        self.process.signal(Signal::TERM);
        self.wait();
    }

    /// Ends the client with SIGKILL, and waits until it has exited.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Stops the client (SIGSTOP): it keeps its connections and its name, and does not answer.
    pub fn hang(&mut self) {
        self.process.signal(Signal::STOP);
    }

    /// Resumes a stopped client (SIGCONT).
    pub fn resume(&mut self) {
        self.process.signal(Signal::CONT);
    }

    /// Waits until the client has exited.
    pub fn wait(&mut self) -> ExitStatus {
        self.process.wait()
    }
}

fn finch(home: &Path, config: &Path, bus: &str) -> (Process, Window) {
    packages::require(&["setsid", "finch"]);
    let log = home.join("finch.log");
    let (near, far) = Pty::open(&log);
    let mut command = Command::new("setsid");
    // The terminal is also its controlling one, as when started from a shell.
    command.args(["--ctty", "finch", "-c"]).arg(config);
    at_home(&mut command, home, bus).env("TERM", "linux");
    let output = far.try_clone().expect_ok("open a terminal's far end");
    let errors = far.try_clone().expect_ok("open a terminal's far end");
    command.stdin(far).stdout(output).stderr(errors);
    (Process::spawn("finch", command, log), Window::Terminal(near))
}

fn pidgin(home: &Path, config: &Path, bus: &str) -> (Process, Window) {
    packages::require(&["setsid", "pidgin"]);
    std::fs::write(config.join("prefs.xml"), PIDGIN_PREFERENCES).expect_ok("write preferences");
    let display = Display::start(home);
    let process = Process::start("pidgin", "pidgin", home, |command| {
        at_home(command, home, bus).env("DISPLAY", display.name());
        // `-m`: also beside another client on the same bus.
        command.arg("-m").arg("-c").arg(config);
    });
    (process, Window::Screen(display))
}

/// Without a tray icon: Pidgin waits 5 s for a tray before it shows its window, and there is none.
const PIDGIN_PREFERENCES: &str = "<?xml version='1.0' encoding='UTF-8' ?>
<pref version='1' name='/'>
 <pref name='pidgin'><pref name='docklet'><pref name='show' type='string' value='never'/></pref></pref>
</pref>
";

fn at_home<'a>(command: &'a mut Command, home: &Path, bus: &str) -> &'a mut Command {
    process::clean(command)
        .env("HOME", home)
        .env("DBUS_SESSION_BUS_ADDRESS", bus)
        // Or NetworkManager, if this machine has one, would tell the client when to sign out.
        .env("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent")
}

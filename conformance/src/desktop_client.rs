//! A desktop client without an interface: nheko or Dino, each on its own screen.

use std::path::{Path, PathBuf};

use crate::display::Display;
use crate::expect_ok::ExpectOk;
use crate::packages;
use crate::process::{Process, Signal};
use crate::session::TestSession;

/// The program of a desktop client.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DesktopClientKind {
    /// A client for Matrix, with Qt.
    Nheko,
    /// A client for XMPP, with GTK.
    Dino,
}

/// A desktop client that has no accounts.
///
/// Its program is usually a copy with a name of its session. Communicado finds each client of a user,
/// also that of another test.
#[derive(Debug)]
pub struct DesktopClient {
    kind: DesktopClientKind,
    program: PathBuf,
    home: PathBuf,
    bus: String,
    process: Process,
    display: Display,
}

impl DesktopClientKind {
    /// The installed program.
    pub const fn program(self) -> &'static str {
        match self {
            Self::Nheko => "nheko",
            Self::Dino => "dino-im",
        }
    }
}

impl DesktopClient {
    /// Starts a copy of the client on the bus of a session.
    pub fn start(session: &mut TestSession, kind: DesktopClientKind) -> Self {
        packages::require(&[kind.program()]);
        let program = session.program_called(&session.unique_name(kind.program()), kind.program());
        Self::start_program(session, kind, program)
    }

    /// Starts the installed client on the bus of a session.
    pub fn start_installed(session: &mut TestSession, kind: DesktopClientKind) -> Self {
        let program = packages::find(kind.program()).expect_ok("find a program");
        Self::start_program(session, kind, program)
    }

    fn start_program(session: &mut TestSession, kind: DesktopClientKind, program: PathBuf) -> Self {
        let home = session.folder().join(format!("home-{}", kind.program()));
        std::fs::create_dir_all(&home).expect_ok("make a client's home");
        let display = Display::start(&home);
        let bus = session.bus().address();
        let process = run(kind, &program, &home, &bus, &display);
        Self { kind, program, home, bus, process, display }
    }

    /// Starts the program again, which finds the first instance and ends.
    pub fn start_second(&self) -> Process {
        run(self.kind, &self.program, &self.home, &self.bus, &self.display)
    }

    /// Sends a signal to the client.
    pub fn signal(&mut self, signal: Signal) {
        self.process.signal(signal);
    }

    /// Ends the client with SIGKILL, and waits until it has exited.
    pub fn kill(&mut self) {
        self.process.kill();
    }
}

fn run(
    kind: DesktopClientKind,
    program: &Path,
    home: &Path,
    bus: &str,
    display: &Display,
) -> Process {
    let name = format!("{}-log", kind.program());
    Process::start(&name, &program.to_string_lossy(), home, |command| {
        command.env("HOME", home).env("XDG_RUNTIME_DIR", home).env("DISPLAY", display.name());
        command.env("DBUS_SESSION_BUS_ADDRESS", bus);
        // There is no graphics card.
        command.env("QT_QUICK_BACKEND", "software").env("GSK_RENDERER", "cairo");
        if kind == DesktopClientKind::Nheko {
            // It looks for its first instance by user and profile.
            let folder = home.parent().and_then(Path::file_name).expect_ok("name a profile");
            command.arg("--profile").arg(folder);
        }
    })
}

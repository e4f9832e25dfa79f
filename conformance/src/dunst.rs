//! A notification daemon: dunst, on a screen without hardware.

use std::path::{Path, PathBuf};

use crate::deadline::within;
use crate::display::Display;
use crate::expect_ok::ExpectOk as _;
use crate::packages;
use crate::ports;
use crate::process::{Process, Signal};

/// A dunst on a session bus.
#[derive(Debug)]
pub struct Dunst {
    folder: PathBuf,
    bus: String,
    display: Display,
    server: Process,
}

/// A notification that dunst has accepted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Notification {
    /// Its id, which a later one may have too.
    pub id: String,
    /// The title.
    pub title: String,
    /// The text.
    pub body: String,
    /// The urgency, in capitals.
    pub urgency: String,
    /// The icon.
    pub icon: String,
}

impl Dunst {
    /// Starts dunst with support for markup, and waits until it has its name on the bus.
    pub fn start(folder: &Path, bus: &str) -> Self {
        packages::require(&["dunst", "stdbuf", "busctl"]);
        let display = Display::start(folder);
        let server = Self::server(folder, bus, &display);
        Self { folder: folder.to_owned(), bus: bus.to_owned(), display, server }
    }

    fn server(folder: &Path, bus: &str, display: &Display) -> Process {
        let config = folder.join("dunstrc");
        std::fs::write(&config, "[global]\nmarkup = full\n").expect_ok("configure dunst");
        let name = format!("dunst-{}", ports::free());
        // Without stdbuf, dunst keeps its output until it exits.
        let server = Process::start(&name, "stdbuf", folder, |command| {
            command.args(["-oL", "dunst", "-print", "-conf"]).arg(config);
            command.env("DISPLAY", display.name()).env("DBUS_SESSION_BUS_ADDRESS", bus);
        });
        within("dunst has its name", || Self::displayed(bus));
        server
    }

    /// Kills dunst and starts another one.
    pub fn restart(&mut self) {
        self.kill();
        self.server = Self::server(&self.folder, &self.bus, &self.display);
    }

    /// Kills dunst.
    pub fn kill(&mut self) {
        self.server.kill();
    }

    /// Stops the process without an end, or lets it continue.
    pub fn hang(&mut self, hangs: bool) {
        self.server.signal_all(if hangs { Signal::STOP } else { Signal::CONT });
    }

    /// All notifications until now, replaced ones included.
    pub fn notifications(&self) -> Vec<Notification> {
        let output = self.server.output();
        let mut all = Vec::new();
        let mut current = Notification::default();
        for line in output.lines() {
            let Some((key, value)) = line.trim_start().split_once(": ") else { continue };
            let value = value.trim_matches('\'').to_owned();
            match key {
                "summary" => current.title = value,
                "body" => current.body = value,
                "urgency" => current.urgency = value,
                "icon" => current.icon = value,
                "id" => {
                    current.id = value;
                    all.push(std::mem::take(&mut current));
                }
                _ => {}
            }
        }
        all
    }

    /// The number of notifications that dunst shows now.
    pub fn count(&self) -> Option<u32> {
        Self::displayed(&self.bus)
    }

    fn displayed(bus: &str) -> Option<u32> {
        let mut command = std::process::Command::new("busctl");
        command.args(["--user", "--auto-start=no", "get-property"]);
        command.args(["org.freedesktop.Notifications", "/org/freedesktop/Notifications"]);
        command.args(["org.dunstproject.cmd0", "displayedLength"]);
        let output = command.env("DBUS_SESSION_BUS_ADDRESS", bus).output().ok()?;
        String::from_utf8_lossy(&output.stdout).trim().rsplit(' ').next()?.parse().ok()
    }
}

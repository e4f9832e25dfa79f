//! A screen for a program with windows.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use crate::deadline::within;
use crate::expect_ok::ExpectOk;
use crate::packages;
use crate::process::{self, Process};

/// An X server without hardware, at a number that it chose itself.
#[derive(Debug)]
pub(crate) struct Display {
    number: u32,
    _server: Process,
}

impl Display {
    pub(crate) fn start(folder: &Path) -> Self {
        packages::require(&["setsid", "Xvfb", "xdotool"]);
        let mut server = Process::start("xvfb", "Xvfb", folder, |command| {
            // It writes its number to standard output as soon as it can be used.
            command.args(["-displayfd", "1", "-screen", "0", "800x600x24", "-nolisten", "tcp"]);
            command.env("HOME", folder);
            command.stdout(Stdio::piped());
        });
        let output = server.child().stdout.take().expect_ok("read from Xvfb");
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line).expect_ok("read from Xvfb");
        let number = line.trim().parse().ok().expect_ok("read the number of the display");
        Self { number, _server: server }
    }

    /// What `DISPLAY` must say.
    pub(crate) fn name(&self) -> String {
        format!(":{}", self.number)
    }

    /// Presses a key combination in the window of that title, as soon as it is there.
    pub(crate) fn press(&self, window: &str, keys: &str) {
        within(&format!("a window {window:?} takes {keys}"), || {
            let window = self.xdotool(&["search", "--onlyvisible", "--name", window])?;
            let window = window.lines().next()?.to_owned();
            // There is no window manager to give it the focus.
            self.xdotool(&["windowfocus", &window, "key", keys])
        });
    }

    fn xdotool(&self, arguments: &[&str]) -> Option<String> {
        let mut command = Command::new("xdotool");
        process::clean(&mut command).env("DISPLAY", self.name());
        let output = command.args(arguments).output().expect_ok("run xdotool");
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    }
}

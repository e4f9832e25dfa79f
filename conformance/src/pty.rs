//! A terminal for a program that draws on one.
//!
//! Not tmux: it resumes a stopped child, and hides the process behind its own server.

use std::fs::File;
use std::io::{Read, Write};
use std::path::Path;
use std::thread;

use rustix::fs::{Mode, OFlags, open};
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};

use crate::expect_ok::ExpectOk;

/// The near end of a terminal; the program has the far end.
#[derive(Debug)]
pub struct Pty {
    near: File,
}

impl Pty {
    /// Opens a terminal of 100 by 30 and returns it with its far end.
    ///
    /// `log` stores the output. Without a reader the program would block.
    pub fn open(log: &Path) -> (Self, File) {
        let flags = OpenptFlags::RDWR | OpenptFlags::NOCTTY | OpenptFlags::CLOEXEC;
        let near = openpt(flags).expect_ok("open a terminal");
        grantpt(&near).expect_ok("open a terminal");
        unlockpt(&near).expect_ok("open a terminal");
        let size = Winsize { ws_row: 30, ws_col: 100, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&near, size).expect_ok("size a terminal");
        let name = ptsname(&near, Vec::new()).expect_ok("name a terminal");
        // NOCTTY, or the test process could take it as its own.
        let flags = OFlags::RDWR | OFlags::NOCTTY | OFlags::CLOEXEC;
        let far = open(&*name, flags, Mode::empty()).expect_ok("open a terminal's far end");
        let near = File::from(near);
        let mut screen = near.try_clone().expect_ok("read a terminal");
        let mut log = File::create(log).expect_ok("write a log");
        // The thread ends when the last program at the far end exits, because reading fails then.
        thread::spawn(move || {
            let mut bytes = [0; 4096];
            while let Ok(count @ 1..) = screen.read(&mut bytes) {
                _ = log.write_all(bytes.get(..count).unwrap_or_default());
            }
        });
        (Self { near }, File::from(far))
    }

    /// Types `keys`.
    pub fn write(&mut self, keys: &str) {
        self.near.write_all(keys.as_bytes()).expect_ok("type on a terminal");
    }
}

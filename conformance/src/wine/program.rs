//! A console program on Windows that a test reads line by line.

use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc::{self, Receiver};
use std::thread;

use crate::deadline::PATIENCE;
use crate::must::Must;
use crate::process::Process;
use crate::wine::{WINE, built, in_world};

/// A console program at work.
#[derive(Debug)]
pub struct Program {
    process: Process,
    said: Receiver<String>,
}

impl Program {
    pub(crate) fn start(world: &Path, program: &str) -> Self {
        let mut process = Process::start(program, WINE, world, |command| {
            command.arg(built(program));
            in_world(command, world).stdin(Stdio::piped()).stdout(Stdio::piped());
        });
        let output = process.child().stdout.take().must("read from a program");
        let (say, said) = mpsc::channel();
        // Ends with the output, or with the program.
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if say.send(line).is_err() {
                    return;
                }
            }
        });
        Self { process, said }
    }

    /// Waits for its next lines, which must begin so.
    ///
    /// # Panics
    ///
    /// At the first line that differs, or when none comes.
    #[track_caller]
    pub fn says(&self, expected: &[&str]) {
        for expected in expected {
            let line = self.said.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|error| panic!("nothing, not {expected:?}: {error}"));
            assert!(line.starts_with(expected), "{line:?} and not {expected:?}");
        }
    }

    /// Presses Enter and waits for its end, which must be a good one.
    #[track_caller]
    pub fn enter(&mut self) {
        let input = self.process.child().stdin.as_mut().must("write to a program");
        input.write_all(b"\r\n").must("press Enter");
        let status = self.process.wait();
        assert!(status.success(), "{status}");
    }
}

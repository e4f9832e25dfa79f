//! A console program on Windows that a test reads line by line.

use std::io::{BufRead, BufReader, Write as _};
use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::mpsc::{self, Receiver};
use std::thread;

use crate::deadline::receive;
use crate::expect_ok::ExpectOk;
use crate::process::Process;
use crate::wine::stacks::stacks;
use crate::wine::{WINE, built, in_world};

/// A console program at work.
#[derive(Debug)]
pub struct Program {
    process: Process,
    said: Receiver<String>,
    world: PathBuf,
}

impl Program {
    pub(crate) fn start(world: &Path, program: &str, words: &[&str]) -> Self {
        let mut process = Process::start(program, WINE, world, |command| {
            command.arg(built(program)).args(words);
            in_world(command, world).stdin(Stdio::piped()).stdout(Stdio::piped());
        });
        let output = process.child().stdout.take().expect_ok("read from a program");
        let (say, said) = mpsc::channel();
        // Ends with the output, or with the program.
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if say.send(line).is_err() {
                    return;
                }
            }
        });
        Self { process, said, world: world.to_owned() }
    }

    /// Waits for its next lines, which must begin so.
    ///
    /// # Panics
    ///
    /// At the first line that differs, or when none comes.
    #[track_caller]
    pub fn says(&self, expected: &[&str]) {
        for expected in expected {
            let line = receive(&self.said).unwrap_or_else(|error| {
                panic!("nothing, not {expected:?}: {error}\n{}", stacks(&self.world))
            });
            assert!(line.starts_with(expected), "{line:?} and not {expected:?}");
        }
    }

    /// Waits for as many lines as are expected, in whatever order they come.
    #[track_caller]
    pub fn expect_lines_in_any_order(&self, expected: &[&str]) {
        let next = |_: &&str| receive(&self.said).unwrap_or_default();
        let mut lines: Vec<String> = expected.iter().map(next).collect();
        let mut expected: Vec<&str> = expected.to_vec();
        lines.sort_unstable();
        expected.sort_unstable();
        assert_eq!(lines, expected);
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Waits for its end, and returns its exit status.
    #[track_caller]
    pub fn code(&mut self) -> Option<i32> {
        self.process.wait().code()
    }

    /// Waits for its end, which must be a good one.
    #[track_caller]
    pub fn ends(&mut self) {
        assert_eq!(self.code(), Some(0));
    }

    /// Ends it without a word, as a crash does.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Presses Enter and waits for its end, which must be a good one.
    #[track_caller]
    pub fn enter(&mut self) {
        let input = self.process.child().stdin.as_mut().expect_ok("write to a program");
        input.write_all(b"\r\n").expect_ok("press Enter");
        let status = self.process.wait();
        assert!(status.success(), "{status}");
    }
}

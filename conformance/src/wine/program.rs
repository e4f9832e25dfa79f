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
use crate::wine_command::{WINE, built, in_prefix};

/// A running console program.
#[derive(Debug)]
pub struct Program {
    process: Process,
    printed: Receiver<String>,
    prefix: PathBuf,
}

impl Program {
    pub(crate) fn start(prefix: &Path, program: &str, words: &[&str]) -> Self {
        let name = program.rsplit('/').next().unwrap_or(program);
        let mut process = Process::start(name, WINE, prefix, |command| {
            command.arg(built(program)).args(words);
            in_prefix(command, prefix).stdin(Stdio::piped()).stdout(Stdio::piped());
        });
        let output = process.child().stdout.take().expect_ok("read from a program");
        let (say, printed) = mpsc::channel();
        // The thread ends with the output, or with the program.
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if say.send(line).is_err() {
                    return;
                }
            }
        });
        Self { process, printed, prefix: prefix.to_owned() }
    }

    #[track_caller]
    fn next(&self, expected: &str) -> String {
        receive(&self.printed).unwrap_or_else(|error| {
            panic!("nothing, not {expected:?}: {error}\n{}", stacks(&self.prefix))
        })
    }

    /// Waits for the next lines, which must begin with these texts.
    ///
    /// # Panics
    ///
    /// At the first line that differs, or when no line comes.
    #[track_caller]
    pub fn says(&self, expected: &[&str]) {
        for expected in expected {
            let line = self.next(expected);
            assert!(line.starts_with(expected), "{line:?} and not {expected:?}");
        }
    }

    /// Waits for the next lines, which must begin with these texts. Lines that begin with `other`
    /// may come between them.
    ///
    /// # Panics
    ///
    /// At the first line that differs, or when no line comes.
    #[track_caller]
    pub fn says_among(&self, other: &str, expected: &[&str]) {
        for expected in expected {
            let mut line = self.next(expected);
            while line.starts_with(other) {
                line = self.next(expected);
            }
            assert!(line.starts_with(expected), "{line:?} and not {expected:?}");
        }
    }

    /// Waits for a line that begins with this text, and ignores the lines before it.
    ///
    /// # Panics
    ///
    /// When no line comes.
    #[track_caller]
    pub fn skips_to(&self, expected: &str) {
        self.skip_until(expected, |line| line.starts_with(expected));
    }

    /// Waits for a line that contains this word, and ignores the lines before it.
    ///
    /// # Panics
    ///
    /// When no line comes.
    #[track_caller]
    pub fn skips_to_word(&self, expected: &str) {
        self.skip_until(expected, |line| line.split_whitespace().any(|word| word == expected));
    }

    #[track_caller]
    fn skip_until(&self, expected: &str, is_expected: impl Fn(&str) -> bool) {
        let mut skipped = Vec::new();
        loop {
            let line = receive(&self.printed).unwrap_or_else(|error| {
                panic!("{skipped:?}, not {expected:?}: {error}\n{}", stacks(&self.prefix))
            });
            if is_expected(&line) {
                return;
            }
            skipped.push(line);
        }
    }

    /// Waits for the next lines, which must be these in any order.
    #[track_caller]
    pub fn expect_lines_in_any_order(&self, expected: &[&str]) {
        let next = |_: &&str| receive(&self.printed).unwrap_or_default();
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

    /// Waits for the exit, and returns the exit status.
    #[track_caller]
    pub fn code(&mut self) -> Option<i32> {
        self.process.wait().code()
    }

    /// Waits for the exit, which must be with success.
    #[track_caller]
    pub fn ends(&mut self) {
        assert_eq!(self.code(), Some(0));
    }

    /// Kills the program, as a crash does.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Kills the program, and returns the lines that nobody has read.
    pub fn kill_and_read(mut self) -> Vec<String> {
        self.kill();
        self.printed.iter().collect()
    }

    /// Presses Enter.
    #[track_caller]
    pub fn press_enter(&mut self) {
        self.enter_line("");
    }

    /// Enters a line.
    #[track_caller]
    pub fn enter_line(&mut self, line: &str) {
        let input = self.process.child().stdin.as_mut().expect_ok("write to a program");
        write!(input, "{line}\r\n").expect_ok("write to a program");
    }

    /// Presses Enter and waits for the exit, which must be with success.
    #[track_caller]
    pub fn enter(&mut self) {
        self.press_enter();
        let status = self.process.wait();
        assert!(status.success(), "{status}");
    }
}

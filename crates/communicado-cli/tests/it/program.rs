//! A fixture that runs the program in an isolated home, and compares its output.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// A run of the program in an empty home and environment.
pub(crate) struct Program {
    home: TempDir,
    command: Command,
}

/// The exit code and the output of a run.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct RunResult {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// A run of the program with these arguments, without a bus, whatever bus this machine has.
pub(crate) fn communicado<A: AsRef<OsStr>>(arguments: &[A]) -> Program {
    let home = TempDir::new().expect("a folder for a home");
    let mut command = Command::new(env!("CARGO_BIN_EXE_communicado"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    command.env_clear().env("PATH", path).env("LC_ALL", "C.UTF-8").env("HOME", home.path());
    command.env("DBUS_SESSION_BUS_ADDRESS", "disabled:");
    command.env("TZ", "UTC");
    command.current_dir(home.path()).args(arguments).stdin(Stdio::null());
    Program { home, command }
}

impl Program {
    /// Sets an environment variable.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Creates a file in the home, which is also the working directory.
    pub(crate) fn with_file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.home.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a file in the home")).expect("a folder");
        std::fs::write(path, content).expect("a file in the home");
        self
    }

    /// The path of a file in the home.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// The command, for special settings of one test.
    pub(crate) fn command(&mut self) -> &mut Command {
        &mut self.command
    }

    /// Runs the program to its end.
    pub(crate) fn run(&mut self) -> RunResult {
        let output = self.command.output().expect("the program");
        RunResult::of(&output, self.home.path())
    }

    /// Runs the program and compares its exit code and output.
    #[track_caller]
    pub(crate) fn expect(mut self, code: i32, out: &str, err: &str) {
        let expected = RunResult { code: Some(code), out: out.to_owned(), err: err.to_owned() };
        let result = self.run();
        assert!(
            result == expected,
            "{:?}\n{}---- expected\n{}",
            self.command,
            result.shown(),
            expected.shown()
        );
    }

    /// Runs the program, compares its exit code and standard error, and returns standard output.
    #[track_caller]
    pub(crate) fn expect_stdout(mut self, code: i32, err: &str) -> String {
        let result = self.run();
        assert_eq!((result.code, &*result.err), (Some(code), err), "{}", result.shown());
        result.out
    }
}

impl RunResult {
    pub(crate) fn of(output: &Output, home: &Path) -> Self {
        let text = |bytes: &[u8]| {
            let text = String::from_utf8(bytes.to_owned()).expect("what is printed is UTF-8");
            text.replace(&*home.to_string_lossy(), "[HOME]")
        };
        Self { code: output.status.code(), out: text(&output.stdout), err: text(&output.stderr) }
    }

    fn shown(&self) -> String {
        format!("exit {:?}\n-- stdout\n{}-- stderr\n{}", self.code, self.out, self.err)
    }
}

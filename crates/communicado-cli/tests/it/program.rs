//! Runs the program in a world of its own, and compares all that came out.

use std::ffi::OsStr;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use tempfile::TempDir;

/// One run of the program, in an empty home and with nothing of our own environment.
pub(crate) struct Program {
    home: TempDir,
    command: Command,
}

/// What the program did.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Gave {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

/// The program with these arguments.
pub(crate) fn communicado<A: AsRef<OsStr>>(arguments: &[A]) -> Program {
    let home = TempDir::new().expect("a folder for a home");
    let mut command = Command::new(env!("CARGO_BIN_EXE_communicado"));
    let path = std::env::var_os("PATH").unwrap_or_default();
    command.env_clear().env("PATH", path).env("LC_ALL", "C.UTF-8").env("HOME", home.path());
    command.current_dir(home.path()).args(arguments).stdin(Stdio::null());
    Program { home, command }
}

impl Program {
    /// Sets a variable of the environment.
    pub(crate) fn env(mut self, name: &str, value: impl AsRef<OsStr>) -> Self {
        self.command.env(name, value);
        self
    }

    /// Puts a file into the home, which is also the folder that the program is started in.
    pub(crate) fn with_file(self, name: &str, content: impl AsRef<[u8]>) -> Self {
        let path = self.home.path().join(name);
        std::fs::create_dir_all(path.parent().expect("a file in the home")).expect("a folder");
        std::fs::write(path, content).expect("a file in the home");
        self
    }

    /// Where the program's files are.
    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.home.path().join(name)
    }

    /// The command, for what only one test needs.
    pub(crate) fn command(&mut self) -> &mut Command {
        &mut self.command
    }

    /// Runs it to its end.
    pub(crate) fn run(&mut self) -> Gave {
        let output = self.command.output().expect("the program");
        Gave::of(&output, self.home.path())
    }

    /// Runs it and compares all that it gave.
    #[track_caller]
    pub(crate) fn gives(mut self, code: i32, out: &str, err: &str) {
        let expected = Gave { code: Some(code), out: out.to_owned(), err: err.to_owned() };
        let gave = self.run();
        assert!(
            gave == expected,
            "{:?}\n{}---- expected\n{}",
            self.command,
            gave.shown(),
            expected.shown()
        );
    }

    /// Runs it and compares all but standard output, which is returned.
    #[track_caller]
    pub(crate) fn prints(mut self, code: i32, err: &str) -> String {
        let gave = self.run();
        assert_eq!((gave.code, &*gave.err), (Some(code), err), "{}", gave.shown());
        gave.out
    }
}

impl Gave {
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

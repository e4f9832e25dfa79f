//! A UC client on Windows that a test drives line by line.

use std::fs;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::Stdio;
use std::sync::mpsc::{self, Receiver};
use std::thread;

use crate::deadline::receive;
use crate::expect_ok::ExpectOk;
use crate::process::{Process, Signal};
use crate::wine_command::{WINE, built, in_prefix};

/// The class of Communicator's Messenger object.
const MESSENGER: &str = "{8885370D-B33E-44B7-875D-28E403CF9270}";
/// The class of Lync 2013's root object.
const OFFICE: &str = "{A0651028-BA7A-4D71-877F-12E0175A5806}";

/// The implementation of a client: two programs without shared code take the same commands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerKind {
    /// In C: early-bound, in a single-threaded apartment, with its own type library.
    C,
    /// In Rust, with our wrappers: late-bound, in the multithreaded apartment, without a type
    /// library.
    Rust,
}

impl PeerKind {
    /// The program and its files.
    const fn files(self) -> &'static [&'static str] {
        match self {
            Self::C => &["c-peer.exe", "messenger.tlb", "office.tlb"],
            Self::Rust => &["rust-peer.exe"],
        }
    }
}

/// A started client, not yet in the registry.
#[derive(Debug)]
pub struct Peer {
    process: Process,
    printed: Receiver<String>,
    program: String,
}

impl Peer {
    /// Starts a copy of the client in `folder` of the drive, with the file name `program`.
    pub(crate) fn start(
        prefix: &Path,
        kind: PeerKind,
        folder: &str,
        program: &str,
        arguments: &[&str],
    ) -> Self {
        let folder = prefix.join("drive_c").join(folder);
        fs::create_dir_all(&folder).expect_ok("make a folder for a peer");
        for file in kind.files() {
            let name = if file.ends_with(".exe") { program } else { file };
            fs::copy(built(file), folder.join(name)).expect_ok("copy a peer");
        }
        let file = folder.join(program);
        let mut process = Process::start(program, WINE, prefix, |command| {
            command.arg(file).args(arguments);
            in_prefix(command, prefix).stdin(Stdio::piped()).stdout(Stdio::piped());
        });
        let output = process.child().stdout.take().expect_ok("read from a peer");
        let (say, printed) = mpsc::channel();
        // The thread ends with the output, or with the peer.
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if say.send(line).is_err() {
                    return;
                }
            }
        });
        let mut peer = Self { process, printed, program: program.to_owned() };
        peer.hear("ready");
        peer
    }

    /// Sends a command, and returns the answer after `ok`.
    ///
    /// # Panics
    ///
    /// When the client answers anything else, or does not answer.
    #[track_caller]
    pub fn tell(&mut self, command: &str) -> String {
        self.send(command);
        self.hear(command)
    }

    /// Sends a command without waiting for the answer.
    #[track_caller]
    pub fn send(&mut self, command: &str) {
        let input = self.process.child().stdin.as_mut().expect_ok("write to a peer");
        writeln!(input, "{}", command.trim_end()).expect_ok("write to a peer");
    }

    #[track_caller]
    fn hear(&mut self, command: &str) -> String {
        let line = receive(&self.printed);
        let line = line.unwrap_or_else(|error| {
            panic!("{} does not answer `{command}`: {error}", self.program)
        });
        match line.trim_end().strip_prefix("ok") {
            Some(answer) => answer.trim().to_owned(),
            None => panic!("{} answers `{command}` with `{line}`", self.program),
        }
    }

    /// Registers the client as an installer of Communicator does.
    #[track_caller]
    pub fn install_messenger(&mut self) {
        self.tell(&format!("install {} {MESSENGER} both", self.program));
    }

    /// Registers the client as an installer of Lync does.
    #[track_caller]
    pub fn install_office(&mut self) {
        self.tell(&format!("install {} {OFFICE} both", self.program));
    }

    /// Starts up in the order of the contract: the flag, the class, the flag again.
    #[track_caller]
    pub fn come_up(&mut self) {
        self.tell("flag 1");
        self.tell("register");
        self.tell("flag 2");
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// Kills the client, as a crash or the task manager does.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Stops the process (SIGSTOP).
    pub fn stop(&mut self) {
        self.process.signal(Signal::STOP);
    }

    /// Resumes the process.
    pub fn go_on(&mut self) {
        self.process.signal(Signal::CONT);
    }
}

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
use crate::wine::{WINE, built, in_world};

/// The class of Communicator's Messenger object.
const MESSENGER: &str = "{8885370D-B33E-44B7-875D-28E403CF9270}";
/// The class of Lync 2013's root object.
const OFFICE: &str = "{A0651028-BA7A-4D71-877F-12E0175A5806}";

/// The clients that there are: two programs that share nothing, driven by the same lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PeerKind {
    /// In C: early-bound, in a single-threaded apartment, answering by a type library of its own.
    C,
    /// In Rust, over our own wrappers: late-bound, in the multithreaded apartment, without one.
    Rust,
}

impl PeerKind {
    /// The program, and what it needs beside it.
    const fn files(self) -> &'static [&'static str] {
        match self {
            Self::C => &["c-peer.exe", "messenger.tlb", "office.tlb"],
            Self::Rust => &["rust-peer.exe"],
        }
    }
}

/// A client, started and not yet in the registry.
#[derive(Debug)]
pub struct Peer {
    process: Process,
    said: Receiver<String>,
    program: String,
}

impl Peer {
    pub(crate) fn start(world: &Path, kind: PeerKind, program: &str, arguments: &[&str]) -> Self {
        // A process is known by the name of its file.
        let folder = world.join("drive_c").join(program.trim_end_matches(".exe"));
        fs::create_dir_all(&folder).expect_ok("make a folder for a peer");
        for file in kind.files() {
            let name = if file.ends_with(".exe") { program } else { file };
            fs::copy(built(file), folder.join(name)).expect_ok("copy a peer");
        }
        let file = folder.join(program);
        let mut process = Process::start(program, WINE, world, |command| {
            command.arg(file).args(arguments);
            in_world(command, world).stdin(Stdio::piped()).stdout(Stdio::piped());
        });
        let output = process.child().stdout.take().expect_ok("read from a peer");
        let (say, said) = mpsc::channel();
        // Ends with the output, or with the peer.
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if say.send(line).is_err() {
                    return;
                }
            }
        });
        let mut peer = Self { process, said, program: program.to_owned() };
        peer.hear("ready");
        peer
    }

    /// Has it do something, and returns what it answered after `ok`.
    ///
    /// # Panics
    ///
    /// When it answers anything else, or does not answer.
    #[track_caller]
    pub fn tell(&mut self, command: &str) -> String {
        self.send(command);
        self.hear(command)
    }

    /// Sends a command whose answer nobody waits for.
    #[track_caller]
    pub fn send(&mut self, command: &str) {
        let input = self.process.child().stdin.as_mut().expect_ok("write to a peer");
        writeln!(input, "{}", command.trim_end()).expect_ok("write to a peer");
    }

    #[track_caller]
    fn hear(&mut self, command: &str) -> String {
        let line = receive(&self.said);
        let line = line.unwrap_or_else(|error| {
            panic!("{} does not answer `{command}`: {error}", self.program)
        });
        match line.trim_end().strip_prefix("ok") {
            Some(answer) => answer.trim().to_owned(),
            None => panic!("{} answers `{command}` with `{line}`", self.program),
        }
    }

    /// Writes what an installer of Communicator would.
    #[track_caller]
    pub fn install_messenger(&mut self) {
        self.tell(&format!("install {} {MESSENGER} both", self.program));
    }

    /// Writes what an installer of Lync would.
    #[track_caller]
    pub fn install_office(&mut self) {
        self.tell(&format!("install {} {OFFICE} both", self.program));
    }

    /// Starts as the contract says: the flag, the class, the flag again.
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

    /// Ends it without a word, as a crash or the task manager does.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// Stops it in the middle of whatever it does.
    pub fn stop(&mut self) {
        self.process.signal(Signal::STOP);
    }

    /// Lets it go on.
    pub fn go_on(&mut self) {
        self.process.signal(Signal::CONT);
    }
}

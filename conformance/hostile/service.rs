//! A fake libpurple service with a settable behavior.

use std::io::{BufRead as _, BufReader, Write as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};

use communicado_conformance::{
    Completed, ExpectOk as _, TestSession, Watch, receive, require_python,
};
use serde_json::{Value, json};

/// A short keepalive interval and timeout.
pub(crate) const SOON: [&str; 4] =
    ["--set", "sources.purple.check=1s", "--set", "sources.purple.timeout=1s"];

/// The line about the service while its answers are valid.
pub(crate) const AVAILABLE: &str = "signed-in available/available saved=available";

/// The client name of a service without a UI name, and the UI name of the service.
pub(crate) const NAMELESS: &str = "libpurple";
pub(crate) const NAMED: &str = "strange-ui";

/// A program that owns libpurple's name, with one account, signed in and available.
///
/// It exits when its stdin closes, also if the test process is killed.
pub(crate) struct Service {
    child: Child,
    answers: Receiver<String>,
}

impl Service {
    /// Starts a service that does not own the name yet.
    pub(crate) fn start(session: &mut TestSession) -> Self {
        require_python();
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/hostile/service.py");
        // Debian's own Python, which has Debian's modules, whatever else PATH may lead to.
        let mut child = Command::new("/usr/bin/python3")
            .arg(script)
            .env_clear()
            .env("LC_ALL", "C.UTF-8")
            .env("DBUS_SESSION_BUS_ADDRESS", session.bus().address())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .expect_ok("start python3");
        let output = child.stdout.take().expect_ok("read from the service");
        let (answered, answers) = mpsc::channel();
        std::thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if answered.send(line).is_err() {
                    return;
                }
            }
        });
        Self { child, answers }
    }

    /// Starts a service that owns the name.
    pub(crate) fn sane(session: &mut TestSession) -> Self {
        let mut service = Self::start(session);
        service.tell("own");
        service
    }

    /// Starts a service with invalid answers that owns the name.
    pub(crate) fn behaving(session: &mut TestSession, manner: &str) -> Self {
        let mut service = Self::start(session);
        service.behave(manner);
        service.tell("own");
        service
    }

    /// Sends a command without arguments.
    #[track_caller]
    pub(crate) fn tell(&mut self, word: &str) {
        self.order(json!([word]));
    }

    /// Sets the behavior.
    #[track_caller]
    pub(crate) fn behave(&mut self, manner: &str) {
        self.order(json!(["behave", manner]));
    }

    /// The number of queries so far.
    #[track_caller]
    pub(crate) fn asked(&mut self) -> u64 {
        self.order(json!(["count"])).as_u64().expect_ok("count")
    }

    /// Sends a command, and waits for its result.
    #[track_caller]
    pub(crate) fn order(&mut self, order: Value) -> Value {
        let input = self.child.stdin.as_mut().expect_ok("tell the service");
        writeln!(input, "{order}").expect_ok("tell the service");
        let answer = receive(&self.answers);
        serde_json::from_str(&answer.expect_ok("get an answer from the service"))
            .expect_ok("read it")
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// Runs a command with a short keepalive to its end.
pub(crate) fn run(session: &TestSession, arguments: &[&str]) -> Completed {
    session.communicado().run(&[arguments, &SOON].concat())
}

/// Starts a watch with a short keepalive.
pub(crate) fn watch(session: &TestSession) -> Watch {
    Watch::start(&session.communicado(), &SOON)
}

/// The peak memory of a process, in kB.
#[track_caller]
pub(crate) fn memory_max(process: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{process}/status")).expect_ok("read /proc");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect_ok("find VmHWM");
    line.trim().trim_end_matches(" kB").parse().expect_ok("read VmHWM")
}

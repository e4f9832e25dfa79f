//! `communicado watch --json`, read line by line as it runs.

use std::collections::{BTreeMap, VecDeque};
use std::fs::{self, File};
use std::io::{BufRead, BufReader};
use std::path::PathBuf;
use std::process::Stdio;
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::{Duration, Instant};

use crate::communicado::Communicado;
use crate::deadline::{Deadline, now};
use crate::expect_ok::ExpectOk;
use crate::line::Line;
use crate::process::{Process, Signal};
use crate::transcript::Transcript;

/// The silence after a failure that ends the report.
const AFTERMATH: Duration = Duration::from_millis(300);

/// A running `watch` and its output.
///
/// The fixture checks each line as it arrives. The test must expect every line before
/// [`Watch::end`]. A failing test prints the whole transcript.
#[derive(Debug)]
pub struct Watch {
    process: Process,
    started: Instant,
    arriving: Receiver<(Instant, String)>,
    unread: BTreeMap<String, VecDeque<Line>>,
    transcript: Transcript,
    latest: Option<Line>,
    recording: Option<PathBuf>,
    always_reported: &'static [&'static str],
    takes_signals: bool,
}

impl Watch {
    /// Starts `watch --json` with further `arguments`.
    pub fn start(communicado: &Communicado, arguments: &[&str]) -> Self {
        let mut all = vec!["watch", "--json"];
        all.extend(arguments);
        let recording = recording();
        let trace = recording
            .as_ref()
            .map(|path| format!("sources.purple.trace={}", path.with_extension("trace").display()));
        all.extend(trace.iter().flat_map(|trace| ["--set", trace]));
        let mut process = communicado.start(&all, |command| {
            command.stdout(Stdio::piped());
        });
        let output = process.child().stdout.take().expect_ok("read from communicado");
        let (arrived, arriving) = mpsc::channel();
        // The thread ends with the output, or with the watch.
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                if arrived.send((now(), line)).is_err() {
                    return;
                }
            }
        });
        Self {
            process,
            started: now(),
            arriving,
            unread: BTreeMap::new(),
            transcript: Transcript::default(),
            latest: None,
            recording,
            always_reported: communicado.always_reported(),
            takes_signals: communicado.takes_signals(),
        }
    }

    /// Waits for the next lines about `client`, which must be these in this order.
    ///
    /// # Panics
    ///
    /// At the first line that differs, or at the deadline.
    #[track_caller]
    pub fn expect(&mut self, client: &str, expected: &[&str]) {
        self.expect_either(client, &[expected]);
    }

    /// Waits for the next lines about `client`, which must be one of several sequences.
    ///
    /// For events that a real client may send in either order; say why in the test. No sequence may
    /// be a prefix of another.
    #[track_caller]
    pub fn expect_either(&mut self, client: &str, expected: &[&[&str]]) {
        self.expect_before(Deadline::default(), client, expected);
    }

    /// Waits as [`Watch::expect`] does, for an event that is slow in the client itself.
    #[track_caller]
    pub fn expect_within(&mut self, patience: Duration, client: &str, expected: &[&str]) {
        self.expect_before(Deadline::new(patience), client, &[expected]);
    }

    #[track_caller]
    fn expect_before(&mut self, deadline: Deadline, client: &str, expected: &[&[&str]]) {
        let mut seen: Vec<String> = Vec::new();
        while !expected.iter().any(|sequence| *sequence == seen) {
            let line = self.next(client, deadline).unwrap_or_else(|why| {
                panic!("{why}\n  {client}: expected {expected:#?}\n  and saw {seen:#?}")
            });
            assert_eq!(line.missed, 0, "{client}: lines are missing before {line}");
            seen.push(line.to_string());
            self.latest = Some(line);
            assert!(
                expected.iter().any(|sequence| sequence.starts_with(&refs(&seen))),
                "{client}: expected {expected:#?}\n  and saw {seen:#?}"
            );
        }
    }

    /// Waits for a line about `client`, and ignores the lines before it.
    ///
    /// For floods, whose lines no test can predict.
    ///
    /// # Panics
    ///
    /// When the deadline passes.
    #[track_caller]
    pub fn expect_eventually(&mut self, client: &str, expected: &str) {
        let deadline = Deadline::default();
        let mut seen = String::from("nothing");
        while seen != expected {
            let line = self.next(client, deadline);
            let line = line.unwrap_or_else(|why| panic!("{why}\n  {client}: last {seen}"));
            seen = line.to_string();
            self.latest = Some(line);
        }
    }

    /// Waits for the next line about `client`, and compares only the status.
    #[track_caller]
    pub fn expect_status(&mut self, client: &str, status: &str) {
        let line = self.next(client, Deadline::default());
        let line = line.unwrap_or_else(|why| panic!("{why}\n  {client}: expected {status}"));
        assert_eq!(line.status, status, "{client}");
        self.latest = Some(line);
    }

    /// Expects the first lines of a `watch` without a client.
    #[track_caller]
    pub fn expect_all_absent(&mut self) {
        self.expect_all_absent_but("");
    }

    /// Expects `absent` first lines of every client but one.
    #[track_caller]
    pub fn expect_all_absent_but(&mut self, client: &str) {
        let absent = if self.takes_signals { "absent" } else { "absent by im-providers" };
        for name in self.always_reported.iter().filter(|name| **name != client) {
            self.expect(name, &[absent]);
        }
    }

    /// The name and protocol of each account in the last expected line.
    pub fn accounts(&self) -> Vec<(&str, &str)> {
        let accounts = self.latest.iter().flat_map(|line| &line.accounts);
        accounts.map(|(name, protocol)| (name.as_str(), protocol.as_str())).collect()
    }

    /// The name that the client shows for the user, in the last expected line.
    pub fn shown(&self) -> Option<&str> {
        self.latest.as_ref()?.shown.as_deref()
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// The standard error so far.
    pub fn errors(&self) -> String {
        self.process.output()
    }

    /// The standard output so far, unchanged.
    pub fn output(&self) -> String {
        self.transcript.output()
    }

    /// Ends the watch with SIGTERM: the exit status must be 0, without further lines. Wine passes
    /// on no signals, so there this only reads a little longer.
    #[track_caller]
    pub fn end(&mut self) {
        if self.takes_signals {
            self.process.signal(Signal::TERM);
            let status = self.process.wait();
            assert_eq!(status.code(), Some(0), "SIGTERM ends a watch with 0, not {status}");
        }
        let rest = if self.takes_signals { Duration::ZERO } else { AFTERMATH };
        while let Ok((at, text)) = self.arriving.recv_timeout(rest) {
            self.take(at, &text);
        }
        let unread: Vec<_> =
            self.unread.values().flatten().map(|line| format!("{}: {line}", line.client)).collect();
        assert!(unread.is_empty(), "lines that nobody expected: {unread:#?}");
        if let Some(recording) = &self.recording {
            fs::write(recording.with_extension("expected"), self.output())
                .expect_ok("write a recording");
        }
    }

    #[track_caller]
    fn next(&mut self, client: &str, deadline: Deadline) -> Result<Line, String> {
        loop {
            if let Some(line) = self.unread.get_mut(client).and_then(VecDeque::pop_front) {
                return Ok(line);
            }
            match deadline.receive(&self.arriving) {
                Ok((at, text)) => self.take(at, &text),
                Err(mpsc::RecvTimeoutError::Timeout) => {
                    return Err("no further line in time".to_owned());
                }
                Err(mpsc::RecvTimeoutError::Disconnected) => {
                    return Err(format!("watch has ended, {}", self.process.wait()));
                }
            }
        }
    }

    #[track_caller]
    fn take(&mut self, at: Instant, text: &str) {
        let after = at.saturating_duration_since(self.started);
        match self.transcript.add(after, text) {
            Ok(line) => self.unread.entry(line.client.clone()).or_default().push_back(line),
            Err(why) => panic!("{why}, in {text}"),
        }
    }
}

impl Drop for Watch {
    #[expect(clippy::print_stderr, reason = "the test runner shows it beside the failure")]
    fn drop(&mut self) {
        if !thread::panicking() {
            return;
        }
        // The next lines often show the cause.
        while let Ok((at, text)) = self.arriving.recv_timeout(AFTERMATH) {
            _ = self.transcript.add(at.saturating_duration_since(self.started), &text);
        }
        eprintln!("watch printed:\n{}and on standard error:\n{}", self.transcript, self.errors());
    }
}

/// The file for a recording, without an extension: named for the test, in the folder
/// `COMMUNICADO_TRACES`, if that is set.
fn recording() -> Option<PathBuf> {
    let folder = std::env::var_os("COMMUNICADO_TRACES")?;
    let test = thread::current().name()?.replace("::", "-").replace('_', "-");
    let name = |number| PathBuf::from(&folder).join(format!("{test}{number}"));
    let numbers = std::iter::once(String::new()).chain((2..).map(|number| format!("-{number}")));
    // A test may watch more than once.
    numbers.map(name).find(|path| File::create_new(path.with_extension("trace")).is_ok())
}

fn refs(lines: &[String]) -> Vec<&str> {
    lines.iter().map(String::as_str).collect()
}

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
use crate::deadline::{Deadline, PATIENCE, now};
use crate::line::Line;
use crate::must::Must;
use crate::process::{Process, Signal};
use crate::transcript::Transcript;

/// After a failure: a watch that is silent for so long has said all that belongs to it.
const AFTERMATH: Duration = Duration::from_millis(300);

/// A running `watch` and all that it has said.
///
/// Each line is checked as it arrives, and must be expected by the case before [`Watch::end`]: a
/// line too many is a failure like a line too few. A failing test prints the whole transcript.
#[derive(Debug)]
pub struct Watch {
    process: Process,
    started: Instant,
    arriving: Receiver<(Instant, String)>,
    unread: BTreeMap<String, VecDeque<Line>>,
    transcript: Transcript,
    latest: Option<Line>,
    recording: Option<PathBuf>,
    always_told: &'static [&'static str],
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
        let output = process.child().stdout.take().must("read from communicado");
        let (arrived, arriving) = mpsc::channel();
        // Ends with the output, or with the watch.
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
            always_told: communicado.always_told(),
            takes_signals: communicado.takes_signals(),
        }
    }

    /// Waits for the next lines about `client`, which must be these and in this order.
    ///
    /// # Panics
    ///
    /// At the first line that differs, or when the deadline passes.
    #[track_caller]
    pub fn expect(&mut self, client: &str, expected: &[&str]) {
        self.expect_either(client, &[expected]);
    }

    /// Waits for the next lines about `client`, which must be one of several sequences.
    ///
    /// For what a real client may truly do in either order; say why beside it. No sequence may be
    /// the beginning of another.
    #[track_caller]
    pub fn expect_either(&mut self, client: &str, expected: &[&[&str]]) {
        self.expect_before(Deadline::new(PATIENCE), client, expected);
    }

    /// Waits as [`Watch::expect`] does, for what takes its time in the client itself.
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

    /// Waits for a line about `client`, whatever of it is told before, and whatever is missed.
    ///
    /// For floods, of which not all that lies between can be foreseen.
    ///
    /// # Panics
    ///
    /// When the deadline passes.
    #[track_caller]
    pub fn expect_at_last(&mut self, client: &str, expected: &str) {
        let deadline = Deadline::new(PATIENCE);
        let mut seen = String::from("nothing");
        while seen != expected {
            let line = self.next(client, deadline);
            seen = line.unwrap_or_else(|why| panic!("{why}\n  {client}: last {seen}")).to_string();
        }
    }

    /// Waits for the next line about `client`, of which only the status must be this one: for what
    /// is too long to be written down.
    #[track_caller]
    pub fn expect_status(&mut self, client: &str, status: &str) {
        let line = self.next(client, Deadline::new(PATIENCE));
        let line = line.unwrap_or_else(|why| panic!("{why}\n  {client}: expected {status}"));
        assert_eq!(line.status, status, "{client}");
        self.latest = Some(line);
    }

    /// Expects the first lines of a `watch` that finds no client.
    #[track_caller]
    pub fn expect_nobody(&mut self) {
        self.expect_nobody_but("");
    }

    /// Expects `absent` first lines of every client but one.
    #[track_caller]
    pub fn expect_nobody_but(&mut self, client: &str) {
        let absent = if self.takes_signals { "absent" } else { "absent by im-providers" };
        for name in self.always_told.iter().filter(|name| **name != client) {
            self.expect(name, &[absent]);
        }
    }

    /// The accounts, name and protocol, in the line that was expected last.
    pub fn accounts(&self) -> Vec<(&str, &str)> {
        let accounts = self.latest.iter().flat_map(|line| &line.accounts);
        accounts.map(|(name, protocol)| (name.as_str(), protocol.as_str())).collect()
    }

    /// The name by which the client shows its user, in the line that was expected last.
    pub fn shown(&self) -> Option<&str> {
        self.latest.as_ref()?.shown.as_deref()
    }

    /// The process id.
    pub fn id(&self) -> u32 {
        self.process.id()
    }

    /// What it wrote to standard error so far.
    pub fn errors(&self) -> String {
        self.process.output()
    }

    /// Everything on its standard output so far, to the letter.
    pub fn output(&self) -> String {
        self.transcript.output()
    }

    /// Ends it with SIGTERM, as a session does; it must end with 0 and have said no more. Wine
    /// hands no signals on, so there it is only listened to a little longer.
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
                .must("write a recording");
        }
    }

    #[track_caller]
    fn next(&mut self, client: &str, deadline: Deadline) -> Result<Line, String> {
        loop {
            if let Some(line) = self.unread.get_mut(client).and_then(VecDeque::pop_front) {
                return Ok(line);
            }
            match self.arriving.recv_timeout(deadline.left()) {
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
        // What came next often says what went wrong.
        while let Ok((at, text)) = self.arriving.recv_timeout(AFTERMATH) {
            _ = self.transcript.add(at.saturating_duration_since(self.started), &text);
        }
        eprintln!("watch said:\n{}and on standard error:\n{}", self.transcript, self.errors());
    }
}

/// Where to record what came off the bus and what was told of it, without an extension: named
/// after the test, in the folder that `COMMUNICADO_TRACES` names, if it does.
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

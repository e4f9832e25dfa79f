//! Records `communicado watch` beside a real Finch, or `communicado demo`, as an animated SVG.
//!
//!     cargo build --release -p communicado-cli
//!     cargo run -p communicado-conformance --example recording watch > docs/watch.svg
//!     cargo run -p communicado-conformance --example recording demo > docs/demo.svg
//!
//! Lines and times are those of the program. Waits longer than a second are shortened.

#![expect(clippy::print_stdout, reason = "the picture goes to standard output")]
#![expect(clippy::disallowed_methods, reason = "what is recorded happens in real time")]

mod picture;

use std::io::{BufRead as _, BufReader, PipeReader};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use communicado_conformance::{Account, Process, Saved, TestSession};
use picture::{Row, draw};

/// The longest wait for a line.
const PATIENCE: Duration = Duration::from_secs(20);

/// The actions and lines so far.
struct Recording {
    lines: Receiver<(Instant, String)>,
    rows: Vec<Row>,
}

fn main() {
    match std::env::args().nth(1).as_deref() {
        Some("watch") => println!("{}", draw("communicado watch beside Finch", &watch())),
        Some("demo") => println!("{}", draw("communicado demo", &demo())),
        _ => panic!("record what? watch or demo"),
    }
}

/// Records the whole demo at its own speed.
fn demo() -> Vec<Row> {
    let session = TestSession::new();
    let (reader, writer) = std::io::pipe().unwrap_or_else(|error| panic!("no pipe: {error}"));
    let _demo: Process = session.communicado().start(&["demo", "--color", "always"], |command| {
        command.stdout(writer);
    });
    let mut recording = Recording::of(reader);
    recording.rows.push(Row::command("communicado demo"));
    recording.until("always came before `absent`");
    recording.rows
}

fn watch() -> Vec<Row> {
    let session = TestSession::new();
    let mut prosody = session.prosody();
    let alice = Account::xmpp("alice", &prosody).resource("desk");
    let (reader, writer) = std::io::pipe().unwrap_or_else(|error| panic!("no pipe: {error}"));
    let shown = ["watch", "--client", "finch"];
    let quick = ["--set", "sources.purple.check=2s", "--set", "sources.purple.timeout=1s"];
    let arguments = [&shown[..], &["--color", "always"], &quick[..]].concat();
    let _watch: Process = session.communicado().start(&arguments, |command| {
        command.stdout(writer);
    });
    let mut recording = Recording::of(reader);
    recording.rows.push(Row::command(&format!("communicado {}", shown.join(" "))));
    recording.until("absent");

    recording.happens("the user starts Finch, and Alice is signed out since yesterday");
    let mut finch = session.finch(&[&alice.clone().signed_out()]);
    recording.until("signed-out");
    recording.happens("she signs in");
    finch.user().pick(Saved::Available);
    recording.until("available");
    recording.happens("she goes away");
    finch.user().pick(Saved::Away);
    recording.until("away");
    recording.happens("the server is killed");
    prosody.kill();
    recording.until("network-error");
    recording.happens("it is back, and Finch signs in again");
    prosody.start_again();
    finch.user().reconnect(&alice);
    recording.until("signed-in");
    recording.happens("Finch hangs (SIGSTOP)");
    finch.hang();
    recording.until("not-responding");
    recording.happens("it goes on (SIGCONT)");
    finch.resume();
    recording.until("signed-in");
    recording.happens("somebody kills it (SIGKILL), and it can say nothing");
    finch.kill();
    recording.until("absent");
    recording.rows
}

impl Recording {
    fn of(reader: PipeReader) -> Self {
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(reader).lines().map_while(Result::ok) {
                if sender.send((Instant::now(), line)).is_err() {
                    return;
                }
            }
        });
        Self { lines, rows: Vec::new() }
    }

    fn happens(&mut self, what: &str) {
        self.rows.push(Row::happening(what));
    }

    /// Reads lines until one has `word`.
    fn until(&mut self, word: &str) {
        let began = Instant::now();
        let mut last = began;
        loop {
            let left = PATIENCE.saturating_sub(began.elapsed());
            let (at, line) = self.lines.recv_timeout(left).unwrap_or_else(|_| {
                panic!("`{word}` was not printed within {PATIENCE:?}; so far: {:#?}", self.rows)
            });
            self.rows.push(Row::printed(&line, at.saturating_duration_since(last)));
            last = at;
            if line.contains(word) {
                return;
            }
        }
    }
}

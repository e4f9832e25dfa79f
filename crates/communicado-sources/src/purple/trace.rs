//! Recorded traces: what came off a real bus, so that the decoder can be tested without one.
//!
//! One JSON object a line, times in microseconds: a signal or an answer with the signature and
//! the arguments of its D-Bus message, the name of a client's process, or the passing of time. A
//! trace holds only what this source matches, but that includes the names of accounts.

use std::fmt;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use communicado_core::Moment;
use communicado_runtime::{Clock, Hub, SourceError, Timer, Update};
use communicado_wire::{Client, Timestamp};
use serde_json::{Map, Value, json};
use zbus::message::{Message, Type};

use super::message::{Answer, Incoming};
use super::todo::{Question, Todo};
use super::watcher::Watcher;
use crate::bus::{ClientHandles, Pace};
use crate::purple::DESCRIPTOR;

/// Writes a trace while the source watches.
pub(super) struct Tap(Option<BufWriter<File>>);

/// Why a trace cannot be played any further.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceError {
    /// The line, counted from 1.
    pub line: usize,
    /// What is wrong with it.
    pub cause: String,
}

impl Tap {
    /// A tap into the file at `path`, after what is there already; none if that is empty.
    pub(super) fn open(path: &str, pace: Pace, now: Moment) -> Result<Self, SourceError> {
        if path.is_empty() {
            return Ok(Self(None));
        }
        let file = File::options().create(true).append(true).open(path);
        let file = file.map_err(|error| SourceError {
            cause: format!("the trace cannot be written to `{path}`: {error}").into(),
            help: "choose another file in `trace`, or leave it out".into(),
        })?;
        let mut tap = Self(Some(BufWriter::new(file)));
        let check = u64::try_from(pace.check.as_micros()).unwrap_or(u64::MAX);
        let timeout = u64::try_from(pace.timeout.as_micros()).unwrap_or(u64::MAX);
        tap.write(json!({"at": micros(now), "begin": [check, timeout]}));
        Ok(tap)
    }

    /// Writes a message; an answer with the question that it is to.
    pub(super) fn message(&mut self, now: Moment, message: &Message, to: Option<Question>) {
        let is_signal = message.message_type() == Type::Signal;
        // An answer of a client that is gone is nobody's any more.
        if self.0.is_none() || (to.is_none() && !is_signal) {
            return;
        }
        let header = message.header();
        let signature = message.body().signature().to_string_no_parens();
        // Arguments that nobody expects are not kept, only that they came.
        let args = arguments(message, &signature).unwrap_or(Value::Null);
        let mut line = match to {
            Some(Question { member, about, run }) => {
                json!({"at": micros(now), "answer": member, "about": about, "from": run})
            }
            None => json!({
                "at": micros(now),
                "signal": header.member().map(ToString::to_string),
                "from": header.sender().map(ToString::to_string),
            }),
        };
        if let Value::Object(line) = &mut line {
            if message.message_type() == Type::Error {
                line.insert(
                    "error".to_owned(),
                    json!(header.error_name().map(ToString::to_string)),
                );
            } else {
                line.insert("signature".to_owned(), json!(signature));
                line.insert("args".to_owned(), args);
            }
        }
        self.write(line);
    }

    pub(super) fn process(&mut self, now: Moment, run: &str, name: &str) {
        self.write(json!({"at": micros(now), "process": name, "run": run}));
    }

    pub(super) fn advanced(&mut self, now: Moment, todo: &Todo) {
        if *todo != Todo::default() {
            self.write(json!({"at": micros(now), "advance": true}));
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "the line is made for this")]
    fn write(&mut self, line: Value) {
        if let Some(out) = &mut self.0 {
            let written = writeln!(out, "{line}").and_then(|()| out.flush());
            if written.is_err() {
                self.0 = None;
            }
        }
    }
}

/// Plays a trace to a watcher, and returns what a listener would have been told.
///
/// Where the source began anew, as after a bus that was restarted, so does the watcher; that it
/// was lost in between is not in the trace.
///
/// # Errors
///
/// If a line is none of a trace. Whatever it says, nothing panics.
pub fn play(trace: &str) -> Result<Vec<Arc<Client>>, TraceError> {
    let clock = Arc::new(Recorded::default());
    let hub = Hub::new(Arc::<Recorded>::clone(&clock), Duration::MAX, |_| ());
    let clients = DESCRIPTOR.clients.iter().map(|&name| name.to_owned()).collect();
    let handle = hub.attach(DESCRIPTOR.name, clients);
    let mut feed = hub.feed();
    let pace = Pace { check: Duration::from_secs(30), timeout: Duration::from_secs(5) };
    let mut watcher = Watcher::new(pace);
    let mut instances = ClientHandles::new(handle.clone(), pace.lease());
    let mut told = Vec::new();
    let mut was_on_bus = false;
    for (index, line) in trace.lines().enumerate() {
        let wrong = |cause| TraceError { line: index + 1, cause };
        let (at, step) = Step::parse(line).map_err(wrong)?;
        clock.0.fetch_max(at, Ordering::Relaxed);
        let now = clock.now();
        let mut todo = match step {
            Step::Signal(incoming) => watcher.handle(now, incoming),
            Step::Answer(question, answer) => match watcher.find(&question) {
                Some(to) => watcher.handle(now, Incoming::Answer { to, answer }),
                // Asked no longer: how much is asked may change, what it amounts to may not.
                None => Todo::default(),
            },
            Step::Process { run, name } => watcher.process(&run, &name),
            Step::Advance => watcher.advance(now).0,
            Step::Begin(pace) => {
                watcher = Watcher::new(pace);
                if std::mem::replace(&mut was_on_bus, true) {
                    watcher = watcher.again();
                }
                instances = ClientHandles::new(handle.clone(), pace.lease());
                watcher.begin();
                Todo::default()
            }
        };
        if instances.tell(&mut todo.tell) {
            instances.rest_is_absent(watcher.names());
            handle.ready();
        }
        while let Poll::Ready(Some(update)) =
            feed.poll_next(&mut Context::from_waker(Waker::noop()))
        {
            match update {
                Update::Snapshot { clients, .. } => told.extend(clients),
                Update::Change(change) => told.push(change),
            }
        }
    }
    Ok(told)
}

enum Step {
    Signal(Incoming),
    Answer(Question, Answer),
    Process { run: String, name: String },
    Advance,
    Begin(Pace),
}

impl Step {
    fn parse(line: &str) -> Result<(u64, Self), String> {
        let line: Map<String, Value> =
            serde_json::from_str(line).map_err(|error| error.to_string())?;
        let text = |key: &str| line.get(key).and_then(Value::as_str);
        let at = line.get("at").and_then(Value::as_u64).ok_or("`at` is no number")?;
        if line.contains_key("advance") {
            return Ok((at, Self::Advance));
        }
        if let Some(begin) = line.get("begin") {
            let part = |index| begin.get(index).and_then(Value::as_u64).map(Duration::from_micros);
            let (Some(check), Some(timeout)) = (part(0), part(1)) else {
                return Err("`begin` is not two spans".to_owned());
            };
            return Ok((at, Self::Begin(Pace { check, timeout })));
        }
        if let Some(name) = text("process") {
            let run = text("run").ok_or("`run` is no text")?.to_owned();
            return Ok((at, Self::Process { run, name: name.to_owned() }));
        }
        if let Some(member) = text("answer") {
            let about = match line.get("about") {
                None | Some(Value::Null) => None,
                Some(about) => {
                    let handle = about.as_i64().and_then(|handle| i32::try_from(handle).ok());
                    Some(handle.ok_or("`about` is no handle")?)
                }
            };
            let run = text("from").map(str::to_owned);
            let question = Question { member: member.to_owned(), about, run };
            if let Some(name) = text("error") {
                return Ok((at, Self::Answer(question, Answer::Error(name.to_owned()))));
            }
            let call = Message::method_call("/", "Any").build(&());
            let call = call.map_err(|error| error.to_string())?;
            let message = build(Message::method_return(&call.header()), &line)?;
            return match Incoming::decode(&message) {
                Some(Incoming::Answer { answer, .. }) => Ok((at, Self::Answer(question, answer))),
                Some(_) | None => Err("an answer is not decoded as one".to_owned()),
            };
        }
        let member =
            text("signal").ok_or("neither a signal, an answer, a process nor an advance")?;
        let from = text("from").ok_or("`from` is no text")?;
        let (path, interface) = if member == "NameOwnerChanged" {
            ("/org/freedesktop/DBus", "org.freedesktop.DBus")
        } else {
            ("/im/pidgin/purple/PurpleObject", "im.pidgin.purple.PurpleInterface")
        };
        let message = build(Message::signal(path, interface, member).sender(from), &line)?;
        let incoming = Incoming::decode(&message).ok_or("a signal that is not listened to")?;
        Ok((at, Self::Signal(incoming)))
    }
}

/// The arguments of a message whose signature is one of those that libpurple and the bus use.
fn arguments(message: &Message, signature: &str) -> Option<Value> {
    let body = message.body();
    Some(match signature {
        "" => json!([]),
        "i" => json!([body.deserialize::<i32>().ok()?]),
        "u" => json!([body.deserialize::<u32>().ok()?]),
        "s" => json!([body.deserialize::<String>().ok()?]),
        "ai" => json!([body.deserialize::<Vec<i32>>().ok()?]),
        "as" => json!([body.deserialize::<Vec<String>>().ok()?]),
        "ii" => json!(body.deserialize::<(i32, i32)>().ok()?),
        "iii" => json!(body.deserialize::<(i32, i32, i32)>().ok()?),
        "iis" => json!(body.deserialize::<(i32, i32, String)>().ok()?),
        "sss" => json!(body.deserialize::<(String, String, String)>().ok()?),
        _ => return None,
    })
}

/// The reverse of [`arguments`].
fn build(
    message: zbus::message::Builder<'_>,
    line: &Map<String, Value>,
) -> Result<Message, String> {
    let signature = line.get("signature").and_then(Value::as_str).unwrap_or_default();
    let args = line.get("args").cloned().unwrap_or_else(|| json!([]));
    if args.is_null() {
        // No signal and no answer has a single byte.
        return message.build(&0_u8).map_err(|error| error.to_string());
    }
    let wrong = |error: serde_json::Error| format!("`args` do not fit `{signature}`: {error}");
    macro_rules! arguments {
        ($type:ty) => {
            serde_json::from_value::<$type>(args).map_err(wrong)?
        };
    }
    // One argument is a body by itself; several are one as a structure.
    let built = match signature {
        "" => message.build(&()),
        "i" => message.build(&arguments!((i32,)).0),
        "u" => message.build(&arguments!((u32,)).0),
        "s" => message.build(&arguments!((String,)).0),
        "ai" => message.build(&arguments!((Vec<i32>,)).0),
        "as" => message.build(&arguments!((Vec<String>,)).0),
        "ii" => message.build(&arguments!((i32, i32))),
        "iii" => message.build(&arguments!((i32, i32, i32))),
        "iis" => message.build(&arguments!((i32, i32, String))),
        "sss" => message.build(&arguments!((String, String, String))),
        other => return Err(format!("the signature `{other}` is not known")),
    };
    built.map_err(|error| error.to_string())
}

/// A clock that stands where the trace has come to, in microseconds.
#[derive(Default)]
struct Recorded(AtomicU64);

struct Never;

impl Clock for Recorded {
    fn now(&self) -> Moment {
        Moment::new(Duration::from_micros(self.0.load(Ordering::Relaxed)))
    }

    fn civil(&self) -> Timestamp {
        Timestamp::EPOCH.after(self.now().since_start())
    }

    fn timer(&self) -> std::io::Result<Box<dyn Timer>> {
        Ok(Box::new(Never))
    }
}

impl Timer for Never {
    fn set(&mut self, _at: Option<Moment>) {}

    fn poll_due(&mut self, _cx: &mut Context<'_>) -> Poll<()> {
        Poll::Pending
    }
}

fn micros(now: Moment) -> u64 {
    u64::try_from(now.since_start().as_micros()).unwrap_or(u64::MAX)
}

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {} of the trace: {}", self.line, self.cause)
    }
}

impl std::error::Error for TraceError {}

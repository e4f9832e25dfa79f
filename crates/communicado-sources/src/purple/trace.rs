//! Recorded traces: messages from a real bus, which test the decoder without one.
//!
//! Each line is a JSON object with a time in microseconds: a signal or a reply with the signature
//! and the arguments of its D-Bus message, the name of a client's process, or elapsed time. A
//! trace has only messages that this source subscribes to, but these include account names.

use std::fmt;
use std::fs::File;
use std::io::{BufWriter, Write as _};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use communicado_core::{Moment, StatusStart};
use communicado_runtime::{Clock, Hub, SourceError, Timer, Update};
use communicado_wire::{Client, Timestamp};
use serde_json::{Map, Value, json};
use zbus::message::{Message, Type};

use super::message::{PurpleCall, PurpleInput, PurpleReply};
use super::requests::{PurpleEffects, TracedCall};
use super::watcher::{KNOWN_CLIENTS, PurpleWatcher};
use crate::bus::{self, ClientHandles};
use crate::keepalive::Keepalive;

/// The name of the source that the replay reports for.
const SOURCE: &str = "purple";

/// Writer of a trace, if the user has asked for one.
pub(super) struct TraceWriter(Option<BufWriter<File>>);

/// A line of a trace that is invalid.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceError {
    /// The line number, counted from 1.
    pub line: usize,
    /// The cause of the error.
    pub cause: String,
}

impl TraceWriter {
    /// Opens a writer that appends to the file at `path`. An empty path means no trace.
    pub(super) fn open(path: &str, keepalive: Keepalive, now: Moment) -> Result<Self, SourceError> {
        if path.is_empty() {
            return Ok(Self(None));
        }
        let file = File::options().create(true).append(true).open(path);
        let file = file.map_err(|error| SourceError {
            cause: format!("cannot write the trace to `{path}`: {error}").into(),
            help: "set the option `trace` to another file, or remove it".into(),
        })?;
        let mut writer = Self(Some(BufWriter::new(file)));
        let interval = u64::try_from(keepalive.interval.as_micros()).unwrap_or(u64::MAX);
        let timeout = u64::try_from(keepalive.timeout.as_micros()).unwrap_or(u64::MAX);
        writer.write(json!({"at": micros(now), "begin": [interval, timeout]}));
        Ok(writer)
    }

    /// Writes a message. A reply has the call that it replies to.
    pub(super) fn message(&mut self, now: Moment, message: &Message, call: Option<TracedCall>) {
        let is_signal = message.message_type() == Type::Signal;
        // A reply of a client that is gone has no call.
        if self.0.is_none() || (call.is_none() && !is_signal) {
            return;
        }
        let header = message.header();
        let signature = message.body().signature().to_string_no_parens();
        // The arguments of an unknown signature are left out.
        let args = arguments(message, &signature).unwrap_or(Value::Null);
        let mut line = match call {
            Some(TracedCall { member, argument, instance }) => {
                json!({"at": micros(now), "answer": member, "about": argument, "from": instance})
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

    pub(super) fn process(&mut self, now: Moment, unique: &str, name: &str) {
        self.write(json!({"at": micros(now), "process": name, "run": unique}));
    }

    pub(super) fn advanced(&mut self, now: Moment, effects: &PurpleEffects) {
        if *effects != PurpleEffects::default() {
            self.write(json!({"at": micros(now), "advance": true}));
        }
    }

    #[expect(clippy::needless_pass_by_value, reason = "callers build the line for this call")]
    fn write(&mut self, line: Value) {
        if let Some(out) = &mut self.0 {
            let written = writeln!(out, "{line}").and_then(|()| out.flush());
            if written.is_err() {
                self.0 = None;
            }
        }
    }
}

/// Replays a trace with a watcher, and returns the clients that a sink would have received.
///
/// Where the source started again, for example after a restart of the bus, so does the watcher.
/// The time in between, when the source was lost, is not in the trace.
///
/// # Errors
///
/// If a line is invalid.
pub fn replay(trace: &str) -> Result<Vec<Arc<Client>>, TraceError> {
    let clock = Arc::new(TraceClock::default());
    let hub = Hub::new(Arc::<TraceClock>::clone(&clock), Duration::MAX, |_| ());
    let expected = KNOWN_CLIENTS.iter().map(|(_, client, _)| (*client).to_owned()).collect();
    let handle = hub.attach(SOURCE, expected);
    let mut feed = hub.feed();
    let keepalive =
        Keepalive { interval: Duration::from_secs(30), timeout: Duration::from_secs(5) };
    let mut watcher = PurpleWatcher::new(keepalive, false);
    let mut clients = ClientHandles::new(handle.clone(), bus::lease(keepalive));
    let mut received = Vec::new();
    let mut was_connected = false;
    // Older versions did not read messages: in their traces no client has one.
    let has_messages = trace.contains(PurpleCall::Message(0).member().0);
    for (index, line) in trace.lines().enumerate() {
        let wrong = |cause| TraceError { line: index + 1, cause };
        let (at, step) = TraceStep::parse(line).map_err(wrong)?;
        clock.0.fetch_max(at, Ordering::Relaxed);
        let now = clock.now();
        let mut effects = match step {
            TraceStep::Signal(incoming) => watcher.handle(now, incoming),
            TraceStep::Reply(call, reply) => match watcher.find(&call) {
                Some(to) => watcher.handle(now, PurpleInput::Reply { to, reply }),
                // The watcher of the trace sent more calls. Only the result must be the same.
                None => PurpleEffects::default(),
            },
            TraceStep::Process { unique, name } => watcher.handle_process_name(&unique, &name),
            TraceStep::Advance => watcher.advance(now).0,
            TraceStep::Begin(keepalive) => {
                let is_reconnect = std::mem::replace(&mut was_connected, true);
                watcher = PurpleWatcher::new(keepalive, is_reconnect);
                clients = ClientHandles::new(handle.clone(), bus::lease(keepalive));
                watcher.start();
                PurpleEffects::default()
            }
        };
        if !has_messages {
            for to in watcher.pending_messages() {
                let reply = PurpleReply::Text(String::new());
                let more = watcher.handle(now, PurpleInput::Reply { to, reply });
                effects.reports.extend(more.reports);
            }
        }
        if clients.report(&mut effects.reports) {
            clients.report_rest_absent(watcher.names());
            handle.ready();
        }
        while let Poll::Ready(Some(update)) =
            feed.poll_next(&mut Context::from_waker(Waker::noop()))
        {
            match update {
                Update::Snapshot { clients, .. } => received.extend(clients),
                Update::Change(change) => received.push(change),
            }
        }
    }
    Ok(received)
}

enum TraceStep {
    Signal(PurpleInput),
    Reply(TracedCall, PurpleReply),
    Process { unique: String, name: String },
    Advance,
    Begin(Keepalive),
}

impl TraceStep {
    fn parse(line: &str) -> Result<(u64, Self), String> {
        let line: Map<String, Value> =
            serde_json::from_str(line).map_err(|error| error.to_string())?;
        let text = |key: &str| line.get(key).and_then(Value::as_str);
        let at = line.get("at").and_then(Value::as_u64).ok_or("`at` is not a number")?;
        if line.contains_key("advance") {
            return Ok((at, Self::Advance));
        }
        if let Some(begin) = line.get("begin") {
            let part = |index| begin.get(index).and_then(Value::as_u64).map(Duration::from_micros);
            let (Some(interval), Some(timeout)) = (part(0), part(1)) else {
                return Err("`begin` is not two durations".to_owned());
            };
            return Ok((at, Self::Begin(Keepalive { interval, timeout })));
        }
        if let Some(name) = text("process") {
            let unique = text("run").ok_or("`run` is not a string")?.to_owned();
            return Ok((at, Self::Process { unique, name: name.to_owned() }));
        }
        if let Some(member) = text("answer") {
            let argument = match line.get("about") {
                None | Some(Value::Null) => None,
                Some(about) => {
                    let handle = about.as_i64().and_then(|handle| i32::try_from(handle).ok());
                    Some(handle.ok_or("`about` is not a handle")?)
                }
            };
            let instance = text("from").map(str::to_owned);
            let traced = TracedCall { member: member.to_owned(), argument, instance };
            if let Some(name) = text("error") {
                return Ok((at, Self::Reply(traced, PurpleReply::Error(name.to_owned()))));
            }
            let call = Message::method_call("/", "Any").build(&());
            let call = call.map_err(|error| error.to_string())?;
            let message = build(Message::method_return(&call.header()), &line)?;
            return match PurpleInput::decode(&message) {
                Some(PurpleInput::Reply { reply, .. }) => Ok((at, Self::Reply(traced, reply))),
                Some(_) | None => Err("a reply that the source does not decode".to_owned()),
            };
        }
        let member =
            text("signal").ok_or("expected a signal, an answer, a process or an advance")?;
        let from = text("from").ok_or("`from` is not a string")?;
        let (path, interface) = if member == "NameOwnerChanged" {
            ("/org/freedesktop/DBus", "org.freedesktop.DBus")
        } else {
            ("/im/pidgin/purple/PurpleObject", "im.pidgin.purple.PurpleInterface")
        };
        let message = build(Message::signal(path, interface, member).sender(from), &line)?;
        let incoming = PurpleInput::decode(&message)
            .ok_or("a signal that the source does not subscribe to")?;
        Ok((at, Self::Signal(incoming)))
    }
}

/// The arguments of a message, if its signature is one that libpurple or the bus uses.
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

/// A message with the arguments of `line`: the reverse of [`arguments`].
fn build(
    message: zbus::message::Builder<'_>,
    line: &Map<String, Value>,
) -> Result<Message, String> {
    let signature = line.get("signature").and_then(Value::as_str).unwrap_or_default();
    let args = line.get("args").cloned().unwrap_or_else(|| json!([]));
    if args.is_null() {
        // No signal and no reply has a single byte, so the decoder rejects it.
        return message.build(&0_u8).map_err(|error| error.to_string());
    }
    let wrong = |error: serde_json::Error| format!("`args` do not fit `{signature}`: {error}");
    macro_rules! arguments {
        ($type:ty) => {
            serde_json::from_value::<$type>(args).map_err(wrong)?
        };
    }
    // One argument is the whole body. Several form a structure.
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
        other => return Err(format!("unknown signature `{other}`")),
    };
    built.map_err(|error| error.to_string())
}

/// A clock at the current line of the trace, in microseconds.
#[derive(Default)]
struct TraceClock(AtomicU64);

struct NeverTimer;

impl Clock for TraceClock {
    fn now(&self) -> Moment {
        Moment::new(Duration::from_micros(self.0.load(Ordering::Relaxed)))
    }

    fn civil(&self) -> Timestamp {
        Timestamp::EPOCH.after(self.now().since_start())
    }

    fn machine_start(&self) -> StatusStart {
        Moment::START.into()
    }

    fn timer(&self) -> std::io::Result<Box<dyn Timer>> {
        Ok(Box::new(NeverTimer))
    }
}

impl Timer for NeverTimer {
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
        write!(f, "trace line {}: {}", self.line, self.cause)
    }
}

impl std::error::Error for TraceError {}

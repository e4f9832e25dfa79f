//! The trait of the agent's sinks, and their reports.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use communicado_runtime::Clock;
use communicado_wire::Client;

use super::SinkInput;
use crate::publish::PublishError;

/// A sink of the agent.
///
/// It reports the current state first, then each change, and the current state again after each
/// interruption. It returns an error instead of a retry: only [`supervise`](super::supervise)
/// retries.
pub trait AgentSink: Send {
    /// Delivers until the input ends, then says goodbye.
    fn run<'a>(&'a mut self, input: &'a mut SinkInput, events: &'a SinkEvents) -> SinkRun<'a>;

    /// Notes the current state while the sink waits for its next run. A sink that counts the
    /// changes that it did not deliver needs it.
    fn note_change(&mut self, _clients: Vec<Client>) {}

    /// Delivers the current state once, for a test by the user. Returns the listener's answer.
    fn try_once(&mut self, clients: Vec<Client>) -> SinkTry<'_>;
}

/// The future of a running sink.
pub type SinkRun<'a> = Pin<Box<dyn Future<Output = Result<(), PublishError>> + Send + 'a>>;

/// The future of a test by the user.
pub type SinkTry<'a> = Pin<Box<dyn Future<Output = Result<String, PublishError>> + Send + 'a>>;

/// An event of a sink, for the user.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SinkEvent {
    /// The listener has the current state.
    Delivered,
    /// The listener knows that nothing is reported now.
    Withdrawn,
    /// A single delivery failed, and the sink continues with the next one.
    Refused(PublishError),
    /// The sink failed. The duration is the delay before it starts again, if it does.
    Failed(PublishError, Option<Duration>),
}

/// The receiver of a sink's events.
pub struct SinkEvents {
    pub(super) on_event: Box<dyn Fn(&SinkEvent) + Send + Sync>,
    pub(super) has_delivered: std::sync::atomic::AtomicBool,
}

/// The parts of the program that every sink gets.
#[derive(Clone)]
pub struct SinkContext {
    /// The clock.
    pub clock: Arc<dyn Clock>,
    /// The name of the sink in the configuration.
    pub name: String,
    /// The name of this device, if the options do not set one.
    pub host: String,
    /// The time for which a listener may believe a status after the agent has failed.
    pub lease: Duration,
    /// Returns whether a condition selects the clients.
    pub has_condition: bool,
    /// Starts the commands of hooks.
    pub launcher: Arc<dyn Launcher>,
    /// Connects to the session bus.
    #[cfg(target_os = "linux")]
    pub connect_to_bus: ConnectToBus,
}

/// A function that connects to the session bus.
#[cfg(target_os = "linux")]
pub type ConnectToBus = fn(Arc<dyn Clock>) -> BusFuture;

/// The future of a connection to the session bus.
#[cfg(target_os = "linux")]
pub type BusFuture = Pin<Box<dyn Future<Output = Result<zbus::Connection, PublishError>> + Send>>;

/// The error of a sink that cannot work on this system, because it has no `feature`.
#[cfg(not(target_os = "linux"))]
pub(crate) fn not_on_this_system(feature: &str) -> PublishError {
    PublishError::permanent(
        format!("this system has no {feature}"),
        "remove the sink, or set `enabled = false`",
    )
}

/// Starts commands that end with this program.
pub trait Launcher: Send + Sync {
    /// Runs `command` with these variables and this standard input, until it ends or `timeout` has
    /// passed. Dropping the future ends the command.
    fn run(&self, command: Launch) -> LaunchFuture;
}

/// A command to run.
#[derive(Clone, Debug)]
pub struct Launch {
    /// The program and its arguments.
    pub command: Vec<String>,
    /// The environment variables to set.
    pub variables: Vec<(&'static str, String)>,
    /// The text on standard input.
    pub input: String,
    /// The time limit.
    pub timeout: Duration,
}

/// The future of a command.
pub type LaunchFuture = Pin<Box<dyn Future<Output = Result<(), PublishError>> + Send>>;

impl SinkEvents {
    /// Calls `on_event` for each event. It must not block.
    #[must_use]
    pub fn new(on_event: impl Fn(&SinkEvent) + Send + Sync + 'static) -> Self {
        Self { on_event: Box::new(on_event), has_delivered: false.into() }
    }

    /// Reports an event.
    pub(crate) fn report(&self, event: &SinkEvent) {
        if *event == SinkEvent::Delivered {
            self.has_delivered.store(true, std::sync::atomic::Ordering::Relaxed);
        }
        (self.on_event)(event);
    }
}

//! The sinks that `communicado agent` runs beside a gateway.
//!
//! [`SINKS`](crate::SINKS) lists the kinds. An [`AgentSink`] delivers the state of a [`SinkInput`], and
//! [`supervise`] starts it again after a failure. Each sink has its own input, so a sink that fails
//! or hangs delays no other.
//!
//! Read next: [`SinkInput`], then [`AgentSink`].

mod descriptor;
mod input;
mod options;
mod outbox;
mod selection;
mod sink;
mod supervisor;

pub(crate) use communicado_net::read_secret;
pub use descriptor::{OpenSink, SinkDescriptor};
pub(crate) use input::Work;
pub use input::{Signal, SinkInput};
pub use options::{SinkOption, SinkOptionError, SinkOptionKind, SinkOptions, SinkValue};
pub(crate) use outbox::Outbox;
pub use selection::{ClientTest, Selection};
#[cfg(not(target_os = "linux"))]
pub(crate) use sink::not_on_this_system;
pub use sink::{
    AgentSink, Launch, LaunchFuture, Launcher, SinkContext, SinkEvent, SinkEvents, SinkRun, SinkTry,
};
#[cfg(target_os = "linux")]
pub use sink::{BusFuture, ConnectToBus};
pub use supervisor::supervise;

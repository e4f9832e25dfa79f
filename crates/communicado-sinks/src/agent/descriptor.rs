//! The kinds of sinks: capabilities, limitations and options.

use super::{AgentSink, SinkContext, SinkOption, SinkOptions};
use crate::publish::PublishError;

/// A kind of sink.
pub struct SinkDescriptor {
    /// Its name, as in the configuration.
    pub kind: &'static str,
    /// The listener, in one line.
    pub about: &'static str,
    /// The things that it delivers.
    pub capabilities: &'static [&'static str],
    /// The things that it does not do, one sentence each.
    pub limitations: &'static [&'static str],
    /// Returns whether its data leaves this machine, which needs the user's permission.
    pub leaves_machine: bool,
    /// Its options.
    pub options: &'static [SinkOption],
    /// The listener with these options, for the user: without secrets.
    pub destination: fn(&SinkContext, &SinkOptions) -> String,
    /// Creates the sink, without side effects besides reading its files.
    pub open: OpenSink,
}

/// The constructor of a sink.
pub type OpenSink = fn(&SinkContext, &SinkOptions) -> Result<Box<dyn AgentSink>, PublishError>;

impl SinkDescriptor {
    /// The first required option that has no value.
    #[must_use]
    pub fn missing(&self, options: &SinkOptions) -> Option<&'static SinkOption> {
        self.options.iter().find(|option| options.value(option).is_none())
    }
}

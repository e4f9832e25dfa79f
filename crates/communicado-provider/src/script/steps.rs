//! The steps of a script.

use alloc::vec::Vec;
use core::time::Duration;

use crate::{Fault, ProviderCommand};

/// A script: steps in chronological order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// The steps, sorted by time.
    pub steps: Vec<ScriptStep>,
}

/// One line of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptStep {
    /// The time since the start.
    pub after: Duration,
    /// The action.
    pub action: ScriptAction,
    /// The line number, from 1.
    pub line: usize,
}

/// The action of a step.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScriptAction {
    /// An action of a user or a server.
    Command(ProviderCommand),
    /// An injected fault.
    Fault(Fault),
}

impl Script {
    /// The maximum number of lines.
    pub const LINES_MAX: usize = 100_000;

    /// True if the script itself contains the line `running`.
    #[must_use]
    pub fn starts(&self) -> bool {
        let started = ScriptAction::Command(ProviderCommand::Started);
        self.steps.iter().any(|step| step.action == started)
    }
}

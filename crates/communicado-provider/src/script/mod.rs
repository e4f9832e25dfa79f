//! What a provider does by itself, and when: a file of lines `AFTER ACTION`.
//!
//! `AFTER` is the time since the start, such as `500ms` or `1m30s`, and goes back nowhere. What
//! stands behind a `#` is for people. A text with spaces stands in double quotes.
//!
//! ```text
//! 0s    running                            # until here it is starting
//! 1s    fail-sign-in invalid-password      # --takes 300ms: signing-in for so long
//! 2s    sign-in
//! 3s    set busy --activity in-a-meeting --note "back at four" --for 10s
//! 5s    hang 3s
//! 9s    crash
//! ```
//!
//! Without a line `running` it runs as soon as it can.
//!
//! Read next: [`ScriptAction`], then `parse.rs` for what each word takes.

mod error;
mod parse;

use alloc::vec::Vec;
use core::time::Duration;

pub use error::{ScriptError, ScriptErrorKind};
pub use parse::ACTIONS;

use crate::{Fault, ProviderCommand};

/// What a provider does by itself, in the order of time.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Script {
    /// The steps, none before the one above it.
    pub steps: Vec<ScriptStep>,
}

/// One line of a script.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScriptStep {
    /// When, since the start.
    pub after: Duration,
    /// What.
    pub action: ScriptAction,
    /// The number of the line, from 1.
    pub line: usize,
}

/// What a step does.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ScriptAction {
    /// What a user or a server does.
    Command(ProviderCommand),
    /// What no client should do.
    Fault(Fault),
}

impl Script {
    /// More lines than this no test needs.
    pub const LINES_MAX: usize = 100_000;

    /// Reads a script.
    ///
    /// # Errors
    ///
    /// For the first line that cannot be done: which, and why.
    pub fn parse(text: &str) -> Result<Self, ScriptError> {
        parse::script(text)
    }

    /// Whether the script says when the provider has started.
    #[must_use]
    pub fn starts(&self) -> bool {
        let started = ScriptAction::Command(ProviderCommand::Started);
        self.steps.iter().any(|step| step.action == started)
    }
}

//! The outcome of a command, and the message of a failure.

use std::fmt;
use std::process::ExitCode;

use communicado_runtime::{SinkError, SourceError};

use crate::message::print_message;

/// The outcome of a command, which is the exit status of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// The answer is yes, or the command did its work (0).
    Yes,
    /// The answer is no (1).
    No,
    /// The command line or the configuration is wrong (2).
    Usage,
    /// The answer is unknown (3).
    CannotTell,
    /// The time limit ended first (4).
    TimedOut,
    /// A required resource failed (5).
    Failed,
}

/// An error that ends a command: what failed, its cause, and what to do.
#[derive(Debug)]
pub struct Failure {
    outcome: Outcome,
    message: String,
    cause: Option<String>,
    help: Option<String>,
}

impl Failure {
    /// A failure with this exit status and message.
    #[must_use]
    pub fn new(outcome: Outcome, message: impl Into<String>) -> Self {
        Self { outcome, message: message.into(), cause: None, help: None }
    }

    /// A failure caused by a wrong command line or configuration.
    #[must_use]
    pub fn usage(message: impl Into<String>) -> Self {
        Self::new(Outcome::Usage, message)
    }

    /// Sets the cause.
    #[must_use]
    pub fn cause(mut self, cause: impl ToString) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    /// Sets the advice.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Replaces the message. The old message becomes the cause.
    #[must_use]
    pub fn context(self, message: impl Into<String>) -> Self {
        Self { cause: Some(self.message), message: message.into(), ..self }
    }

    /// Replaces the outcome.
    #[must_use]
    pub const fn with_outcome(mut self, outcome: Outcome) -> Self {
        self.outcome = outcome;
        self
    }

    /// The outcome of the command that failed.
    #[must_use]
    pub const fn outcome(&self) -> Outcome {
        self.outcome
    }

    /// The failure with its cause, and the advice.
    #[must_use]
    pub fn into_parts(self) -> (String, Option<String>) {
        let Self { message, cause, help, .. } = self;
        (cause.map_or_else(|| message.clone(), |cause| format!("{message}: {cause}")), help)
    }

    /// Prints the failure to standard error.
    pub fn print(&self) {
        print_message(&self.to_string());
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "error: {}", self.message)?;
        if let Some(cause) = &self.cause {
            writeln!(f, "  cause: {cause}")?;
        }
        if let Some(help) = &self.help {
            writeln!(f, "  help: {help}")?;
        }
        Ok(())
    }
}

impl From<SinkError> for Failure {
    fn from(SinkError { cause, help }: SinkError) -> Self {
        Self::new(Outcome::Failed, cause).help(help)
    }
}

impl From<SourceError> for Failure {
    fn from(SourceError { cause, help }: SourceError) -> Self {
        Self::new(Outcome::Failed, cause).help(help)
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(match outcome {
            Outcome::Yes => 0,
            Outcome::No => 1,
            Outcome::Usage => 2,
            Outcome::CannotTell => 3,
            Outcome::TimedOut => 4,
            Outcome::Failed => 5,
        })
    }
}

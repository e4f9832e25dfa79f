//! How a command ends, and what it says when it ends badly.

use std::fmt;
use std::process::ExitCode;

use communicado_runtime::{SinkError, SourceError};

/// How a command ended; the exit status of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Yes, or done.
    Yes,
    /// No.
    No,
    /// The command line or the configuration is wrong.
    Usage,
    /// It cannot be told.
    CannotTell,
    /// It did not become so in time.
    TimedOut,
    /// Something that is needed failed.
    Failed,
}

/// Why a command ended badly.
#[derive(Debug)]
pub(crate) struct Failure {
    pub(crate) outcome: Outcome,
    what: String,
    cause: Option<String>,
    help: Option<String>,
}

impl Failure {
    pub(crate) fn new(outcome: Outcome, what: impl Into<String>) -> Self {
        Self { outcome, what: what.into(), cause: None, help: None }
    }

    pub(crate) fn usage(what: impl Into<String>) -> Self {
        Self::new(Outcome::Usage, what)
    }

    pub(crate) fn cause(mut self, cause: impl ToString) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    /// The same with another headline; what was the headline is why.
    pub(crate) fn about(self, what: impl Into<String>) -> Self {
        Self { cause: Some(self.what), what: what.into(), ..self }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn tell(&self) {
        crate::commands::tell(&self.to_string());
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "error: {}", self.what)?;
        if let Some(cause) = &self.cause {
            writeln!(f, "  cause: {cause}")?;
        }
        if let Some(help) = &self.help {
            writeln!(f, "  help: {help}")?;
        }
        Ok(())
    }
}

impl From<communicado::Error> for Failure {
    fn from(error: communicado::Error) -> Self {
        let cause = std::error::Error::source(&error).map(ToString::to_string);
        let outcome = match error {
            communicado::Error::Option(_) | communicado::Error::NoSuchSource(_) => Outcome::Usage,
            _ => Outcome::Failed,
        };
        Self { cause, ..Self::new(outcome, error.to_string()) }
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

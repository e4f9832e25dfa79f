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
    because: Option<String>,
    help: Option<String>,
}

impl Failure {
    pub(crate) fn new(outcome: Outcome, what: impl Into<String>) -> Self {
        Self { outcome, what: what.into(), because: None, help: None }
    }

    pub(crate) fn usage(what: impl Into<String>) -> Self {
        Self::new(Outcome::Usage, what)
    }

    pub(crate) fn because(mut self, because: impl ToString) -> Self {
        self.because = Some(because.to_string());
        self
    }

    /// The same with another headline; what was the headline is why.
    pub(crate) fn about(self, what: impl Into<String>) -> Self {
        Self { because: Some(self.what), what: what.into(), ..self }
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
        if let Some(because) = &self.because {
            writeln!(f, "  because: {because}")?;
        }
        if let Some(help) = &self.help {
            writeln!(f, "  help: {help}")?;
        }
        Ok(())
    }
}

impl From<communicado::Error> for Failure {
    fn from(error: communicado::Error) -> Self {
        let because = std::error::Error::source(&error).map(ToString::to_string);
        let outcome = match error {
            communicado::Error::Option(_) | communicado::Error::NoSuchSource(_) => Outcome::Usage,
            _ => Outcome::Failed,
        };
        Self { because, ..Self::new(outcome, error.to_string()) }
    }
}

impl From<SinkError> for Failure {
    fn from(SinkError { because, help }: SinkError) -> Self {
        Self::new(Outcome::Failed, because).help(help)
    }
}

impl From<SourceError> for Failure {
    fn from(SourceError { because, help }: SourceError) -> Self {
        Self::new(Outcome::Failed, because).help(help)
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

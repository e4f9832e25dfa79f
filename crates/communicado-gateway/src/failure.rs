//! How a command ends, and what it says when it ends badly.

use std::fmt;
use std::process::ExitCode;

use crate::api_error::ApiError;
use crate::store::StoreError;

/// How a command ended; the exit status of the program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Outcome {
    /// Yes, or done.
    Yes,
    /// The command line or the configuration is wrong.
    Usage,
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

    pub(crate) fn cause(mut self, cause: impl ToString) -> Self {
        self.cause = Some(cause.to_string());
        self
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
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

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::new(Outcome::Failed, error.to_string()).help(error.help())
    }
}

impl From<ApiError> for Failure {
    fn from(error: ApiError) -> Self {
        let problem = error.problem();
        Self::new(Outcome::Failed, &*problem.detail).help(&*problem.help)
    }
}

impl From<Outcome> for ExitCode {
    fn from(outcome: Outcome) -> Self {
        Self::from(match outcome {
            Outcome::Yes => 0,
            Outcome::Usage => 2,
            Outcome::Failed => 5,
        })
    }
}

//! The error of the frontend.

use std::fmt;

use communicado_runtime::SourceError;

/// An error of the frontend: what failed, its cause, and what to do.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct FrontendError {
    /// A description of the failure.
    pub message: String,
    /// The cause, if it is known.
    pub cause: Option<String>,
    /// The action that fixes it.
    pub help: String,
}

impl FrontendError {
    pub(crate) fn new(
        message: impl Into<String>,
        cause: impl ToString,
        help: impl Into<String>,
    ) -> Self {
        Self { message: message.into(), cause: Some(cause.to_string()), help: help.into() }
    }

    pub(crate) fn bus(error: impl Into<zbus::Error>) -> Self {
        let help = "check that the bus lets you own the name org.communicado.Provider1";
        Self::new("cannot show the provider on the session bus", error.into(), help)
    }
}

impl fmt::Display for FrontendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.cause {
            Some(cause) => write!(f, "{}: {cause}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for FrontendError {}

impl From<SourceError> for FrontendError {
    fn from(SourceError { cause, help }: SourceError) -> Self {
        Self { message: cause.into(), cause: None, help: help.into() }
    }
}

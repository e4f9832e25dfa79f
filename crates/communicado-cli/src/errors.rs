//! The conversion of errors of the SDK into failures.

use std::error::Error as _;

use communicado::Error;
use communicado_cli_support::{Failure, Outcome};

/// Converts an error of the SDK. An unknown source or a wrong option is a usage error.
pub(crate) fn sdk_failure(error: Error) -> Failure {
    let outcome = match error {
        Error::Option(_) | Error::NoSuchSource(_) => Outcome::Usage,
        _ => Outcome::Failed,
    };
    let failure = Failure::new(outcome, error.to_string());
    match error.source() {
        Some(source) => failure.cause(source),
        None => failure,
    }
}

//! The errors that a server reports, with the advice.

use super::element::Element;
use super::namespace::STREAM_ERRORS;
use crate::NetError;

/// The longest text of a server that is passed on, in characters.
const TEXT_MAX: usize = 100;

/// The error in `<stream:error>`, which ends the stream.
pub(super) fn stream_error(error: &Element) -> NetError {
    let is_condition = |child: &&Element| child.namespace == STREAM_ERRORS && child.name != "text";
    let condition = error.children.iter().find(is_condition);
    let condition = condition.map_or("no condition", |condition| condition.name.as_str());
    let cause = match condition {
        "conflict" => "another connection or an administrator has replaced this one",
        "not-authorized" => "the account is no longer valid",
        "reset" => "the server ended the connection, for example after a new password",
        "system-shutdown" => "the server shuts down",
        "host-unknown" | "host-gone" => "the server does not serve the domain of the account",
        "policy-violation" => "a policy of the server forbids the connection",
        "connection-timeout" => "the server got no answer from here",
        "see-other-host" => "the server asks for a connection to another host",
        _ => "the server ended the connection",
    };
    let text = error.child("text", STREAM_ERRORS).map(|text| printable(&text.text));
    let text = text.filter(|text| !text.is_empty());
    let reason = text
        .map_or_else(|| printable(condition), |text| format!("{}: {text}", printable(condition)));
    let cause = format!("{cause} ({reason})");
    match condition {
        "conflict" => NetError::transient(cause, "check who else signs in to the account"),
        "not-authorized" => NetError::needs_action(cause, "check that the account still exists"),
        "reset" => NetError::transient(cause, "check the file of `password-file`"),
        "host-unknown" | "host-gone" => {
            NetError::needs_action(cause, "check the domain in `account`, and `server`")
        }
        "see-other-host" => NetError::needs_action(cause, "set `server` to that host"),
        _ => NetError::transient(cause, "check the log of the server"),
    }
}

/// The error in `<failure/>` of SASL.
pub(super) fn sign_in_failure(failure: &Element) -> NetError {
    let condition = failure.children.iter().find(|child| child.name != "text");
    let condition = condition.map_or("no condition", |condition| condition.name.as_str());
    let (cause, help) = match condition {
        "not-authorized" => (
            "the server refused the account or its password",
            "check `account` and the file of `password-file`",
        ),
        "account-disabled" => ("the account is disabled", "ask the administrator of the server"),
        "credentials-expired" => {
            ("the password has expired", "set a new password, and write it to `password-file`")
        }
        "temporary-auth-failure" => {
            ("the server cannot check the password now", "check the log of the server")
        }
        _ => ("the server refused the sign-in", "check the log of the server"),
    };
    NetError::needs_action(format!("{cause} ({})", printable(condition)), help)
}

/// The error for `<failure/>` in answer to a request for TLS.
pub(super) fn start_tls_failure() -> NetError {
    NetError::needs_action(
        "the server refused to start TLS",
        "check the certificate of the server; its log has the reason",
    )
}

/// The error for a connection without TLS that ended before an answer.
pub(super) fn closed_unanswered() -> NetError {
    NetError::transient(
        "the server closed the connection without an answer",
        "write `server` with xmpps if its port needs TLS from the first byte, or check its log",
    )
}

/// The error for a connection that ended without a reason.
pub(super) fn closed() -> NetError {
    NetError::transient(
        "the server closed the connection",
        "check that the server runs; its log has the reason",
    )
}

/// The start of a text of the server, without control characters.
pub(super) fn printable(text: &str) -> String {
    text.trim().chars().filter(|c| !c.is_control()).take(TEXT_MAX).collect()
}

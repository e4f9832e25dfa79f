//! Ids of people, groups, devices and events in requests: pure.

use std::sync::Arc;

use communicado_wire::gateway::is_id;

use crate::api_error::ApiError;

/// Parses the id of a `what`.
///
/// # Errors
///
/// If `name` is no id.
pub(crate) fn parse_id(what: &str, name: &str) -> Result<Arc<str>, ApiError> {
    if is_id(name) {
        return Ok(name.into());
    }
    let name = name.chars().take(80).collect::<String>();
    let help = "an id has 1 to 64 of a-z, 0-9, `.`, `_` and `-`, and begins with a letter or digit";
    Err(ApiError::bad_request(format!("`{name}` is no id of a {what}"), help))
}

/// Reads a `Last-Event-ID`.
///
/// # Errors
///
/// If it is none of ours.
pub(crate) fn parse_event_id(text: &str) -> Result<u64, ApiError> {
    text.trim().parse().map_err(|_| {
        let text = text.chars().take(40).collect::<String>();
        let help = "give the `id` of the last event, or leave it out";
        ApiError::bad_request(format!("`{text}` is no id of an event"), help)
    })
}

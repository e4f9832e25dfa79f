//! Parsers for ids of people, groups, devices and events in requests; a pure module.

use std::sync::Arc;

use communicado_wire::gateway::is_id;

use crate::api_error::ApiError;

/// Parses an id of the kind `what`.
///
/// # Errors
///
/// If `name` is not a valid id.
pub(crate) fn parse_id(what: &str, name: &str) -> Result<Arc<str>, ApiError> {
    if is_id(name) {
        return Ok(name.into());
    }
    let name = name.chars().take(80).collect::<String>();
    let help = "an id has 1 to 64 of a-z, 0-9, `.`, `_` and `-`, and begins with a letter or digit";
    Err(ApiError::bad_request(format!("`{name}` is not a valid {what} id"), help))
}

/// Parses a `Last-Event-ID`.
///
/// # Errors
///
/// If the text is not an event id of this gateway.
pub(crate) fn parse_event_id(text: &str) -> Result<u64, ApiError> {
    text.trim().parse().map_err(|_| {
        let text = text.chars().take(40).collect::<String>();
        let help = "give the `id` of the last event, or omit it";
        ApiError::bad_request(format!("`{text}` is not an event id"), help)
    })
}

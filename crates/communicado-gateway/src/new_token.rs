//! Validation and creation of tokens.

use std::time::Duration;

use communicado_wire::Timestamp;
use communicado_wire::gateway::stored::{Scopes, Token};
use communicado_wire::gateway::{NewToken, View};

use crate::api_error::ApiError;
use crate::ids::parse_id;
use crate::limits::{FOR_MAX, FOR_MS, NAME_CHARS};
use crate::sanitize::line;
use crate::secret::{hash, hex, new_id, new_secret};

/// Creates a token and its secret.
///
/// # Errors
///
/// If the request for the token is invalid.
pub(crate) fn new_token(new: NewToken, now: Timestamp) -> Result<(String, Token), ApiError> {
    let name = line("name", new.name, NAME_CHARS)?;
    if let Some(person) = &new.person {
        parse_id("person", person)?;
    }
    if let Some(group) = &new.group {
        parse_id("group", group)?;
    }
    let scopes: Scopes = new.scopes.iter().copied().collect();
    if new.scopes.is_empty() {
        let help = "give `scopes`: one or more of `publish`, `read` and `administer`";
        return Err(ApiError::bad_request("a token needs at least one scope", help));
    }
    let duration = new.for_ms.map(Duration::from_millis);
    if duration.is_some_and(|duration| duration.is_zero() || duration > FOR_MAX) {
        let help = format!("give `for_ms` from 1 to {}", FOR_MAX.as_millis());
        let error = ApiError::bad_request("`for_ms` is out of range", help).with_limit(FOR_MS);
        let days = FOR_MAX.as_secs() / (24 * 60 * 60);
        let help = format!("give --for from 1ms to {days}d");
        return Err(error.in_command("the lifetime is out of range", help));
    }
    let secret = new_secret()?;
    let hash = hash(&secret).map(|hash| hex(&hash)).unwrap_or_default();
    let token = Token {
        v: communicado_wire::VERSION,
        id: new_id()?,
        hash: hash.into(),
        name,
        scopes,
        person: new.person,
        group: new.group,
        view: new.view.unwrap_or(View::Availability),
        created: now,
        expires: duration.map(|duration| now.after(duration)),
        session_of: None,
        created_by: None,
        last_used: None,
    };
    Ok((secret, token))
}

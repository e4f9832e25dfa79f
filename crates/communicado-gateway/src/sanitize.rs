//! Sanitization of untrusted text that other people read; a pure module.

use std::sync::Arc;

use communicado_wire::gateway::Person;
use communicado_wire::{Account, Client, is_printable};

use crate::api_error::{ApiError, ApiErrorKind};
use crate::limits::{Limit, REASON_CHARS};

/// Removes unprintable characters from `text`.
pub(crate) fn printable(text: Arc<str>) -> Arc<str> {
    if text.chars().all(is_printable) {
        return text;
    }
    text.chars().filter(|letter| is_printable(*letter)).collect::<String>().into()
}

/// Validates one line of text: not empty, not too long, no line breaks, one direction.
///
/// # Errors
///
/// If the text is invalid.
pub(crate) fn line(what: &str, text: Arc<str>, limit: Limit) -> Result<Arc<str>, ApiError> {
    if !limit.allows(text.chars().count()) {
        return Err(ApiError::limit_exceeded(
            ApiErrorKind::BadRequest,
            limit,
            format!("the {what} is too long"),
        ));
    }
    let shown = printable(text.clone());
    if shown.trim().is_empty() || text.chars().any(char::is_control) {
        let detail = format!("the {what} is empty or has unprintable characters");
        return Err(ApiError::bad_request(detail, "give one line of text"));
    }
    Ok(shown)
}

/// Sanitizes a reason: printable and short.
fn reason(text: Arc<str>) -> Arc<str> {
    let text = printable(text);
    match text.char_indices().nth(REASON_CHARS.max) {
        Some((end, _)) => text.get(..end).unwrap_or_default().into(),
        None => text,
    }
}

/// Sanitizes a note: printable and not blank.
fn note(text: Arc<str>) -> Option<Arc<str>> {
    Some(printable(text)).filter(|text| !text.trim().is_empty())
}

/// Sanitizes all texts of a client.
pub(crate) fn client(mut client: Client) -> Client {
    client.client = printable(client.client);
    client.raw = client.raw.map(printable);
    client.note = client.note.and_then(note);
    client.reason = client.reason.map(reason);
    client.source = printable(client.source);
    client.saved = client.saved.map(printable);
    client.accounts = client.accounts.into_iter().map(account).collect();
    client
}

fn account(mut account: Account) -> Account {
    account.account = printable(account.account);
    account.protocol = printable(account.protocol);
    account.name = account.name.map(printable);
    account.raw = account.raw.map(printable);
    account.note = account.note.and_then(note);
    account.reason = account.reason.map(reason);
    account
}

/// Sanitizes all texts of a stored person.
pub(crate) fn person(mut person: Person) -> Person {
    person.name = printable(person.name);
    person.note = person.note.map(printable);
    if let Some(presence) = &mut person.presence {
        presence.reason = presence.reason.take().map(reason);
    }
    person
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn unprintable_characters_are_removed_and_a_reason_is_short() {
        assert_eq!(&*printable("Zoë\u{202e} 🦀\u{1b}[31m".into()), "Zoë 🦀[31m");
        assert_eq!(&*reason("\u{2066}lease-expired".into()), "lease-expired");
        assert_eq!(&*reason("é".repeat(65).into()), "é".repeat(64));
    }
}

//! Foreign text that other people read: pure.

use std::sync::Arc;

use communicado_wire::gateway::Person;
use communicado_wire::{Account, Client, is_printable};

use crate::limits::REASON_CHARS;

/// `text` without characters that cannot be shown as they are.
pub(crate) fn printable(text: Arc<str>) -> Arc<str> {
    if text.chars().all(is_printable) {
        return text;
    }
    text.chars().filter(|letter| is_printable(*letter)).collect::<String>().into()
}

/// A reason: printable and short.
fn reason(text: Arc<str>) -> Arc<str> {
    let text = printable(text);
    match text.char_indices().nth(REASON_CHARS.max) {
        Some((end, _)) => text.get(..end).unwrap_or_default().into(),
        None => text,
    }
}

/// A client of which every text can be shown.
pub(crate) fn client(client: Client) -> Client {
    let account = |account: Account| Account {
        account: printable(account.account),
        protocol: printable(account.protocol),
        name: account.name.map(printable),
        raw: account.raw.map(printable),
        reason: account.reason.map(reason),
        ..account
    };
    Client {
        client: printable(client.client),
        raw: client.raw.map(printable),
        reason: client.reason.map(reason),
        source: printable(client.source),
        saved: client.saved.map(printable),
        accounts: client.accounts.into_iter().map(account).collect(),
        ..client
    }
}

/// What was once told of a person, so that every text in it can be shown.
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
    fn what_cannot_be_shown_is_left_out_and_a_reason_is_short() {
        assert_eq!(&*printable("Zoë\u{202e} 🦀\u{1b}[31m".into()), "Zoë 🦀[31m");
        assert_eq!(&*reason("\u{2066}lease-expired".into()), "lease-expired");
        assert_eq!(&*reason("é".repeat(65).into()), "é".repeat(64));
    }
}

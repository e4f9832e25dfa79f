//! The JSON body of a publication.

use std::time::Duration;

use communicado_wire::gateway::Publish;
use communicado_wire::{Client, VERSION};

/// All clients of a device, and how long the gateway may believe them.
pub(super) fn body(lease: Duration, clients: &[Client]) -> String {
    let lease_ms = u64::try_from(lease.as_millis()).unwrap_or(u64::MAX);
    Publish { v: VERSION, lease_ms, clients: clients.to_vec() }.to_json()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::publish::{Detail, redact};

    const FINCH: &str = r#"{"v":1,"revision":7,"at":"2026-11-22T21:00:00.000000Z","client":"finch",
        "status":"signed-in","availability":"away","activity":null,"raw":"away","note":"at lunch","reason":null,
        "since":"2026-11-22T21:00:00.000000Z","source":"purple","saved":"available",
        "accounts":[{"account":"alice@uc.test","protocol":"XMPP","name":"Alice",
        "status":"signed-in","availability":"away","activity":null,"raw":"away","note":"at lunch","reason":null,
        "since":"2026-11-22T21:00:00.000000Z"}],"missed":3,"before":"signed-in"}"#;

    fn finch() -> Client {
        Client::from_json(FINCH).unwrap()
    }

    #[test]
    fn a_body_has_no_account_and_no_note_unless_the_user_asked_for_names() {
        let text = body(Duration::from_secs(60), &[redact(&finch(), Detail::Statuses)]);
        for name in ["alice", "Alice", "uc.test", "XMPP", "lunch"] {
            assert!(!text.contains(name), "{text}");
        }
        let text = body(Duration::from_secs(60), &[redact(&finch(), Detail::Names)]);
        for name in ["alice@uc.test", "Alice", "at lunch"] {
            assert!(text.contains(name), "{text}");
        }
    }

    #[test]
    fn a_body_has_the_form_that_gateways_accept() {
        let text = body(Duration::from_secs(60), &[redact(&finch(), Detail::Statuses)]);
        assert_eq!(
            text,
            r#"{"v":1,"lease_ms":60000,"clients":[{"v":1,"revision":7,"at":"2026-11-22T21:00:00.000000Z","client":"finch","status":"signed-in","availability":"away","activity":null,"raw":"away","note":null,"reason":null,"since":"2026-11-22T21:00:00.000000Z","source":"purple","saved":null,"accounts":[]}]}"#
        );
        assert_eq!(body(Duration::from_secs(15), &[]), r#"{"v":1,"lease_ms":15000,"clients":[]}"#);
    }
}

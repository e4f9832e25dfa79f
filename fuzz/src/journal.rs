//! A journal from a bug report: replaying it must not panic, and the changes are as consistent as those
//! of a live run.

use std::collections::BTreeMap;

use communicado_runtime::Replay;
use communicado_wire::Client;
use communicado_wire::journal::Entry;

use crate::text;

/// Runs the target on one input.
pub fn run(bytes: &[u8]) {
    let journal = text(bytes);
    let mut replay = Replay::default();
    let mut revision = 0;
    let mut statuses = BTreeMap::new();
    for line in journal.lines() {
        if let Ok(entry) = Entry::from_json(line) {
            let again = Entry::from_json(&entry.to_json()).expect("an entry that was written can be read");
            assert_eq!(again, entry, "an entry survives writing and reading");
        }
        for client in replay.line(line).unwrap_or_default() {
            revision += 1;
            assert_eq!(client.revision, revision, "revisions have no gap");
            let before = statuses.insert(client.client.clone(), client.status);
            assert_eq!(client.before, Some(before), "a change starts from the status before");
            let again = Client::from_json(&client.to_json()).expect("a change can be read");
            assert_eq!(again, *client, "a change survives writing and reading");
        }
    }
}

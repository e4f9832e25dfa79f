//! A journal that a stranger attached to a report: replaying it must not panic, and what it tells
//! must be as sound as what a real run tells.
#![no_main]

use std::collections::BTreeMap;

use communicado_runtime::Replay;
use communicado_wire::Client;
use communicado_wire::journal::Entry;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|journal: &str| {
    let mut replay = Replay::default();
    let mut revision = 0;
    let mut statuses = BTreeMap::new();
    for line in journal.lines() {
        if let Ok(entry) = Entry::from_json(line) {
            let again = Entry::from_json(&entry.to_json()).expect("what is written can be read");
            assert_eq!(again, entry, "what is written is what was read");
        }
        for client in replay.line(line).unwrap_or_default() {
            revision += 1;
            assert_eq!(client.revision, revision, "revisions have no gap");
            let before = statuses.insert(client.client.clone(), client.status);
            assert_eq!(client.before, Some(before), "each change begins where the last one ended");
            let again = Client::from_json(&client.to_json()).expect("what is told can be read");
            assert_eq!(again, *client, "what is told is what was meant");
        }
    }
});

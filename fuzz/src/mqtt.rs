//! The messages of a client over MQTT: reading them must not panic, and a retained message alone
//! never makes a client run.

use communicado_core::Life;
use communicado_sources::mqtt::{TopicState, TopicTable};

/// Runs the target on one input: rules up to an empty line, then the payloads of messages, one in
/// each line, for all topics.
pub fn run(bytes: &[u8]) {
    let text = crate::text(bytes);
    let (rules, messages) = text.split_once("\n\n").unwrap_or(("", text));
    let rules: Vec<String> = rules.lines().map(str::to_owned).collect();
    let teams = TopicTable::teams_for_linux("teams").expect("a valid prefix");
    let table = TopicTable::parse(&rules).unwrap_or(teams);
    let mut live = TopicState::new(table.clone());
    let mut retained = TopicState::new(table.clone());
    for payload in messages.lines() {
        for topic in table.topics() {
            live.receive(&topic, payload.as_bytes(), false);
            retained.receive(&topic, payload.as_bytes(), true);
            assert!(retained.life() != Life::Running, "a retained message is a sign-in");
        }
    }
}

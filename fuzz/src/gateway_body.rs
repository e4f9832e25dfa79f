//! The body that a device publishes and the messages of a WebSocket: reading them must not panic, and
//! what the gateway stores can be read again.

use communicado_gateway::parse;
use communicado_wire::Client;

/// Runs the target on one input.
pub fn run(bytes: &[u8]) {
    for client in parse::publication(bytes).unwrap_or_default() {
        let again = Client::from_json(&client.to_json()).expect("a stored client can be read");
        assert_eq!(again, client, "a stored client equals the published one");
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        parse::socket_message(text);
    }
}

//! What a device publishes and what a program says on a WebSocket: reading it must not panic, and
//! what is kept of it can be read again.
#![no_main]

use communicado_gateway::parse;
use communicado_wire::Client;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    for client in parse::publication(bytes).unwrap_or_default() {
        let again = Client::from_json(&client.to_json()).expect("what is kept can be read");
        assert_eq!(again, client, "what is kept is what was said");
    }
    if let Ok(text) = std::str::from_utf8(bytes) {
        parse::socket_message(text);
    }
});

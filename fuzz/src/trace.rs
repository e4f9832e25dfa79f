//! D-Bus traffic of a libpurple client, genuine or not: decoding it must not panic, and the changes can
//! be read again.

use communicado_sources::trace;
use communicado_wire::Client;

use crate::text;

/// Runs the target on one input.
pub fn run(bytes: &[u8]) {
    let text = text(bytes);
    for client in trace::replay(text).unwrap_or_default() {
        let again = Client::from_json(&client.to_json()).expect("a change can be read");
        assert_eq!(again, *client, "a change survives writing and reading");
    }
}

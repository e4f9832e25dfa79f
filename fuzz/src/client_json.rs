//! The JSON of a client: reading it must not panic. A client that was read is written, and read again,
//! as the same client.

use communicado_wire::Client;

use crate::text;

/// Runs the target on one input.
pub fn run(bytes: &[u8]) {
    let line = text(bytes);
    if let Ok(client) = Client::from_json(line) {
        let written = client.to_json();
        assert!(!written.contains('\n'), "one object is one line");
        let again = Client::from_json(&written).expect("an entry that was written can be read");
        assert_eq!(again, client);
        assert_eq!(again.to_json(), written);
    }
}

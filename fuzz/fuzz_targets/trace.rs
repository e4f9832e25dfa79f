//! What a libpurple client, or anything that claims to be one, says on the bus: decoding it must
//! not panic, and what a listener is told of it can be read.
#![no_main]

use communicado_sources::trace;
use communicado_wire::Client;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for client in trace::play(text).unwrap_or_default() {
        let again = Client::from_json(&client.to_json()).expect("what is told can be read");
        assert_eq!(again, *client, "what is told is what was meant");
    }
});

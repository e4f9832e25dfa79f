//! Messages of a libpurple client, or of a program that claims to be one: decoding must not panic,
//! and the JSON of each reported client must be readable.
#![no_main]

use communicado_sources::trace;
use communicado_wire::Client;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    for client in trace::replay(text).unwrap_or_default() {
        let again = Client::from_json(&client.to_json()).expect("the JSON is readable");
        assert_eq!(again, *client, "the JSON means the same client");
    }
});

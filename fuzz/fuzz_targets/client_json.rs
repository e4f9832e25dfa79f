//! The JSON of a client, from whoever writes the form: reading it must not panic, and what was
//! read once is written and read again as the same.
#![no_main]

use communicado_wire::Client;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|line: &str| {
    if let Ok(client) = Client::from_json(line) {
        let written = client.to_json();
        assert!(!written.contains('\n'), "one object is one line");
        let again = Client::from_json(&written).expect("what is written can be read");
        assert_eq!(again, client);
        assert_eq!(again.to_json(), written);
    }
});

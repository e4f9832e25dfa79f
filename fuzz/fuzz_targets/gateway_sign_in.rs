//! A token of an issuer: reading it must not panic, and whoever it is of, it had three parts.
#![no_main]

use communicado_gateway::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let whose = parse::issuer_token(text);
    assert!(whose.is_none() || text.split('.').count() == 3, "whose token is it? {text}");
});

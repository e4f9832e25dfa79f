//! An entry of a bucket that gateways share, whoever wrote it: taking it must not panic.
#![no_main]

use communicado_gateway::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    let (key, value) = text.split_once('\n').unwrap_or((text, ""));
    parse::entry(key, value);
});

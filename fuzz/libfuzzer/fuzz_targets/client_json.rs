//! The libFuzzer program of the target `client_json`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| communicado_fuzz::client_json::run(bytes));

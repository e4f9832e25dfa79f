//! The libFuzzer program of the target `registry`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| communicado_fuzz::registry::run(bytes));

//! The libFuzzer program of the target `mqtt`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| communicado_fuzz::mqtt::run(bytes));

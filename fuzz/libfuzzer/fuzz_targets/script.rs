//! The libFuzzer program of the target `script`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| communicado_fuzz::script::run(bytes));

//! The libFuzzer program of the target `codes`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| communicado_fuzz::codes::run(bytes));

//! The libFuzzer program of the target `lines`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| communicado_fuzz::lines::run(bytes));

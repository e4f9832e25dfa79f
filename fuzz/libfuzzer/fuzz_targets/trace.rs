//! The libFuzzer program of the target `trace`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| communicado_fuzz::trace::run(bytes));

//! The libFuzzer program of the target `template`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| communicado_fuzz::template::run(bytes));

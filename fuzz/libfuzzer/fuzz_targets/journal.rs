//! The libFuzzer program of the target `journal`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| communicado_fuzz::journal::run(bytes));

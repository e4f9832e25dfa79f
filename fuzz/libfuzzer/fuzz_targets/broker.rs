//! The libFuzzer program of the target `broker`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| communicado_fuzz::broker::run(bytes));

//! The libFuzzer program of the target `com_session`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| communicado_fuzz::com_session::run(bytes));

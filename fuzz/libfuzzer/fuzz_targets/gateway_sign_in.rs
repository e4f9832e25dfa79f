//! The libFuzzer program of the target `gateway_sign_in`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| communicado_fuzz::gateway_sign_in::run(bytes));

//! The libFuzzer program of the target `gateway_socket`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| communicado_fuzz::gateway_socket::run(bytes));

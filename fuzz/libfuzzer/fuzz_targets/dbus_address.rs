//! The libFuzzer program of the target `dbus_address`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| communicado_fuzz::dbus_address::run(bytes));

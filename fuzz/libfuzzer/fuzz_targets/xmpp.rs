//! The libFuzzer program of the target `xmpp`.
#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| communicado_fuzz::xmpp::run(bytes));

//! A message that somebody pasted: explaining it must not panic, and every reading is complete.
#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|text: &str| {
    match communicado_codes::explain(text) {
        Ok(explanations) => {
            assert!(!explanations.is_empty(), "no reading is an error");
            assert!(communicado_codes::parse(text).is_ok(), "parse and explain agree");
            for it in explanations {
                assert!(it.meaning.ends_with('.') && it.action.ends_with('.'), "{it:?}");
            }
        }
        Err(error) => {
            assert!(communicado_codes::parse(text).is_err(), "parse and explain agree");
            assert!(!error.to_string().is_empty());
        }
    }
});

//! A message that a user pasted: explaining it must not panic, and every explanation is complete.

use crate::text;

/// Runs the target on one input.
pub fn run(bytes: &[u8]) {
    let text = text(bytes);
    match communicado_codes::explain(text) {
        Ok(explanations) => {
            assert!(!explanations.is_empty(), "no explanation is an error");
            let has_number = explanations.iter().any(|it| it.number.is_some());
            assert!(communicado_codes::parse(text).is_ok() || !has_number, "parse and explain agree");
            for it in explanations {
                assert!(it.meaning.ends_with('.') && it.action.ends_with('.'), "{it:?}");
            }
        }
        Err(error) => {
            assert!(communicado_codes::parse(text).is_err(), "parse and explain agree");
            assert!(!error.to_string().is_empty());
        }
    }
}

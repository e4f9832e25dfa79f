//! A token from an OIDC issuer: reading it must not panic, and a token with a subject has three parts.

use communicado_gateway::parse;

use crate::text;

/// Runs the target on one input.
pub fn run(bytes: &[u8]) {
    let text = text(bytes);
    let whose = parse::issuer_token(text);
    assert!(whose.is_none() || text.split('.').count() == 3, "a subject without three parts: {text}");
}

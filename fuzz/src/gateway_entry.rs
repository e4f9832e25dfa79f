//! An entry in the bucket that gateways share, with any key and value: reading it must not panic.

use communicado_gateway::parse;

use crate::text;

/// Runs the target on one input.
pub fn run(bytes: &[u8]) {
    let text = text(bytes);
    let (key, value) = text.split_once('\n').unwrap_or((text, ""));
    parse::entry(key, value);
}

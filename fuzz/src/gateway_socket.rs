//! A sequence of WebSocket messages while people change: the client must know the current state of all
//! its subscriptions, stay below the limit, and leave nothing behind.

use communicado_gateway::parse;

use crate::text;

/// Runs the target on one input.
pub fn run(bytes: &[u8]) {
    parse::socket_session(text(bytes));
}

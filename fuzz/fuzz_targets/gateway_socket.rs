//! Messages of a program on a WebSocket, one after the other, while people change. The program must
//! know whom it wants as they are, must not want too many, and must leave nothing behind.
#![no_main]

use communicado_gateway::parse;
use libfuzzer_sys::fuzz_target;

fuzz_target!(|lines: &str| parse::socket_session(lines));

//! The gateway: desktop agents publish their user's status, web pages and programs read it, at
//! once and as it changes.
//!
//! ```text
//! agents            what is so                     readers
//! PUT  ----> api -> writer -> model, store --+
//!                                            +-> fanout ---> SSE, on raw sockets
//! GET  <---- api <- people (shared) <--------+            -> WebSocket, SSE over TLS
//! ```
//!
//! `model` is pure and decides; `writer` is the one thread that writes, and tells nothing that was
//! not kept; `fanout` is the one thread that accepts and fans out; `api` is everything else that can
//! be asked over HTTP. `http` is pure and says what a valid request is. The program is [`main`]; [`parse`] is for the fuzzer.

mod api;
mod app_state;
mod arguments;
mod cluster;
mod commands;
mod connection_limit;
mod failure;
mod fanout;
mod http;
mod ids;
mod ledger;
mod limits;
mod log;
mod metrics;
mod model;
mod oidc;
mod outward;
pub mod parse;
mod principal;
mod private;
mod rates;
mod refusal;
mod secret;
mod serve;
mod store;
mod subscription;
mod text;
mod tokens;
mod traces;
mod web;
mod writer;

use std::process::ExitCode;

use clap::Parser as _;

/// The program.
#[must_use]
pub fn main() -> ExitCode {
    let done = match arguments::Arguments::try_parse() {
        Ok(arguments) => commands::run(arguments),
        Err(told) => {
            let printed = told.print();
            if told.use_stderr() { Ok(failure::Outcome::Usage) } else { commands::printed(printed) }
        }
    };
    match done {
        Ok(outcome) => outcome.into(),
        Err(failure) => {
            failure.tell();
            failure.outcome.into()
        }
    }
}

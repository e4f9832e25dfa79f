//! The gateway: desktop agents publish their user's status, web pages and programs read it, at
//! once and as it changes.
//!
//! ```text
//! agents            what is so                     readers
//! PUT  ----> api -> writer -> model, store --+
//!                                            +-> fanout ---> SSE, on raw sockets
//! GET  <---- api <- people (app_state) <-----+            -> WebSocket, SSE over TLS
//! ```
//!
//! `model` is pure and decides; `writer` is the one thread that writes, and publishes nothing that
//! was not stored; `fanout` is the one thread that accepts and fans out; `api` is everything else
//! that can be asked over HTTP. `http` is pure and says what a valid request is. The program is
//! [`main`]; [`parse`] is for the fuzzer.

mod api;
mod api_error;
mod app_state;
mod arguments;
mod auth;
mod budget;
mod cluster;
mod commands;
mod config;
mod connection;
mod connection_limit;
mod credentials;
mod failure;
mod fanout;
mod http;
mod http_client;
mod ids;
mod limits;
mod metrics;
mod model;
mod new_token;
mod oidc;
mod options;
mod output;
pub mod parse;
mod principal;
mod private;
mod rates;
mod redact;
mod sanitize;
mod secret;
mod serve;
mod sse;
mod store;
mod store_writer;
mod stream;
mod subscription;
mod token_table;
mod traces;
mod web;
mod writer;

use std::process::ExitCode;

use clap::Parser as _;

/// The program.
#[must_use]
pub fn main() -> ExitCode {
    let result = match arguments::Arguments::try_parse() {
        Ok(arguments) => arguments.run(),
        Err(error) => {
            let printed = error.print();
            if error.use_stderr() {
                Ok(failure::Outcome::Usage)
            } else {
                output::outcome_of(printed)
            }
        }
    };
    match result {
        Ok(outcome) => outcome.into(),
        Err(failure) => {
            output::print_error(&failure.to_string());
            failure.outcome.into()
        }
    }
}

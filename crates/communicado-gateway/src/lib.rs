//! The gateway receives sign-in status from desktop agents and streams it to web pages and
//! programs.
//!
//! ```text
//! agents            state                          readers
//! PUT  ----> api -> writer -> model, store --+
//!                                            +-> fanout ---> SSE, on raw sockets
//! GET  <---- api <- people (app_state) <-----+            -> WebSocket, SSE over TLS
//! ```
//!
//! `model` is pure and computes each person's status. `writer` is the only thread that writes, and
//! publishes only stored changes. `fanout` is the thread that accepts connections and fans changes
//! out. `api` serves all other HTTP requests. `http` is pure and validates request framing. The
//! program is [`main`]; [`parse`] is for the fuzzer.

mod api;
mod api_error;
mod app_state;
mod arguments;
mod audit;
mod auth;
mod branding;
mod bucket_file;
mod budget;
mod cluster;
mod commands;
mod config;
mod connection;
mod connection_limit;
mod credentials;
mod fanout;
mod http;
mod http_client;
mod ids;
mod last_uses;
mod limits;
mod metrics;
mod model;
mod new_token;
mod oidc;
mod options;
mod pairings;
pub mod parse;
mod principal;
mod private;
mod proxy_probe;
mod rate_limits;
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
mod topics;
mod traces;
mod trusted_proxies;
mod web;
mod web_url;
mod writer;

use std::process::ExitCode;

use clap::Parser as _;
use communicado_cli_support::print_usage;

/// Runs the program.
#[must_use]
pub fn main() -> ExitCode {
    let result = match arguments::Arguments::try_parse() {
        Ok(arguments) => arguments.run(),
        Err(message) => print_usage(&message),
    };
    match result {
        Ok(outcome) => outcome.into(),
        Err(failure) => {
            failure.print();
            failure.outcome().into()
        }
    }
}

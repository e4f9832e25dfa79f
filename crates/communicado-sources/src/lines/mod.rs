//! Source for any program that writes JSON lines: `kind = "lines"`.
//!
//! The configuration names a program. The source starts it and reads its standard output. Each line
//! is the state of one client, as in `communicado watch --json`; `client` and `status` suffice.
//! A state is valid only while the program runs. When the program ends, or closes its standard
//! output, its clients are `unknown`, and the supervisor starts the program again.
//!
//! No shell interprets the command. The environment has only the variables of `ENVIRONMENT` in
//! `program/linux.rs` and `program/windows.rs`. Standard input is a pipe that ends with this process.
//!
//! `line.rs` parses a line and `line_buffer.rs` finds the lines; both are pure. The cases in
//! `conformance/lines` test the source.

mod line;
mod line_buffer;
mod program;
mod source;

pub use line::{LineError, ReportedClient, parse};
pub use line_buffer::{LINE_MAX, LineBuffer, TooLong};

use crate::descriptor::{OptionKind, OptionSpec, Platform, SourceDescriptor, WITH};

/// The option for the program.
const RUN: &str = "run";

/// Descriptor of this source.
pub(crate) const DESCRIPTOR: SourceDescriptor = SourceDescriptor {
    name: "lines",
    about: "any program that writes JSON lines, such as `communicado watch --json` over ssh",
    capabilities: &["life", "sign-in", "presence", "accounts", "saved status"],
    limitations: &[
        "Communicado reports what the program writes, and cannot check it",
        "every command that reads a status starts the program, and ends it afterwards",
    ],
    platform: Platform::Anywhere,
    is_automatic: false,
    clients: &[],
    options: &[
        OptionSpec {
            name: RUN,
            kind: OptionKind::List,
            default: None,
            help: "the program and its arguments; no shell interprets them",
        },
        WITH,
    ],
    make: Some(source::make),
};

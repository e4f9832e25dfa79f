//! Source for a client that publishes its state to an MQTT broker: `kind = "mqtt"`.
//!
//! `topic_table.rs` has the rules that give the values of topics a meaning, and `topic_state.rs`
//! has the state of the client. Both are pure. The rules of teams-for-linux are built in.
//!
//! A retained message can be of a former life of the client. So it never counts, but for the topic
//! that says whether the client runs: its last will replaces a value of a client that died.
//! The cases in `conformance/mqtt` test the source.

mod source;
mod topic_state;
mod topic_table;

pub use topic_state::TopicState;
pub use topic_table::{InvalidRule, TopicTable};

use crate::descriptor::{OptionKind, OptionSpec, Platform, SourceDescriptor, WITH};

const fn text(name: &'static str, default: &'static str, help: &'static str) -> OptionSpec {
    OptionSpec { name, kind: OptionKind::Text, default: Some(default), help }
}

const BROKER: OptionSpec = OptionSpec {
    name: "broker",
    kind: OptionKind::Address,
    default: None,
    help: "the URL of the broker; `mqtt` without TLS is for this computer, or with `insecure`",
};
const USER: OptionSpec = text("user", "", "the user name at the broker");
const PASSWORD_FILE: OptionSpec = OptionSpec {
    name: "password-file",
    kind: OptionKind::SecretFile,
    default: Some(""),
    help: "the file with the password, or the name of a systemd credential",
};
const CA_FILE: OptionSpec = OptionSpec {
    name: "ca-file",
    kind: OptionKind::Path,
    default: Some(""),
    help: "verify the broker against this CA only; the file is in PEM format",
};
const INSECURE: OptionSpec = OptionSpec {
    name: "insecure",
    kind: OptionKind::Bool,
    default: Some("false"),
    help: "whether to connect to another computer without TLS",
};
const CLIENT: OptionSpec = text("client", "teams", "the name of the client");
const PREFIX: OptionSpec = text("prefix", "teams", "the topic prefix of teams-for-linux");
const RULES: OptionSpec = OptionSpec {
    name: "rules",
    kind: OptionKind::List,
    default: Some(""),
    help: "the meanings of topics; without rules, those of teams-for-linux",
};

/// Descriptor of this source.
pub(crate) const DESCRIPTOR: SourceDescriptor = SourceDescriptor {
    name: "mqtt",
    about: "teams-for-linux and other clients that publish their state to an MQTT broker",
    capabilities: &["life", "sign-in", "presence"],
    limitations: &[
        "a status counts only when the client publishes it while the source is connected",
        "teams-for-linux reads its status from the page of Teams and never reports a sign-out",
        "a client that is not connected to the broker is `unknown`",
    ],
    platform: Platform::Anywhere,
    is_automatic: false,
    clients: &[],
    options: &[BROKER, USER, PASSWORD_FILE, CA_FILE, INSECURE, CLIENT, PREFIX, RULES, WITH],
    make: Some(source::make),
};

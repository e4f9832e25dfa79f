//! Source for accounts of an XMPP server: `kind = "xmpp"`.
//!
//! `contacts.rs` has the accounts of the configuration, and `watched.rs` the state of each. Both are
//! pure. `watch.rs` follows one connection, and `communicado_net::xmpp` has the protocol.
//!
//! The source signs in to a service account, and other accounts let it see their presence. With
//! `own-account` it sees the other clients of the account that it signs in to. There is no other
//! way: without a first presence, a server sends nothing.
//! The cases in `conformance/xmpp` test the source.

mod contacts;
mod source;
mod watch;
mod watched;

pub use watched::{WatchEffect, WatchedAccounts};

use crate::descriptor::{OptionKind, OptionSpec, Platform, SourceDescriptor, WITH};
use crate::keepalive::{CHECK_OPTION, TIMEOUT_OPTION};

const ACCOUNT: OptionSpec = OptionSpec {
    name: "account",
    kind: OptionKind::Text,
    default: None,
    help: "the account that the source signs in to, such as `watcher@example.com`",
};
const PASSWORD_FILE: OptionSpec = OptionSpec {
    name: "password-file",
    kind: OptionKind::SecretFile,
    default: None,
    help: "the file with the password, or the name of a systemd credential",
};
const SERVER: OptionSpec = OptionSpec {
    name: "server",
    kind: OptionKind::Address,
    default: Some(""),
    help: "the server: `xmpp` for STARTTLS, `xmpps` for TLS; empty for port 5222 of the domain",
};
const CA_FILE: OptionSpec = OptionSpec {
    name: "ca-file",
    kind: OptionKind::Path,
    default: Some(""),
    help: "verify the server against this CA only; the file is in PEM format",
};
const INSECURE: OptionSpec = OptionSpec {
    name: "insecure",
    kind: OptionKind::Bool,
    default: Some("false"),
    help: "whether to connect to another computer without TLS",
};
const CONTACTS: OptionSpec = OptionSpec {
    name: "contacts",
    kind: OptionKind::List,
    default: Some(""),
    help: "the accounts to watch, such as `ada@example.com` or `ada = ada@example.com`",
};
const OWN_ACCOUNT: OptionSpec = OptionSpec {
    name: "own-account",
    kind: OptionKind::Bool,
    default: Some("false"),
    help: "watch the other clients of `account`; its contacts see it online meanwhile",
};

/// Descriptor of this source.
pub(crate) const DESCRIPTOR: SourceDescriptor = SourceDescriptor {
    name: "xmpp",
    about: "accounts of an XMPP server, whatever client they use",
    capabilities: &["sign-in", "presence", "accounts"],
    limitations: &[
        "it reports what the server says: a client that died can stay signed in for 5 to 10 minutes",
        "it sees accounts, not programs: a client that runs without a sign-in is `signed-out`",
        "an account must let the source see its presence; until then it is `unknown`",
        "with `own-account`, your contacts see you online while Communicado runs",
        "it reads no SRV record of DNS, and knows no SCRAM with a channel binding",
    ],
    platform: Platform::Anywhere,
    is_automatic: false,
    clients: &[],
    options: &[
        ACCOUNT,
        PASSWORD_FILE,
        SERVER,
        CA_FILE,
        INSECURE,
        CONTACTS,
        OWN_ACCOUNT,
        CHECK_OPTION,
        TIMEOUT_OPTION,
        WITH,
    ],
    make: Some(source::make),
};

//! `notification`: a desktop notification for each change that needs the user.
//!
//! `rules` chooses the changes. `sink` sends them to the notification daemon of the session, with the
//! interface of freedesktop.org. It never starts a daemon.

#[cfg(target_os = "linux")]
mod rules;
#[cfg(target_os = "linux")]
mod sink;

use crate::agent::{OpenSink, SinkDescriptor, SinkOption, SinkOptionKind};

const CHANGES: SinkOption = SinkOption {
    name: "changes",
    kind: SinkOptionKind::Choice(&["problems", "all"]),
    default: Some("problems"),
    help: "The changes to show: `problems` (sign-out, failed sign-in, hung client) or `all`.",
};
const TITLE: SinkOption = SinkOption {
    name: "title",
    kind: SinkOptionKind::Template,
    default: Some("{{ client }}: {{ status }}"),
    help: "A template of the title, with the keys of `--format`.",
};
const BODY: SinkOption = SinkOption {
    name: "body",
    kind: SinkOptionKind::Template,
    default: Some("{{ reason }}"),
    help: "A template of the text, with the keys of `--format`.",
};
const URGENCY: SinkOption = SinkOption {
    name: "urgency",
    kind: SinkOptionKind::Choice(URGENCIES),
    default: Some("normal"),
    help: "The urgency: `low`, `normal` or `critical`.",
};
const ICON: SinkOption = SinkOption {
    name: "icon",
    kind: SinkOptionKind::Text,
    default: Some("dialog-information"),
    help: "The name of an icon of the theme, or the path of a file.",
};

/// The urgencies, each at the position that is its number.
const URGENCIES: &[&str] = &["low", "normal", "critical"];

#[cfg(target_os = "linux")]
const OPEN: OpenSink =
    |context, options| Ok(Box::new(sink::NotificationSink::new(context, options)?));
#[cfg(not(target_os = "linux"))]
const OPEN: OpenSink = |_, _| Err(crate::agent::not_on_this_system("notification daemon"));

/// The kind `notification`.
pub(crate) const DESCRIPTOR: SinkDescriptor = SinkDescriptor {
    kind: "notification",
    about: "A desktop notification, on Linux",
    capabilities: &[
        "a notification for each sign-out, failed sign-in and hung client",
        "one notification for each client, which the next one replaces",
    ],
    limitations: &[
        "It works on Linux only.",
        "It starts no notification daemon: without one, nothing is shown.",
        "The text is plain, without markup.",
    ],
    leaves_machine: false,
    options: &[CHANGES, TITLE, BODY, URGENCY, ICON],
    destination: |_, _| "the notification daemon".to_owned(),
    open: OPEN,
};

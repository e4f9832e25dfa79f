//! A template from a configuration: it is rejected or it renders, and its output cannot control a
//! terminal.

use std::sync::{Arc, LazyLock};

use communicado_sinks::{Form as _, Line, Template};
use communicado_wire::{Client, Timestamp};

use crate::text;

/// A client whose texts a terminal, a status bar or a template could read as commands.
const HOSTILE: &str = r#"{"v":1,"revision":3,"at":"2026-11-22T21:00:00Z","client":"pid\ngin","status":"signed-in","availability":"away","activity":"out-to-lunch","raw":"\u001b[2J{{ status }}","reason":null,"since":"1970-01-01T00:00:00Z","source":"purple","saved":"<b>\u202e&","accounts":[{"account":"a\"b'c","protocol":"XMPP","status":"signed-out","availability":null,"activity":null,"raw":null,"reason":"authentication-failed","since":"2026-11-22T21:00:00Z"}],"missed":2,"before":null}"#;

static CLIENT: LazyLock<Arc<Client>> =
    LazyLock::new(|| Arc::new(Client::from_json(HOSTILE).expect("the sample is a client")));

/// Runs the target on one input.
pub fn run(bytes: &[u8]) {
    let source = text(bytes);
    // No user writes a longer template.
    if source.len() > 2_000 {
        return;
    }
    let Ok(mut template) = Template::new(source) else { return };
    let all = [Arc::clone(&CLIENT)];
    let line = Line { client: Some(&CLIENT), all: &all, is_change: true, now: Timestamp::EPOCH };
    let mut out = String::new();
    if template.write(&line, &mut out).is_ok() && !source.contains(char::is_control) {
        let line = out.strip_suffix('\n').expect("a line ends with a line break");
        assert!(!line.contains(char::is_control), "foreign text has no control characters: {line:?}");
    }
}

//! Lines for status bars: one after each update, about the most relevant client.

use std::fmt::Write as _;
use std::sync::Arc;

use communicado_runtime::SinkError;
use communicado_wire::{Client, Status, printable};
use serde_json::json;

use crate::template::markup;
use crate::{Form, Line, LineScope};

/// The longest text for a bar.
const TEXT_MAX: usize = 40;

/// Renders the line of a bar, from the client to show and all clients.
type RenderBar = fn(Option<&Arc<Client>>, &[Arc<Client>]) -> String;

struct Bar(RenderBar);

/// The form for a custom module of Waybar with `return-type: json` (waybar-custom(5)).
///
/// `alt` is for `format-icons`, `class` for CSS.
#[must_use]
pub fn waybar() -> impl Form {
    Bar(|first, all| {
        let words: Vec<&str> = first.map(|client| words(client)).unwrap_or_default();
        let tooltip: Vec<String> = all.iter().map(|client| tooltip(client)).collect();
        json!({
            "text": markup(&text(first)),
            "alt": words.last().copied().unwrap_or("unknown"),
            "tooltip": tooltip.join("\n"),
            "class": words,
        })
        .to_string()
    })
}

/// The form for an i3blocks block with `interval=persist` and `format=json`.
#[must_use]
pub fn i3blocks() -> impl Form {
    Bar(|first, _| {
        json!({ "full_text": text(first), "short_text": text(first), "color": colour(first) })
            .to_string()
    })
}

/// The form for a polybar `custom/script` with `tail = true`: a coloured icon, the client and words.
#[must_use]
pub fn polybar() -> impl Form {
    Bar(|first, _| {
        let client = first.map_or_else(String::new, |it| printable(&it.client, TEXT_MAX) + " ");
        // `%{` starts a tag, and `%%` is a percent sign.
        let text = format!("{client}{}", text(first)).replace('%', "%%");
        format!("%{{F{}}}{}%{{F-}} {text}", colour(first), icon(first))
    })
}

impl Form for Bar {
    fn scope(&self) -> LineScope {
        LineScope::All
    }

    fn write(&mut self, line: &Line<'_>, out: &mut String) -> Result<(), SinkError> {
        let first = line.all.iter().min_by_key(|client| rank(client));
        let _ = writeln!(out, "{}", self.0(first, line.all));
        Ok(())
    }
}

/// The order of relevance: signed-in clients first, then those that are about to be, then those
/// with a problem.
fn rank(client: &Arc<Client>) -> (u8, Option<communicado_core::Availability>) {
    let rank = match client.status {
        Status::SignedIn => 0,
        Status::SigningIn => 1,
        Status::SigningOut => 2,
        Status::Starting => 3,
        Status::Unknown => 4,
        Status::SignedOut => 5,
        Status::ShuttingDown => 6,
        Status::Absent => 7,
    };
    (rank, client.availability)
}

/// The words for a client, the most specific last.
fn words(client: &Client) -> Vec<&'static str> {
    let mut words = vec![client.status.word()];
    words.extend(client.availability.map(|word| word.word()));
    words
}

fn text(client: Option<&Arc<Client>>) -> String {
    // Without a client, no source has taken a snapshot yet.
    let Some(client) = client else { return Status::Unknown.word().to_owned() };
    let word = words(client).last().copied().unwrap_or_default();
    let more = client.activity.map(|word| word.word()).or(client.reason.as_deref());
    let text = more.map_or_else(|| word.to_owned(), |more| format!("{word} ({more})"));
    printable(&text, TEXT_MAX)
}

fn tooltip(client: &Client) -> String {
    let mut line = format!("{}: {}", printable(&client.client, TEXT_MAX), words(client).join(", "));
    if let Some(reason) = &client.reason {
        let _ = write!(line, " ({})", printable(reason, TEXT_MAX));
    }
    markup(&line)
}

fn colour(client: Option<&Arc<Client>>) -> &'static str {
    use communicado_core::Availability as A;
    match client.map(|client| (client.status, client.availability)) {
        Some((Status::SignedIn, Some(A::Available))) => "#2e9e4f",
        Some((Status::SignedIn, Some(A::Busy | A::DoNotDisturb))) => "#d64545",
        Some((Status::SignedIn, _)) => "#d9a514",
        Some((Status::Unknown, _)) | None => "#a05fc0",
        _ => "#8a8a8a",
    }
}

/// A symbol that the fonts of bars have.
fn icon(client: Option<&Arc<Client>>) -> char {
    use communicado_core::Availability as A;
    match client.map(|client| (client.status, client.availability)) {
        Some((Status::SignedIn, Some(A::Available))) => '●',
        Some((Status::SignedIn, Some(A::Busy))) => '■',
        Some((Status::SignedIn, Some(A::DoNotDisturb))) => '⊖',
        Some((Status::SignedIn, _)) => '◐',
        Some((Status::SignedOut, _)) => '○',
        Some((Status::Absent, _)) => '✕',
        Some((Status::Unknown, _)) | None => '?',
        _ => '…',
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use communicado_wire::Timestamp;

    fn line(form: &mut dyn Form, clients: &[&str]) -> String {
        let clients = clients.iter().map(|json| Arc::new(Client::from_json(json).unwrap()));
        let all: Vec<_> = clients.collect();
        let line = Line { client: None, all: &all, is_change: false, now: Timestamp::EPOCH };
        let mut out = String::new();
        form.write(&line, &mut out).unwrap();
        out
    }

    const ABSENT: &str = r#"{"v":1,"revision":1,"at":"2026-11-22T21:00:00Z","client":"finch","status":"absent","availability":null,"activity":null,"raw":null,"reason":null,"since":"2026-11-22T21:00:00Z","source":"purple","saved":null,"accounts":[]}"#;
    const BUSY: &str = r#"{"v":1,"revision":2,"at":"2026-11-22T21:00:00Z","client":"a<b%{","status":"signed-in","availability":"busy","activity":"on-the-phone","raw":"phone","reason":null,"since":"2026-11-22T21:00:00Z","source":"purple","saved":null,"accounts":[]}"#;

    #[test]
    fn waybar_gets_words_for_icons_and_classes_and_escaped_text() {
        assert_eq!(
            line(&mut waybar(), &[ABSENT, BUSY]),
            "{\"alt\":\"busy\",\"class\":[\"signed-in\",\"busy\"],\
             \"text\":\"busy (on-the-phone)\",\
             \"tooltip\":\"finch: absent\\na&lt;b%{: signed-in, busy\"}\n"
        );
        assert!(line(&mut waybar(), &[]).contains("\"text\":\"unknown\""));
    }

    #[test]
    fn i3blocks_gets_a_text_and_a_color() {
        assert_eq!(
            line(&mut i3blocks(), &[ABSENT]),
            "{\"color\":\"#8a8a8a\",\"full_text\":\"absent\",\"short_text\":\"absent\"}\n"
        );
    }

    #[test]
    fn polybar_gets_an_icon_the_client_and_only_our_tags() {
        assert_eq!(
            line(&mut polybar(), &[ABSENT, BUSY]),
            "%{F#d64545}■%{F-} a<b%%{ busy (on-the-phone)\n"
        );
        assert_eq!(line(&mut polybar(), &[ABSENT]), "%{F#8a8a8a}✕%{F-} finch absent\n");
        assert_eq!(line(&mut polybar(), &[]), "%{F#a05fc0}?%{F-} unknown\n");
    }
}

//! The text form for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use communicado_runtime::SinkError;
use communicado_wire::{Account, Client, Status, Timestamp, printable};

use crate::{Form, Line, LineScope};

/// The longest name of an account to show; JSON has the whole name.
const NAME_MAX: usize = 60;
/// The longest note to show; JSON has the whole note.
const NOTE_MAX: usize = 80;

/// Text for people: a line for each client, and one for each of its accounts if it has several.
#[derive(Debug)]
pub struct Text {
    /// `true` to use colors.
    pub coloured: bool,
    /// `true` to follow changes: each line has its time, and a client with one account has no line
    /// for it.
    pub following: bool,
    /// Formats the time of a line.
    time_of_day: fn(Timestamp) -> String,
    /// The last text of each client, without times.
    last_text: BTreeMap<Arc<str>, String>,
}

impl Form for Text {
    fn scope(&self) -> LineScope {
        LineScope::Client
    }

    /// Skips a change that does not change the text, such as of a saved status that matches the
    /// presence.
    fn write(&mut self, line: &Line<'_>, out: &mut String) -> Result<(), SinkError> {
        let Some(client) = line.client else { return Ok(()) };
        let text = self.text(client, line);
        let previous = self.last_text.insert(Arc::clone(&client.client), text.clone());
        if line.is_change && client.missed == 0 && previous.as_ref() == Some(&text) {
            return Ok(());
        }
        for (index, text) in text.lines().enumerate() {
            match (self.following, index) {
                (true, 0) => {
                    let _ = write!(out, "{}  ", (self.time_of_day)(client.at));
                }
                (true, _) => out.push_str("          "),
                (false, _) => {}
            }
            out.push_str(text);
            let was = client.before.flatten().filter(|before| *before != client.status);
            match (index, client.missed, was) {
                (0, 1.., _) => {
                    let _ = write!(out, "  missed {} changes", client.missed);
                }
                (0, 0, Some(before)) if line.is_change => {
                    let _ = write!(out, "  was {}", before.word());
                }
                _ => {}
            }
            out.truncate(out.trim_end_matches(' ').len());
            out.push('\n');
        }
        Ok(())
    }
}

impl Text {
    /// A text form with or without colors, for one snapshot or for following changes. Times are in
    /// UTC.
    #[must_use]
    pub fn new(coloured: bool, following: bool) -> Self {
        let time_of_day = Timestamp::time_of_day;
        Self { coloured, following, time_of_day, last_text: BTreeMap::new() }
    }

    /// Sets the format of the times, such as for a time zone.
    #[must_use]
    pub fn with_time_of_day(self, time_of_day: fn(Timestamp) -> String) -> Self {
        Self { time_of_day, ..self }
    }

    fn text(&self, client: &Client, line: &Line<'_>) -> String {
        let mut out = String::new();
        let name = |client: &Client| printable(&client.client, NAME_MAX);
        let longest = line.all.iter().map(|client| name(client).chars().count()).max();
        let (name, width) = (name(client), longest.unwrap_or(0).max(6));
        let _ = write!(out, "{name:width$}  ");
        self.status(client.status, client.reason.as_deref(), &mut out);
        let _ = writeln!(out, "  {:<27}", detail(client));
        if !self.following || client.accounts.len() > 1 {
            for account in &client.accounts {
                self.account(account, &mut out);
            }
        }
        out
    }

    fn account(&self, account: &Account, out: &mut String) {
        let name = printable(&account.account, NAME_MAX);
        let protocol = printable(&account.protocol, NAME_MAX);
        let _ = write!(out, "  {name} ({protocol})  ");
        self.status(account.status, account.reason.as_deref(), out);
        let note = quoted(account.note.as_deref());
        let text = [
            account.availability.map(|word| word.word()),
            account.activity.map(|word| word.word()),
            account.reason.as_deref(),
            note.as_deref(),
        ];
        let _ = writeln!(out, "  {}", text.into_iter().flatten().collect::<Vec<_>>().join(", "));
    }

    fn status(&self, status: Status, reason: Option<&str>, out: &mut String) {
        let word = status.word();
        if self.coloured {
            let _ = write!(out, "\u{1b}[{}m{word}\u{1b}[0m", colour(status, reason));
        } else {
            out.push_str(word);
        }
        out.extend(std::iter::repeat_n(' ', 13_usize.saturating_sub(word.len())));
    }
}

/// The note between quotation marks.
fn quoted(note: Option<&str>) -> Option<String> {
    note.map(|note| format!("\"{}\"", printable(note, NOTE_MAX)))
}

/// The details of a client in a few words.
fn detail(client: &Client) -> String {
    // An account may not apply the user's choice: XMPP does not support invisible.
    let saved = client.saved.as_deref().filter(|saved| {
        let hidden = matches!(*saved, "invisible" | "offline");
        hidden && client.status == Status::SignedIn && client.raw.as_deref() != Some(saved)
    });
    let chosen = saved.map(|saved| format!("chose {saved}"));
    let note = quoted(client.note.as_deref());
    let words = [
        client.availability.map(|word| word.word()),
        client.activity.map(|word| word.word()),
        client.reason.as_deref(),
        chosen.as_deref(),
        note.as_deref(),
    ];
    words.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The code of the color (ECMA-48 §8.3.117). The text is complete without it.
const fn colour(status: Status, reason: Option<&str>) -> &'static str {
    match status {
        Status::SignedIn => "32",
        Status::Starting | Status::SigningIn | Status::SigningOut | Status::ShuttingDown => "33",
        Status::SignedOut if reason.is_some() => "31",
        Status::SignedOut => "36",
        Status::Unknown => "35",
        Status::Absent => "2",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use communicado_wire::Timestamp;

    fn client(json: &str) -> Arc<Client> {
        Arc::new(Client::from_json(json).unwrap())
    }

    fn write(form: &mut Text, client: &Arc<Client>, is_change: bool) -> String {
        let all = [Arc::clone(client)];
        let mut out = String::new();
        let now = Timestamp::EPOCH;
        form.write(&Line { client: Some(client), all: &all, is_change, now }, &mut out).unwrap();
        out
    }

    const ALICE: &str = r#"{"v":1,"revision":2,"at":"2026-11-22T21:03:12Z","client":"finch","status":"signed-in","availability":"away","activity":null,"raw":"away","reason":null,"since":"2026-11-22T21:00:00Z","source":"purple","saved":"away","accounts":[{"account":"al\nice","protocol":"XMPP","status":"signed-in","availability":"away","activity":null,"raw":"away","reason":null,"since":"2026-11-22T21:00:00Z"}],"before":"signing-in"}"#;

    #[test]
    fn a_snapshot_has_the_accounts_and_following_has_the_time() {
        assert_eq!(
            write(&mut Text::new(false, false), &client(ALICE), false),
            "finch   signed-in      away\n  al\\nice (XMPP)  signed-in      away\n"
        );
        assert_eq!(
            write(&mut Text::new(false, true), &client(ALICE), true),
            "21:03:12  finch   signed-in      away                         was signing-in\n"
        );
    }

    #[test]
    fn a_change_that_does_not_change_the_text_is_skipped() {
        let mut form = Text::new(false, true);
        assert_ne!(write(&mut form, &client(ALICE), true), "");
        let same = ALICE.replace(r#""saved":"away""#, r#""saved":"available""#);
        assert_eq!(write(&mut form, &client(&same), true), "");
        let hidden = ALICE.replace(r#""saved":"away""#, r#""saved":"invisible""#);
        assert!(write(&mut form, &client(&hidden), true).contains("away, chose invisible"));
    }

    #[test]
    fn a_note_is_in_the_text_and_a_new_one_is_a_new_line() {
        let note = |text: &str| {
            ALICE.replace(r#""raw":"away""#, &format!(r#""raw":"away","note":"{text}""#))
        };
        let mut form = Text::new(false, true);
        let line = write(&mut form, &client(&note("back at \\\"two\\\"\\u202e")), true);
        assert!(line.contains(r#"away, "back at "two"\u{202e}""#), "{line}");
        assert_ne!(write(&mut form, &client(&note("back at three")), true), "");
        assert_eq!(
            write(&mut Text::new(false, false), &client(&note("at lunch")), false),
            "finch   signed-in      away, \"at lunch\"\n  \
             al\\nice (XMPP)  signed-in      away, \"at lunch\"\n"
        );
    }

    #[test]
    fn colors_add_no_information() {
        let plain = write(&mut Text::new(false, false), &client(ALICE), false);
        let coloured = write(&mut Text::new(true, false), &client(ALICE), false);
        let stripped = coloured.replace("\u{1b}[32m", "").replace("\u{1b}[0m", "");
        assert_ne!(coloured, plain);
        assert_eq!(stripped, plain);
    }
}

//! Text for people.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Arc;

use communicado_runtime::SinkError;
use communicado_wire::{Account, Client, Status};

use crate::{Form, Line, Scope, printable};

/// The longest name of an account that is shown; JSON has it whole.
const NAME_MAX: usize = 60;

/// Text for people: a line for each client, and one more for each account where there are
/// several.
#[derive(Debug, Default)]
pub struct Text {
    /// Whether colours are used.
    pub coloured: bool,
    /// Whether changes are followed: each line has its time, and the accounts of a client are
    /// only shown where there are several.
    pub follows: bool,
    /// What was last shown of each client, times left out.
    shown: BTreeMap<Arc<str>, String>,
}

impl Form for Text {
    fn scope(&self) -> Scope {
        Scope::Client
    }

    /// A change that a person would not see, such as of a saved status that agrees with the
    /// presence, is left out.
    fn write(&mut self, line: &Line<'_>, out: &mut String) -> Result<(), SinkError> {
        let Some(client) = line.client else { return Ok(()) };
        let said = self.said(client, line);
        let again = self.shown.insert(Arc::clone(&client.client), said.clone());
        if line.is_change && client.missed == 0 && again.as_ref() == Some(&said) {
            return Ok(());
        }
        for (index, said) in said.lines().enumerate() {
            match (self.follows, index) {
                (true, 0) => {
                    let _ = write!(out, "{}  ", client.at.time_of_day());
                }
                (true, _) => out.push_str("          "),
                (false, _) => {}
            }
            out.push_str(said);
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
    /// Text with or without colours, for one look or for following.
    #[must_use]
    pub fn new(coloured: bool, follows: bool) -> Self {
        Self { coloured, follows, shown: BTreeMap::new() }
    }

    fn said(&self, client: &Client, line: &Line<'_>) -> String {
        let mut out = String::new();
        let name = |client: &Client| printable(&client.client, NAME_MAX);
        let longest = line.all.iter().map(|client| name(client).chars().count()).max();
        let (name, width) = (name(client), longest.unwrap_or(0).max(6));
        let _ = write!(out, "{name:width$}  ");
        self.status(client.status, client.reason.as_deref(), &mut out);
        let _ = writeln!(out, "  {:<27}", detail(client));
        if !self.follows || client.accounts.len() > 1 {
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
        let said = [
            account.availability.map(|word| word.word()),
            account.activity.map(|word| word.word()),
            account.reason.as_deref(),
        ];
        let _ = writeln!(out, "  {}", said.into_iter().flatten().collect::<Vec<_>>().join(", "));
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

/// What else there is to say of a client in a few words.
fn detail(client: &Client) -> String {
    // An account need not take up what the user chose: XMPP knows no invisible.
    let saved = client.saved.as_deref().filter(|saved| {
        let hidden = matches!(*saved, "invisible" | "offline");
        hidden && client.status == Status::SignedIn && client.raw.as_deref() != Some(saved)
    });
    let chosen = saved.map(|saved| format!("chose {saved}"));
    let words = [
        client.availability.map(|word| word.word()),
        client.activity.map(|word| word.word()),
        client.reason.as_deref(),
        chosen.as_deref(),
    ];
    words.into_iter().flatten().collect::<Vec<_>>().join(", ")
}

/// The number of the colour (ECMA-48 §8.3.117): the words say the same without it.
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
    fn one_look_shows_the_accounts_and_following_shows_the_time() {
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
    fn a_change_that_cannot_be_seen_is_left_out_and_one_that_matters_is_not() {
        let mut form = Text::new(false, true);
        assert_ne!(write(&mut form, &client(ALICE), true), "");
        let same = ALICE.replace(r#""saved":"away""#, r#""saved":"available""#);
        assert_eq!(write(&mut form, &client(&same), true), "");
        let hidden = ALICE.replace(r#""saved":"away""#, r#""saved":"invisible""#);
        assert!(write(&mut form, &client(&hidden), true).contains("away, chose invisible"));
    }

    #[test]
    fn colours_say_nothing_that_the_words_do_not() {
        let plain = write(&mut Text::new(false, false), &client(ALICE), false);
        let coloured = write(&mut Text::new(true, false), &client(ALICE), false);
        let stripped = coloured.replace("\u{1b}[32m", "").replace("\u{1b}[0m", "");
        assert_ne!(coloured, plain);
        assert_eq!(stripped, plain);
    }
}

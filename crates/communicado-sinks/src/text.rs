//! Text for people.

use std::fmt::Write as _;
use std::sync::Arc;

use communicado_runtime::SinkError;
use communicado_wire::{Account, Client, Status};

use crate::{Form, Line, Scope, printable};

/// The longest name of an account that is shown; JSON has it whole.
const NAME_MAX: usize = 60;

/// Text for people: a line for each client, and one more for each account where there are
/// several.
#[derive(Clone, Copy, Debug)]
pub struct Text {
    /// Whether colours are used.
    pub coloured: bool,
    /// Whether a line begins with the time.
    pub timed: bool,
    /// Whether the accounts are shown also where there is only one.
    pub accounts: bool,
}

impl Form for Text {
    fn scope(&self) -> Scope {
        Scope::Client
    }

    fn write(&mut self, line: &Line<'_>, out: &mut String) -> Result<(), SinkError> {
        let Some(client) = line.client else { return Ok(()) };
        let longest = line.all.iter().map(|client| client.client.chars().count()).max();
        let width = longest.unwrap_or(0).max(6);
        if self.timed {
            let _ = write!(out, "{}  ", client.at.time_of_day());
        }
        let name = printable(&client.client, NAME_MAX);
        let _ = write!(out, "{name:width$}  ");
        self.status(client.status, client.reason.as_deref(), out);
        let _ = write!(out, "  {:<27}", detail(client));
        if client.missed > 0 {
            let _ = write!(out, "  missed {} changes", client.missed);
        } else if let (true, Some(Some(before))) = (line.is_change, client.before)
            && before != client.status
        {
            let _ = write!(out, "  was {}", before.word());
        }
        end_line(out);
        if self.accounts || client.accounts.len() > 1 {
            let indent = if self.timed { 10 } else { 0 };
            for account in &client.accounts {
                self.account(account, indent, out);
            }
        }
        Ok(())
    }
}

impl Text {
    fn account(self, account: &Account, indent: usize, out: &mut String) {
        let name = printable(&account.account, NAME_MAX);
        let protocol = printable(&account.protocol, NAME_MAX);
        let _ = write!(out, "{:indent$}  {name} ({protocol})  ", "");
        self.status(account.status, account.reason.as_deref(), out);
        let said = [
            account.availability.map(|word| word.word()),
            account.activity.map(|word| word.word()),
            account.reason.as_deref(),
        ];
        let _ = write!(out, "  {}", said.into_iter().flatten().collect::<Vec<_>>().join(", "));
        end_line(out);
    }

    fn status(self, status: Status, reason: Option<&str>, out: &mut String) {
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
fn detail(client: &Arc<Client>) -> String {
    let words = [
        client.availability.map(|word| word.word()),
        client.activity.map(|word| word.word()),
        client.reason.as_deref(),
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

fn end_line(out: &mut String) {
    out.truncate(out.trim_end_matches(' ').len());
    out.push('\n');
}

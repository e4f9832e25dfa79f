//! The lines of a script.

use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::error::{ScriptError, What};
use super::{Action, Script, Step};
use crate::words::{NoSuchWord, activity, availability, span};
use crate::{Command, Fault, Presence, Reason};

/// Every action, with what stands behind it.
pub const ACTIONS: &[(&str, &str)] = &[
    ("running", ""),
    ("sign-in", "[--takes SPAN]"),
    ("fail-sign-in", "REASON [--takes SPAN]"),
    ("sign-out", "[--takes SPAN]"),
    ("end-sign-in", "REASON"),
    ("set", "AVAILABILITY [--activity ACTIVITY] [--note TEXT] [--for SPAN]"),
    ("quit", ""),
    ("crash", ""),
    ("hang", "SPAN"),
    ("refuse", ""),
    ("late", "SPAN"),
    ("stale-flag", ""),
    ("behave", ""),
];

pub(super) fn script(text: &str) -> Result<Script, ScriptError> {
    let mut steps: Vec<Step> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let wrong = |what| ScriptError { line: number, what };
        if number > Script::LINES_MAX {
            return Err(wrong(What::TooLong { lines_max: Script::LINES_MAX }));
        }
        let words = split(line).map_err(wrong)?;
        let Some((first, rest)) = words.split_first() else { continue };
        let after = span(first).ok_or_else(|| wrong(What::NotATime(first.clone())))?;
        if let Some(before) = steps.last().map(|step| step.after).filter(|it| *it > after) {
            return Err(wrong(What::TimeGoesBack { after, before }));
        }
        let action = action(first, rest).map_err(wrong)?;
        steps.push(Step { after, action, line: number });
    }
    Ok(Script { steps })
}

/// The words of a line, without what is for people.
fn split(line: &str) -> Result<Vec<String>, What> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => {
                quoted = !quoted;
                // A quotation of nothing is a word too.
                word.get_or_insert_default();
            }
            '#' if !quoted && word.is_none() => break,
            c if c.is_whitespace() && !quoted => words.extend(word.take()),
            c => word.get_or_insert_default().push(c),
        }
    }
    if quoted {
        return Err(What::OpenQuote);
    }
    words.extend(word);
    Ok(words)
}

fn action(after: &str, words: &[String]) -> Result<Action, What> {
    let Some((name, rest)) = words.split_first() else {
        return Err(What::Missing { behind: after.to_owned(), what: "action" });
    };
    let mut rest = Rest { behind: name, words: rest };
    let action = match name.as_str() {
        "running" => Action::Command(Command::Started),
        "sign-in" => Action::Command(sign_in(None, &mut rest)?),
        "fail-sign-in" => {
            let fails = Some(reason(&mut rest)?);
            Action::Command(sign_in(fails, &mut rest)?)
        }
        "sign-out" => Action::Command(Command::SignOut { takes: takes(&mut rest)? }),
        "end-sign-in" => Action::Command(Command::SignedOutByServer(reason(&mut rest)?)),
        "set" => Action::Command(set(&mut rest)?),
        "quit" => Action::Command(Command::Quit),
        "crash" => Action::Fault(Fault::Crash),
        "hang" => Action::Fault(Fault::Hang(rest.span()?)),
        "refuse" => Action::Fault(Fault::Refuse),
        "late" => Action::Fault(Fault::Late(rest.span()?)),
        "stale-flag" => Action::Fault(Fault::StaleFlag),
        "behave" => Action::Fault(Fault::Behave),
        word => {
            let known = ACTIONS.iter().map(|(name, _)| name);
            return Err(What::NoSuchWord(NoSuchWord::new("action", word, known)));
        }
    };
    match rest.words.first() {
        Some(word) => {
            let known: [&str; 0] = [];
            Err(What::NoSuchWord(NoSuchWord::new("part of this action", word, known)))
        }
        None => Ok(action),
    }
}

fn sign_in(fails: Option<Reason>, rest: &mut Rest<'_>) -> Result<Command, What> {
    Ok(Command::SignIn { takes: takes(rest)?, fails })
}

fn takes(rest: &mut Rest<'_>) -> Result<Duration, What> {
    let mut takes = Duration::ZERO;
    while rest.option(&["--takes"])?.is_some() {
        takes = rest.span()?;
    }
    Ok(takes)
}

fn reason(rest: &mut Rest<'_>) -> Result<Reason, What> {
    Reason::from_word(rest.word("reason")?).map_err(What::NoSuchWord)
}

fn set(rest: &mut Rest<'_>) -> Result<Command, What> {
    let word = availability(rest.word("availability")?).map_err(What::NoSuchWord)?;
    let mut presence = Presence::new(word, None);
    let mut lasts = None;
    while let Some(option) = rest.option(&["--activity", "--note", "--for"])? {
        match option {
            "--activity" => {
                let word = activity(rest.word("activity")?).map_err(What::NoSuchWord)?;
                presence.activity = Some(word);
            }
            "--note" => presence = presence.with_note(rest.word("note")?).map_err(What::Note)?,
            _ => lasts = Some(rest.span()?),
        }
    }
    Ok(Command::Set { presence, lasts })
}

/// What is left of a line.
struct Rest<'a> {
    /// The word before it.
    behind: &'a str,
    words: &'a [String],
}

impl<'a> Rest<'a> {
    fn word(&mut self, what: &'static str) -> Result<&'a str, What> {
        let Some((word, rest)) = self.words.split_first() else {
            return Err(What::Missing { behind: self.behind.to_owned(), what });
        };
        (self.behind, self.words) = (word, rest);
        Ok(word)
    }

    fn span(&mut self) -> Result<Duration, What> {
        let behind = self.behind;
        let word = self.word("span of time")?;
        let not = || What::NotASpan { behind: behind.to_owned(), word: word.to_owned() };
        span(word).ok_or_else(not)
    }

    /// The next word, if it is an option.
    fn option(&mut self, known: &[&str]) -> Result<Option<&'a str>, What> {
        let Some(word) = self.words.first().filter(|word| word.starts_with("--")) else {
            return Ok(None);
        };
        if !known.contains(&word.as_str()) {
            let what = "option of this action";
            return Err(What::NoSuchWord(NoSuchWord::new(what, word, known)));
        }
        self.word("option").map(Some)
    }
}

#[cfg(test)]
mod tests {
    use alloc::string::ToString as _;
    use alloc::vec;

    use communicado_core::{Activity, Availability};

    use super::*;

    const fn seconds(seconds: u64) -> Duration {
        Duration::from_secs(seconds)
    }

    #[track_caller]
    fn check(text: &str, expected: Action) {
        let steps = Script::parse(text).map(|script| script.steps);
        assert_eq!(steps, Ok(vec![Step { after: seconds(2), action: expected, line: 1 }]));
    }

    #[test]
    fn every_action_is_read() {
        let command = Action::Command;
        let reason = Reason::from_word("invalid-password").unwrap();
        let takes = seconds(1);
        check("2s running", command(Command::Started));
        check("2s sign-in", command(Command::SIGN_IN));
        check("2s sign-in --takes 1s", command(Command::SignIn { takes, fails: None }));
        let failing = Command::SignIn { takes, fails: Some(reason) };
        check("2s fail-sign-in invalid-password --takes 1s", command(failing));
        check("2s sign-out --takes 1s", command(Command::SignOut { takes }));
        check("2s end-sign-in invalid-password", command(Command::SignedOutByServer(reason)));
        check("2s quit", command(Command::Quit));
        for (word, fault) in [
            ("crash", Fault::Crash),
            ("hang 1s", Fault::Hang(takes)),
            ("refuse", Fault::Refuse),
            ("late 1s", Fault::Late(takes)),
            ("stale-flag", Fault::StaleFlag),
            ("behave", Fault::Behave),
        ] {
            check(&alloc::format!("2s {word}"), Action::Fault(fault));
        }
        let presence = Presence::new(Availability::Busy, Some(Activity::InAMeeting));
        let presence = presence.with_note("back # at four").unwrap();
        check(
            "  2s\tset busy --note \"back # at four\" --activity in-a-meeting --for 1s # a meeting",
            command(Command::Set { presence, lasts: Some(takes) }),
        );
    }

    #[test]
    fn every_action_that_is_listed_is_known() {
        for (name, _) in ACTIONS {
            let read = Script::parse(&alloc::format!("0s {name}"));
            let unknown = read.err().and_then(|error| error.unknown_word().cloned());
            assert_eq!(unknown, None, "{name}");
        }
    }

    #[test]
    fn comments_and_empty_lines_do_nothing() {
        assert_eq!(Script::parse("\n# nothing\n   \n"), Ok(Script::default()));
        assert!(!Script::parse("0s sign-in").unwrap().starts());
        assert!(Script::parse("0s running").unwrap().starts());
    }

    #[test]
    fn what_is_wrong_is_named_with_its_line() {
        let check = |text: &str, expected: &str| {
            let error = Script::parse(text).unwrap_err();
            assert_eq!(error.to_string(), expected);
        };
        check("0s sign-in\n\n1s dance", "line 3: `dance` is no action");
        check("3s sign-in\n1s crash", "line 2: 1s comes after 3s: time does not go back");
        check("soon crash", "line 1: `soon` is no time since the start, such as `500ms` or `3s`");
        check("-1s crash", "line 1: `-1s` is no time since the start, such as `500ms` or `3s`");
        check("1s", "line 1: behind `1s` there is no action");
        check("1s hang", "line 1: behind `hang` there is no span of time");
        check("1s hang long", "line 1: `long` behind `hang` is no span of time, such as `500ms`");
        check("1s set bussy", "line 1: `bussy` is no availability");
        check("1s set busy --activty x", "line 1: `--activty` is no option of this action");
        check("1s set busy --activity", "line 1: behind `--activity` there is no activity");
        check("1s crash now", "line 1: `now` is no part of this action");
        check("1s set busy --note \"a", "line 1: a quotation mark is not closed");
        check("1s set busy --note \"\"", "line 1: the note cannot be shown: it is empty");
        check("1s fail-sign-in tired", "line 1: `tired` is no reason for a failed sign-in");
    }

    #[test]
    fn a_script_has_an_end() {
        let text = "1s behave\n".repeat(Script::LINES_MAX + 1);
        let error = Script::parse(&text).unwrap_err();
        assert_eq!(error.what, What::TooLong { lines_max: Script::LINES_MAX });
    }
}

//! The lines of a script.

use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::error::{ScriptError, ScriptErrorKind};
use super::{Script, ScriptAction, ScriptStep};
use crate::words::{UnknownWord, activity, availability, duration};
use crate::{Fault, Presence, ProviderCommand, Reason};

/// Every action, with what stands behind it.
pub const ACTIONS: &[(&str, &str)] = &[
    ("running", ""),
    ("sign-in", "[--takes DURATION]"),
    ("fail-sign-in", "REASON [--takes DURATION]"),
    ("sign-out", "[--takes DURATION]"),
    ("end-sign-in", "REASON"),
    ("set", "AVAILABILITY [--activity ACTIVITY] [--note TEXT] [--for DURATION]"),
    ("quit", ""),
    ("crash", ""),
    ("hang", "DURATION"),
    ("refuse", ""),
    ("late", "DURATION"),
    ("stale-flag", ""),
    ("behave", ""),
];

pub(super) fn script(text: &str) -> Result<Script, ScriptError> {
    let mut steps: Vec<ScriptStep> = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let error = |kind| ScriptError { line: number, kind };
        if number > Script::LINES_MAX {
            return Err(error(ScriptErrorKind::TooManyLines { lines_max: Script::LINES_MAX }));
        }
        let words = words_of(line).map_err(error)?;
        let Some((first, rest)) = words.split_first() else { continue };
        let after =
            duration(first).ok_or_else(|| error(ScriptErrorKind::InvalidTime(first.clone())))?;
        if let Some(before) = steps.last().map(|step| step.after).filter(|it| *it > after) {
            return Err(error(ScriptErrorKind::TimeDecreases { after, before }));
        }
        let action = action(first, rest).map_err(error)?;
        steps.push(ScriptStep { after, action, line: number });
    }
    Ok(Script { steps })
}

/// The words of a line, without what is for people.
fn words_of(line: &str) -> Result<Vec<String>, ScriptErrorKind> {
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
        return Err(ScriptErrorKind::OpenQuote);
    }
    words.extend(word);
    Ok(words)
}

fn action(after: &str, words: &[String]) -> Result<ScriptAction, ScriptErrorKind> {
    let Some((name, rest)) = words.split_first() else {
        return Err(ScriptErrorKind::Missing { previous: after.to_owned(), expected: "action" });
    };
    let mut cursor = WordCursor { previous: name, words: rest };
    let action = match name.as_str() {
        "running" => ScriptAction::Command(ProviderCommand::Started),
        "sign-in" => ScriptAction::Command(sign_in(None, &mut cursor)?),
        "fail-sign-in" => {
            let fails = Some(reason(&mut cursor)?);
            ScriptAction::Command(sign_in(fails, &mut cursor)?)
        }
        "sign-out" => {
            ScriptAction::Command(ProviderCommand::SignOut { takes: takes(&mut cursor)? })
        }
        "end-sign-in" => {
            ScriptAction::Command(ProviderCommand::SignedOutByServer(reason(&mut cursor)?))
        }
        "set" => ScriptAction::Command(set(&mut cursor)?),
        "quit" => ScriptAction::Command(ProviderCommand::Quit),
        "crash" => ScriptAction::Fault(Fault::Crash),
        "hang" => ScriptAction::Fault(Fault::Hang(cursor.duration()?)),
        "refuse" => ScriptAction::Fault(Fault::Refuse),
        "late" => ScriptAction::Fault(Fault::Late(cursor.duration()?)),
        "stale-flag" => ScriptAction::Fault(Fault::StaleFlag),
        "behave" => ScriptAction::Fault(Fault::Behave),
        word => {
            let known = ACTIONS.iter().map(|(name, _)| name);
            return Err(ScriptErrorKind::UnknownWord(UnknownWord::new("action", word, known)));
        }
    };
    match cursor.words.first() {
        Some(word) => {
            let known: [&str; 0] = [];
            Err(ScriptErrorKind::UnknownWord(UnknownWord::new("part of this action", word, known)))
        }
        None => Ok(action),
    }
}

fn sign_in(
    fails: Option<Reason>,
    cursor: &mut WordCursor<'_>,
) -> Result<ProviderCommand, ScriptErrorKind> {
    Ok(ProviderCommand::SignIn { takes: takes(cursor)?, fails })
}

fn takes(cursor: &mut WordCursor<'_>) -> Result<Duration, ScriptErrorKind> {
    let mut takes = Duration::ZERO;
    while cursor.option(&["--takes"])?.is_some() {
        takes = cursor.duration()?;
    }
    Ok(takes)
}

fn reason(cursor: &mut WordCursor<'_>) -> Result<Reason, ScriptErrorKind> {
    Reason::from_word(cursor.word("reason")?).map_err(ScriptErrorKind::UnknownWord)
}

fn set(cursor: &mut WordCursor<'_>) -> Result<ProviderCommand, ScriptErrorKind> {
    let word = availability(cursor.word("availability")?).map_err(ScriptErrorKind::UnknownWord)?;
    let mut presence = Presence::new(word, None);
    let mut lasts = None;
    while let Some(option) = cursor.option(&["--activity", "--note", "--for"])? {
        match option {
            "--activity" => {
                let word =
                    activity(cursor.word("activity")?).map_err(ScriptErrorKind::UnknownWord)?;
                presence.activity = Some(word);
            }
            "--note" => {
                presence =
                    presence.with_note(cursor.word("note")?).map_err(ScriptErrorKind::Note)?
            }
            _ => lasts = Some(cursor.duration()?),
        }
    }
    Ok(ProviderCommand::Set { presence, lasts })
}

/// What is left of a line.
struct WordCursor<'a> {
    /// The word before it.
    previous: &'a str,
    words: &'a [String],
}

impl<'a> WordCursor<'a> {
    fn word(&mut self, expected: &'static str) -> Result<&'a str, ScriptErrorKind> {
        let Some((word, rest)) = self.words.split_first() else {
            return Err(ScriptErrorKind::Missing { previous: self.previous.to_owned(), expected });
        };
        (self.previous, self.words) = (word, rest);
        Ok(word)
    }

    fn duration(&mut self) -> Result<Duration, ScriptErrorKind> {
        let previous = self.previous;
        let word = self.word("span of time")?;
        let not = || ScriptErrorKind::InvalidDuration {
            previous: previous.to_owned(),
            word: word.to_owned(),
        };
        duration(word).ok_or_else(not)
    }

    /// The next word, if it is an option.
    fn option(&mut self, known: &[&str]) -> Result<Option<&'a str>, ScriptErrorKind> {
        let Some(word) = self.words.first().filter(|word| word.starts_with("--")) else {
            return Ok(None);
        };
        if !known.contains(&word.as_str()) {
            let expected = "option of this action";
            return Err(ScriptErrorKind::UnknownWord(UnknownWord::new(expected, word, known)));
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
    fn check(text: &str, expected: ScriptAction) {
        let steps = Script::parse(text).map(|script| script.steps);
        assert_eq!(steps, Ok(vec![ScriptStep { after: seconds(2), action: expected, line: 1 }]));
    }

    #[test]
    fn every_action_is_read() {
        let command = ScriptAction::Command;
        let reason = Reason::from_word("invalid-password").unwrap();
        let takes = seconds(1);
        check("2s running", command(ProviderCommand::Started));
        check("2s sign-in", command(ProviderCommand::SIGN_IN));
        check("2s sign-in --takes 1s", command(ProviderCommand::SignIn { takes, fails: None }));
        let failing = ProviderCommand::SignIn { takes, fails: Some(reason) };
        check("2s fail-sign-in invalid-password --takes 1s", command(failing));
        check("2s sign-out --takes 1s", command(ProviderCommand::SignOut { takes }));
        check(
            "2s end-sign-in invalid-password",
            command(ProviderCommand::SignedOutByServer(reason)),
        );
        check("2s quit", command(ProviderCommand::Quit));
        for (word, fault) in [
            ("crash", Fault::Crash),
            ("hang 1s", Fault::Hang(takes)),
            ("refuse", Fault::Refuse),
            ("late 1s", Fault::Late(takes)),
            ("stale-flag", Fault::StaleFlag),
            ("behave", Fault::Behave),
        ] {
            check(&alloc::format!("2s {word}"), ScriptAction::Fault(fault));
        }
        let presence = Presence::new(Availability::Busy, Some(Activity::InAMeeting));
        let presence = presence.with_note("back # at four").unwrap();
        check(
            "  2s\tset busy --note \"back # at four\" --activity in-a-meeting --for 1s # a meeting",
            command(ProviderCommand::Set { presence, lasts: Some(takes) }),
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
        assert_eq!(error.kind, ScriptErrorKind::TooManyLines { lines_max: Script::LINES_MAX });
    }
}

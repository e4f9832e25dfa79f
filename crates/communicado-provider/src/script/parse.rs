//! The parser of script lines.

use alloc::borrow::ToOwned as _;
use alloc::string::String;
use alloc::vec::Vec;
use core::time::Duration;

use super::error::{ScriptError, ScriptErrorKind};
use super::steps::{Script, ScriptAction, ScriptStep};
use crate::words::{UnknownWord, activity, availability, duration};
use crate::{Fault, Presence, ProviderCommand, Reason};

/// All actions, with their arguments.
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

impl Script {
    /// Parses a script.
    ///
    /// # Errors
    ///
    /// For the first invalid line.
    pub fn parse(text: &str) -> Result<Self, ScriptError> {
        let mut steps: Vec<ScriptStep> = Vec::new();
        for (number, line) in (1..).zip(text.lines()) {
            let error = |kind| ScriptError { line: number, kind };
            if number > Self::LINES_MAX {
                return Err(error(ScriptErrorKind::TooManyLines { lines_max: Self::LINES_MAX }));
            }
            let words = words_of(line).map_err(error)?;
            let Some((first, rest)) = words.split_first() else { continue };
            let after = duration(first)
                .ok_or_else(|| error(ScriptErrorKind::InvalidTime(first.clone())))?;
            if let Some(before) = steps.last().map(|step| step.after).filter(|it| *it > after) {
                return Err(error(ScriptErrorKind::TimeDecreases { after, before }));
            }
            let action = action(first, rest).map_err(error)?;
            steps.push(ScriptStep { after, action, line: number });
        }
        Ok(Self { steps })
    }
}

/// Splits a line into words, without the comment.
fn words_of(line: &str) -> Result<Vec<String>, ScriptErrorKind> {
    let mut words = Vec::new();
    let mut word: Option<String> = None;
    let mut quoted = false;
    for c in line.chars() {
        match c {
            '"' => {
                quoted = !quoted;
                // Empty quotation marks are a word.
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
            Err(ScriptErrorKind::UnknownWord(UnknownWord::new("argument", word, known)))
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

/// The remaining words of a line.
struct WordCursor<'a> {
    /// The word before the remaining ones.
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
        let word = self.word("duration")?;
        let not = || ScriptErrorKind::InvalidDuration {
            previous: previous.to_owned(),
            word: word.to_owned(),
        };
        duration(word).ok_or_else(not)
    }

    /// Takes the next word, if it is an option.
    fn option(&mut self, known: &[&str]) -> Result<Option<&'a str>, ScriptErrorKind> {
        let Some(word) = self.words.first().filter(|word| word.starts_with("--")) else {
            return Ok(None);
        };
        if !known.contains(&word.as_str()) {
            let expected = "option";
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
    fn every_action_is_parsed() {
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
    fn comments_and_empty_lines_are_ignored() {
        assert_eq!(Script::parse("\n# nothing\n   \n"), Ok(Script::default()));
        assert!(!Script::parse("0s sign-in").unwrap().starts());
        assert!(Script::parse("0s running").unwrap().starts());
    }

    #[test]
    fn an_error_names_its_line() {
        let check = |text: &str, expected: &str| {
            let error = Script::parse(text).unwrap_err();
            assert_eq!(error.to_string(), expected);
        };
        check("0s sign-in\n\n1s dance", "line 3: unknown action `dance`");
        check("3s sign-in\n1s crash", "line 2: 1s is earlier than the previous line (3s)");
        check(
            "soon crash",
            "line 1: invalid time `soon`: expected a duration such as `500ms` or `3s`",
        );
        check(
            "-1s crash",
            "line 1: invalid time `-1s`: expected a duration such as `500ms` or `3s`",
        );
        check("1s", "line 1: missing action after `1s`");
        check("1s hang", "line 1: missing duration after `hang`");
        check(
            "1s hang long",
            "line 1: invalid duration `long` after `hang`: expected one such as `500ms`",
        );
        check("1s set bussy", "line 1: unknown availability `bussy`");
        check("1s set busy --activty x", "line 1: unknown option `--activty`");
        check("1s set busy --activity", "line 1: missing activity after `--activity`");
        check("1s crash now", "line 1: unknown argument `now`");
        check("1s set busy --note \"a", "line 1: unclosed quotation mark");
        check("1s set busy --note \"\"", "line 1: invalid note: the text is empty");
        check("1s fail-sign-in tired", "line 1: unknown sign-in failure reason `tired`");
    }

    #[test]
    fn long_scripts_are_rejected() {
        let text = "1s behave\n".repeat(Script::LINES_MAX + 1);
        let error = Script::parse(&text).unwrap_err();
        assert_eq!(error.kind, ScriptErrorKind::TooManyLines { lines_max: Script::LINES_MAX });
    }
}

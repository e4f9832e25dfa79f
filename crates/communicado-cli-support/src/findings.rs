//! The findings of a command `doctor`: a line for each check, and the verdict.

use std::fmt::Write as _;

use communicado_runtime::{Check, CheckHealth};
use communicado_wire::printable;

use crate::Outcome;

/// The maximum length of a subject, which may contain an account name.
const WHAT_MAX: usize = 80;
/// The maximum length of a finding, which may contain the address of a bus.
const FOUND_MAX: usize = 500;

/// The findings of all checks.
#[derive(Debug)]
pub struct Findings {
    text: String,
    worst: CheckHealth,
}

impl Default for Findings {
    fn default() -> Self {
        Self { text: String::new(), worst: CheckHealth::Good }
    }
}

impl Findings {
    /// Adds the result of a check, with its advice.
    pub fn add(&mut self, check: &Check) {
        self.worst = self.worst.max(check.health);
        let _ = writeln!(self.text, "{}  {}", sign(check.health), finding(check));
        if let Some(action) = &check.action {
            let _ = writeln!(self.text, "    help: {action}");
        }
    }

    /// Adds a part that the configuration disables, which is no problem.
    pub fn disabled(&mut self, what: &str) {
        let _ = writeln!(self.text, "{}  {what}: disabled", sign(CheckHealth::Limited));
    }

    /// The text with its verdict, and the outcome of the command. `limited` is the verdict for
    /// limitations without a problem.
    #[must_use]
    pub fn conclude(mut self, limited: &str) -> (String, Outcome) {
        let (verdict, outcome) = match self.worst {
            CheckHealth::Good => ("no problems found", Outcome::Yes),
            CheckHealth::Limited => (limited, Outcome::Yes),
            CheckHealth::Bad => ("problems found: see the lines marked `!!`", Outcome::No),
        };
        let _ = writeln!(self.text, "{verdict}");
        (self.text, outcome)
    }
}

/// The subject and finding of a check, with control characters escaped.
#[must_use]
pub fn finding(check: &Check) -> String {
    let what = printable(&check.what, WHAT_MAX);
    format!("{what}: {}", printable(&check.found, FOUND_MAX))
}

/// The two-character sign for the health of a subject.
const fn sign(health: CheckHealth) -> &'static str {
    match health {
        CheckHealth::Good => "ok",
        CheckHealth::Limited => "--",
        CheckHealth::Bad => "!!",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_check_decides_the_verdict() {
        let conclude = |healths: &[CheckHealth]| {
            let mut findings = Findings::default();
            findings.disabled("a part");
            for health in healths {
                findings.add(&Check {
                    what: "clock".into(),
                    health: *health,
                    found: "a\nb".into(),
                    action: Some("act".into()),
                });
            }
            findings.conclude("limited")
        };
        let (good, limited, bad) = (CheckHealth::Good, CheckHealth::Limited, CheckHealth::Bad);
        let text = "--  a part: disabled\nok  clock: a\\nb\n    help: act\nno problems found\n";
        assert_eq!(conclude(&[good]), (text.to_owned(), Outcome::Yes));
        let (text, outcome) = conclude(&[limited, good]);
        assert!(text.ends_with("\nlimited\n") && outcome == Outcome::Yes, "{text}");
        let (text, outcome) = conclude(&[bad, limited]);
        assert!(text.contains("problems found: ") && outcome == Outcome::No, "{text}");
    }
}

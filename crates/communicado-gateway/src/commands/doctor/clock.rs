//! The check of the system clock: its synchronization, and its difference from the issuer's clock.

use std::process::{Command, Stdio};
use std::time::Duration;

use communicado_runtime::{Check, Clock as _, SystemClock};
use jiff::fmt::rfc2822::DateTimeParser;

use super::{bad, good, limited};
use crate::http_client;

const WHAT: &str = "clock";
/// Time limit for the issuer.
const TIMEOUT: Duration = Duration::from_secs(10);
/// The difference in seconds that is a problem. Sign-in at an issuer fails at 60 s.
const DIFFERENCE_MAX: i64 = 30;

/// Checks the clock.
pub(super) fn check(issuer: Option<&str>, is_synchronized: Option<bool>) -> Check {
    describe(issuer.and_then(difference), is_synchronized)
}

fn describe(ahead_s: Option<i64>, is_synchronized: Option<bool>) -> Check {
    const ACTION: &str = "start a time service: `timedatectl set-ntp true`, or chrony";
    match (ahead_s, is_synchronized) {
        (Some(ahead), _) if ahead.abs() > DIFFERENCE_MAX => {
            let word = if ahead > 0 { "ahead of" } else { "behind" };
            let found = format!("it is {} s {word} the issuer's clock", ahead.abs());
            bad(WHAT, found, ACTION)
        }
        (_, Some(true)) => good(WHAT, "a time service synchronizes it"),
        (_, Some(false)) => limited(WHAT, "no time service synchronizes it", ACTION),
        (Some(_), None) => {
            good(WHAT, format!("it is within {DIFFERENCE_MAX} s of the issuer's clock"))
        }
        (None, None) => {
            let found = "not checked, because `timedatectl` does not respond";
            limited(WHAT, found, "check that a time service, such as chrony, runs")
        }
    }
}

/// The seconds by which this clock is ahead of the issuer's.
fn difference(issuer: &str) -> Option<i64> {
    let answer = http_client::agent(TIMEOUT).get(issuer).call().ok()?;
    let date = answer.headers().get("date")?.to_str().ok()?;
    let theirs = DateTimeParser::new().parse_timestamp(date).ok()?.as_second();
    let ours = SystemClock::start().civil().micros() / 1_000_000;
    Some(ours - theirs)
}

/// True if the kernel says that a time service synchronizes the clock.
pub(super) fn is_synchronized() -> Option<bool> {
    let mut query = Command::new("timedatectl");
    query.args(["show", "--property=NTPSynchronized", "--value"]);
    let output = query.stdin(Stdio::null()).stderr(Stdio::null()).output().ok()?;
    of_word(&String::from_utf8_lossy(&output.stdout))
}

/// The value of a property of systemd.
fn of_word(text: &str) -> Option<bool> {
    match text.trim() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use communicado_runtime::CheckHealth;

    use super::*;

    #[test]
    fn only_an_observed_clock_is_good() {
        for (ahead, synchronized, expected) in [
            (None, "yes\n", CheckHealth::Good),
            (Some(-30), "", CheckHealth::Good),
            (None, "", CheckHealth::Limited),
            (None, "no\n", CheckHealth::Limited),
            (Some(0), "no\n", CheckHealth::Limited),
            (Some(31), "yes\n", CheckHealth::Bad),
            (Some(-3600), "", CheckHealth::Bad),
        ] {
            let check = describe(ahead, of_word(synchronized));
            assert_eq!(check.health, expected, "{check:?}");
        }
    }
}

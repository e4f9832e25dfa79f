//! The day that the demo goes through: what happens, and what must be said of it.

/// One step of the day.
pub(super) enum ScenarioStep {
    /// A provider is started and does this by itself: milliseconds after its start, and what.
    Start(&'static [(u64, &'static str)]),
    /// The provider is killed, and can say nothing.
    Kill(u64),
    /// Something happens and is said.
    Row(ScenarioRow),
}

/// What happens, and what must be said of it.
pub(super) struct ScenarioRow {
    /// What happens, in a few words.
    pub(super) happens: &'static str,
    pub(super) trigger: Trigger,
    pub(super) expected: Expected,
}

/// What makes communicado say it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trigger {
    /// The start or the kill just before.
    Action,
    /// The provider told this status.
    Status(&'static str),
    /// What made it say the line before.
    Previous,
}

/// What communicado must say.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Expected {
    pub(super) status: &'static str,
    /// Availability, activity and reason, where there are any.
    pub(super) more: &'static [&'static str],
}

/// The first client of the day.
const FIRST: &[(u64, &str)] = &[
    (1200, "running"),
    (2400, "fail-sign-in invalid-password --takes 900ms"),
    (4500, "sign-in --takes 700ms"),
    (6600, "set busy --activity in-a-meeting --note \"in London until four\""),
    (8200, "set away"),
];
const FIRST_ENDS: u64 = 9600;

/// The one after the crash.
const SECOND: &[(u64, &str)] = &[
    (600, "running"),
    (1200, "sign-in --takes 500ms"),
    (3200, "sign-out --takes 300ms"),
    (4600, "quit"),
];

/// The whole day.
pub(super) const SCENARIO: &[ScenarioStep] = &[
    ScenarioStep::Start(FIRST),
    row("Ada starts her client", Trigger::Action, "starting", &[]),
    row("it is up; nobody is signed in", Trigger::Status("signed-out"), "signed-out", &[]),
    row("she signs in ...", Trigger::Status("signing-in"), "signing-in", &[]),
    row(
        "... with a wrong password",
        Trigger::Status("signed-out"),
        "signed-out",
        &["authentication-failed"],
    ),
    row("she tries again ...", Trigger::Status("signing-in"), "signing-in", &[]),
    row("... and is in", Trigger::Status("signed-in"), "signed-in", &["available"]),
    row("a meeting begins", Trigger::Status("signed-in"), "signed-in", &["busy", "in-a-meeting"]),
    row("she goes for coffee", Trigger::Status("signed-in"), "signed-in", &["away"]),
    ScenarioStep::Kill(FIRST_ENDS),
    row("kill -9: it can say nothing", Trigger::Action, "signed-out", &[]),
    row("... and is gone", Trigger::Previous, "absent", &[]),
    ScenarioStep::Start(SECOND),
    row("she starts it again", Trigger::Action, "starting", &[]),
    row("it is up again", Trigger::Status("signed-out"), "signed-out", &[]),
    row("she signs in ...", Trigger::Status("signing-in"), "signing-in", &[]),
    row("... and is back", Trigger::Status("signed-in"), "signed-in", &["available"]),
    row("evening: she signs out ...", Trigger::Status("signing-out"), "signing-out", &[]),
    row("... and is out", Trigger::Status("signed-out"), "signed-out", &[]),
    row("she closes it", Trigger::Status("shutting-down"), "shutting-down", &[]),
    row("it is gone", Trigger::Previous, "absent", &[]),
];

/// The client of the scene on the web.
pub(super) const WEB_CLIENT: &[(u64, &str)] =
    &[(400, "running"), (700, "sign-in --takes 400ms"), (2000, "set busy --activity in-a-meeting")];
pub(super) const WEB_CLIENT_ENDS: u64 = 3000;

/// What the page on the web must say, of what is told by the client and lasts.
pub(super) const WEB: &[ScenarioRow] = &[
    status_row("Ada signs in on her laptop", &["available"]),
    status_row("a meeting begins", &["busy", "in-a-meeting"]),
];

const fn status_row(happens: &'static str, more: &'static [&'static str]) -> ScenarioRow {
    let expected = Expected { status: "signed-in", more };
    ScenarioRow { happens, trigger: Trigger::Status("signed-in"), expected }
}

const fn row(
    happens: &'static str,
    trigger: Trigger,
    status: &'static str,
    more: &'static [&'static str],
) -> ScenarioStep {
    ScenarioStep::Row(ScenarioRow { happens, trigger, expected: Expected { status, more } })
}

/// A script for the provider, so many times faster.
pub(super) fn script(steps: &[(u64, &str)], faster: u64) -> String {
    let line = |(after, action): &(u64, &str)| {
        let mut line = format!("{}ms", after / faster);
        for word in action.split(' ') {
            line.push(' ');
            match word.strip_suffix("ms").and_then(|number| number.parse::<u64>().ok()) {
                Some(takes) => line.push_str(&format!("{}ms", takes / faster)),
                None => line.push_str(word),
            }
        }
        line + "\n"
    };
    steps.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use communicado_provider::script::Script;

    use super::*;

    #[test]
    fn every_script_of_the_day_can_be_played_and_leaves_time_for_what_follows() {
        for steps in [FIRST, SECOND, WEB_CLIENT] {
            for faster in [1, 5] {
                let text = script(steps, faster);
                let script = Script::parse(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
                assert_eq!(script.steps.len(), steps.len());
                assert!(script.starts(), "starting is to be seen");
            }
        }
        assert!(FIRST.iter().all(|(after, _)| *after < FIRST_ENDS));
        assert!(WEB_CLIENT.iter().all(|(after, _)| *after < WEB_CLIENT_ENDS));
    }

    #[test]
    fn every_row_fits_its_columns() {
        let of_scenario = SCENARIO.iter().filter_map(|step| match step {
            ScenarioStep::Row(row) => Some(row),
            ScenarioStep::Start(_) | ScenarioStep::Kill(_) => None,
        });
        for row in of_scenario.chain(WEB) {
            assert!(row.happens.len() <= super::super::table::EVENT_WIDTH, "{}", row.happens);
            let said = row.expected.status.len() + row.expected.more.join(", ").len() + 2;
            assert!(said <= super::super::table::STATUS_WIDTH, "{:?}", row.expected);
        }
    }
}

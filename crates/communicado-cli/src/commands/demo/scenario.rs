//! The scenario of the demo: the events, and the status that communicado must report for each.

/// A step of the scenario.
pub(super) enum ScenarioStep {
    /// Starts a provider that plays these actions, each with its time after the start in ms.
    Start(&'static [(u64, &'static str)]),
    /// Kills the provider this many milliseconds after its start.
    Kill(u64),
    /// An event that communicado must report.
    Row(ScenarioRow),
}

/// An event, and the report that communicado must print.
pub(super) struct ScenarioRow {
    /// A short description of the event.
    pub(super) event: &'static str,
    pub(super) trigger: Trigger,
    pub(super) expected: Expected,
}

/// The trigger of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Trigger {
    /// The start or kill before this row.
    Action,
    /// A status that the provider reports.
    Status(&'static str),
    /// The trigger of the row before.
    Previous,
}

/// The report that communicado must print.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Expected {
    pub(super) status: &'static str,
    /// The availability, activity and reason, if present.
    pub(super) details: &'static [&'static str],
}

/// The first client.
const FIRST: &[(u64, &str)] = &[
    (1200, "running"),
    (2400, "fail-sign-in invalid-password --takes 900ms"),
    (4500, "sign-in --takes 700ms"),
    (6600, "set busy --activity in-a-meeting --note \"in London until four\""),
    (8200, "set away"),
];
const FIRST_ENDS: u64 = 9600;

/// The client after the crash.
const SECOND: &[(u64, &str)] = &[
    (600, "running"),
    (1200, "sign-in --takes 500ms"),
    (3200, "sign-out --takes 300ms"),
    (4600, "quit"),
];

/// The scenario.
pub(super) const SCENARIO: &[ScenarioStep] = &[
    ScenarioStep::Start(FIRST),
    row("Ada starts her client", Trigger::Action, "starting", &[]),
    row("it runs; nobody is signed in", Trigger::Status("signed-out"), "signed-out", &[]),
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
    row("kill -9: the client crashes", Trigger::Action, "signed-out", &[]),
    row("... and is gone", Trigger::Previous, "absent", &[]),
    ScenarioStep::Start(SECOND),
    row("she starts it again", Trigger::Action, "starting", &[]),
    row("it runs again", Trigger::Status("signed-out"), "signed-out", &[]),
    row("she signs in ...", Trigger::Status("signing-in"), "signing-in", &[]),
    row("... and is back", Trigger::Status("signed-in"), "signed-in", &["available"]),
    row("evening: she signs out ...", Trigger::Status("signing-out"), "signing-out", &[]),
    row("... and is out", Trigger::Status("signed-out"), "signed-out", &[]),
    row("she closes it", Trigger::Status("shutting-down"), "shutting-down", &[]),
    row("it is gone", Trigger::Previous, "absent", &[]),
];

/// The client of the web scene.
pub(super) const WEB_CLIENT: &[(u64, &str)] =
    &[(400, "running"), (700, "sign-in --takes 400ms"), (2000, "set busy --activity in-a-meeting")];
pub(super) const WEB_CLIENT_ENDS: u64 = 3000;

/// The lasting statuses that the web page must show.
pub(super) const WEB: &[ScenarioRow] = &[
    status_row("Ada signs in on her laptop", &["available"]),
    status_row("a meeting begins", &["busy", "in-a-meeting"]),
];

const fn status_row(event: &'static str, details: &'static [&'static str]) -> ScenarioRow {
    let expected = Expected { status: "signed-in", details };
    ScenarioRow { event, trigger: Trigger::Status("signed-in"), expected }
}

const fn row(
    event: &'static str,
    trigger: Trigger,
    status: &'static str,
    details: &'static [&'static str],
) -> ScenarioStep {
    ScenarioStep::Row(ScenarioRow { event, trigger, expected: Expected { status, details } })
}

/// The script for the provider, sped up by a factor.
pub(super) fn script(steps: &[(u64, &str)], speed: u64) -> String {
    let line = |(after, action): &(u64, &str)| {
        let mut line = format!("{}ms", after / speed);
        for word in action.split(' ') {
            line.push(' ');
            match word.strip_suffix("ms").and_then(|number| number.parse::<u64>().ok()) {
                Some(takes) => line.push_str(&format!("{}ms", takes / speed)),
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
    fn every_script_is_valid_and_ends_before_the_kill() {
        for steps in [FIRST, SECOND, WEB_CLIENT] {
            for speed in [1, 5] {
                let text = script(steps, speed);
                let script = Script::parse(&text).unwrap_or_else(|e| panic!("{e}: {text}"));
                assert_eq!(script.steps.len(), steps.len());
                assert!(script.starts(), "the client must be seen starting");
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
            assert!(row.event.len() <= super::super::table::EVENT_WIDTH, "{}", row.event);
            let said = row.expected.status.len() + row.expected.details.join(", ").len() + 2;
            assert!(said <= super::super::table::STATUS_WIDTH, "{:?}", row.expected);
        }
    }
}

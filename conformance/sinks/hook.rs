//! `hook`: a command for each change.

use std::fs;
use std::path::PathBuf;

use communicado_conformance::{AgentSession, ExpectOk as _, Saved, Signal, ends, within};
use serde_json::Value;

use crate::contract::{self, Listener};

/// A hook that keeps the reports about Finch in a file while it runs, and appends all to another.
struct KeptReports {
    last: PathBuf,
    gate: PathBuf,
}

/// Writes the last report, then waits: its end removes the report.
const KEEP: &str = "test \"$COMMUNICADO_CLIENT\" = finch || exit 0; \
    while test -e \"$1\"; do sleep 0.01; done; \
    cat > \"$2.new\"; mv \"$2.new\" \"$2\"";

impl Listener for KeptReports {
    const NAME: &'static str = "hook";
    // A command runs for a change, and a death is none.
    const SEES_DEATH: bool = false;

    fn finch(&mut self) -> Option<(String, String)> {
        let text = fs::read_to_string(&self.last).ok()?;
        let client: Value = serde_json::from_str(&text).expect_ok("read a report");
        let text = |key: &str| client[key].as_str().unwrap_or_default().to_owned();
        Some((text("status"), text("availability")))
    }

    fn hold(&mut self, is_held: bool) {
        if is_held {
            fs::write(&self.gate, "").expect_ok("close the gate");
        } else {
            fs::remove_file(&self.gate).expect_ok("open the gate");
        }
    }

    fn restart(&mut self) {
        let _ = fs::remove_file(&self.last);
    }
}

fn quoted(words: &[&str]) -> String {
    serde_json::to_string(words).expect_ok("write a list")
}

fn text(path: &std::path::Path) -> &str {
    path.to_str().expect_ok("name a file")
}

#[test]
fn a_hook_keeps_the_contract() {
    let fixture = AgentSession::new("");
    let folder = fixture.session.folder();
    let listener = KeptReports { last: folder.join("last"), gate: folder.join("gate") };
    let run = quoted(&["sh", "-c", KEEP, "sh", text(&listener.gate), text(&listener.last)]);
    fixture.configure(&format!("[sinks.hook]\nrun = {run}\n"));
    contract::check(&fixture, listener);
}

#[test]
fn a_report_has_no_account_without_the_option() {
    for (accounts, expected) in [("false", 0), ("true", 1)] {
        let fixture = AgentSession::new("");
        let log = fixture.session.folder().join("log");
        let script = "test \"$COMMUNICADO_STATUS\" = signed-in || exit 0; cat > \"$1\"";
        let run = quoted(&["sh", "-c", script, "sh", text(&log)]);
        fixture.configure(&format!("[sinks.hook]\naccounts = {accounts}\nrun = {run}\n"));
        let mut agent = fixture.agent();
        let _person = fixture.person();
        within("the report has the accounts", || {
            let report = fs::read_to_string(&log).ok()?;
            let report: Value = serde_json::from_str(&report).ok()?;
            (report["accounts"].as_array()?.len() == expected).then_some(())
        });
        ends(&mut agent);
    }
}

#[test]
fn a_condition_runs_the_command_when_it_becomes_true() {
    let fixture = AgentSession::new("");
    let log = fixture.session.folder().join("log");
    let script = "echo \"$COMMUNICADO_CLIENT $COMMUNICADO_AVAILABILITY\" >> \"$1\"";
    let run = quoted(&["sh", "-c", script, "sh", text(&log)]);
    fixture.configure(&format!(
        "[sinks.music]\nkind = \"hook\"\nwhen = \"do-not-disturb\"\nrun = {run}\n"
    ));
    let mut agent = fixture.agent();
    let person = fixture.person();
    for saved in [Saved::Unavailable, Saved::Away, Saved::Unavailable] {
        person.pick(saved);
        let word = if matches!(saved, Saved::Away) { "away" } else { "do-not-disturb" };
        contract::settles(&fixture, word);
    }
    within("the command ran twice", || {
        let text = fs::read_to_string(&log).unwrap_or_default();
        (text == "finch do-not-disturb\nfinch do-not-disturb\n").then_some(())
    });
    ends(&mut agent);
}

#[test]
fn a_command_ends_with_the_agent_and_leaves_no_process() {
    for signal in [Signal::TERM, Signal::KILL] {
        let fixture = AgentSession::new("");
        let pid = fixture.session.folder().join("pid");
        let script = "sleep 1000 & echo $! > \"$1.new\"; mv \"$1.new\" \"$1\"; wait";
        let run = quoted(&["sh", "-c", script, "sh", text(&pid)]);
        fixture.configure(&format!("[sinks.hook]\nrun = {run}\n"));
        let mut agent = fixture.agent();
        let number = within("the command runs", || fs::read_to_string(&pid).ok());
        agent.signal(signal);
        agent.wait();
        let process = format!("/proc/{}", number.trim());
        within("the process of the command ends", || fs::metadata(&process).err());
    }
}

#[test]
fn a_failure_and_a_time_limit_are_in_the_status() {
    let fixture = AgentSession::new(
        "[sinks.fails]\nkind = \"hook\"\nrun = [\"sh\", \"-c\", \"echo no lamp >&2; exit 3\"]\n\
         [sinks.hangs]\nkind = \"hook\"\nrun = [\"sleep\", \"1000\"]\ntimeout = \"50ms\"\n\
         [sinks.missing]\nkind = \"hook\"\nrun = [\"/no/such/program\"]\n",
    );
    let mut agent = fixture.agent();
    for (name, expected) in [
        ("fails", "failed with exit status: 3: no lamp"),
        ("hangs", "did not end within 50 ms and was ended"),
        ("missing", "No such file or directory"),
    ] {
        let status = fixture.expect_sink(name, "failing");
        let cause = status["error"]["cause"].as_str().unwrap_or_default();
        assert!(cause.contains(expected), "{status}");
    }
    assert_eq!(fixture.run(&["status"]).code, Some(3));
    ends(&mut agent);
    let tried = fixture.run(&["try", "fails"]);
    assert_eq!(tried.code, Some(5), "{}", tried.err);
    assert!(tried.err.contains("no lamp"), "{}", tried.err);
}

#[test]
fn a_disabled_hook_does_not_run_and_on_start_can_be_off() {
    let fixture = AgentSession::new("");
    let log = fixture.session.folder().join("log");
    let script = "echo \"$COMMUNICADO_CLIENT $COMMUNICADO_BEFORE\" >> \"$1\"";
    let run = quoted(&["sh", "-c", script, "sh", text(&log)]);
    let started = fixture.session.folder().join("started");
    let mark = quoted(&["touch", text(&started)]);
    fixture.configure(&format!(
        "patience = \"1h\"\n[sinks.off]\nkind = \"hook\"\nenabled = false\nrun = {run}\n\
         [sinks.hook]\non-start = false\nclients = [\"finch\"]\nrun = {run}\n\
         [sinks.started]\nkind = \"hook\"\nrun = {mark}\n"
    ));
    let mut agent = fixture.agent();
    // All sinks get the status at the start at the same time.
    within("the agent has read the status", || started.exists().then_some(()));
    let _person = fixture.person();
    let first = within("the command ran", || {
        let text = fs::read_to_string(&log).ok()?;
        text.lines().next().map(str::to_owned)
    });
    assert_eq!(first, "finch absent");
    ends(&mut agent);
}

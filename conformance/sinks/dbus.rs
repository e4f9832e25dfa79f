//! `dbus`: busctl, gdbus, and the module of a bar with jeepney.

use std::fs;
use std::path::Path;
use std::process::Command;

use communicado_conformance::{
    AgentSession, ExpectOk as _, Process, Saved, Signal, TestSession, ends, require, sink_python,
    within,
};
use serde_json::Value;

use crate::contract::{self, Listener};

const NAME: &str = "org.communicado.Monitor1";
const PATH: &str = "/org/communicado/Monitor1";
const FINCH: &str = "/org/communicado/Monitor1/client/finch";
const CLIENT: &str = "org.communicado.Monitor1.Client";
const SINK: &str = "[sinks.dbus]\n";

/// The module of a bar.
struct Bar {
    process: Process,
    folder: std::path::PathBuf,
    address: String,
    starts: u32,
}

impl Bar {
    fn start(fixture: &mut AgentSession) -> Self {
        let address = fixture.session.bus().address();
        let folder = fixture.session.folder().to_owned();
        Self { process: Self::process(&folder, &address, 0), folder, address, starts: 0 }
    }

    fn process(folder: &Path, address: &str, starts: u32) -> Process {
        let program = sink_python();
        Process::start(&format!("bar-{starts}"), &program.to_string_lossy(), folder, |command| {
            command.arg(concat!(env!("CARGO_MANIFEST_DIR"), "/peers/bar.py"));
            command.env("DBUS_SESSION_BUS_ADDRESS", address);
        })
    }

    fn lines(&self) -> Vec<Value> {
        let output = self.process.output();
        output.lines().filter_map(|line| serde_json::from_str(line).ok()).collect()
    }

    fn last(&self) -> Value {
        self.lines().pop().unwrap_or_default()
    }
}

impl Listener for Bar {
    const NAME: &'static str = "dbus";
    const SEES_DEATH: bool = true;

    fn finch(&mut self) -> Option<(String, String)> {
        let last = self.last();
        let finch = last["clients"].get(FINCH)?;
        let text = |key: &str| finch[key].as_str().unwrap_or_default().to_owned();
        Some((text("Status"), text("Availability")))
    }

    fn hold(&mut self, is_held: bool) {
        self.process.signal(if is_held { Signal::STOP } else { Signal::CONT });
    }

    fn restart(&mut self) {
        self.process.kill();
        self.starts += 1;
        self.process = Self::process(&self.folder, &self.address, self.starts);
    }
}

/// Runs a program on the session bus, and returns its output if it succeeds.
fn run(session: &mut TestSession, program: &str, arguments: &[&str]) -> Result<String, String> {
    require(&[program]);
    let address = session.bus().address();
    let mut command = Command::new(program);
    command.args(arguments).env("DBUS_SESSION_BUS_ADDRESS", address);
    let output = command.output().expect_ok("run a program of D-Bus");
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).trim().to_owned();
    if output.status.success() { Ok(text(&output.stdout)) } else { Err(text(&output.stderr)) }
}

fn status_by_busctl(session: &mut TestSession) -> Option<String> {
    run(session, "busctl", &["--user", "get-property", NAME, FINCH, CLIENT, "Status"]).ok()
}

#[test]
fn dbus_keeps_the_contract() {
    let mut fixture = AgentSession::new(SINK);
    let bar = Bar::start(&mut fixture);
    contract::check(&fixture, bar);
}

#[test]
fn a_change_is_one_signal_with_the_new_values() {
    let mut fixture = AgentSession::new("[sinks.dbus]\nclients = [\"finch\"]\n");
    let mut bar = Bar::start(&mut fixture);
    let mut agent = fixture.agent();
    let person = fixture.person();
    contract::knows(&mut bar, "signed-in", "available");
    let before = bar.last()["changes"].as_u64();
    person.pick(Saved::Away);
    contract::knows(&mut bar, "signed-in", "away");
    // The presence and its start change at once.
    assert_eq!(bar.last()["changes"].as_u64(), before.map(|count| count + 1), "{:?}", bar.lines());
    ends(&mut agent);
}

#[test]
fn busctl_and_gdbus_read_the_properties() {
    let mut fixture = AgentSession::new(SINK);
    let mut agent = fixture.agent();
    let session = &mut fixture.session;
    let absent = "s \"absent\"".to_owned();
    within("busctl reads the status", || {
        (status_by_busctl(session).as_ref() == Some(&absent)).then_some(())
    });
    let all = ["call", "--session", "--dest", NAME, "--object-path", FINCH, "--method"];
    let all = [&all[..], &["org.freedesktop.DBus.Properties.GetAll", CLIENT]].concat();
    let text = run(session, "gdbus", &all).expect_ok("read all properties with gdbus");
    for expected in ["'Name': <'finch'>", "'Availability': <''>", "'Source': <'purple'>"] {
        assert!(text.contains(expected), "{text}");
    }
    let set = ["--user", "set-property", NAME, FINCH, CLIENT, "Status", "s", "signed-in"];
    assert!(run(session, "busctl", &set).is_err(), "a property can be written");
    assert_eq!(status_by_busctl(session), Some(absent));
    ends(&mut agent);
}

#[test]
fn the_accounts_are_there_only_with_the_option() {
    for (more, expected) in [("", 0), ("accounts = true\n", 1)] {
        let mut fixture = AgentSession::new(&format!("{SINK}{more}"));
        let mut bar = Bar::start(&mut fixture);
        let mut agent = fixture.agent();
        let _person = fixture.person();
        contract::knows(&mut bar, "signed-in", "available");
        let last = bar.last();
        let accounts = last["clients"][FINCH]["Accounts"].as_array().cloned().unwrap_or_default();
        assert_eq!(accounts.len(), expected, "{last}");
        assert_eq!(last.to_string().contains("alice"), expected == 1, "{last}");
        ends(&mut agent);
    }
}

#[test]
fn a_name_that_is_taken_is_an_error_and_the_bus_may_restart() {
    let mut fixture = AgentSession::new(SINK);
    let mut agent = fixture.agent();
    within("busctl reads the status", || status_by_busctl(&mut fixture.session));
    let tried = fixture.run(&["try", "dbus"]);
    assert_eq!(tried.code, Some(5), "{}", tried.err);
    assert!(tried.err.contains("another process owns the name"), "{}", tried.err);
    fixture.session.bus().kill();
    fixture.expect_sink("dbus", "failing");
    fixture.session.bus().start_again();
    within("the objects come again", || status_by_busctl(&mut fixture.session));
    fixture.expect_sink("dbus", "reporting");
    ends(&mut agent);
}

#[test]
fn no_query_of_ours_starts_the_agent() {
    let mut fixture = AgentSession::new(SINK);
    let started = fixture.session.bus().trap(NAME);
    for arguments in [&["status"][..], &["doctor"], &["sources"], &["sinks"], &["agent", "status"]]
    {
        let _ = fixture.session.communicado().run(arguments);
        assert!(!started.exists(), "{arguments:?} has the bus start the agent");
    }
    let mut watch = fixture.session.watch();
    watch.expect_all_absent();
    watch.end();
    assert!(!started.exists(), "watch has the bus start the agent");
    // The trap works, so its silence above proves something.
    assert_eq!(status_by_busctl(&mut fixture.session), None);
    within("the trap is sprung", || started.exists().then_some(()));
}

#[test]
fn introspection_and_both_documents_agree() {
    let mut fixture = AgentSession::new(SINK);
    let mut agent = fixture.agent();
    let session = &mut fixture.session;
    within("busctl reads the status", || status_by_busctl(session));
    let mut printed = Vec::new();
    for path in [PATH, FINCH] {
        let xml = run(session, "busctl", &["--user", "introspect", "--xml-interface", NAME, path]);
        printed.extend(communicado_conformance::members(&xml.expect_ok("introspect"), NAME));
    }
    printed.sort();
    printed.dedup();
    let documents = Path::new(env!("CARGO_MANIFEST_DIR")).join("../docs");
    let xml = fs::read_to_string(documents.join("org.communicado.Monitor1.xml"));
    let xml = xml.expect_ok("read the XML");
    let mut documented = communicado_conformance::members(&xml, NAME);
    documented.sort();
    assert_eq!(printed, documented);
    assert!(documented.iter().all(|member| member.contains(" property ")), "{documented:#?}");
    let text = fs::read_to_string(documents.join("sinks.md")).expect_ok("read sinks.md");
    for member in &documented {
        let name = member.split(' ').nth(2).expect_ok("find a name");
        assert!(text.contains(&format!("`{name}`")), "docs/sinks.md does not have {name}");
    }
    ends(&mut agent);
}

//! A session with an agent and a configuration of sinks.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use communicado_conformance::{
    Account, Client, Completed, ExpectOk as _, Process, Prosody, Saved, Signal, TestSession, within,
};
use serde_json::Value;

/// A session with a configuration.
pub(crate) struct SinkFixture {
    pub(crate) session: TestSession,
    config: PathBuf,
}

/// A Finch with an account, whose user changes the status.
pub(crate) struct Person {
    pub(crate) finch: Client,
    _prosody: Prosody,
}

impl SinkFixture {
    /// A session with these sinks, in TOML.
    pub(crate) fn new(sinks: &str) -> Self {
        let session = TestSession::new();
        let config = session.folder().join("config.toml");
        let fixture = Self { session, config };
        fixture.configure(sinks);
        fixture
    }

    /// Writes the configuration.
    pub(crate) fn configure(&self, sinks: &str) {
        fs::write(&self.config, sinks).expect_ok("write the configuration");
    }

    /// Writes a file that only its owner may read, and returns its path.
    pub(crate) fn secret(&self, name: &str, text: &str) -> String {
        let file = self.session.folder().join(name);
        fs::write(&file, text).expect_ok("write a secret");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o600)).expect_ok("protect it");
        file.to_str().expect_ok("name the file").to_owned()
    }

    /// The arguments of a task of the agent. Clients of other tests, on other buses, do not count.
    fn arguments<'a>(&'a self, task: &[&'a str]) -> Vec<&'a str> {
        let config = self.config.to_str().expect_ok("name the configuration");
        let own_bus = "sources.purple.other-buses=false";
        [&["--config", config, "--set", own_bus, "agent"][..], task].concat()
    }

    /// Runs a command of the agent to its end.
    pub(crate) fn run(&self, task: &[&str]) -> Completed {
        self.session.communicado().run(&self.arguments(task))
    }

    /// Runs a command of the agent, which must succeed.
    #[track_caller]
    pub(crate) fn expect_success(&self, task: &[&str]) -> Completed {
        let ended = self.run(task);
        assert_eq!(ended.code, Some(0), "{task:?}: {}{}", ended.out, ended.err);
        ended
    }

    /// Starts the agent.
    pub(crate) fn agent(&self) -> Process {
        self.agent_with(&[], |_| ())
    }

    pub(crate) fn agent_with(
        &self,
        options: &[&str],
        prepare: impl FnOnce(&mut Command),
    ) -> Process {
        self.session.communicado().start(&self.arguments(options), prepare)
    }

    /// Signs a user in at Finch.
    pub(crate) fn person(&self) -> Person {
        let prosody = self.session.prosody();
        let alice = Account::xmpp("alice", &prosody);
        let finch = self.session.finch(&[&alice]);
        Person { finch, _prosody: prosody }
    }

    /// Waits until the sink `name` has this state, and returns its status.
    #[track_caller]
    pub(crate) fn expect_sink(&self, name: &str, state: &str) -> Value {
        within(&format!("sink {name} is {state}"), || {
            let status = self.sink(name);
            (status["state"] == state).then_some(status)
        })
    }

    /// The status of a sink, from `agent status`.
    #[track_caller]
    pub(crate) fn sink(&self, name: &str) -> Value {
        let ended = self.run(&["status", "--json"]);
        let status: Value = serde_json::from_str(&ended.out).expect_ok("read the status");
        let sinks = status["sinks"].as_array().cloned().unwrap_or_default();
        sinks.into_iter().find(|sink| sink["name"] == name).unwrap_or_default()
    }
}

impl Person {
    /// The user selects a status.
    pub(crate) fn pick(&self, saved: Saved) {
        self.finch.user().pick(saved);
    }
}

/// Ends the agent with SIGTERM; it must exit with success.
#[track_caller]
pub(crate) fn ends(agent: &mut Process) {
    agent.signal(Signal::TERM);
    let status = agent.wait();
    assert_eq!(status.code(), Some(0), "{}", agent.output());
}

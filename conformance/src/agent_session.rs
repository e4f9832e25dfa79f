//! A session with an agent and a configuration.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;

use crate::account::Account;
use crate::client::Client;
use crate::communicado::Completed;
use crate::deadline::within;
use crate::expect_ok::ExpectOk;
use crate::process::{Process, Signal};
use crate::prosody::Prosody;
use crate::purple::Saved;
use crate::session::TestSession;

/// A session with a configuration for the agent.
#[derive(Debug)]
pub struct AgentSession {
    /// The session.
    pub session: TestSession,
    config: PathBuf,
}

/// A Finch with an account, whose user changes the status.
#[derive(Debug)]
pub struct Person {
    /// The client.
    pub finch: Client,
    _prosody: Prosody,
}

impl AgentSession {
    /// A session with this configuration, in TOML.
    pub fn new(text: &str) -> Self {
        let session = TestSession::new();
        let config = session.folder().join("config.toml");
        let agent = Self { session, config };
        agent.configure(text);
        agent
    }

    /// Writes the configuration.
    pub fn configure(&self, text: &str) {
        fs::write(&self.config, text).expect_ok("write the configuration");
    }

    /// Writes a file that only its owner may read, and returns its path.
    pub fn secret(&self, name: &str, text: &str) -> String {
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
    pub fn run(&self, task: &[&str]) -> Completed {
        self.session.communicado().run(&self.arguments(task))
    }

    /// Runs a command of the agent, which must succeed.
    #[track_caller]
    pub fn expect_success(&self, task: &[&str]) -> Completed {
        let ended = self.run(task);
        assert_eq!(ended.code, Some(0), "{task:?}: {}{}", ended.out, ended.err);
        ended
    }

    /// Starts the agent.
    pub fn agent(&self) -> Process {
        self.agent_with(&[], |_| ())
    }

    /// Starts the agent with more options, and a prepared command.
    pub fn agent_with(&self, options: &[&str], prepare: impl FnOnce(&mut Command)) -> Process {
        self.session.communicado().start(&self.arguments(options), prepare)
    }

    /// Signs a user in at Finch.
    pub fn person(&self) -> Person {
        let prosody = self.session.prosody();
        let alice = Account::xmpp("alice", &prosody);
        let finch = self.session.finch(&[&alice]);
        Person { finch, _prosody: prosody }
    }

    /// Waits until the sink `name` has this state, and returns its status.
    #[track_caller]
    pub fn expect_sink(&self, name: &str, state: &str) -> Value {
        within(&format!("sink {name} is {state}"), || {
            let status = self.sink(name);
            status.get("state").is_some_and(|it| it == state).then_some(status)
        })
    }

    /// The status of a sink, from `agent status`.
    #[track_caller]
    pub fn sink(&self, name: &str) -> Value {
        sink_in(&self.status(), name)
    }

    /// The output of `agent status --json`.
    #[track_caller]
    pub fn status(&self) -> Value {
        let ended = self.run(&["status", "--json"]);
        serde_json::from_str(&ended.out).expect_ok("read the agent's status")
    }
}

impl Person {
    /// The user selects a status.
    pub fn pick(&self, saved: Saved) {
        self.finch.user().pick(saved);
    }
}

/// The status of the sink `name`, from the output of `agent status --json`.
pub fn sink_in(status: &Value, name: &str) -> Value {
    let sinks = status.get("sinks").and_then(Value::as_array).cloned().unwrap_or_default();
    sinks.into_iter().find(|it| it.get("name").is_some_and(|it| it == name)).unwrap_or_default()
}

/// Waits until the output of a process has this text.
///
/// # Panics
///
/// When it has not the text at the deadline.
#[track_caller]
pub fn says(process: &Process, words: &str) {
    within(&format!("{words}, and not {}", process.output()), || {
        process.output().contains(words).then_some(())
    });
}

/// Ends the agent with SIGTERM; it must exit with success.
#[track_caller]
pub fn ends(agent: &mut Process) {
    agent.signal(Signal::TERM);
    let status = agent.wait();
    assert_eq!(status.code(), Some(0), "{}", agent.output());
}

//! A session with an agent and its token.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;
use std::process::Command;

use communicado_conformance::{Completed, ExpectOk as _, Process, Signal, TestSession, within};
use serde_json::Value;

/// The token, which must appear in requests only.
pub(crate) const TOKEN: &str = "cmt_zQ3vYk0S1mN8xT5rWb2LdH7cJfPaGeUiOqXnVtMyKsE";

/// The shortest lease, so that it expires soon.
pub(crate) const SOON: [&str; 2] = ["--set", "agent.lease=5s"];

/// A session whose user may publish.
pub(crate) struct AgentFixture {
    pub(crate) session: TestSession,
    token: PathBuf,
}

impl AgentFixture {
    pub(crate) fn new() -> Self {
        let session = TestSession::new();
        let token = session.folder().join("token");
        let fixture = Self { session, token };
        fixture.write_token(TOKEN);
        fixture
    }

    /// Writes a token to its file.
    pub(crate) fn write_token(&self, token: &str) {
        fs::write(&self.token, format!("{token}\n")).expect_ok("write a token");
        self.set_token_mode(0o600);
    }

    /// The path of the token's file.
    pub(crate) fn token(&self) -> String {
        self.token.to_str().expect_ok("name the token's file").to_owned()
    }

    pub(crate) fn set_token_mode(&self, mode: u32) {
        let mode = fs::Permissions::from_mode(mode);
        fs::set_permissions(&self.token, mode).expect_ok("say who may read the token");
    }

    /// Allows publishing to `gateway`, with further `options`.
    #[track_caller]
    pub(crate) fn allow(&self, gateway: &str, options: &[&str]) {
        self.allow_as("laptop", gateway, options);
    }

    /// Allows publishing as this device.
    #[track_caller]
    pub(crate) fn allow_as(&self, device: &str, gateway: &str, options: &[&str]) {
        let ended = self.run_allow(device, gateway, options);
        assert_eq!(ended.code, Some(0), "{}{}", ended.out, ended.err);
    }

    pub(crate) fn run_allow(&self, device: &str, gateway: &str, options: &[&str]) -> Completed {
        let token = self.token();
        let who = ["--person", "ada", "--device", device, "--token-file", &token, "--yes"];
        self.run(&[&["allow", gateway][..], &who, options].concat())
    }

    /// Runs a command of the agent to its end.
    pub(crate) fn run(&self, task: &[&str]) -> Completed {
        self.session.communicado().run(&[&["agent"], task].concat())
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
        self.session.communicado().start(&[&["agent"][..], &SOON, options].concat(), prepare)
    }

    /// The output of `agent status --json`.
    #[track_caller]
    pub(crate) fn status(&self) -> Value {
        let ended = self.run(&["status", "--json"]);
        serde_json::from_str(&ended.out).expect_ok("read the agent's status")
    }

    /// Waits until the agent has this status.
    #[track_caller]
    pub(crate) fn expect_status(&self, standing: &str) -> Value {
        within(&format!("the agent is {standing}"), || {
            let status = self.status();
            (status["standing"] == standing).then_some(status)
        })
    }
}

/// Waits until the output of a process has this text.
#[track_caller]
pub(crate) fn says(process: &Process, words: &str) {
    within(&format!("{words}, and not {}", process.output()), || {
        process.output().contains(words).then_some(())
    });
}

/// Ends the agent with SIGTERM; it must exit with success.
#[track_caller]
pub(crate) fn ends(agent: &mut Process) {
    agent.signal(Signal::TERM);
    let status = agent.wait();
    assert_eq!(status.code(), Some(0), "{}", agent.output());
}

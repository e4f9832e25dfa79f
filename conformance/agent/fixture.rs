//! A session with an agent and its token.

use std::fs;
use std::ops::{Deref, DerefMut};
use std::os::unix::fs::PermissionsExt as _;
use std::path::PathBuf;

use communicado_conformance::{AgentSession, Completed, ExpectOk as _, within};
use serde_json::Value;

/// The token, which must appear in requests only.
pub(crate) const TOKEN: &str = "cmt_zQ3vYk0S1mN8xT5rWb2LdH7cJfPaGeUiOqXnVtMyKsE";

/// The shortest lease, so that it expires soon.
const CONFIG: &str = "[agent]\nlease = \"5s\"\n";

/// A session whose user may publish.
pub(crate) struct AgentFixture {
    agent: AgentSession,
    token: PathBuf,
}

impl Deref for AgentFixture {
    type Target = AgentSession;

    fn deref(&self) -> &AgentSession {
        &self.agent
    }
}

impl DerefMut for AgentFixture {
    fn deref_mut(&mut self) -> &mut AgentSession {
        &mut self.agent
    }
}

impl AgentFixture {
    pub(crate) fn new() -> Self {
        let agent = AgentSession::new(CONFIG);
        let token = agent.session.folder().join("token");
        let fixture = Self { agent, token };
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

    /// Waits until the agent has this status.
    #[track_caller]
    pub(crate) fn expect_status(&self, standing: &str) -> Value {
        within(&format!("the agent is {standing}"), || {
            let status = self.status();
            (status["standing"] == standing).then_some(status)
        })
    }
}

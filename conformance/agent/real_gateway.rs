//! `communicado-gateway` itself, and what it says of people when it is asked with curl.

use std::path::{Path, PathBuf};
use std::process::Command;

use communicado_conformance::{ExpectOk as _, Process, Signal, require, within};
use serde_json::Value;

use crate::fixture::AgentFixture;

/// A running gateway that knows Ada.
pub(crate) struct RealGateway {
    folder: PathBuf,
    options: Vec<String>,
    address: String,
    process: Process,
    reader: String,
}

/// Which build: `COMMUNICADO_GATEWAY_BIN`, or the workspace's release build, or its debug build.
fn program() -> PathBuf {
    if let Some(program) = std::env::var_os("COMMUNICADO_GATEWAY_BIN") {
        return program.into();
    }
    let target = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target");
    let built = ["release", "debug"].map(|it| target.join(it).join("communicado-gateway"));
    let found = built.into_iter().find(|program| program.is_file());
    found.expect_ok("find the gateway\n  help: cargo build --release -p communicado-gateway")
}

impl RealGateway {
    /// Starts one in a folder of the desk, with further `options`.
    pub(crate) fn start(fixture: &AgentFixture, options: &[&str]) -> Self {
        require(&["curl"]);
        let folder = fixture.session.folder().join("gateway");
        std::fs::create_dir_all(&folder).expect_ok("make a folder for the gateway");
        task(&folder, &["people", "add", "ada", "--name", "Ada Lovelace"]);
        let reader = token(&folder, "reader", &["--scope", "administer"]);
        let options: Vec<String> = options.iter().map(|&it| it.to_owned()).collect();
        let (process, address) = serve(&folder, "127.0.0.1:0", &options);
        Self { folder, options, address, process, reader }
    }

    /// Its address, by this name of its host.
    pub(crate) fn address(&self, host: &str) -> String {
        self.address.replace("127.0.0.1", host)
    }

    /// Its port.
    pub(crate) fn port(&self) -> u16 {
        let port = self.address.rsplit(':').next().and_then(|port| port.parse().ok());
        port.expect_ok("find its port")
    }

    /// Its folder.
    pub(crate) fn folder(&self) -> &Path {
        &self.folder
    }

    /// Makes a token that publishes for Ada, and keeps it at the desk.
    pub(crate) fn give_token(&self, fixture: &AgentFixture) {
        let token = token(&self.folder, "laptop", &["--scope", "publish", "--person", "ada"]);
        fixture.write_token(&token);
    }

    /// The id of Ada's one token.
    pub(crate) fn token_id(&self) -> String {
        let listed = self.ask("/v1/tokens");
        let tokens = listed["tokens"].as_array().expect_ok("list tokens");
        let mut hers = tokens.iter().filter(|token| token["person"] == "ada");
        let id = hers.next().and_then(|token| token["id"].as_str()).expect_ok("find the token");
        assert!(hers.next().is_none(), "{listed}");
        id.to_owned()
    }

    /// Revokes a token.
    pub(crate) fn revoke(&self, id: &str) {
        task(&self.folder, &["tokens", "revoke", id]);
    }

    /// Kills it with SIGKILL and starts it anew, with its store and at its port.
    pub(crate) fn restart_after_a_crash(&mut self) {
        self.process.kill();
        let (_, place) = self.address.split_once("://").expect_ok("find its port");
        let (process, address) = serve(&self.folder, place, &self.options);
        assert_eq!(address, self.address);
        self.process = process;
    }

    /// Stops it (SIGSTOP), and lets it go on when that is dropped.
    pub(crate) fn signal(&mut self, signal: Signal) {
        self.process.signal(signal);
    }

    /// What it says of Ada.
    pub(crate) fn ada(&self) -> Value {
        self.ask("/v1/people/ada")
    }

    /// Waits until it says so of Ada: the status, and the availability or the reason.
    #[track_caller]
    pub(crate) fn says(&self, status: &str, more: Option<&str>) -> Value {
        within(&format!("Ada is {status} {more:?}, and not {}", self.ada()), || {
            let ada = self.ada();
            let told = ada["availability"].as_str().or(ada["reason"].as_str());
            (ada["status"] == status && told == more).then_some(ada)
        })
    }

    fn ask(&self, path: &str) -> Value {
        let mut curl = Command::new("curl");
        curl.args(["--silent", "--show-error", "--fail", "--insecure", "--max-time", "7200"]);
        curl.args(["--header", &format!("Authorization: Bearer {}", self.reader)]);
        let asked = curl.arg(format!("{}{path}", self.address)).output().expect_ok("start curl");
        assert!(asked.status.success(), "{}", String::from_utf8_lossy(&asked.stderr));
        serde_json::from_slice(&asked.stdout).expect_ok("read what the gateway says")
    }
}

/// Starts it, and learns where it listens.
fn serve(folder: &Path, listen: &str, options: &[String]) -> (Process, String) {
    let before = std::fs::read_to_string(folder.join("gateway.log")).unwrap_or_default().len();
    let mut process = Process::start("gateway", &program().to_string_lossy(), folder, |command| {
        command.args(["serve", "--listen", listen]).args(options);
        command.env("HOME", folder).env("COMMUNICADO_GATEWAY_DATA", folder.join("data"));
    });
    let address = within("the gateway listens", || {
        assert!(process.poll().is_none(), "the gateway has ended: {}", process.output());
        let output = process.output();
        let said = output.get(before..)?;
        let line = said.lines().find_map(|line| line.strip_prefix("listening "))?;
        said.contains('\n').then(|| line.trim().to_owned())
    });
    (process, address)
}

/// Does something with its store.
fn task(folder: &Path, words: &[&str]) -> String {
    let mut command = Command::new(program());
    command.args(words).env_clear().env("HOME", folder);
    command.env("COMMUNICADO_GATEWAY_DATA", folder.join("data"));
    let done = command.output().expect_ok("start the gateway's program");
    assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).into_owned()
}

fn token(folder: &Path, name: &str, rights: &[&str]) -> String {
    let said = task(folder, &[&["tokens", "create", "--name", name], rights].concat());
    let word = said.split_whitespace().find(|word| word.starts_with("cmt_"));
    word.expect_ok("be given a token").to_owned()
}

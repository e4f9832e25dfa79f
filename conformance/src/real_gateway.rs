//! The real `communicado-gateway`, read with curl.
#![expect(clippy::indexing_slicing, reason = "an index of JSON does not panic")]

use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::deadline::within;
use crate::expect_ok::ExpectOk as _;
use crate::packages::require;
use crate::process::{Process, Signal};

/// A running gateway with the person Ada.
pub struct RealGateway {
    folder: PathBuf,
    options: Vec<String>,
    address: String,
    process: Process,
    reader: String,
}

/// The program is `COMMUNICADO_GATEWAY_BIN`, else the release build, else the debug build.
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
    /// Starts a gateway in a folder below this one, with further `options`.
    pub fn start(folder: &Path, options: &[&str]) -> Self {
        require(&["curl"]);
        let folder = folder.join("gateway");
        std::fs::create_dir_all(&folder).expect_ok("make a folder for the gateway");
        let options: Vec<String> = options.iter().map(|&it| it.to_owned()).collect();
        let (process, address) = serve(&folder, "127.0.0.1:0", &options);
        task(&folder, &["people", "add", "ada", "--name", "Ada Lovelace"]);
        let reader = token(&folder, "reader", &["--scope", "administer"]);
        Self { folder, options, address, process, reader }
    }

    /// The URL with this host name.
    pub fn address(&self, host: &str) -> String {
        self.address.replace("127.0.0.1", host)
    }

    /// The port.
    pub fn port(&self) -> u16 {
        let port = self.address.rsplit(':').next().and_then(|port| port.parse().ok());
        port.expect_ok("find its port")
    }

    /// The folder.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Creates a token with these scopes for Ada.
    pub fn token(&self, scopes: &[&str]) -> String {
        token(&self.folder, "laptop", &["--scope", &scopes.join(","), "--person", "ada"])
    }

    /// The id of Ada's only token.
    pub fn token_id(&self) -> String {
        let listed = self.ask("/v1/tokens");
        let tokens = listed["tokens"].as_array().expect_ok("list tokens");
        let mut hers = tokens.iter().filter(|token| token["person"] == "ada");
        let id = hers.next().and_then(|token| token["id"].as_str()).expect_ok("find the token");
        assert!(hers.next().is_none(), "{listed}");
        id.to_owned()
    }

    /// Revokes a token.
    pub fn revoke(&self, id: &str) {
        task(&self.folder, &["tokens", "revoke", id]);
    }

    /// Kills the gateway with SIGKILL and starts it again, with its store and at its port.
    pub fn restart_after_a_crash(&mut self) {
        self.process.kill();
        let (_, place) = self.address.split_once("://").expect_ok("find its port");
        let (process, address) = serve(&self.folder, place, &self.options);
        assert_eq!(address, self.address);
        self.process = process;
    }

    /// Sends a signal to the gateway.
    pub fn signal(&mut self, signal: Signal) {
        self.process.signal(signal);
    }

    /// Ada's record.
    pub fn ada(&self) -> Value {
        self.ask("/v1/people/ada")
    }

    /// Waits until Ada has this status, with this availability or reason.
    #[track_caller]
    pub fn says(&self, status: &str, more: Option<&str>) -> Value {
        within(&format!("Ada is {status} {more:?}, and not {}", self.ada()), || {
            let ada = self.ada();
            let reported = ada["availability"].as_str().or(ada["reason"].as_str());
            (ada["status"] == status && reported == more).then_some(ada)
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

/// Starts the gateway, and returns its URL.
fn serve(folder: &Path, listen: &str, options: &[String]) -> (Process, String) {
    let before = std::fs::read_to_string(folder.join("gateway.log")).unwrap_or_default().len();
    let mut process = Process::start("gateway", &program().to_string_lossy(), folder, |command| {
        command.args(["serve", "--listen", listen]).args(options);
        command.env("HOME", folder).env("COMMUNICADO_GATEWAY_DATA", folder.join("data"));
    });
    let address = within("the gateway listens", || {
        assert!(process.poll().is_none(), "the gateway has ended: {}", process.output());
        let output = process.output();
        let printed = output.get(before..)?;
        let line = printed.lines().find_map(|line| line.strip_prefix("listening "))?;
        printed.contains('\n').then(|| line.trim().to_owned())
    });
    (process, address)
}

/// Runs a command on the store.
fn task(folder: &Path, words: &[&str]) -> String {
    let mut command = Command::new(program());
    command.args(words).env_clear().env("HOME", folder);
    command.env("COMMUNICADO_GATEWAY_DATA", folder.join("data"));
    let done = command.output().expect_ok("start the gateway's program");
    assert!(done.status.success(), "{words:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8_lossy(&done.stdout).into_owned()
}

fn token(folder: &Path, name: &str, rights: &[&str]) -> String {
    let printed = task(folder, &[&["tokens", "create", "--name", name], rights].concat());
    let word = printed.split_whitespace().find(|word| word.starts_with("cmt_"));
    word.expect_ok("be given a token").to_owned()
}

//! A page on the web, with a gateway and an agent between it and the client.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use communicado_runtime::{Clock as _, SystemClock, timeout_at};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::Command;

use super::processes::{DemoProcess, PROVIDER_ONLY, TIMEOUT, cannot_start, own_program};
use super::scenario::Expected;
use crate::failure::{Failure, Outcome};

const PROGRAM: &str = "communicado-gateway";

/// Dropped in this order: who may write into the folder is gone before it.
pub(super) struct WebPage {
    page: Lines<BufReader<TcpStream>>,
    _agent: DemoProcess,
    _gateway: DemoProcess,
    url: String,
    _folder: TempDir,
}

/// The gateway's program: beside this one, or in the path.
pub(super) fn program() -> Option<PathBuf> {
    let beside = std::env::current_exe().ok()?.parent()?.to_path_buf();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(beside).chain(std::env::split_paths(&path));
    folders.map(|folder| folder.join(PROGRAM)).find(|program| program.is_file())
}

impl WebPage {
    /// Starts a gateway that knows Ada, an agent of hers, and a page that reads.
    pub(super) async fn open(program: &Path, bus: &str) -> Result<Self, Failure> {
        let folder = TempDir::with_prefix("communicado-demo-").map_err(cannot_go_on)?;
        let gateway = |arguments: &[&str]| {
            let mut command = Command::new(program);
            command.env_clear().args(arguments).arg("--data").arg(folder.path().join("gateway"));
            command
        };
        let listen = ["serve", "--listen", "127.0.0.1:0", "--until-input-ends"];
        let mut serving = DemoProcess::of("the gateway", &mut gateway(&listen))?;
        let mut greeting = Vec::new();
        for word in ["listening ", "token "] {
            let line = serving.line().await?;
            let rest = line.strip_prefix(word).ok_or_else(|| serving.failed(&line))?;
            greeting.push(rest.to_owned());
        }
        let [url, token] = greeting.as_slice() else { return Err(serving.failed("it is silent")) };
        output_of(&mut gateway(&["people", "add", "ada", "--name", "Ada Lovelace"])).await?;
        let of_ada = ["--scope", "publish", "--person", "ada", "--name", "the demo's laptop"];
        let secret =
            output_of(&mut gateway(&[&["tokens", "create"][..], &of_ada].concat())).await?;
        let file = folder.path().join("token");
        let written = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file);
        written.and_then(|mut it| it.write_all(secret.as_bytes())).map_err(cannot_go_on)?;
        let agent = |arguments: &[&str]| -> Result<Command, Failure> {
            let mut command = own_program("the agent")?;
            command.env("XDG_STATE_HOME", folder.path()).env("DBUS_SESSION_BUS_ADDRESS", bus);
            command.args(PROVIDER_ONLY).arg("agent").args(arguments);
            Ok(command)
        };
        let whose = ["--person", "ada", "--device", "laptop", "--yes", "--token-file"];
        output_of(agent(&[&["allow", url][..], &whose].concat())?.arg(&file)).await?;
        let publishing = DemoProcess::of("the agent", &mut agent(&["--until-input-ends"])?)?;
        let page = read(url, token).await?;
        let url = url.clone();
        Ok(Self { page, _agent: publishing, _gateway: serving, url, _folder: folder })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Waits until the page is told this of Ada; what comes on the way to it is passed over.
    pub(super) async fn wait_for(&mut self, expected: &Expected) -> Result<(), Failure> {
        let clock = SystemClock::start();
        let told = async {
            while let Some(line) = self.page.next_line().await.map_err(cannot_go_on)? {
                let Some(data) = line.strip_prefix("data: ") else { continue };
                let person: Value = serde_json::from_str(data).map_err(cannot_go_on)?;
                let text = |key| person.get(key).and_then(Value::as_str);
                let more = [text("availability"), text("activity"), text("reason")];
                let more: Vec<&str> = more.into_iter().flatten().collect();
                if text("status") == Some(expected.status) && more == expected.more {
                    return Ok(());
                }
            }
            Err(cannot_go_on("the gateway told no more"))
        };
        let told = timeout_at(&clock, clock.now().after(TIMEOUT), told).await;
        told.unwrap_or_else(|| Err(cannot_go_on(format!("the page was never told {expected:?}"))))
    }
}

/// What a program writes that ends by itself.
async fn output_of(command: &mut Command) -> Result<String, Failure> {
    let name = command.as_std().get_program().to_string_lossy().into_owned();
    let output = command.kill_on_drop(true).output().await;
    let output = output.map_err(|error| cannot_start(&name, error))?;
    if !output.status.success() {
        return Err(cannot_go_on(String::from_utf8_lossy(&output.stderr)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Asks for the stream of events, as a page does, up to its first event.
async fn read(url: &str, token: &str) -> Result<Lines<BufReader<TcpStream>>, Failure> {
    let host = url.trim_start_matches("http://");
    let mut socket = TcpStream::connect(host).await.map_err(cannot_go_on)?;
    let request =
        format!("GET /v1/events HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n");
    socket.write_all(request.as_bytes()).await.map_err(cannot_go_on)?;
    let mut lines = BufReader::new(socket).lines();
    while let Some(line) = lines.next_line().await.map_err(cannot_go_on)? {
        if line == "event: snapshot" {
            return Ok(lines);
        }
    }
    Err(cannot_go_on("the gateway told nothing"))
}

fn cannot_go_on(cause: impl ToString) -> Failure {
    Failure::new(Outcome::Failed, "the demo cannot show the gateway")
        .cause(cause)
        .help("report it with the output of `communicado doctor`")
}

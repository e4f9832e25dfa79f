//! A simulated web page that reads a gateway, to which an agent publishes.

use std::fs;
use std::io::Write as _;
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};

use communicado_cli_support::{Failure, Outcome};
use communicado_runtime::{Clock as _, SystemClock, timeout_at};
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::net::TcpStream;
use tokio::process::Command;

use super::processes::{DemoProcess, PROVIDER_ONLY, TIMEOUT, cannot_start, own_program};
use super::scenario::Expected;

const PROGRAM: &str = "communicado-gateway";

/// The page with its gateway and agent. The fields drop in order, so the processes end before
/// their folder is removed.
pub(super) struct WebPage {
    page: Lines<BufReader<TcpStream>>,
    _agent: DemoProcess,
    _gateway: DemoProcess,
    url: String,
    _folder: TempDir,
}

/// The program of the gateway, in the folder of this program or in `PATH`.
pub(super) fn program() -> Option<PathBuf> {
    let beside = std::env::current_exe().ok()?.parent()?.to_path_buf();
    let path = std::env::var_os("PATH").unwrap_or_default();
    let folders = std::iter::once(beside).chain(std::env::split_paths(&path));
    folders.map(|folder| folder.join(PROGRAM)).find(|program| program.is_file())
}

impl WebPage {
    /// Starts a gateway with the person Ada, an agent that publishes for her, and a page.
    pub(super) async fn open(program: &Path, bus: &str) -> Result<Self, Failure> {
        let folder = TempDir::with_prefix("communicado-demo-").map_err(failed)?;
        let gateway = |arguments: &[&str]| {
            let mut command = Command::new(program);
            command.env_clear().args(arguments).arg("--data").arg(folder.path().join("gateway"));
            command
        };
        let listen = ["serve", "--listen", "127.0.0.1:0", "--exit-on-stdin-eof"];
        let mut serving = DemoProcess::spawn("the gateway", &mut gateway(&listen))?;
        let mut greeting = Vec::new();
        for word in ["listening ", "token "] {
            let line = serving.line().await?;
            let rest = line.strip_prefix(word).ok_or_else(|| serving.failed(&line))?;
            greeting.push(rest.to_owned());
        }
        let [url, token] = greeting.as_slice() else {
            return Err(serving.failed("the gateway printed no address"));
        };
        output_of(&mut gateway(&["people", "add", "ada", "--name", "Ada Lovelace"])).await?;
        let of_ada = ["--scope", "publish", "--person", "ada", "--name", "the demo's laptop"];
        let create = [&["tokens", "create"][..], &of_ada].concat();
        let created = output_of(&mut gateway(&create)).await?;
        let secret = created.lines().find_map(|line| line.strip_prefix("secret "));
        let secret = secret.ok_or_else(|| failed("the gateway printed no secret"))?;
        let file = folder.path().join("token");
        let written = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(&file);
        written.and_then(|mut it| it.write_all(secret.as_bytes())).map_err(failed)?;
        let agent = |arguments: &[&str]| -> Result<Command, Failure> {
            let mut command = own_program("the agent")?;
            command.env("XDG_STATE_HOME", folder.path()).env("DBUS_SESSION_BUS_ADDRESS", bus);
            command.args(PROVIDER_ONLY).arg("agent").args(arguments);
            Ok(command)
        };
        let whose = ["--person", "ada", "--device", "laptop", "--yes", "--token-file"];
        output_of(agent(&[&["allow", url][..], &whose].concat())?.arg(&file)).await?;
        let publishing = DemoProcess::spawn("the agent", &mut agent(&["--exit-on-stdin-eof"])?)?;
        let page = open_stream(url, token).await?;
        let url = url.clone();
        Ok(Self { page, _agent: publishing, _gateway: serving, url, _folder: folder })
    }

    pub(super) fn url(&self) -> &str {
        &self.url
    }

    /// Waits until the page shows the expected status of Ada. Skips the events before.
    pub(super) async fn async_fd(&mut self, expected: &Expected) -> Result<(), Failure> {
        let clock = SystemClock::start();
        let shown = async {
            while let Some(line) = self.page.next_line().await.map_err(failed)? {
                let Some(data) = line.strip_prefix("data: ") else { continue };
                let person: Value = serde_json::from_str(data).map_err(failed)?;
                let text = |key| person.get(key).and_then(Value::as_str);
                let details = [text("availability"), text("activity"), text("reason")];
                let details: Vec<&str> = details.into_iter().flatten().collect();
                if text("status") == Some(expected.status) && details == expected.details {
                    return Ok(());
                }
            }
            Err(failed("the gateway closed the stream"))
        };
        let shown = timeout_at(&clock, clock.now().after(TIMEOUT), shown).await;
        shown.unwrap_or_else(|| Err(failed(format!("the page never showed {expected:?}"))))
    }
}

/// Runs a program to its end, and returns its output.
async fn output_of(command: &mut Command) -> Result<String, Failure> {
    let name = command.as_std().get_program().to_string_lossy().into_owned();
    let output = command.kill_on_drop(true).output().await;
    let output = output.map_err(|error| cannot_start(&name, error))?;
    if !output.status.success() {
        return Err(failed(String::from_utf8_lossy(&output.stderr)));
    }
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}

/// Opens the event stream as a page does, up to its first event.
async fn open_stream(url: &str, token: &str) -> Result<Lines<BufReader<TcpStream>>, Failure> {
    let host = url.trim_start_matches("http://");
    let mut socket = TcpStream::connect(host).await.map_err(failed)?;
    let request =
        format!("GET /v1/events HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {token}\r\n\r\n");
    socket.write_all(request.as_bytes()).await.map_err(failed)?;
    let mut lines = BufReader::new(socket).lines();
    while let Some(line) = lines.next_line().await.map_err(failed)? {
        if line == "event: snapshot" {
            return Ok(lines);
        }
    }
    Err(failed("the gateway sent no events"))
}

fn failed(cause: impl ToString) -> Failure {
    Failure::new(Outcome::Failed, "the gateway part of the demo failed")
        .cause(cause)
        .help("report this with the output of `communicado doctor`")
}

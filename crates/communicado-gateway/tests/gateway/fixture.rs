//! A gateway under test, and its clients.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{SocketAddr, TcpStream};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Instant;

pub(crate) use communicado_conformance::{HANG, within};
use rustix::process::{Pid, Signal, kill_process};
use serde_json::{Value, json};
use tempfile::TempDir;

#[expect(clippy::disallowed_methods, reason = "the stage lives in the real world")]
pub(crate) fn now() -> Instant {
    Instant::now()
}

/// A running gateway and its folder.
pub(crate) struct Gateway {
    child: Child,
    pub(crate) base: String,
    /// The first administrator's token.
    pub(crate) token: String,
    /// The output at the start.
    pub(crate) greeting: String,
    arguments: Vec<String>,
    folder: TempDir,
}

/// `COMMUNICADO_GATEWAY_BIN`, or the build of this test.
pub(crate) fn program() -> PathBuf {
    let built = || env!("CARGO_BIN_EXE_communicado-gateway").into();
    std::env::var_os("COMMUNICADO_GATEWAY_BIN").map_or_else(built, PathBuf::from)
}

/// A program that `cargo xtask gateway` installs.
///
/// # Panics
///
/// If the program is missing: no test is skipped.
pub(crate) fn peer(name: &str) -> PathBuf {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/peers/python/bin");
    let path = root.join(name);
    assert!(path.exists(), "{} is missing\n  help: cargo xtask gateway", path.display());
    path
}

impl Gateway {
    pub(crate) fn start() -> Self {
        Self::with(&[])
    }

    /// Starts a gateway with more arguments of `serve`.
    pub(crate) fn with(arguments: &[&str]) -> Self {
        Self::at("127.0.0.1:0", arguments)
    }

    /// Starts a gateway on a given address.
    pub(crate) fn at(listen: &str, arguments: &[&str]) -> Self {
        Self::in_cluster(listen, arguments, None)
    }

    /// Starts a gateway of a cluster, with the token of another gateway.
    pub(crate) fn in_cluster(listen: &str, arguments: &[&str], token: Option<String>) -> Self {
        let private = std::fs::Permissions::from_mode(0o700);
        let folder = tempfile::Builder::new().permissions(private).tempdir().unwrap();
        let arguments: Vec<String> = arguments.iter().map(|it| (*it).to_owned()).collect();
        let mut command = Command::new(program());
        let (child, greeting) = spawn(command_of(&mut command, folder.path(), listen, &arguments));
        let base = word_after(&greeting, "listening ").expect("an address");
        let token = token.or_else(|| word_after(&greeting, "token ")).expect("a token");
        Self { child, base, token, greeting, arguments, folder }
    }

    /// Starts the gateway again on the same folder and port.
    pub(crate) fn restart(&mut self) {
        let mut command = Command::new(program());
        self.restart_as(&mut command);
    }

    /// Starts the gateway again with a given command.
    pub(crate) fn restart_as(&mut self, command: &mut Command) {
        self.end();
        let listen = self.address().to_string();
        let (child, greeting) =
            spawn(command_of(command, self.folder.path(), &listen, &self.arguments));
        (self.child, self.greeting) = (child, greeting);
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.base.split_once("://").unwrap().1.parse().unwrap()
    }

    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    pub(crate) fn signal(&mut self, signal: Signal) {
        assert!(self.child.try_wait().unwrap().is_none(), "the gateway has ended");
        kill_process(Pid::from_child(&self.child), signal).unwrap();
    }

    /// Kills the gateway, as a power failure would.
    pub(crate) fn kill(&mut self) {
        self.signal(Signal::KILL);
        self.child.wait().unwrap();
    }

    /// Asks the gateway to stop.
    pub(crate) fn stop(&mut self) -> ExitStatus {
        self.signal(Signal::TERM);
        self.wait()
    }

    pub(crate) fn wait(&mut self) -> ExitStatus {
        within("the gateway ends", || self.child.try_wait().unwrap())
    }

    pub(crate) fn runs(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    fn end(&mut self) {
        if self.child.try_wait().unwrap().is_none() {
            self.child.kill().unwrap();
            self.child.wait().unwrap();
        }
    }

    /// Sends a request as the administrator.
    #[track_caller]
    pub(crate) fn request(&self, method: &str, path: &str, body: Option<&Value>) -> Response {
        self.request_as(&self.token, method, path, body)
    }

    #[track_caller]
    pub(crate) fn request_as(
        &self,
        token: &str,
        method: &str,
        path: &str,
        body: Option<&Value>,
    ) -> Response {
        let authorization = format!("Authorization: Bearer {token}");
        let mut arguments = vec!["-X", method, "-H", &authorization];
        let text = body.map(ToString::to_string).unwrap_or_default();
        if body.is_some() {
            arguments.extend(["-H", "Content-Type: application/json", "--data-binary", &text]);
        }
        self.curl(path, &arguments)
    }

    #[track_caller]
    pub(crate) fn get(&self, path: &str) -> Value {
        self.request("GET", path, None).expect_json(200)
    }

    /// Requests a path with `curl` and these arguments.
    #[track_caller]
    pub(crate) fn curl(&self, path: &str, arguments: &[&str]) -> Response {
        self.curl_at(&format!("{}{path}", self.base), arguments)
    }

    /// Requests a URL with `curl` and these arguments.
    #[track_caller]
    pub(crate) fn curl_at(&self, url: &str, arguments: &[&str]) -> Response {
        let certificate = self.folder.path().join("tls.pem");
        let mut command = Command::new("curl");
        command.args(["--silent", "--show-error", "--max-time", "20", "--include"]);
        if self.base.starts_with("https") {
            command.arg("--cacert").arg(certificate);
        }
        let output = command.args(arguments).arg(url).output().expect("curl runs");
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(!text.is_empty(), "curl got nothing: {errors}");
        // `100 Continue` precedes the response.
        let text = text.strip_prefix("HTTP/1.1 100 Continue\r\n\r\n").unwrap_or(&text);
        let (head, body) = text.split_once("\r\n\r\n").unwrap_or((text, ""));
        let status = head.split(' ').nth(1).and_then(|it| it.parse().ok()).expect("a status");
        let location = head.lines().find_map(|line| {
            let (name, value) = line.split_once(": ")?;
            name.eq_ignore_ascii_case("location").then(|| value.to_owned())
        });
        Response {
            status,
            location,
            head: head.to_ascii_lowercase(),
            head_as_sent: head.to_owned(),
            body: body.to_owned(),
        }
    }

    pub(crate) fn add(&self, id: &str, groups: &[&str]) {
        self.request("POST", "/v1/people", Some(&json!({"id": id, "groups": groups})))
            .expect_json(201);
    }

    /// Creates a token; `of` has more fields of the request.
    pub(crate) fn token(&self, scopes: &[&str], of: &Value) -> (String, String) {
        let mut new = json!({"name": "a test's", "scopes": scopes});
        for (key, value) in of.as_object().into_iter().flatten() {
            new[key] = value.clone();
        }
        let made = self.request("POST", "/v1/tokens", Some(&new)).expect_json(201);
        let text = |key: &str| made[key].as_str().unwrap().to_owned();
        (text("secret"), text("id"))
    }

    pub(crate) fn publish(&self, person: &str, device: &str, availability: &str) -> Value {
        let path = format!("/v1/people/{person}/devices/{device}");
        self.request("PUT", &path, Some(&publication(availability, 60_000))).expect_json(200)
    }

    pub(crate) fn set_note(&self, person: &str, note: &str) -> Response {
        let body = json!({"status": "signed-in", "availability": "busy", "note": note});
        self.request("PUT", &format!("/v1/people/{person}/manual"), Some(&body))
    }

    pub(crate) fn command(&self, arguments: &[&str]) -> std::process::Output {
        let mut command = Command::new(program());
        command.args(arguments).arg("--data").arg(self.folder.path());
        command.output().expect("the program runs")
    }
}

impl Drop for Gateway {
    fn drop(&mut self) {
        self.end();
    }
}

fn command_of<'a>(
    command: &'a mut Command,
    folder: &Path,
    listen: &str,
    arguments: &[String],
) -> &'a mut Command {
    command.args(["serve", "--listen", listen, "--data"]).arg(folder).args(arguments);
    command.stdin(Stdio::null()).stdout(Stdio::piped())
}

fn spawn(command: &mut Command) -> (Child, String) {
    let mut child = command.spawn().expect("the gateway starts");
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut greeting = String::new();
    // The greeting is one write, so the buffer contains the rest of it.
    output.read_line(&mut greeting).unwrap();
    greeting.push_str(&String::from_utf8_lossy(output.buffer()));
    assert!(greeting.starts_with("listening "), "{greeting:?} {:?}", child.try_wait());
    (child, greeting)
}

fn word_after(text: &str, start: &str) -> Option<String> {
    text.lines().find_map(|line| line.strip_prefix(start)).map(ToOwned::to_owned)
}

/// A free port.
pub(crate) fn free_port() -> u16 {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    listener.local_addr().unwrap().port()
}

/// The publication of a device with one client, signed out if `availability` is empty.
pub(crate) fn publication(availability: &str, lease_ms: u64) -> Value {
    let is_in = !availability.is_empty();
    let time = "2026-11-22T21:00:00.000000Z";
    let client = json!({
        "v": 1, "revision": 1, "at": time, "client": "finch",
        "status": if is_in { "signed-in" } else { "signed-out" },
        "availability": is_in.then_some(availability),
        "activity": null, "raw": null, "reason": null, "since": time,
        "source": "purple", "saved": null, "accounts": [],
    });
    json!({"v": 1, "lease_ms": lease_ms, "clients": [client]})
}

/// A response.
#[derive(Debug)]
pub(crate) struct Response {
    pub(crate) status: u16,
    /// The target of a redirection.
    pub(crate) location: Option<String>,
    /// The head in lower case.
    pub(crate) head: String,
    pub(crate) head_as_sent: String,
    pub(crate) body: String,
}

impl Response {
    /// The JSON of a response, which must have this status.
    #[track_caller]
    pub(crate) fn expect_json(&self, status: u16) -> Value {
        assert_eq!(self.status, status, "{self:?}");
        if self.body.is_empty() { Value::Null } else { serde_json::from_str(&self.body).unwrap() }
    }

    /// The problem of a response, which must be complete and have this status.
    #[track_caller]
    pub(crate) fn expect_problem(&self, status: u16) -> Value {
        assert!(self.head.contains("content-type: application/problem+json"), "{self:?}");
        let problem = self.expect_json(status);
        assert_eq!(problem["status"], status);
        for key in ["type", "title", "detail", "help"] {
            assert!(problem[key].as_str().is_some_and(|text| !text.is_empty()), "{problem}");
        }
        problem
    }

    /// Checks the status of a response with any body.
    #[track_caller]
    pub(crate) fn expect_status(&self, status: u16) {
        assert_eq!(self.status, status, "{self:?}");
    }

    pub(crate) fn header(&self, name: &str) -> Option<String> {
        let name = format!("{name}: ");
        self.head.lines().find_map(|line| line.strip_prefix(&name)).map(ToOwned::to_owned)
    }
}

/// One event of a stream.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Event {
    pub(crate) id: Option<u64>,
    pub(crate) kind: String,
    pub(crate) data: Value,
}

/// A stream of events on a separate socket.
pub(crate) struct Events {
    socket: TcpStream,
    read: Vec<u8>,
    pub(crate) head: String,
}

impl Events {
    /// Opens a stream, which must begin.
    #[track_caller]
    pub(crate) fn of(gateway: &Gateway, token: &str, query: &str, headers: &str) -> Self {
        let events = Self::open(gateway.address(), token, query, headers);
        assert!(events.head.starts_with("HTTP/1.1 200"), "{}", events.head);
        events
    }

    /// Requests a stream, which the gateway may refuse.
    pub(crate) fn open(address: SocketAddr, token: &str, query: &str, headers: &str) -> Self {
        let mut socket = TcpStream::connect(address).unwrap();
        socket.set_read_timeout(Some(HANG)).unwrap();
        let request = format!(
            "GET /v1/events{query} HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer \
             {token}\r\n{headers}\r\n"
        );
        socket.write_all(request.as_bytes()).unwrap();
        let mut events = Self { socket, read: Vec::new(), head: String::new() };
        events.head = events.part(b"\r\n\r\n").expect("a head");
        events
    }

    pub(crate) fn socket(&self) -> &TcpStream {
        &self.socket
    }

    /// The bytes up to `end`, without it; `None` if the stream ends.
    fn part(&mut self, end: &[u8]) -> Option<String> {
        loop {
            if let Some(at) = self.read.windows(end.len()).position(|it| it == end) {
                let rest = self.read.split_off(at + end.len());
                let part = std::mem::replace(&mut self.read, rest);
                return Some(String::from_utf8(part[..at].to_vec()).unwrap());
            }
            let mut more = [0; 65536];
            let count = match self.socket.read(&mut more) {
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                read => read.expect("the stream sends something in time"),
            };
            if count == 0 {
                return None;
            }
            self.read.extend_from_slice(&more[..count]);
        }
    }

    /// The next event, without heartbeats; `None` if the stream ends.
    pub(crate) fn next(&mut self) -> Option<Event> {
        let end = now() + HANG;
        loop {
            assert!(now() < end, "only heartbeats within {HANG:?}");
            let part = self.part(b"\n\n")?;
            let value = |name: &str| {
                part.lines().find_map(|line| line.strip_prefix(name)).map(ToOwned::to_owned)
            };
            let Some(data) = value("data: ") else { continue };
            return Some(Event {
                id: value("id: ").map(|id| id.parse().unwrap()),
                kind: value("event: ").unwrap(),
                data: serde_json::from_str(&data).unwrap(),
            });
        }
    }

    /// The next event, which must be of this kind.
    #[track_caller]
    pub(crate) fn expect_event(&mut self, kind: &str) -> Event {
        let event = self.next().expect("the stream goes on");
        assert_eq!(event.kind, kind, "{event:?}");
        event
    }
}

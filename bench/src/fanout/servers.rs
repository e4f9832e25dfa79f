//! The compared servers, each on a free port on loopback.

use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

/// The mark that is once in every event, and nowhere else.
pub(super) const MARK: &str = "@@";

/// The approximate bytes of an event's data: a person with a note in the gateway.
const SIZE: usize = 440;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Gateway,
    Nchan,
    Floor,
}

impl Kind {
    pub(super) const ALL: [Self; 3] = [Self::Gateway, Self::Nchan, Self::Floor];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Gateway => "communicado-gateway",
            Self::Nchan => "nginx with nchan",
            Self::Floor => "a loop of `send`",
        }
    }
}

pub(super) struct Server {
    kind: Kind,
    child: Child,
    address: SocketAddr,
    /// The gateway's.
    token: String,
    _folder: TempDir,
}

const NGINX: &str = "\
load_module MODULES/ngx_nchan_module.so;
worker_processes 1;
daemon off;
pid FOLDER/pid;
error_log FOLDER/error.log;
events { worker_connections 19000; }
http {
    access_log off;
    nchan_max_reserved_memory 1G;
    client_body_temp_path FOLDER/body;
    proxy_temp_path FOLDER/proxy;
    fastcgi_temp_path FOLDER/fastcgi;
    uwsgi_temp_path FOLDER/uwsgi;
    scgi_temp_path FOLDER/scgi;
    server {
        listen 127.0.0.1:PORT backlog=4096;
        keepalive_requests 1000000;
        location = /pub { nchan_publisher; nchan_channel_id $arg_id; nchan_message_buffer_length 10; }
        location = /sub { nchan_subscriber eventsource; nchan_channel_id $arg_id; nchan_subscriber_first_message newest; }
    }
}
";

impl Server {
    pub(super) fn start(kind: Kind) -> Result<Self, String> {
        let folder = TempDir::new().map_err(|error| error.to_string())?;
        let port = free()?;
        let mut command = match kind {
            Kind::Gateway => {
                let mut command = Command::new(gateway()?);
                command.args(["serve", "--listen", &format!("127.0.0.1:{port}"), "--data"]);
                command.arg(folder.path()).args(["--requests-per-second", "1000000"]);
                command.args(["--streams-per-token", "100000"]);
                command
            }
            Kind::Nchan => {
                let file = folder.path().join("nginx.conf");
                let text = NGINX
                    .replace("MODULES", "/usr/lib/nginx/modules")
                    .replace("FOLDER", &folder.path().to_string_lossy())
                    .replace("PORT", &port.to_string());
                fs::write(&file, text).map_err(|error| error.to_string())?;
                let mut command = Command::new("/usr/sbin/nginx");
                command.arg("-p").arg(folder.path()).arg("-c").arg(file);
                command
            }
            Kind::Floor => {
                let own = std::env::current_exe().map_err(|error| error.to_string())?;
                let mut command = Command::new(own);
                command.args(["baseline", &port.to_string()]);
                command
            }
        };
        command.stdin(Stdio::null()).stdout(Stdio::piped());
        let cannot = |error| format!("{} cannot be started: {error}", kind.name());
        let mut child = command.spawn().map_err(cannot)?;
        let output = child.stdout.take();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
        let mut server = Self { kind, child, address, token: String::new(), _folder: folder };
        if kind == Kind::Gateway {
            let mut lines = output.map(BufReader::new).into_iter().flat_map(BufReader::lines);
            let token = lines.find_map(|line| Some(line.ok()?.strip_prefix("token ")?.to_owned()));
            server.token = token.ok_or("the gateway gives no token")?;
            thread::spawn(move || lines.for_each(drop));
        }
        server.wait()?;
        Ok(server)
    }

    pub(super) const fn address(&self) -> SocketAddr {
        self.address
    }

    /// The request of a reader of one person.
    pub(super) fn request(&self, person: &str) -> String {
        let path = match self.kind {
            Kind::Gateway => format!("/v1/events?person={person}"),
            Kind::Nchan | Kind::Floor => format!("/sub?id={person}"),
        };
        let token = &self.token;
        format!(
            "GET {path} HTTP/1.1\r\nHost: localhost\r\nAccept: text/event-stream\r\n\
             Authorization: Bearer {token}\r\n\r\n"
        )
    }

    pub(super) fn publisher(&self) -> Result<Publisher, String> {
        let socket = TcpStream::connect(self.address).map_err(|error| error.to_string())?;
        let head = format!(
            "Host: localhost\r\nAuthorization: Bearer {}\r\nContent-Type: application/json\r\n",
            self.token
        );
        Ok(Publisher { socket, head, kind: self.kind })
    }

    /// Waits until the server listens.
    #[expect(clippy::disallowed_methods, reason = "it tells nobody that it listens")]
    fn wait(&mut self) -> Result<(), String> {
        for _ in 0..500 {
            if TcpStream::connect(self.address).is_ok() {
                return Ok(());
            }
            thread::sleep(Duration::from_millis(10));
        }
        Err(format!("{} does not listen", self.kind.name()))
    }

    /// The processes of the server, with nginx's workers.
    fn processes(&self) -> Vec<u32> {
        let own = self.child.id();
        let children = fs::read_to_string(format!("/proc/{own}/task/{own}/children"));
        let children = children.unwrap_or_default();
        let children = children.split_whitespace().filter_map(|id| id.parse().ok());
        std::iter::once(own).chain(children).collect()
    }

    /// Resident memory in bytes (proc(5), `/proc/PID/statm`).
    pub(super) fn memory(&self) -> Result<f64, String> {
        let page = f64::from(u32::try_from(rustix::param::page_size()).unwrap_or(4096));
        self.sum("statm", |text| text.split(' ').nth(1)?.parse::<f64>().ok()).map(|it| it * page)
    }

    /// The CPU time in seconds (proc(5), `/proc/PID/stat`, fields 14 and 15).
    pub(super) fn processor_time(&self) -> Result<f64, String> {
        let ticks = self.sum("stat", |text| {
            let after = text.rsplit_once(") ")?.1;
            let field = |at: usize| after.split(' ').nth(at)?.parse::<f64>().ok();
            Some(field(11)? + field(12)?)
        })?;
        let second = u32::try_from(rustix::param::clock_ticks_per_second()).unwrap_or(100);
        Ok(ticks / f64::from(second))
    }

    fn sum(&self, file: &str, read: impl Fn(&str) -> Option<f64>) -> Result<f64, String> {
        let mut sum = 0.0;
        for process in self.processes() {
            let path = format!("/proc/{process}/{file}");
            let text = fs::read_to_string(&path).map_err(|error| format!("{path}: {error}"))?;
            sum += read(&text).ok_or_else(|| format!("{path} is not understood"))?;
        }
        Ok(sum)
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // On SIGTERM, nginx ends its workers.
        if let Some(id) =
            i32::try_from(self.child.id()).ok().and_then(rustix::process::Pid::from_raw)
        {
            let _ = rustix::process::kill_process(id, rustix::process::Signal::TERM);
        }
        let _ = self.child.wait();
    }
}

/// A publisher with one connection.
pub(super) struct Publisher {
    socket: TcpStream,
    head: String,
    kind: Kind,
}

impl Publisher {
    /// Publishes to a person, or to the channel of that name.
    pub(super) fn publish(&mut self, person: &str, number: u32) -> Result<(), String> {
        match self.kind {
            Kind::Gateway => {
                let note = format!("{number:08} {MARK} {}", "x".repeat(100));
                let body =
                    format!(r#"{{"status":"signed-in","availability":"busy","note":"{note}"}}"#);
                self.ask("PUT", &format!("/v1/people/{person}/manual"), &body)
            }
            Kind::Nchan | Kind::Floor => {
                let start = format!("{number:08} {MARK} ");
                let body = format!("{start}{}", "x".repeat(SIZE - start.len()));
                self.ask("POST", &format!("/pub?id={person}"), &body)
            }
        }
    }

    /// Adds a person, or a message to the channel of that name.
    pub(super) fn add(&mut self, person: &str) -> Result<(), String> {
        match self.kind {
            Kind::Gateway => self.ask("POST", "/v1/people", &format!(r#"{{"id":"{person}"}}"#)),
            Kind::Nchan | Kind::Floor => self.publish(person, 0),
        }
    }

    fn ask(&mut self, method: &str, path: &str, body: &str) -> Result<(), String> {
        let (head, length) = (&self.head, body.len());
        let request =
            format!("{method} {path} HTTP/1.1\r\n{head}Content-Length: {length}\r\n\r\n{body}");
        let cannot = |error: std::io::Error| format!("nothing can be published: {error}");
        self.socket.write_all(request.as_bytes()).map_err(cannot)?;
        let mut answer = [0; 8192];
        let count = self.socket.read(&mut answer).map_err(cannot)?;
        let answer = String::from_utf8_lossy(answer.get(..count).unwrap_or_default()).into_owned();
        if answer.starts_with("HTTP/1.1 2") { Ok(()) } else { Err(answer) }
    }
}

fn free() -> Result<u16, String> {
    let listener =
        TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).map_err(|error| error.to_string())?;
    listener.local_addr().map(|address| address.port()).map_err(|error| error.to_string())
}

fn gateway() -> Result<PathBuf, String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../target/dist/communicado-gateway");
    if path.is_file() {
        return Ok(path);
    }
    Err("there is no packaged build to measure\n  help: cargo build --profile dist -p \
         communicado-gateway"
        .to_owned())
}

//! Trace collectors: Rotel, a real collector from PyPI, and a socket for exact bytes and failures.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use tempfile::TempDir;

use crate::fixture::{free_port, peer, within};

/// A program that ends with the test.
pub(crate) struct ChildGuard(pub(crate) Child);

impl Drop for ChildGuard {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// The fields and attributes of a span in the collector's output.
pub(crate) type Span = BTreeMap<String, String>;

pub(crate) struct Collector {
    _program: ChildGuard,
    pub(crate) address: String,
    folder: TempDir,
}

impl Collector {
    pub(crate) fn start() -> Self {
        let folder = TempDir::new().unwrap();
        let output = File::create(folder.path().join("output")).unwrap();
        let [http, grpc] = [(); 2].map(|()| format!("127.0.0.1:{}", free_port()));
        let program = Command::new(rotel())
            .args(["start", "--exporter", "blackhole"])
            .args(["--debug-log", "traces", "--debug-log-verbosity", "detailed"])
            .args(["--otlp-http-endpoint", &http, "--otlp-grpc-endpoint", &grpc])
            .stdin(Stdio::null())
            .stdout(output.try_clone().unwrap())
            .stderr(output)
            .spawn()
            .unwrap();
        let collector =
            Self { _program: ChildGuard(program), address: format!("http://{http}"), folder };
        within("the collector listens", || TcpStream::connect(&http).ok());
        collector
    }

    pub(crate) fn output(&self) -> String {
        std::fs::read_to_string(self.folder.path().join("output")).unwrap()
    }

    /// Waits for a span of this name, and returns the last one.
    #[track_caller]
    pub(crate) fn span(&self, name: &str) -> Span {
        self.spans_until(name, |span| span["Name"] == name)
    }

    #[track_caller]
    pub(crate) fn spans_until(&self, what: &str, is_it: impl Fn(&Span) -> bool) -> Span {
        within(what, || {
            let output = self.output();
            // The last line may be incomplete.
            let whole = output.rsplit_once('\n').map_or("", |(whole, _)| whole);
            let spans = whole.split("\nSpan #").skip(1).map(fields);
            spans.filter(|span| span.contains_key("Status message") && is_it(span)).last()
        })
    }
}

fn fields(text: &str) -> Span {
    let lines = text.lines().filter_map(|line| line.split_once(':'));
    let trimmed = lines.map(|(key, value)| (key.trim().trim_start_matches("-> "), value.trim()));
    trimmed.map(|(key, value)| (key.to_owned(), value.to_owned())).collect()
}

/// The program in the Python package.
fn rotel() -> PathBuf {
    let library = peer("python3").ancestors().nth(2).unwrap().join("lib");
    let versions = std::fs::read_dir(&library).unwrap();
    let mut paths =
        versions.map(|version| version.unwrap().path().join("site-packages/rotel/rotel-agent"));
    paths.find(|path| path.exists()).expect("Rotel is missing\n  help: cargo xtask gateway")
}

/// The behavior of a fake collector.
#[derive(Clone, Copy)]
pub(crate) enum CollectorBehavior {
    Accepts,
    Rejects,
    Disconnects,
    Hangs,
}

/// A socket that acts as a collector, and the messages that it received.
pub(crate) struct FakeCollector {
    pub(crate) address: String,
    pub(crate) received: Arc<Mutex<Vec<Vec<u8>>>>,
}

impl FakeCollector {
    pub(crate) fn listen(manner: CollectorBehavior) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let received = Arc::<Mutex<Vec<Vec<u8>>>>::default();
        let here = received.clone();
        std::thread::spawn(move || {
            let mut open = Vec::new();
            for socket in listener.incoming() {
                let mut socket = socket.unwrap();
                if !matches!(manner, CollectorBehavior::Disconnects) {
                    here.lock().unwrap().push(message(&socket));
                } else {
                    here.lock().unwrap().push(Vec::new());
                }
                let status = match manner {
                    CollectorBehavior::Accepts => "200 OK",
                    CollectorBehavior::Rejects => "404 Not Found",
                    CollectorBehavior::Disconnects => continue,
                    CollectorBehavior::Hangs => {
                        open.push(socket);
                        continue;
                    }
                };
                let head = "Content-Length: 0\r\nConnection: close\r\n\r\n";
                let _ = socket.write_all(format!("HTTP/1.1 {status}\r\n{head}").as_bytes());
            }
        });
        Self { address, received }
    }

    pub(crate) fn count(&self) -> usize {
        self.received.lock().unwrap().len()
    }
}

/// The head and the body of one message.
fn message(socket: &TcpStream) -> Vec<u8> {
    let mut reader = BufReader::new(socket);
    let (mut all, mut length) = (Vec::new(), 0);
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).unwrap();
        all.extend_from_slice(line.as_bytes());
        if let Some(count) = line.to_ascii_lowercase().strip_prefix("content-length: ") {
            length = count.trim().parse().unwrap();
        }
        if line.trim().is_empty() {
            break;
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).unwrap();
    all.extend(body);
    all
}

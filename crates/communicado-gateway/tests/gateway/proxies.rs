//! The gateway behind nginx, Caddy and HAProxy, in the configurations of `docs/operations.md`.
//!
//! Each proxy terminates TLS on another port than 443 and serves the gateway below a path. It
//! compresses, and its idle timeout is a few heartbeats long.

use std::fs;
use std::net::{SocketAddr, TcpStream};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use serde_json::json;

use crate::client::{Client, HANDSHAKE, Target, bearer, text_message};
use crate::fixture::{Gateway, free_port, program, within};
use crate::sign_in::{Browser, Issuer};

/// The idle timeout of the proxies in these tests. In the documentation it is 75 seconds, which is
/// three of the usual heartbeats; here a heartbeat takes one second.
const IDLE: usize = 4;
/// The heartbeats after which a stream without them would have ended twice.
const HEARTBEATS: usize = 2 * IDLE + 1;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    Nginx,
    Caddy,
    HaProxy,
}

pub(crate) struct Proxy {
    child: Child,
    port: u16,
    certificate: PathBuf,
    folder: tempfile::TempDir,
}

impl Drop for Proxy {
    fn drop(&mut self) {
        // SIGTERM, because nginx ends its workers then.
        let _ = rustix::process::kill_process(
            rustix::process::Pid::from_child(&self.child),
            rustix::process::Signal::TERM,
        );
        let _ = self.child.wait();
    }
}

/// The first block of this language in `docs/operations.md`.
fn documented(language: &str) -> String {
    let text =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/operations.md"));
    let text = text.unwrap();
    let start = format!("```{language}\n");
    let block = text.split_once(&start).and_then(|(_, rest)| rest.split_once("```"));
    block.unwrap_or_else(|| panic!("docs/operations.md has no block `{language}`")).0.to_owned()
}

/// Replaces a text, which must be there.
fn with(text: &str, from: &str, to: &str) -> String {
    assert!(text.contains(from), "the documentation has no `{from}`:\n{text}");
    text.replace(from, to)
}

impl Proxy {
    /// Starts a proxy on `port` in front of a gateway.
    pub(crate) fn start(kind: Kind, port: u16, gateway: SocketAddr) -> Self {
        let folder = tempfile::TempDir::new().unwrap();
        let path = |name: &str| folder.path().join(name);
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        let made = rcgen::generate_simple_self_signed(names).unwrap();
        let (certificate, key) = (path("tls.pem"), path("tls.key"));
        fs::write(&certificate, made.cert.pem()).unwrap();
        fs::write(&key, made.signing_key.serialize_pem()).unwrap();
        let (certificate_text, key_text) = (certificate.display(), key.display());
        let idle = format!("{IDLE}s");
        let command = match kind {
            Kind::Nginx => {
                let text = documented("nginx");
                let text = with(&text, "listen 443 ssl", &format!("listen 127.0.0.1:{port} ssl"));
                let text =
                    with(&text, "/etc/ssl/status.example.pem", &certificate_text.to_string());
                let text = with(&text, "/etc/ssl/status.example.key", &key_text.to_string());
                let text = with(&text, "server_name status.example", "server_name localhost");
                let text = with(&text, "75s", &idle);
                let text = with(&text, "127.0.0.1:8427", &gateway.to_string());
                let own = nginx(&folder, &text);
                fs::write(path("nginx.conf"), own).unwrap();
                let mut command = Command::new("/usr/sbin/nginx");
                command.arg("-c").arg(path("nginx.conf")).arg("-e").arg(path("error.log"));
                command
            }
            Kind::Caddy => {
                let text = documented("caddyfile");
                let site = format!(
                    "https://localhost:{port} {{\n\tbind 127.0.0.1\n\ttls {certificate_text} {key_text}"
                );
                let text = with(&text, "status.example {", &site);
                let text = with(&text, "127.0.0.1:8427", &gateway.to_string());
                let global = "{\n\tadmin off\n\tauto_https disable_redirects\n}\n";
                fs::write(path("Caddyfile"), format!("{global}{text}")).unwrap();
                let mut command = Command::new("caddy");
                command.args(["run", "--adapter", "caddyfile", "--config"]);
                command.arg(path("Caddyfile")).env("HOME", folder.path());
                command.env("XDG_DATA_HOME", folder.path());
                command.env("XDG_CONFIG_HOME", folder.path());
                command
            }
            Kind::HaProxy => {
                let both = format!("{}{}", made.cert.pem(), made.signing_key.serialize_pem());
                fs::write(path("both.pem"), both).unwrap();
                let text = documented("haproxy");
                let text = with(&text, "bind :443", &format!("bind 127.0.0.1:{port}"));
                let both = path("both.pem");
                let text = with(&text, "/etc/ssl/status.example.pem", &both.display().to_string());
                let text = with(&text, "75s", &idle);
                let text = with(&text, "127.0.0.1:8427", &gateway.to_string());
                fs::write(path("haproxy.cfg"), text).unwrap();
                let mut command = Command::new("/usr/sbin/haproxy");
                command.arg("-db").arg("-f").arg(path("haproxy.cfg"));
                command
            }
        };
        Self::spawn(kind, command, port, certificate, folder)
    }

    fn spawn(
        kind: Kind,
        mut command: Command,
        port: u16,
        certificate: PathBuf,
        folder: tempfile::TempDir,
    ) -> Self {
        let log = fs::File::create(folder.path().join("output")).unwrap();
        command.stdin(Stdio::null()).stdout(log.try_clone().unwrap()).stderr(log);
        let child = command.spawn().unwrap_or_else(|error| {
            panic!("{kind:?} does not start: {error}\n  help: cargo xtask peers")
        });
        let mut proxy = Self { child, port, certificate, folder };
        within("the proxy listens", || {
            if let Some(status) = proxy.child.try_wait().unwrap() {
                let output = fs::read_to_string(proxy.folder.path().join("output"));
                panic!("{kind:?} ended: {status} {}", output.unwrap_or_default());
            }
            TcpStream::connect(("127.0.0.1", port)).ok()
        });
        proxy
    }

    /// The certificate of the proxy, for clients to trust.
    pub(crate) fn certificate(&self) -> &Path {
        &self.certificate
    }

    fn connect(&self) -> Client {
        let address = SocketAddr::from(([127, 0, 0, 1], self.port));
        Target::of_server(address, &self.certificate).connect().unwrap()
    }
}

/// The output of `doctor`, which trusts this certificate.
fn doctor(gateway: &Gateway, certificate: &Path) -> String {
    let mut command = Command::new(program());
    command.args(["doctor", "--data"]).arg(gateway.folder());
    let output = command.env("SSL_CERT_FILE", certificate).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A complete configuration around the files of `conf.d`.
fn nginx(folder: &tempfile::TempDir, site: &str) -> String {
    let root = folder.path().display();
    let temporary = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        .map(|name| format!("{name}_temp_path {root}/{name};"))
        .join(" ");
    format!(
        "daemon off; worker_processes 1; pid {root}/nginx.pid; error_log {root}/error.log;\n\
         events {{}}\nhttp {{ access_log off; {temporary}\n{site}\n}}\n"
    )
}

/// The headers of a browser's page on this origin.
fn page(origin: &str) -> Vec<String> {
    ["-H", &format!("Origin: {origin}"), "-H", "Accept-Encoding: gzip", "-H", "Communicado-Csrf: 1"]
        .map(ToOwned::to_owned)
        .into()
}

fn check(kind: Kind) {
    let (port, issuer_port) = (free_port(), free_port());
    let origin = format!("https://localhost:{port}");
    let public = format!("{origin}/presence");
    let issuer = Issuer::start(&public);
    let secret = tempfile::NamedTempFile::new().unwrap();
    fs::write(secret.path(), "a secret / with & signs").unwrap();
    let gateway = Gateway::at(
        &format!("127.0.0.1:{issuer_port}"),
        &[
            "--public-url",
            &public,
            "--trusted-proxy",
            "127.0.0.1",
            "--heartbeat",
            "1s",
            "--wrong-tokens-per-minute",
            "3",
            "--oidc-issuer",
            &issuer.address,
            "--oidc-client-id",
            "gateway",
            "--oidc-client-secret-file",
            secret.path().to_str().unwrap(),
        ],
    );
    gateway.add("ada", &[]);
    let proxy = Proxy::start(kind, port, gateway.address());
    let trust = ["--cacert".to_owned(), proxy.certificate.to_str().unwrap().to_owned()];
    let jar = proxy.folder.path().join("jar").to_str().unwrap().to_owned();
    let curl = |path: &str, more: &[&str]| {
        let arguments: Vec<&str> =
            trust.iter().map(String::as_str).chain(more.iter().copied()).collect();
        gateway.curl_at(&format!("{public}{path}"), &arguments)
    };
    let json_type = "Content-Type: application/json";
    // The board and its files, compressed.
    assert_eq!(curl("", &[]).location.as_deref(), Some("/presence/"));
    curl("/", &[]).expect_status(200);
    let script = curl("/board.js", &["--compressed"]);
    script.expect_status(200);
    assert_eq!(script.header("content-encoding").as_deref(), Some("gzip"), "{kind:?}");
    // The board signs in with a token, and only pages of the gateway may write.
    let own: Vec<String> = page(&origin);
    let own: Vec<&str> = own.iter().map(String::as_str).collect();
    let body = json!({"token": gateway.token}).to_string();
    let sign_in = [&own[..], &["-c", &jar, "-H", json_type, "-d", &body]].concat();
    let opened = curl("/v1/session", &sign_in);
    opened.expect_status(200);
    let cookie = opened.head_as_sent.to_ascii_lowercase();
    assert!(cookie.contains("path=/presence/;") && cookie.contains("; secure"), "{cookie}");
    let manual = json!({"status": "signed-in", "note": "over the proxy"}).to_string();
    let put = ["-X", "PUT", "-b", &jar, "-H", json_type, "-d", &manual];
    curl("/v1/people/ada/manual", &[&own[..], &put].concat()).expect_status(200);
    let other = page("https://evil.example");
    let other: Vec<&str> = other.iter().map(String::as_str).collect();
    curl("/v1/people/ada/manual", &[&other[..], &put].concat()).expect_problem(403);
    // The issuer redirects to the public URL, and the gateway to the board.
    let browser = Browser {
        gateway: &gateway,
        base: public.clone(),
        jar: proxy.folder.path().join("oidc").to_str().unwrap().to_owned(),
        arguments: trust.to_vec(),
    };
    let session = curl("/v1/session", &[]).body;
    assert!(session.contains("\"href\":\"/presence/v1/oidc/start\""), "{session}");
    let back = browser.sign_in("ada");
    let (home, _) = browser.follow(&back, None, &format!("{public}/"));
    assert_eq!(home, format!("{public}/"));
    let session = curl("/v1/session", &["-b", &browser.jar]).expect_json(200);
    assert_eq!(session["person"], "ada");
    let good = "ok  proxy: the proxy at 127.0.0.1 gives the address of the client, 127.0.0.1\n";
    let findings = doctor(&gateway, &proxy.certificate);
    assert!(findings.contains(good), "{kind:?} {findings}");
    streams_stay_open(&gateway, &proxy, &origin);
    clients_are_limited_one_by_one(&gateway, &public, &trust);
}

fn streams_stay_open(gateway: &Gateway, proxy: &Proxy, origin: &str) {
    let host = format!("Host: {}\r\n", origin.split_once("://").unwrap().1);
    let token = bearer(&gateway.token);
    let mut socket = proxy.connect();
    let opened = socket.request(&format!(
        "GET /presence/v1/socket HTTP/1.1\r\n{host}Origin: {origin}\r\n{token}{HANDSHAKE}\r\n"
    ));
    opened.unwrap().expect_status(101);
    socket.send(&text_message(r#"{"type":"subscribe"}"#)).unwrap();
    assert_eq!(socket.message().unwrap().unwrap()["type"], "snapshot");
    let mut events = proxy.connect();
    let opened = events.request(&format!(
        "GET /presence/v1/events HTTP/1.1\r\n{host}{token}Accept-Encoding: gzip\r\n\r\n"
    ));
    let opened = opened.unwrap();
    opened.expect_status(200);
    assert_eq!(opened.header("content-encoding"), None, "{}", opened.head);
    events.through(b"event: snapshot").unwrap();
    for _ in 0..HEARTBEATS {
        events.through(b":\n\n").unwrap();
    }
    gateway.set_note("ada", "after a while").expect_status(200);
    events.through(b"after a while").unwrap();
    let change = socket.message().unwrap().unwrap();
    assert_eq!(change["data"]["note"], "after a while", "{change}");
}

fn clients_are_limited_one_by_one(gateway: &Gateway, public: &str, trust: &[String]) {
    let wrong = format!("Authorization: Bearer cmt_{:0<43}", "");
    let ask = |client: &str, more: &[&str]| {
        let mut arguments: Vec<&str> = trust.iter().map(String::as_str).collect();
        arguments.extend(["--interface", client, "-H", &wrong]);
        arguments.extend(more);
        gateway.curl_at(&format!("{public}/v1/people"), &arguments).status
    };
    for _ in 0..3 {
        assert_eq!(ask("127.0.0.2", &[]), 401);
    }
    assert_eq!(ask("127.0.0.2", &[]), 429);
    assert_eq!(ask("127.0.0.3", &[]), 401);
    // A client cannot claim the address of another.
    for header in ["X-Forwarded-For: 192.0.2.7", "Forwarded: for=192.0.2.7"] {
        assert_eq!(ask("127.0.0.2", &["-H", header]), 429, "{header}");
    }
}

#[test]
fn nginx_serves_the_gateway_below_a_path() {
    check(Kind::Nginx);
}

#[test]
fn caddy_serves_the_gateway_below_a_path() {
    check(Kind::Caddy);
}

#[test]
fn haproxy_serves_the_gateway_below_a_path() {
    check(Kind::HaProxy);
}

#[test]
fn the_board_works_behind_an_nginx_that_only_passes_requests_and_compresses_everything() {
    let port = free_port();
    let origin = format!("http://localhost:{port}");
    let gateway = Gateway::with(&["--public-url", &origin, "--trusted-proxy", "127.0.0.1"]);
    gateway.add("ada", &[]);
    let folder = tempfile::TempDir::new().unwrap();
    let site = format!(
        "gzip on; gzip_types *; server {{ listen 127.0.0.1:{port}; location / {{ proxy_pass http://{}; }} }}",
        gateway.address()
    );
    let file = folder.path().join("nginx.conf");
    fs::write(&file, nginx(&folder, &site)).unwrap();
    let mut command = Command::new("/usr/sbin/nginx");
    command.arg("-c").arg(&file).arg("-e").arg(folder.path().join("error.log"));
    let proxy = Proxy::spawn(Kind::Nginx, command, port, file, folder);
    let findings = doctor(&gateway, &proxy.certificate);
    let claimed = "!!  proxy: the proxy at 127.0.0.1 passes a header that a client can invent\n";
    assert!(findings.contains(claimed), "{findings}");
    let body = json!({"token": gateway.token}).to_string();
    let own = page(&origin);
    let mut sign_in: Vec<&str> = own.iter().map(String::as_str).collect();
    sign_in.extend(["-H", "Content-Type: application/json", "-d", &body]);
    let opened = gateway.curl_at(&format!("{origin}/v1/session"), &sign_in);
    opened.expect_status(200);
    assert!(!opened.head.contains("secure"), "{}", opened.head);
    // nginx speaks HTTP/1.0 to the gateway.
    let mut events =
        Client::over(TcpStream::connect(("127.0.0.1", proxy.port)).unwrap(), None).unwrap();
    let opened = events.request(&format!(
        "GET /v1/events HTTP/1.1\r\nHost: localhost\r\n{}Accept-Encoding: identity\r\n\r\n",
        bearer(&gateway.token)
    ));
    opened.unwrap().expect_status(200);
    events.through(b"event: snapshot").unwrap();
    gateway.set_note("ada", "at once").expect_status(200);
    events.through(b"at once").unwrap();
}

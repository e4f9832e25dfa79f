//! Traces: the spans that a collector gets, and the gateway without a collector.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::json;
use tempfile::TempDir;

use crate::collector::{ChildGuard, Collector, CollectorBehavior, FakeCollector};
use crate::fixture::{Gateway, free_port, peer, program, publication, within};

const ENDPOINT: &str = "OTEL_EXPORTER_OTLP_ENDPOINT";
const JSON: &str = "Content-Type: application/json";

/// A gateway with a log file and these environment variables.
fn logged(arguments: &[&str], variables: &[(&str, &str)]) -> (Gateway, PathBuf) {
    let mut gateway = Gateway::with(arguments);
    let log = gateway.folder().join("log");
    let mut command = Command::new(program());
    command.env_remove(ENDPOINT).envs(variables.iter().copied());
    gateway.restart_as(command.stderr(File::create(&log).unwrap()));
    (gateway, log)
}

/// The lines of the log about traces.
fn trace_log_lines(log: &Path) -> Vec<String> {
    let text = std::fs::read_to_string(log).unwrap();
    let lines = text.lines().filter(|line| line.contains("\"what\":\"traces\""));
    lines.map(ToOwned::to_owned).collect()
}

/// Returns true if the thread that sends spans runs.
fn has_exporter_thread(gateway: &Gateway) -> bool {
    let tasks = std::fs::read_dir(format!("/proc/{}/task", gateway.id())).unwrap();
    let name = |task: std::fs::DirEntry| std::fs::read_to_string(task.path().join("comm"));
    tasks.filter_map(|task| name(task.unwrap()).ok()).any(|name| name.starts_with("OpenTel"))
}

#[test]
fn a_collector_gets_a_span_of_each_request_in_the_trace_of_its_client() {
    let collector = Collector::start();
    let issuer = format!("http://127.0.0.1:{}", free_port());
    let oidc = ["--oidc-issuer", &issuer, "--oidc-client-id", "gateway"];
    let mut gateway = Gateway::with(&[&["--otlp", &collector.address], &oidc[..]].concat());
    gateway.add("ada", &[]);
    let authorization = format!("Authorization: Bearer {}", gateway.token);
    let trace = "0af7651916cd43dd8448eb211c80319c";
    let within = format!("traceparent: 00-{trace}-b7ad6b7169203331-01");
    let body = publication("busy", 60_000).to_string();
    let put = ["-X", "PUT", "-H", &authorization, "-H", JSON, "-H", &within, "-d", &body];
    gateway.curl("/v1/people/ada/devices/laptop", &put).expect_json(200);
    gateway.curl("/v1/nothing", &[]).expect_problem(404);
    gateway.curl("/v1/oidc/start", &[]).expect_problem(503);
    assert!(gateway.stop().success());

    let put = collector.span("PUT /v1/people/{person}/devices/{device}");
    for (key, value) in [
        ("Trace ID", trace),
        ("Parent ID", "b7ad6b7169203331"),
        ("Kind", "SPAN_KIND_SERVER"),
        ("Status code", "STATUS_CODE_UNSET"),
        ("http.request.method", "Str(PUT)"),
        ("http.route", "Str(/v1/people/{person}/devices/{device})"),
        ("http.response.status_code", "Int(200)"),
    ] {
        assert_eq!(put[key], value, "{put:?}");
    }
    let write =
        collector.spans_until("the write of the request", |span| span["Parent ID"] == put["ID"]);
    assert_eq!((&*write["Name"], &*write["db.system.name"]), ("store", "Str(sqlite)"), "{write:?}");
    assert_eq!(write["Trace ID"], trace);
    let nothing = collector.span("GET");
    assert_eq!(nothing["http.response.status_code"], "Int(404)");
    assert!(!nothing.contains_key("http.route"), "{nothing:?}");
    let failed = collector.span("GET /v1/oidc/start");
    assert_eq!(
        (&*failed["error.type"], &*failed["Status code"]),
        ("Str(503)", "STATUS_CODE_ERROR")
    );
    assert!(collector.output().contains("service.name: Str(communicado-gateway)"));
}

#[test]
fn a_write_to_the_bucket_is_a_store_span() {
    let collector = Collector::start();
    let folder = TempDir::new().unwrap();
    let port = free_port().to_string();
    let mut nats = Command::new(peer("nats-server"));
    nats.args(["-a", "127.0.0.1", "-p", &port, "-js", "-sd"]).arg(folder.path());
    let quiet = nats.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    let _nats = ChildGuard(quiet.spawn().unwrap());
    let address = format!("127.0.0.1:{port}");
    within("NATS listens", || std::net::TcpStream::connect(&address).ok());
    let servers = format!("nats://{address}");
    let mut gateway = Gateway::with(&["--otlp", &collector.address, "--nats", &servers]);
    gateway.add("ada", &[]);
    // A refused command is not a failure of the bucket.
    gateway.request("POST", "/v1/people", Some(&json!({"id": "ada"}))).expect_problem(409);
    assert!(gateway.stop().success());
    for (status, code) in [("Int(201)", "201"), ("Int(409)", "409")] {
        let asked = collector.spans_until(code, |span| {
            span["Name"] == "POST /v1/people"
                && span.get("http.response.status_code").is_some_and(|it| it == status)
        });
        let write = collector
            .spans_until("the write of the request", |span| span["Parent ID"] == asked["ID"]);
        assert_eq!(
            (&*write["Name"], &*write["db.system.name"]),
            ("store", "Str(nats)"),
            "{write:?}"
        );
        assert_eq!(write["Status code"], "STATUS_CODE_UNSET", "{write:?}");
    }
}

#[test]
fn spans_contain_no_personal_data() {
    let socket = FakeCollector::listen(CollectorBehavior::Accepts);
    let mut gateway = Gateway::with(&["--otlp", &socket.address]);
    let (id, name, note) = ("ada-zephyr", "Lovelace", "gone to the dentist");
    let person = json!({"id": id, "name": name, "groups": ["group-zephyr"]});
    gateway.request("POST", "/v1/people", Some(&person)).expect_json(201);
    gateway.publish(id, "laptop-zephyr", "busy");
    gateway.set_note(id, note).expect_json(200);
    gateway.get(&format!("/v1/people/{id}?group=group-zephyr"));
    gateway.get("/v1/people?group=group-zephyr");
    let (secret, token) = gateway.token(&["read"], &json!({"person": id}));
    gateway.request_as(&secret, "GET", &format!("/v1/people/{id}"), None).expect_json(200);
    gateway.request("DELETE", &format!("/v1/tokens/{token}"), None);
    gateway.curl(&format!("/v1/{id}"), &[]).expect_problem(404);
    gateway.curl(&format!("/badge/{id}.svg"), &[]);
    let state = format!("tracestate: ada={id}");
    let parent = "traceparent: 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
    let whose = format!("traceparent: {id}");
    gateway.curl("/v1/people", &["-X", "ADA-ZEPHYR", "-H", parent, "-H", &state, "-A", id]);
    gateway.curl("/v1/people", &["-H", &whose, "-H", "baggage: who=ada-zephyr"]);
    assert!(gateway.stop().success());

    let all = socket.received.lock().unwrap().concat();
    let has = |word: &str| {
        let all = all.to_ascii_lowercase();
        all.windows(word.len()).any(|it| it == word.to_ascii_lowercase().as_bytes())
    };
    for word in ["/v1/people/{person}", "/badge/{file}", "HTTP /v1/people", "_OTHER", "store"] {
        assert!(has(word), "{word} is missing: {}", String::from_utf8_lossy(&all));
    }
    for word in [id, name, note, "zephyr", &gateway.token, &secret, &token, "cmt_"] {
        assert!(!has(word), "{word} was sent: {}", String::from_utf8_lossy(&all));
    }
}

#[test]
fn a_failing_collector_is_logged_once_and_affects_nothing_else() {
    for (manner, word) in
        [(CollectorBehavior::Disconnects, ""), (CollectorBehavior::Rejects, "404")]
    {
        let socket = FakeCollector::listen(manner);
        let soon = [("OTEL_BSP_SCHEDULE_DELAY", "20")];
        let (mut gateway, log) = logged(&["--otlp", &socket.address], &soon);
        // The gateway sends several messages.
        within("several fail", || {
            gateway.get("/v1/people");
            (socket.count() > 8).then_some(())
        });
        assert!(gateway.stop().success());
        let lines = trace_log_lines(&log);
        assert!(lines.len() == 1 && lines[0].contains("WARN"), "{lines:?}");
        assert!(lines[0].contains("--otlp") && lines[0].contains(word), "{lines:?}");
    }
}

#[test]
fn the_gateway_works_and_stops_with_an_unreachable_or_hanging_collector() {
    let hangs = FakeCollector::listen(CollectorBehavior::Hangs);
    let nobody = format!("http://127.0.0.1:{}", free_port());
    for address in [&nobody, &hangs.address] {
        let (mut gateway, log) = logged(&["--otlp", address], &[]);
        gateway.add("ada", &[]);
        gateway.publish("ada", "laptop", "busy");
        assert!(gateway.stop().success());
        let lines = trace_log_lines(&log);
        assert_eq!(lines.len(), 1, "{lines:?}");
        gateway.restart();
        gateway.get("/v1/people/ada");
    }
    assert!(hangs.count() > 0);
}

#[test]
fn no_spans_are_sent_by_default() {
    let socket = FakeCollector::listen(CollectorBehavior::Accepts);
    let aside = ("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT", &*socket.address);
    let key = ("OTEL_EXPORTER_OTLP_HEADERS", "x-key=zephyr");
    let place = ("OTEL_RESOURCE_ATTRIBUTES", "service.instance.id=the-second");
    for (variables, is_asked) in [
        (&[aside][..], false),
        (&[aside, (ENDPOINT, "")], false),
        (&[key, place, (ENDPOINT, &socket.address)], true),
    ] {
        let (mut gateway, _) = logged(&[], variables);
        gateway.get("/v1/people");
        assert_eq!(has_exporter_thread(&gateway), is_asked, "{variables:?}");
        assert!(gateway.stop().success());
        assert_eq!(socket.count() > 0, is_asked, "{variables:?}");
    }
    let all = socket.received.lock().unwrap().concat();
    let all = String::from_utf8_lossy(&all);
    assert!(all.contains("x-key: zephyr") && all.contains("the-second"), "{all}");
}

#[test]
fn an_invalid_collector_url_is_a_startup_error() {
    for url in ["localhost:4318", "ftp://localhost", "http://ada:secret@localhost"] {
        let folder = TempDir::new().unwrap();
        // `timeout` ends a gateway that starts nevertheless.
        let mut command = Command::new("timeout");
        command.arg("60").arg(program());
        command.args(["serve", "--listen", "127.0.0.1:0", "--otlp", url, "--data"]);
        let output = command.arg(folder.path()).stdin(Stdio::null()).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert_eq!(output.status.code(), Some(2), "{errors}");
        for word in ["error: the value of --otlp", "cause: ", "help: ", "--otlp"] {
            assert!(errors.contains(word) && !errors.contains("secret"), "{errors}");
        }
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    }
}

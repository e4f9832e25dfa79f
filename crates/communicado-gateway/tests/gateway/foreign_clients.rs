//! Programs of others that read and write: HTTP libraries of Python, `promtool`, and `curl` as the
//! documentation shows it.

use std::fs;
use std::io::{BufRead as _, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use serde_json::json;

use crate::fixture::{Gateway, peer};

pub(crate) fn script(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/gateway").join(name)
}

#[test]
fn libraries_that_read_whole_blocks_get_each_event_at_once() {
    for library in ["urllib3", "requests", "httpx"] {
        let mut gateway = Gateway::start();
        gateway.add("ada", &[]);
        let mut child = Command::new(peer("python"))
            .arg(script("stream.py"))
            .args([library, &format!("{}/v1/events", gateway.base), &gateway.token])
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let mut next = || lines.next().map(Result::unwrap);
        assert_eq!(next().as_deref(), Some("event: snapshot"), "{library}");
        for note in ["one", "two", "three"] {
            gateway.set_note("ada", note).expect_status(200);
            assert_eq!(next().as_deref(), Some("event: change"), "{library} {note}");
        }
        // The stream ends completely: these libraries report an incomplete one as an error.
        assert!(gateway.stop().success());
        assert_eq!(next().as_deref(), Some("event: end"), "{library}");
        assert_eq!(next(), None, "{library}");
        assert!(child.wait().unwrap().success(), "{library}");
    }
}

#[test]
fn promtool_finds_nothing_wrong_with_the_metrics() {
    let gateway = Gateway::start();
    gateway.get("/v1/people");
    let plain = gateway.curl("/metrics", &[]);
    let kind = plain.header("content-type");
    assert_eq!(kind.as_deref(), Some("text/plain; version=0.0.4; charset=utf-8"));
    let mut promtool = Command::new("promtool")
        .args(["check", "metrics"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("promtool\n  help: cargo xtask peers");
    promtool.stdin.take().unwrap().write_all(plain.body.as_bytes()).unwrap();
    let output = promtool.wait_with_output().unwrap();
    assert!(output.status.success() && output.stderr.is_empty(), "{output:?}\n{}", plain.body);
    let accept = "Accept: application/openmetrics-text;version=1.0.0;q=0.5,text/plain;q=0.4";
    let open = gateway.curl("/metrics", &["-H", accept]);
    assert!(open.body.ends_with("# EOF\n"), "{}", open.body);
    let kind = open.header("content-type").unwrap();
    assert!(kind.starts_with("application/openmetrics-text; version=1.0.0"), "{kind}");
}

#[test]
fn the_curl_line_of_the_documentation_publishes_as_pasted() {
    let gateway = Gateway::start();
    gateway.add("ada", &[]);
    let text = fs::read_to_string(script("../../../../docs/gateway.md")).unwrap();
    let blocks = text.split("```sh\n").skip(1).filter_map(|rest| rest.split("```").next());
    let line = blocks.filter(|block| block.contains("/devices/phone")).collect::<String>();
    assert!(line.contains("127.0.0.1:8427"), "{line}");
    let line = line.replace("127.0.0.1:8427", &gateway.address().to_string());
    let output =
        Command::new("sh").arg("-c").arg(&line).env("TOKEN", &gateway.token).output().unwrap();
    let answer = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(answer.contains("lease_until"), "{answer}");
    let person = gateway.get("/v1/people/ada");
    assert_eq!((&person["status"], &person["availability"]), (&json!("signed-in"), &json!("busy")));
}

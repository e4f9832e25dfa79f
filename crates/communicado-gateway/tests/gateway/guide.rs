//! The programs of docs/streams.md in curl and Python, as pasted. `conformance/board` runs the
//! others.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use serde_json::json;

use crate::fixture::{Gateway, peer};
use crate::foreign_clients::script;

/// The first block of the guide in a language.
fn block(language: &str) -> String {
    let guide = fs::read_to_string(script("../../../../docs/streams.md")).unwrap();
    let start = format!("```{language}\n");
    let block = guide.split(&start).nth(1).and_then(|rest| rest.split("```").next());
    block.expect("a block in the guide").to_owned()
}

/// A program that prints lines, and ends with the test.
struct Printing {
    child: Child,
    lines: std::io::Lines<BufReader<std::process::ChildStdout>>,
}

impl Printing {
    fn start(command: &mut Command) -> Self {
        let command = command.stdin(Stdio::null()).stdout(Stdio::piped());
        let mut child = command.stderr(Stdio::null()).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        Self { child, lines }
    }

    /// Reads until a line contains `text`, and returns the lines before it.
    fn until(&mut self, text: &str) -> Vec<String> {
        let mut before = Vec::new();
        loop {
            let line = self.lines.next().expect("the program goes on").unwrap();
            if line.contains(text) {
                return before;
            }
            before.push(line);
        }
    }
}

impl Drop for Printing {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[test]
fn the_curl_line_of_the_guide_prints_each_event_at_once() {
    let gateway = Gateway::start();
    gateway.add("ada", &[]);
    let line = block("sh").replace("127.0.0.1:8427", &gateway.address().to_string());
    let mut shell = Command::new("sh");
    let mut curl =
        Printing::start(shell.args(["-c", &format!("exec {line}")]).env("TOKEN", &gateway.token));
    curl.until("event: snapshot");
    gateway.set_note("ada", "lunch").expect_status(200);
    curl.until("\"note\":\"lunch\"");
}

#[test]
fn the_python_program_of_the_guide_resumes_after_a_restart_and_stops_without_access() {
    let mut gateway = Gateway::with(&["--streams-per-token", "1"]);
    gateway.add("ada", &[]);
    gateway.add("bob", &[]);
    let (secret, id) = gateway.token(&["read"], &json!({}));
    let file = gateway.folder().join("read.py");
    fs::write(&file, block("python")).unwrap();
    let start = |gateway: &Gateway| {
        let mut shell = Command::new("sh");
        shell.args(["-c", "exec \"$0\" \"$1\" 2>&1"]).arg(peer("python")).arg(&file);
        Printing::start(shell.env("GATEWAY", &gateway.base).env("TOKEN", &secret))
    };
    let mut program = start(&gateway);
    program.until("bob absent");
    gateway.publish("ada", "laptop", "busy");
    program.until("ada signed-in");
    // After the restart the program gets the change that it missed, and no snapshot.
    gateway.restart();
    gateway.publish("ada", "laptop", "");
    let before = program.until("ada signed-out");
    assert!(before.iter().all(|line| !line.starts_with("bob")), "{before:?}");
    // A second stream is beyond the limit: it waits until the first has ended.
    let mut second = start(&gateway);
    second.until("429");
    drop(program);
    second.until("bob absent");
    gateway.request("DELETE", &format!("/v1/tokens/{id}"), None).expect_json(204);
    second.until("unknown");
    assert!(second.lines.next().is_none());
    assert_eq!(second.child.wait().unwrap().code(), Some(1));
}

//! The programs of docs/streams.md and docs/publishing.md in curl and Python, as pasted.
//! `conformance/board` runs the others.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::PermissionsExt as _;
use std::process::{Child, Command, Stdio};

use serde_json::json;

use crate::fixture::{Gateway, peer, within};
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

/// The block of docs/publishing.md with this name.
fn published(name: &str) -> String {
    let page = fs::read_to_string(script("../../../../docs/publishing.md")).unwrap();
    let (_, block) = page.split_once(&format!("<!-- test: {name} -->\n```")).unwrap();
    let (_, block) = block.split_once('\n').unwrap();
    block.split("\n```").next().unwrap().to_owned()
}

#[test]
fn the_line_of_cron_publishes_with_a_token_in_a_file() {
    let gateway = Gateway::start();
    gateway.add("ada", &[]);
    let (secret, _) = gateway.token(&["publish"], &json!({"person": "ada"}));
    let home = gateway.folder().join("home");
    fs::create_dir(&home).unwrap();
    let line = published("cron");
    // After the five fields of the time.
    let command = line.splitn(6, ' ').nth(5).unwrap();
    let command = command.replace("127.0.0.1:8427", &gateway.address().to_string());
    // A percent sign is a new line to cron.
    assert!(!command.contains('%'), "{command}");
    for script in [&published("header"), &command] {
        let mut shell = Command::new("sh");
        let shell = shell.args(["-ec", script]).env("HOME", &home).env("TOKEN", &secret);
        let output = shell.output().unwrap();
        assert!(output.status.success() && output.stdout.is_empty(), "{output:?}");
    }
    let mode = fs::metadata(home.join(".config/communicado/header")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let person = gateway.get("/v1/people/ada");
    assert_eq!(person["devices"][0]["device"], "lab");
    assert_eq!(person["availability"], "available");
}

#[test]
fn the_python_program_publishes_while_a_command_runs_and_reports_a_refusal() {
    let gateway = Gateway::start();
    gateway.add("ada", &[]);
    let (secret, _) = gateway.token(&["publish"], &json!({"person": "ada"}));
    let file = gateway.folder().join("publish.py");
    fs::write(&file, published("python")).unwrap();
    let start = |secret: &str| {
        let mut program = Command::new(peer("python"));
        let program = program.arg(&file).args(["sh", "-c", "read line; exit 7"]);
        let program = program.env("GATEWAY", &gateway.base).env("TOKEN", secret);
        program.stdin(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap()
    };
    let mut program = start(&secret);
    within("the program publishes", || {
        (gateway.get("/v1/people/ada")["availability"] == "busy").then_some(())
    });
    drop(program.stdin.take());
    assert_eq!(program.wait().unwrap().code(), Some(7));
    assert_eq!(gateway.get("/v1/people/ada")["devices"], json!([]));

    let output = start("cmt_wrong").wait_with_output().unwrap();
    assert_eq!(output.status.code(), Some(7));
    assert!(String::from_utf8_lossy(&output.stderr).contains("token"), "{output:?}");
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

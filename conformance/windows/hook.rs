//! The sink `hook` on Windows: the input of the command, the order of commands, and their end.

use std::fs;
use std::path::PathBuf;
use std::process::Stdio;

use communicado_conformance::{ExpectOk as _, Peer, Process, Wine, sink_in, within};
use serde_json::Value;

use crate::communicator;

/// An agent on Windows with a client and a configuration.
struct HookSession {
    wine: Wine,
    client: Peer,
    config: String,
}

/// The input of one command, and whether the command has ended.
#[derive(Debug)]
struct Run {
    /// The values of the variables, in the order of the documentation.
    variables: Vec<String>,
    report: Value,
    has_ended: bool,
}

impl HookSession {
    /// A session in which Communicator is signed in.
    fn new() -> Self {
        let wine = Wine::new();
        let mut client = communicator(&wine);
        client.tell("status 2");
        client.come_up();
        wine.install("hook.exe");
        Self { wine, client, config: String::new() }
    }

    /// The table of a sink that reports Communicator and runs `command`.
    fn add(&mut self, name: &str, options: &str, command: &[&str]) {
        let command = serde_json::to_string(command).expect_ok("write a list");
        self.config += &format!(
            "[sinks.{name}]\nkind = \"hook\"\nclients = [\"communicator\"]\n{options}\nrun = {command}\n"
        );
    }

    fn arguments<'a>(&self, config: &'a str, task: &[&'a str]) -> Vec<&'a str> {
        // On a busy machine the first reading may last longer than the usual second.
        [&["--config", config, "--set", "patience=1h", "agent"][..], task].concat()
    }

    fn agent(&self) -> Process {
        let config = self.wine.file("config.toml", &self.config);
        let arguments = self.arguments(&config, &["--exit-on-stdin-eof"]);
        self.wine.communicado().start(&arguments, |command| {
            command.stdin(Stdio::piped());
        })
    }

    /// The client changes to a status of Communicator.
    fn change(&mut self, number: &str) {
        self.client.tell(&format!("status {number}"));
        self.client.tell(&format!("fire status 0 {number}"));
    }

    fn drive(&self, name: &str) -> PathBuf {
        self.wine.folder().join("drive_c").join(name)
    }

    /// The commands that have written to a log.
    fn runs(&self, log: &str) -> Vec<Run> {
        let text = fs::read_to_string(self.drive(log)).unwrap_or_default();
        let mut runs: Vec<Run> = Vec::new();
        let mut lines = text.lines();
        while let Some(line) = lines.next() {
            if line == "end" {
                let last = runs.last_mut().expect_ok("find the command that has ended");
                assert!(!last.has_ended, "{text}");
                last.has_ended = true;
            } else {
                assert!(runs.last().is_none_or(|last| last.has_ended), "two at a time: {text}");
                let values = line.strip_suffix('|').expect_ok("find the variables");
                let variables = values.split('|').map(str::to_owned).collect();
                let report = lines.next().unwrap_or_default();
                let report = serde_json::from_str(report).expect_ok("read a report");
                runs.push(Run { variables, report, has_ended: false });
            }
        }
        runs
    }

    /// Waits until the last of `count` commands reports this availability.
    #[track_caller]
    fn expect_run(&self, log: &str, count: usize, availability: &str) -> Vec<Run> {
        let mut seen = Vec::new();
        within(&format!("command {count} reports {availability}"), || {
            seen = self.runs(log);
            assert!(seen.len() <= count, "{seen:?}");
            let last = seen.get(count.checked_sub(1)?)?;
            last.report.get("availability").is_some_and(|it| it == availability).then_some(())
        });
        seen
    }

    /// Waits until the sink `name` fails, and returns the cause.
    #[track_caller]
    fn expect_failure(&self, name: &str) -> String {
        within(&format!("sink {name} fails"), || {
            let task = self.arguments(r"C:\config.toml", &["status", "--json"]);
            let ended = self.wine.communicado().run(&task);
            let status = serde_json::from_str(&ended.out).expect_ok("read the agent's status");
            let sink = sink_in(&status, name);
            let cause = sink.pointer("/error/cause").and_then(Value::as_str);
            cause.map(str::to_owned).inspect(|_| assert_eq!(ended.code, Some(3), "{}", ended.err))
        })
    }

    #[track_caller]
    fn expect_no_command(&self) {
        within("the command has ended", || {
            self.wine.processes("hook.exe").is_empty().then_some(())
        });
    }
}

#[test]
fn one_command_runs_at_a_time_and_gets_the_newest_change() {
    let mut session = HookSession::new();
    let gate = session.wine.file("the gate", "");
    session.add("slow", "", &[r"C:\hook.exe", r"C:\the log", &gate]);
    session.add("fast", "", &[r"C:\hook.exe", r"C:\fast", r"C:\no-gate"]);
    let mut agent = session.agent();
    session.expect_run("the log", 1, "available");
    // The fast hook shows that the agent has observed each change.
    session.expect_run("fast", 1, "available");
    session.change("0x0A");
    session.expect_run("fast", 2, "busy");
    session.change("0x32");
    within("the agent has observed the call", || {
        let runs = session.runs("fast");
        runs.last().is_some_and(|run| run.report["activity"] == "on-the-phone").then_some(())
    });
    fs::remove_file(session.drive("the gate")).expect_ok("open the gate");
    session.expect_run("the log", 2, "busy");
    session.client.tell("status 1");
    session.client.tell("fire signout");
    let runs = within("the command of the last change has ended", || {
        let runs = session.runs("the log");
        runs.get(2).is_some_and(|run| run.has_ended).then_some(runs)
    });
    let texts: Vec<&[String]> = runs.iter().filter_map(|run| run.variables.get(..6)).collect();
    assert_eq!(
        texts,
        [
            ["communicator", "signed-in", "available", "", "", ""],
            ["communicator", "signed-in", "busy", "on-the-phone", "", "signed-in"],
            ["communicator", "signed-out", "", "", "", "signed-in"],
        ]
    );
    for run in &runs {
        let keys = ["client", "status", "availability", "activity", "reason", "before", "revision"];
        let values = keys.map(|key| match &run.report[key] {
            Value::Null => String::new(),
            Value::String(text) => text.clone(),
            other => other.to_string(),
        });
        assert_eq!(run.variables, values);
    }
    let missed: Vec<Option<u64>> = runs.iter().map(|run| run.report["missed"].as_u64()).collect();
    assert_eq!(missed, [None, Some(1), None]);
    agent.kill();
}

#[test]
fn a_command_and_its_processes_end_with_the_agent() {
    let mut session = HookSession::new();
    let gate = session.wine.file("gate", "");
    // The shell and its child both have to end.
    session.add("hook", "", &["cmd.exe", "/c", r"C:\hook.exe", r"C:\log", &gate]);
    for is_killed in [true, false] {
        let mut agent = session.agent();
        session.expect_run("log", 1, "available");
        assert!(!session.wine.processes("hook.exe").is_empty(), "the command does not run");
        if is_killed {
            agent.kill();
        } else {
            agent.close_input();
            assert_eq!(agent.wait().code(), Some(0), "{}", agent.output());
        }
        session.expect_no_command();
        let runs = session.runs("log");
        assert!(runs.iter().all(|run| !run.has_ended), "{runs:?}");
        fs::remove_file(session.drive("log")).expect_ok("remove the log");
    }
}

#[test]
fn a_failure_and_a_time_limit_are_in_the_status() {
    let mut session = HookSession::new();
    let gate = session.wine.file("gate", "");
    let script =
        session.wine.file("fails.cmd", "@echo no lamp 1>&2\r\n@echo no power 1>&2\r\n@exit 3\r\n");
    session.add("fails", "", &[&script]);
    session.add("hangs", "timeout = \"50ms\"", &[r"C:\hook.exe", r"C:\log", &gate]);
    session.add("missing", "", &[r"C:\no\such.exe"]);
    let mut agent = session.agent();
    for (name, expected) in [
        ("fails", r"`C:\fails.cmd` failed with exit code: 3: no lamp; no power"),
        ("hangs", "did not end within 50 ms and was ended"),
        ("missing", r"`C:\no\such.exe` cannot be started: "),
    ] {
        let cause = session.expect_failure(name);
        assert!(cause.contains(expected), "{cause}");
    }
    session.expect_no_command();
    agent.kill();
    let tried =
        session.wine.communicado().run(&session.arguments(r"C:\config.toml", &["try", "fails"]));
    assert_eq!(tried.code, Some(5), "{}", tried.err);
    assert!(tried.err.contains("no lamp"), "{}", tried.err);
}

//! `demo` on a machine that has nothing, and what is left of it.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use communicado_conformance::{Must as _, Signal, Stage, within};
use rustix::process::{Pid, kill_process};

/// The demo in an empty environment, in a folder of its own.
fn demo(stage: &Stage) -> Command {
    demo_of(stage, stage.communicado().program())
}

fn demo_of(stage: &Stage, program: impl AsRef<OsStr>) -> Command {
    let folder = folder(stage);
    std::fs::create_dir_all(&folder).must("make a folder");
    let mut command = Command::new(program);
    command.args(["demo", "--fast"]).env_clear().env("TMPDIR", &folder);
    command.current_dir(folder).stdin(Stdio::null());
    command
}

fn folder(stage: &Stage) -> std::path::PathBuf {
    stage.folder().join("nothing")
}

/// Who plays in this demo: its children.
fn players(demo: u32) -> Vec<u32> {
    let processes = std::fs::read_dir("/proc").must("list processes").flatten();
    let numbers = processes.filter_map(|entry| entry.file_name().to_str()?.parse().ok());
    let plays = |process: &u32| {
        let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
        let parent = stat.rsplit_once(')').and_then(|(_, rest)| rest.split(' ').nth(2));
        parent == Some(&demo.to_string())
    };
    numbers.filter(plays).collect()
}

fn runs(process: &u32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit_once(')').is_some_and(|(_, rest)| !rest.starts_with(" Z"))
}

#[test]
fn a_whole_day_in_an_empty_environment() {
    let stage = Stage::new();
    let output = demo(&stage).output().must("run the demo");
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), &*errors), (Some(0), ""), "{said}");
    assert!(said.lines().all(|line| line.chars().count() <= 80), "{said}");
    assert!(!said.contains('\u{1b}'), "colours are for terminals: {said}");
    let rows = said.lines().filter_map(|line| line.get(33..68)).map(str::trim);
    let rows: Vec<&str> = rows.skip_while(|row| *row != "starting").take(18).collect();
    assert_eq!(
        rows,
        [
            "starting",
            "signed-out",
            "signing-in",
            "signed-out, authentication-failed",
            "signing-in",
            "signed-in, available",
            "signed-in, busy, in-a-meeting",
            "signed-in, away",
            "signed-out",
            "absent",
            "starting",
            "signed-out",
            "signing-in",
            "signed-in, available",
            "signing-out",
            "signed-out",
            "shutting-down",
            "absent",
        ]
    );
    assert!(said.contains("18 changes. The slowest report took "), "{said}");
    // The gateway is beside the program here.
    let (_, page) = said.split_once("the page reports").must("see the gateway");
    let rows: Vec<&str> = page.lines().filter_map(|line| line.get(33..68)).map(str::trim).collect();
    let signed_in = ["signed-in, available", "signed-in, busy, in-a-meeting", "absent"];
    assert_eq!(rows.get(1..4), Some(&signed_in[..]), "{said}");
    let left = std::fs::read_dir(folder(&stage)).must("look into the folder").count();
    assert_eq!(left, 0, "a file is left");
}

#[test]
fn without_a_gateway_it_says_how_to_have_one() {
    let stage = Stage::new();
    let alone = stage.folder().join("alone");
    std::fs::copy(stage.communicado().program(), &alone).must("copy the program");
    let output = demo_of(&stage, alone).output().must("run the demo");
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}");
    assert!(!said.contains("the page reports"), "{said}");
    assert!(said.contains("cargo build --release -p communicado-gateway"), "{said}");
}

#[test]
fn ctrl_c_at_any_point_leaves_nothing_behind() {
    for rows in [0, 3, 9, 12, 19, 27, 33] {
        interrupted(rows, Signal::INT);
    }
    for rows in [3, 12] {
        interrupted(rows, Signal::TERM);
    }
}

#[test]
fn a_demo_that_is_killed_takes_all_with_it() {
    for rows in [3, 12, 33] {
        interrupted(rows, Signal::KILL);
    }
}

/// Ends the demo after so many lines, and looks what is left.
fn interrupted(lines: usize, signal: Signal) {
    let stage = Stage::new();
    let mut child = Guard(demo(&stage).stdout(Stdio::piped()).spawn().must("start the demo"));
    let output = child.0.stdout.take().must("read from the demo");
    let mut output = BufReader::new(output).lines();
    let read = output.by_ref().take(lines).filter(Result::is_ok).count();
    assert_eq!(read, lines);
    let players = players(child.0.id());
    kill_process(Pid::from_child(&child.0), signal).must("signal the demo");
    let status = within("the demo ends", || child.0.try_wait().must("wait for the demo"));
    // Before it has said anything it may not have been listening yet.
    let listens = signal != Signal::KILL && lines > 0;
    assert!(!listens || status.code() == Some(0), "{signal:?} after {lines} lines: {status}");
    within("nobody plays on", || players.iter().all(|it| !runs(it)).then_some(()));
    let left = std::fs::read_dir(folder(&stage)).must("look into the folder").count();
    // Who is killed cannot clear up the gateway's folder, which is there from line 27 on.
    let most = usize::from(signal == Signal::KILL && lines >= 27);
    assert!(left <= most, "a file is left");
}

/// Killed when dropped, so that a failed test leaves nothing behind either.
struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

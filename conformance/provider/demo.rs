//! `demo` on a bare machine, and its cleanup.

use std::ffi::OsStr;
use std::io::{BufRead as _, BufReader};
use std::process::{Child, Command, Stdio};

use communicado_conformance::{ExpectOk as _, Signal, TestSession, within};
use rustix::process::{Pid, kill_process};

/// The demo with an empty environment, in its own folder.
fn demo(session: &TestSession) -> Command {
    demo_of(session, session.communicado().program())
}

fn demo_of(session: &TestSession, program: impl AsRef<OsStr>) -> Command {
    let folder = folder(session);
    std::fs::create_dir_all(&folder).expect_ok("make a folder");
    let mut command = Command::new(program);
    command.args(["demo", "--fast"]).env_clear().env("TMPDIR", &folder);
    command.current_dir(folder).stdin(Stdio::null());
    command
}

fn folder(session: &TestSession) -> std::path::PathBuf {
    session.folder().join("nothing")
}

/// The child processes of the demo.
fn players(demo: u32) -> Vec<u32> {
    let processes = std::fs::read_dir("/proc").expect_ok("list processes").flatten();
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
    let session = TestSession::new();
    let output = demo(&session).output().expect_ok("run the demo");
    let printed = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert_eq!((output.status.code(), &*errors), (Some(0), ""), "{printed}");
    assert!(printed.lines().all(|line| line.chars().count() <= 80), "{printed}");
    assert!(!printed.contains('\u{1b}'), "colours are for terminals: {printed}");
    let rows = printed.lines().filter_map(|line| line.get(33..68)).map(str::trim);
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
    assert!(printed.contains("18 changes. The slowest report took "), "{printed}");
    // The gateway is beside the program here.
    let (_, page) = printed.split_once("the page reports").expect_ok("see the gateway");
    let rows: Vec<&str> = page.lines().filter_map(|line| line.get(33..68)).map(str::trim).collect();
    let signed_in = ["signed-in, available", "signed-in, busy, in-a-meeting", "absent"];
    assert_eq!(rows.get(1..4), Some(&signed_in[..]), "{printed}");
    let left = std::fs::read_dir(folder(&session)).expect_ok("look into the folder").count();
    assert_eq!(left, 0, "a file is left");
}

#[test]
fn without_a_gateway_the_demo_prints_how_to_build_one() {
    let session = TestSession::new();
    let alone = session.folder().join("alone");
    // A file that this process has open for writing cannot be executed, and a child of another test
    // may inherit it. So a child writes the copy.
    let copied = Command::new("cp").arg(session.communicado().program()).arg(&alone).status();
    assert!(copied.expect_ok("copy the program").success(), "cp cannot copy the program");
    let output = demo_of(&session, alone).output().expect_ok("run the demo");
    let printed = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{printed}");
    assert!(!printed.contains("the page reports"), "{printed}");
    assert!(printed.contains("cargo build --release -p communicado-gateway"), "{printed}");
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

/// Ends the demo after some lines, and checks that nothing is left.
fn interrupted(lines: usize, signal: Signal) {
    let session = TestSession::new();
    let mut child =
        Guard(demo(&session).stdout(Stdio::piped()).spawn().expect_ok("start the demo"));
    let output = child.0.stdout.take().expect_ok("read from the demo");
    let mut output = BufReader::new(output).lines();
    let read = output.by_ref().take(lines).filter(Result::is_ok).count();
    assert_eq!(read, lines);
    let players = players(child.0.id());
    kill_process(Pid::from_child(&child.0), signal).expect_ok("signal the demo");
    let status = within("the demo ends", || child.0.try_wait().expect_ok("wait for the demo"));
    // Before the first line it may not handle signals yet.
    let listens = signal != Signal::KILL && lines > 0;
    assert!(!listens || status.code() == Some(0), "{signal:?} after {lines} lines: {status}");
    within("nobody plays on", || players.iter().all(|it| !runs(it)).then_some(()));
    let left = std::fs::read_dir(folder(&session)).expect_ok("look into the folder").count();
    // A killed demo cannot remove the gateway's folder, which exists from line 27 on.
    let most = usize::from(signal == Signal::KILL && lines >= 27);
    assert!(left <= most, "a file is left");
}

/// Killed when dropped, so that a failed test leaves nothing behind.
struct Guard(Child);

impl Drop for Guard {
    fn drop(&mut self) {
        _ = self.0.kill();
        _ = self.0.wait();
    }
}

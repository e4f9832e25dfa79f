//! The tables of decisions in docs/windows.md, made from the code.

use communicado_core::Life;
use communicado_sources::windows::class_server::{ClassEvidence, Doubt};
use communicado_sources::windows::decision::{
    Decision, Evidence, ProcessEvidence, RunningFlag, decide,
};
use communicado_windows::RegistryValue;

use super::{NOW, SECOND};

fn cell(decision: &Decision) -> String {
    match decision.life() {
        _ if decision.accepts_calls() => "queried over COM".to_owned(),
        Life::Unknown(reason) => format!("`unknown` (`{}`)", reason.word()),
        Life::Absent => "`absent`".to_owned(),
        Life::Starting => "`starting`".to_owned(),
        Life::ShuttingDown => "`shutting-down`".to_owned(),
        Life::Running => "running".to_owned(),
    }
}

fn decided(
    flag: &RunningFlag,
    written: i64,
    process: ProcessEvidence,
    class: ClassEvidence,
) -> String {
    let written = Some(NOW - written * SECOND);
    cell(&decide(&Evidence { flag: flag.clone(), written, process, class }, NOW))
}

fn running(age: i64) -> ProcessEvidence {
    ProcessEvidence::Running { started: Some(NOW - age * SECOND) }
}

fn flags() -> String {
    let text = RegistryValue::Text("2".to_owned());
    let mut table = "| `UpAndRunning` | process runs up to 30 s | process runs longer \
                     | process does not run | program unknown |\n|---|---|---|---|---|\n"
        .to_owned();
    for (name, flag) in [
        ("no key", RunningFlag::NoKey),
        ("missing", RunningFlag::Missing),
        ("0", RunningFlag::Down),
        ("1", RunningFlag::Starting),
        ("2", RunningFlag::Up),
        ("another number", RunningFlag::Undocumented(3)),
        ("not a number", RunningFlag::WrongType(text)),
    ] {
        let cells =
            [running(5), running(60), ProcessEvidence::NotRunning, ProcessEvidence::UnknownProgram];
        let cells = cells.map(|process| decided(&flag, 100, process, ClassEvidence::Proven));
        table += &format!("| {name} | {} |\n", cells.join(" | "));
    }
    table
}

fn processes() -> String {
    let mut table = "| evidence | status |\n|---|---|\n".to_owned();
    let mut row = |text: &str, status: String| table += &format!("| {text} | {status} |\n");
    let proven = ClassEvidence::Proven;
    let down = RunningFlag::Down;
    row(
        "the flag was set to 0 after the process started, up to 10 s ago",
        decided(&down, 5, running(20), proven.clone()),
    );
    row("the same, longer ago", decided(&down, 15, running(20), proven.clone()));
    row(
        "the flag was set to 1 up to 30 s ago, by an older process",
        decided(&RunningFlag::Starting, 5, running(99), proven.clone()),
    );
    row(
        "the class or the program belongs to another client, which runs",
        decided(&down, 99, ProcessEvidence::OtherClient("x".to_owned()), proven.clone()),
    );
    row(
        "the process runs in another session of the user",
        decided(&down, 99, ProcessEvidence::OtherSession, proven.clone()),
    );
    row(
        "the flag is not set, and only a program for other programs runs, such as `javaw.exe`",
        decided(&down, 99, ProcessEvidence::SharedHost, proven),
    );
    let up = |class| decided(&RunningFlag::Up, 99, running(60), class);
    row("the flag is 2, without a class", up(ClassEvidence::Missing));
    row("the flag is 2, and the class is no GUID", up(ClassEvidence::Invalid));
    let doubt = |doubt| up(ClassEvidence::Unproven(doubt));
    row(
        "the flag is 2, and the class starts another program",
        doubt(Doubt::OtherServer("x".to_owned())),
    );
    row("the flag is 2, and the process is a program for other programs", doubt(Doubt::SharedHost));
    row(
        "the flag is 2, no server is registered for the class, and the client is not a known one",
        doubt(Doubt::NotKnown),
    );
    row(
        "the flag is 2, no server is registered for the class, and Teams is not in its package",
        doubt(Doubt::OtherPackage("MSTeams_8wekyb3d8bbwe")),
    );
    row("the flag is 2, and the path of the process is not readable", doubt(Doubt::PathDenied));
    table
}

#[test]
fn the_tables_of_the_documentation_are_those_of_the_code() {
    let documented = include_str!("../../../../docs/windows.md");
    for table in [flags(), processes()] {
        assert!(documented.contains(&table), "docs/windows.md lacks this table:\n\n{table}");
    }
}

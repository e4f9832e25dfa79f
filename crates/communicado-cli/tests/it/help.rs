//! The help texts.

use crate::program::communicado;
use crate::snapshot;

/// Every command, in the order of the help.
pub(crate) const COMMANDS: [&str; 18] = [
    "status",
    "watch",
    "is",
    "wait",
    "run",
    "agent",
    "sources",
    "sinks",
    "doctor",
    "explain",
    "record",
    "replay",
    "provide",
    "demo",
    "config",
    "completions",
    "help",
    "man",
];

#[test]
fn the_help_of_every_command_matches_its_snapshot() {
    for command in COMMANDS {
        let help = communicado(&[command, "--help"]).expect_stdout(0, "");
        snapshot::matches(&format!("tests/it/snapshots/{command}.txt"), &help);
    }
}

/// The commands of `agent`, in the order of its help.
pub(crate) const AGENT_COMMANDS: [&str; 10] =
    ["allow", "forbid", "pause", "resume", "status", "set", "clear", "try", "install", "uninstall"];

#[test]
fn the_help_of_every_agent_command_matches_its_snapshot() {
    for task in AGENT_COMMANDS {
        let help = communicado(&["agent", task, "--help"]).expect_stdout(0, "");
        snapshot::matches(&format!("tests/it/snapshots/agent-{task}.txt"), &help);
    }
}

#[test]
fn the_help_of_the_program_matches_its_snapshot() {
    let help = communicado(&["--help"]).expect_stdout(0, "");
    snapshot::matches("tests/it/snapshots/communicado.txt", &help);
    let brief = communicado(&["-h"]).expect_stdout(0, "");
    snapshot::matches("tests/it/snapshots/communicado-brief.txt", &brief);
}

#[test]
fn every_command_is_in_the_help() {
    let help = communicado(&["--help"]).expect_stdout(0, "");
    let listed = help.split_once("Commands:\n").and_then(|(_, rest)| rest.split_once("\n\n"));
    let listed = listed.map_or("", |(commands, _)| commands).lines();
    let names: Vec<&str> = listed.filter_map(|line| line.split_whitespace().next()).collect();
    assert_eq!(names, COMMANDS);
}

#[test]
fn the_version_is_that_of_the_package() {
    let version = format!("communicado {}\n", env!("CARGO_PKG_VERSION"));
    communicado(&["-V"]).expect(0, &version, "");
    let long = communicado(&["--version"]).expect_stdout(0, "");
    let sources = if cfg!(windows) { "sources: lync," } else { "sources: purple, provider" };
    let target = format!("\ntarget: {}-", std::env::consts::ARCH);
    assert!(long.starts_with(&version), "{long:?}");
    assert!(long.contains("\ncommit: ") && long.contains(&target), "{long:?}");
    assert!(long.contains(sources), "{long:?}");
}

#[test]
fn help_fits_a_narrow_terminal() {
    for command in COMMANDS {
        let help = communicado(&[command, "-h"]).env("COLUMNS", "40").expect_stdout(0, "");
        // The names of options are not broken.
        let widest = help.lines().map(|line| line.chars().count()).max();
        assert!(widest.is_some_and(|widest| widest <= 72), "{help}");
    }
}

#[test]
fn help_lists_the_topics_and_prints_each() {
    let list = communicado(&["help"]).expect_stdout(0, "");
    let topics = list.split("\n\n").next().unwrap_or_default().lines().skip(1);
    let names: Vec<&str> = topics.filter_map(|line| line.split_whitespace().next()).collect();
    for expected in ["conditions", "configuration", "exit-status", "environment", "files"] {
        assert!(names.contains(&expected), "{list}");
    }
    for name in names {
        let text = communicado(&["help", name]).expect_stdout(0, "");
        assert!(text.lines().count() > 2, "{text}");
    }
}

#[test]
fn help_of_a_command_is_the_help_of_its_option() {
    let option = communicado(&["agent", "try", "--help"]).expect_stdout(0, "");
    assert_eq!(communicado(&["help", "agent", "try"]).expect_stdout(0, ""), option);
}

#[test]
fn help_of_an_unknown_topic_is_a_usage_error() {
    let error = "error: there is no topic or command `weather`\n  help: run: communicado help\n";
    communicado(&["help", "weather"]).expect(2, "", error);
}

#[test]
fn the_reference_has_the_conditions_of_the_help() {
    let text = communicado(&["help", "conditions"]).expect_stdout(0, "");
    let reference = include_str!("../../../../docs/cli.md");
    let conditions: Vec<&str> =
        text.lines().skip(2).filter(|line| !line.starts_with("  not ")).collect();
    assert_eq!(conditions.len(), 24);
    for line in conditions {
        let (word, meaning) = line.trim().split_once(' ').unwrap_or_default();
        let row = format!("| `{word}` | {} |", meaning.trim());
        assert!(reference.contains(&row), "{row}");
    }
}

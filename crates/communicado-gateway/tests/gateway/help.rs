//! Snapshot tests of the help of every command, with files in `snapshots/`.
//!
//! After an intended change: `UPDATE_SNAPSHOTS=1 cargo test -p communicado-gateway --test gateway
//! help`.

use std::path::Path;
use std::process::Command;

use crate::fixture::program;

fn help(command: &[String]) -> String {
    let mut help = Command::new(program());
    help.args(command).arg("--help").env("COLUMNS", "100");
    for variable in ["COMMUNICADO_GATEWAY_DATA", "OTEL_EXPORTER_OTLP_ENDPOINT"] {
        help.env_remove(variable);
    }
    let output = help.output().expect("the program runs");
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    // clap separates paragraphs with lines of spaces.
    text.lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// The names below `Commands:`.
fn subcommands(help: &str) -> Vec<String> {
    let listed = help.split_once("Commands:\n").and_then(|(_, rest)| rest.split_once("\n\n"));
    let lines = listed.map_or("", |(commands, _)| commands).lines();
    let names = lines.filter_map(|line| line.strip_prefix("  ")?.split(' ').next());
    names.filter(|name| !name.is_empty()).map(ToOwned::to_owned).collect()
}

fn compare(command: &[String], differences: &mut Vec<String>) {
    let text = help(command);
    let name = if command.is_empty() { "program".to_owned() } else { command.join("-") };
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/gateway/snapshots");
    let path = folder.join(format!("{name}.txt"));
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, &text).expect("the snapshot");
    }
    if std::fs::read_to_string(&path).unwrap_or_default() != text {
        differences.push(format!("{}\n{text}", path.display()));
    }
    for subcommand in subcommands(&text) {
        compare(&[command, &[subcommand]].concat(), differences);
    }
}

#[test]
fn the_help_of_every_command_equals_its_snapshot() {
    let mut differences = Vec::new();
    compare(&[], &mut differences);
    assert!(
        differences.is_empty(),
        "the help differs from these snapshots:\n{}\n\
         help: to accept it, UPDATE_SNAPSHOTS=1 cargo test -p communicado-gateway --test gateway help",
        differences.join("\n")
    );
}

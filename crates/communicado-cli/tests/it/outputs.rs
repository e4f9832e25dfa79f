//! Closed, full and missing outputs.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::process::Stdio;

use crate::program::communicado;

const FULL: &str = "error: cannot write to standard output\n  \
                    cause: No space left on device (os error 28)\n  \
                    help: free disk space, or redirect the output to another file\n";

fn full() -> File {
    File::options().write(true).open("/dev/full").expect("/dev/full")
}

/// An end of a pipe whose other end is closed already.
fn closed() -> Stdio {
    let (reader, writer) = std::io::pipe().expect("a pipe");
    drop(reader);
    writer.into()
}

/// Commands that write without a bus.
const WRITING: [&[&str]; 8] = [
    &["--help"],
    &["--version"],
    &["watch", "--help"],
    &["config"],
    &["config", "--schema"],
    &["explain", "80040111"],
    &["completions", "bash"],
    &["man"],
];

#[test]
fn a_full_disk_is_an_error() {
    for command in WRITING.iter().chain(&[&["sources"][..], &["doctor"], &["status"]]) {
        let mut program = communicado(command);
        program.command().stdout(full());
        let result = program.run();
        assert!(result.code == Some(5) && result.err.ends_with(FULL), "{command:?}: {result:?}");
    }
}

#[test]
fn a_watch_ends_when_the_disk_is_full() {
    let mut program = communicado(&["watch"]);
    program.command().stdout(full());
    let result = program.run();
    let cause = "No space left on device (os error 28)\n";
    assert!(result.code == Some(5) && result.err.contains(cause), "{result:?}");
}

#[test]
fn a_closed_pipe_is_not_an_error() {
    for command in WRITING.iter().chain(&[&["sources"][..], &["doctor"], &["status"], &["watch"]]) {
        let expected = match **command {
            ["doctor"] => 1,
            ["status"] => 3,
            _ => 0,
        };
        let mut program = communicado(command);
        program.command().stdout(closed());
        let result = program.run();
        assert_eq!(result.code, Some(expected), "{command:?}: {result:?}");
        assert!(!result.err.contains("output"), "{command:?}: {result:?}");
    }
}

#[test]
fn a_reader_that_closes_the_pipe_ends_the_watch() {
    let mut program = communicado(&["watch"]);
    let watch = program.command().stdout(Stdio::piped()).stderr(Stdio::null());
    let mut watch = watch.spawn().expect("the program");
    let mut lines = BufReader::new(watch.stdout.take().expect("its output")).lines();
    let first = lines.next().expect("a line").expect("text");
    assert!(first.ends_with("unknown        source-lost"), "{first}");
    drop(lines);
    assert_eq!(watch.wait().expect("its end").code(), Some(0));
}

#[test]
fn an_unwritable_standard_error_changes_nothing() {
    for error in [|| Stdio::from(full()), closed] {
        for (command, expected) in [
            (&["explain", "hello"][..], 2),
            (&["statsu"], 2),
            (&["is", "signed-in"], 3),
            (&["status"], 3),
            (&["run", "--while", "running", "--", "no-such-program"], 5),
        ] {
            let mut program = communicado(command);
            program.command().stderr(error());
            assert_eq!(program.run().code, Some(expected), "{command:?}");
        }
    }
}

#[test]
fn a_closed_standard_input_changes_nothing() {
    let mut program = communicado(&["config"]);
    program.command().stdin(closed());
    assert_eq!(program.run().code, Some(0));
}

#[test]
fn colours_need_a_terminal_or_an_option() {
    let escapes = |arguments: &[&str], no_color: &str| {
        let program = communicado(arguments).env("NO_COLOR", no_color).env("TERM", "xterm");
        let out = { program }.run().out;
        out.contains('\u{1b}')
    };
    assert!(!escapes(&["status"], ""));
    assert!(escapes(&["status", "--color", "always"], ""));
    assert!(escapes(&["status", "--color", "always"], "1"));
    assert!(escapes(&["status", "--set", "color=always"], ""));
    assert!(!escapes(&["status", "--set", "color=always", "--color", "never"], ""));
}

#[test]
fn a_report_contains_the_findings_and_overwrites_no_file() {
    let note = "note: wrote report.txt without names; read the file before you share it\n";
    let mut doctor = communicado(&["doctor", "--report", "report.txt"]);
    let result = doctor.run();
    assert_eq!((result.code, result.err.as_str()), (Some(1), note));
    let report = std::fs::read_to_string(doctor.path("report.txt")).expect("a report");
    assert!(report.starts_with("communicado 0.1.0 on linux ("), "{report}");
    assert!(report.contains("there is no session bus"), "{report}");
    assert!(!report.contains(&*doctor.path("").to_string_lossy()), "{report}");
    let again = doctor.run();
    assert_eq!((again.code, again.out.as_str()), (Some(5), ""));
    assert!(again.err.contains("name a new file"), "{}", again.err);
}

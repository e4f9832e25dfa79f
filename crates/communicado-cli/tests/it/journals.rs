//! Journals that cannot be written, and journals that cannot be read.

use std::fmt::Write as _;
use std::process::Command;

use crate::program::{Gave, Program, communicado};

/// A client that starts, signs in and hangs.
const JOURNAL: [&str; 7] = [
    r#"{"journal":{"version":1,"began":"2026-11-22T21:00:00.000000Z","by":"communicado 0.1.0"}}"#,
    r#"{"source":{"id":0,"name":"purple"}}"#,
    r#"{"client":{"id":0,"name":"finch"}}"#,
    r#"{"account":{"id":0,"protocol":"XMPP"}}"#,
    r#"{"observed":{"at":1000000000,"made":1000000000,"source":0,"client":0,"link":1,"life":{"is":"running"}}}"#,
    r#"{"observed":{"at":2000000000,"made":2000000000,"source":0,"client":0,"link":1,"account":{"id":0,"is":"signed-out","reason":"network-error"}}}"#,
    r#"{"observed":{"at":3000000000,"made":3000000000,"source":0,"client":0,"link":1,"life":{"is":"unknown","reason":"not-responding"}}}"#,
];

const REPLAYED: &str = "21:00:01  finch   signed-out
21:00:02  finch   signed-out     network-error
21:00:03  finch   unknown        not-responding               was signed-out
";

fn replay(journal: impl AsRef<[u8]>) -> Program {
    communicado(&["replay", "journal"]).with_file("journal", journal)
}

fn whole() -> String {
    JOURNAL.join("\n") + "\n"
}

#[test]
fn a_journal_is_replayed_in_every_form() {
    replay(whole()).gives(0, REPLAYED, "");
    communicado(&["replay", "journal", "--format", "{{client}} {{status}} {{reason}}"])
        .with_file("journal", whole())
        .gives(
            0,
            "finch signed-out \nfinch signed-out network-error\nfinch unknown not-responding\n",
            "",
        );
    let json =
        communicado(&["replay", "journal", "--json"]).with_file("journal", whole()).prints(0, "");
    let last = r#"{"v":1,"revision":3,"at":"2026-11-22T21:00:03.000000Z","client":"finch","status":"unknown","#;
    assert!(json.lines().count() == 3 && json.lines().last().is_some_and(|l| l.starts_with(last)));
}

#[test]
fn only_the_clients_that_were_asked_for_are_replayed() {
    communicado(&["replay", "journal", "--client", "pidgin"])
        .with_file("journal", whole())
        .gives(0, "", "");
}

#[test]
fn a_line_that_is_damaged_is_told_and_the_rest_is_replayed() {
    let check = |line: &str, cause: &str| {
        let mut journal = JOURNAL.to_vec();
        journal.insert(5, line);
        replay(journal.join("\n")).gives(
            5,
            REPLAYED,
            &format!("error: line 6 of `journal` cannot be replayed\n  cause: {cause}\n"),
        );
    };
    check("", "EOF while parsing a value at column 0");
    check("}{", "expected value at column 1");
    check("{\"observed\":{\"at\":1", "EOF while parsing an object at column 19");
    check(JOURNAL[0], "a journal starts with a line `{\"journal\":..}`");
}

#[test]
fn what_was_recorded_before_a_crash_is_replayed() {
    let whole = whole();
    let cut = whole.trim_end().strip_suffix("ding\"}}}").expect("the end of the journal");
    replay(cut).gives(
        5,
        REPLAYED.rsplitn(3, '\n').last().map(|lines| lines.to_owned() + "\n").as_deref().unwrap(),
        "error: line 7 of `journal` cannot be replayed\n  \
         cause: EOF while parsing a string at column 121\n",
    );
}

#[test]
fn a_line_of_any_length_is_one_line() {
    let mut journal = JOURNAL.map(str::to_owned).to_vec();
    journal.insert(5, "x".repeat(5 * 1024 * 1024));
    journal.insert(7, "y".repeat(2 * 1024 * 1024));
    let mut err = String::new();
    for line in [6, 8] {
        _ = write!(
            err,
            "error: line {line} of `journal` cannot be replayed\n  \
             cause: it is longer than 1048576 bytes\n"
        );
    }
    replay(journal.join("\n")).gives(5, REPLAYED, &err);
}

#[test]
fn a_file_full_of_anything_else_does_not_fill_the_screen() {
    let junk = format!("{}\n{}", JOURNAL[0], "junk\n".repeat(10_000));
    let Gave { code, out, err } = replay(junk).run();
    assert_eq!((code, &*out), (Some(5), ""));
    let last = err.lines().last();
    assert_eq!(last, Some("note: 9980 more lines of `journal` cannot be replayed"));
    assert_eq!(err.lines().count(), 2 * 20 + 1);
}

#[test]
fn what_is_no_journal_is_told_once() {
    let foreign = "error: line 1 of `journal` cannot be replayed\n  \
                   cause: a journal starts with a line `{\"journal\":..}`\n  \
                   help: give it a file that `communicado record` wrote\n";
    replay("a text\nof two lines\n").gives(5, "", foreign);
    replay("{\"client\":\"finch\",\"status\":\"absent\"}\n").gives(5, "", foreign);
    replay([0x7f, b'E', b'L', b'F', 0, 0xff, 0xfe, b'\n', 0]).gives(5, "", foreign);
    replay(JOURNAL[1..].join("\n")).gives(5, "", foreign);
    replay("x".repeat(3 * 1024 * 1024)).gives(
        5,
        "",
        "error: line 1 of `journal` cannot be replayed\n  \
         cause: it is longer than 1048576 bytes\n  \
         help: give it a file that `communicado record` wrote\n",
    );
    replay("").gives(5, "", "error: the journal `journal` is empty\n");
    replay(JOURNAL[0].replace("\"version\":1", "\"version\":9")).gives(
        5,
        "",
        "error: line 1 of `journal` cannot be replayed\n  \
         cause: unsupported journal version 9 (supported: 1)\n  \
         help: give it a file that `communicado record` wrote\n",
    );
}

#[test]
fn a_journal_that_cannot_be_read_is_told() {
    let check = |file: &str, cause: &str| {
        communicado(&["replay", file]).with_file("folder/x", "").gives(
            5,
            "",
            &format!("error: the journal `{file}` cannot be read\n  cause: {cause}\n"),
        );
    };
    check("none", "No such file or directory (os error 2)");
    check("folder", "Is a directory (os error 21)");
}

#[test]
fn a_journal_is_not_written_over_anything_nor_where_nothing_can_be_written() {
    let check = |file: &str, cause: &str| {
        let mut program = communicado(&["record", file]).with_file("there", "precious");
        let there = program.path("there");
        let err = format!(
            "error: the journal `{file}` cannot be written\n  cause: {cause}\n  \
             help: choose a file that is not there yet, in a folder that can be written\n"
        );
        assert_eq!(program.run(), Gave { code: Some(5), out: String::new(), err });
        assert_eq!(std::fs::read_to_string(there).expect("what was there"), "precious");
    };
    check("there", "File exists (os error 17)");
    check("/dev/full", "File exists (os error 17)");
    check("no-folder/journal", "No such file or directory (os error 2)");
    check("there/journal", "Not a directory (os error 20)");
    check("/proc/journal", "No such file or directory (os error 2)");
}

#[test]
fn a_recording_ends_with_an_error_when_its_disk_is_full() {
    // Of this process no file may grow beyond 512 bytes; one that is not killed for it is told.
    let mut program = communicado::<&str>(&[]);
    let journal = program.path("journal");
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$0\" record journal"]);
    shell.arg(env!("CARGO_BIN_EXE_communicado")).current_dir(program.path("."));
    shell.env_clear().env("HOME", program.path("."));
    std::mem::swap(program.command(), &mut shell);
    let gave = program.run();
    let end = "error: the journal `journal` cannot be written any further\n  \
               cause: File too large (os error 27)\n  \
               help: make room and record again; what was written can be replayed\n";
    assert!(gave.code == Some(5) && gave.err.ends_with(end), "{gave:?}");
    let written = std::fs::read_to_string(journal).expect("the journal");
    assert!(written.starts_with("{\"journal\":") && written.len() >= 512, "{written}");
}

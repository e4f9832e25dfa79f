//! `record` and `replay` with valid, invalid and unwritable journals.

use std::fmt::Write as _;
use std::process::Command;

use crate::program::{Program, RunResult, communicado};

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
fn text_has_local_times_and_json_has_utc() {
    let out = replay(whole()).env("TZ", "JST-9").expect_stdout(0, "");
    assert_eq!(out, REPLAYED.replace("21:", "06:"));
    let out = communicado(&["replay", "journal", "--json"])
        .env("TZ", "JST-9")
        .with_file("journal", whole())
        .expect_stdout(0, "");
    assert!(out.contains("\"at\":\"2026-11-22T21:00:01.000000Z\""), "{out}");
}

#[test]
fn a_journal_is_replayed_in_every_form() {
    replay(whole()).expect(0, REPLAYED, "");
    communicado(&["replay", "journal", "--format", "{{client}} {{status}} {{reason}}"])
        .with_file("journal", whole())
        .expect(
            0,
            "finch signed-out \nfinch signed-out network-error\nfinch unknown not-responding\n",
            "",
        );
    let json = communicado(&["replay", "journal", "--json"])
        .with_file("journal", whole())
        .expect_stdout(0, "");
    let last = r#"{"v":1,"revision":3,"at":"2026-11-22T21:00:03.000000Z","client":"finch","status":"unknown","#;
    assert!(json.lines().count() == 3 && json.lines().last().is_some_and(|l| l.starts_with(last)));
}

#[test]
fn only_the_selected_clients_are_replayed() {
    communicado(&["replay", "journal", "--client", "pidgin"])
        .with_file("journal", whole())
        .expect(0, "", "");
}

#[test]
fn an_invalid_line_is_reported_and_the_rest_is_replayed() {
    let check = |line: &str, cause: &str| {
        let mut journal = JOURNAL.to_vec();
        journal.insert(5, line);
        replay(journal.join("\n")).expect(
            5,
            REPLAYED,
            &format!("error: cannot replay line 6 of `journal`\n  cause: {cause}\n"),
        );
    };
    check("", "EOF while parsing a value at column 0");
    check("}{", "expected value at column 1");
    check("{\"observed\":{\"at\":1", "EOF while parsing an object at column 19");
    check(JOURNAL[0], "a journal starts with a line `{\"journal\":..}`");
}

#[test]
fn a_journal_that_ends_in_the_middle_of_a_line_is_replayed() {
    let whole = whole();
    let cut = whole.trim_end().strip_suffix("ding\"}}}").expect("the end of the journal");
    replay(cut).expect(
        5,
        REPLAYED.rsplitn(3, '\n').last().map(|lines| lines.to_owned() + "\n").as_deref().unwrap(),
        "error: cannot replay line 7 of `journal`\n  \
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
            "error: cannot replay line {line} of `journal`\n  \
             cause: the line is longer than 1048576 bytes\n"
        );
    }
    replay(journal.join("\n")).expect(5, REPLAYED, &err);
}

#[test]
fn the_number_of_reported_invalid_lines_is_limited() {
    let junk = format!("{}\n{}", JOURNAL[0], "junk\n".repeat(10_000));
    let RunResult { code, out, err } = replay(junk).run();
    assert_eq!((code, &*out), (Some(5), ""));
    let last = err.lines().last();
    assert_eq!(last, Some("note: cannot replay 9980 more lines of `journal`"));
    assert_eq!(err.lines().count(), 2 * 20 + 1);
}

#[test]
fn a_file_that_is_not_a_journal_is_reported_once() {
    let foreign = "error: cannot replay line 1 of `journal`\n  \
                   cause: a journal starts with a line `{\"journal\":..}`\n  \
                   help: name a file that `communicado record` wrote\n";
    replay("a text\nof two lines\n").expect(5, "", foreign);
    replay("{\"client\":\"finch\",\"status\":\"absent\"}\n").expect(5, "", foreign);
    replay([0x7f, b'E', b'L', b'F', 0, 0xff, 0xfe, b'\n', 0]).expect(5, "", foreign);
    replay(JOURNAL[1..].join("\n")).expect(5, "", foreign);
    replay("x".repeat(3 * 1024 * 1024)).expect(
        5,
        "",
        "error: cannot replay line 1 of `journal`\n  \
         cause: the line is longer than 1048576 bytes\n  \
         help: name a file that `communicado record` wrote\n",
    );
    replay("").expect(5, "", "error: the journal `journal` is empty\n");
    replay(JOURNAL[0].replace("\"version\":1", "\"version\":9")).expect(
        5,
        "",
        "error: cannot replay line 1 of `journal`\n  \
         cause: unsupported journal version 9 (supported: 1)\n  \
         help: name a file that `communicado record` wrote\n",
    );
}

#[test]
fn an_unreadable_journal_is_an_error() {
    let check = |file: &str, cause: &str| {
        communicado(&["replay", file]).with_file("folder/x", "").expect(
            5,
            "",
            &format!("error: cannot read the journal `{file}`\n  cause: {cause}\n"),
        );
    };
    check("none", "No such file or directory (os error 2)");
    check("folder", "Is a directory (os error 21)");
}

#[test]
fn a_journal_overwrites_no_file() {
    let check = |file: &str, cause: &str| {
        let mut program = communicado(&["record", file]).with_file("there", "precious");
        let there = program.path("there");
        let err = format!(
            "error: cannot create the journal `{file}`\n  cause: {cause}\n  \
             help: name a new file in a folder that you may write to\n"
        );
        assert_eq!(program.run(), RunResult { code: Some(5), out: String::new(), err });
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
    // The shell limits files to 512 bytes and ignores the signal, so a write returns an error.
    let mut program = communicado::<&str>(&[]);
    let journal = program.path("journal");
    let mut shell = Command::new("sh");
    shell.args(["-c", "trap '' XFSZ; ulimit -f 1; exec \"$0\" record journal"]);
    shell.arg(env!("CARGO_BIN_EXE_communicado")).current_dir(program.path("."));
    shell.env_clear().env("HOME", program.path("."));
    std::mem::swap(program.command(), &mut shell);
    let result = program.run();
    let end = "error: cannot write to the journal `journal`\n  \
               cause: File too large (os error 27)\n  \
               help: free disk space and record again; you can replay what was written\n";
    assert!(result.code == Some(5) && result.err.ends_with(end), "{result:?}");
    let written = std::fs::read_to_string(journal).expect("the journal");
    assert!(written.starts_with("{\"journal\":") && written.len() >= 512, "{written}");
}

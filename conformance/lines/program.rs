//! A shell script and a Python program as the peer.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use communicado_conformance::{ExpectOk as _, Signal, TestSession, within};

use crate::{id_in, send, wait_for_end, watch, with_lines};

const BUSY: &str = r#"{"client":"teams","status":"signed-in","availability":"busy","raw":"InACall","account":"alice@x"}"#;

/// A script that passes on the lines of a file, as `tail -f` does.
fn tail(session: &TestSession) -> (PathBuf, PathBuf, String) {
    let (file, id) = (session.folder().join("lines"), session.folder().join("id"));
    std::fs::write(&file, format!("{BUSY}\n")).expect_ok("write a line");
    let script = format!("echo $$ > {}; exec tail -n +1 -f {}", id.display(), file.display());
    (file, id, script)
}

fn append(file: &Path, line: &str) {
    let mut file = OpenOptions::new().append(true).open(file).expect_ok("open the lines");
    writeln!(file, "{line}").expect_ok("write a line");
}

#[test]
fn a_shell_script_reports_until_it_is_killed() {
    let session = TestSession::new();
    let (file, id, script) = tail(&session);
    let communicado = with_lines(&session, &["sh", "-c", &script], "");
    let mut watch = watch(&communicado);
    watch.expect("teams", &["signed-in busy/InACall by lines"]);
    assert_eq!(watch.accounts(), [("alice@x", "")]);
    append(&file, r#"{"client":"teams","status":"signed-in","availability":"Lunch"}"#);
    watch.expect("teams", &["signed-in other/Lunch by lines"]);
    append(&file, "not JSON");
    append(&file, "[]");
    append(&file, &"x".repeat(70_000));
    append(&file, r#"{"client":"teams","status":"signed-out"}"#);
    watch.expect("teams", &["signed-out by lines | no accounts"]);
    append(&file, r#"{"client":"zoom","status":"online"}"#);
    watch.expect("zoom", &["unknown reason=not-supported by lines"]);
    append(&file, r#"{"client":"teams","status":"absent"}"#);
    watch.expect("teams", &["absent by lines"]);
    append(&file, BUSY);
    watch.expect("teams", &["signed-in busy/InACall by lines"]);
    let errors = watch.errors();
    assert_eq!(errors.matches("is not a JSON object").count(), 1, "{errors}");
    assert_eq!(errors.matches("a line of over 64 KiB").count(), 1, "{errors}");

    // The next run reads a new file.
    std::fs::write(&file, format!("{BUSY}\n")).expect_ok("write a line");
    let first = id_in(&id);
    send(Signal::KILL, first);
    watch.expect(
        "teams",
        &["unknown reason=source-lost by lines", "signed-in busy/InACall by lines"],
    );
    watch.expect("zoom", &["unknown reason=source-lost by lines"]);
    let errors = watch.errors();
    assert!(errors.contains("error: source `lines` failed\n  cause: `sh` ended"), "{errors}");
    let second = id_in(&id);
    assert_ne!(first, second);
    watch.end();
    wait_for_end(second);
}

#[test]
fn a_python_program_that_closes_its_output_is_lost_although_it_runs() {
    let session = TestSession::new();
    let (id, go) = (session.folder().join("id"), session.folder().join("go"));
    let script = format!(
        "import os, sys, time\n\
         open({id:?}, 'w').write(f'{{os.getpid()}}\\n')\n\
         print('ready', file=sys.stderr)\n\
         print({BUSY:?}, flush=True)\n\
         while not os.path.exists({go:?}): time.sleep(0.01)\n\
         os.remove({go:?})\n\
         os.close(1)\n\
         while True: time.sleep(1)\n"
    );
    let file = session.folder().join("program.py");
    std::fs::write(&file, script).expect_ok("write a program");
    let file = file.to_string_lossy();
    let communicado = with_lines(&session, &["python3", &file], "clients = [\"teams\"]\n");
    let mut watch = watch(&communicado);
    watch.expect("teams", &["signed-in busy/InACall by lines"]);
    let first = id_in(&id);
    std::fs::write(&go, "").expect_ok("write a file");
    watch.expect(
        "teams",
        &["unknown reason=source-lost by lines", "signed-in busy/InACall by lines"],
    );
    wait_for_end(first);
    let errors = watch.errors();
    assert!(errors.contains("note: source `lines`: ready\n"), "{errors}");
    assert!(errors.contains("cause: `python3` closed its standard output"), "{errors}");
    watch.end();
}

#[test]
fn the_program_ends_also_when_communicado_is_killed() {
    let session = TestSession::new();
    let (_, id, script) = tail(&session);
    let communicado = with_lines(&session, &["sh", "-c", &format!("trap '' HUP; {script}")], "");
    let mut watch = communicado.start(&["watch", "--json"], |_| ());
    let program = id_in(&id);
    watch.kill();
    wait_for_end(program);
}

#[test]
fn a_missing_program_is_unknown_with_advice() {
    let session = TestSession::new();
    let communicado = with_lines(&session, &["/no/program"], "clients = [\"teams\"]\n");
    let ended = communicado.run(&["status"]);
    assert_eq!(ended.code, Some(3), "{}", ended.err);
    assert_eq!(ended.out, "teams   unknown        source-lost\n");
    let advice = "cause: `/no/program` is not a program\n  \
                  help: below [sources.lines], set `run` to a program and its arguments\n";
    assert!(ended.err.contains(advice), "{}", ended.err);
    assert!(communicado.run(&["doctor"]).out.contains("!!  source lines (lines): `/no/program`"));
}

#[test]
fn the_program_gets_no_variables_but_the_listed_ones() {
    let session = TestSession::new();
    let file = session.folder().join("environment");
    let script = format!("env > {0}.new; mv {0}.new {0}; exec sleep 1000", file.display());
    let communicado = with_lines(&session, &["sh", "-c", &script], "");
    let _watch = communicado.start(&["watch"], |command| {
        command.env("SECRET", "hunter2");
    });
    let environment =
        within("the program writes its environment", || std::fs::read_to_string(&file).ok());
    assert!(environment.contains("HOME="), "{environment}");
    assert!(!environment.contains("hunter2"), "{environment}");
}

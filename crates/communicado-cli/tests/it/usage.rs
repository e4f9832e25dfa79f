//! Wrong command lines.

use crate::program::communicado;

fn check(arguments: &[&str], err: &str) {
    communicado(arguments).gives(2, "", err);
}

#[test]
fn a_command_that_there_is_not_is_answered_with_the_nearest() {
    check(
        &["statsu"],
        "error: unrecognized subcommand 'statsu'\n\n  tip: a similar subcommand exists: 'status'\n\n\
         Usage: communicado [OPTIONS] [COMMAND]\n\nFor more information, try '--help'.\n",
    );
}

#[test]
fn a_word_that_is_no_condition_is_answered_with_the_words_and_the_nearest() {
    const WORDS: &str = "  [possible values: running, absent, starting, signed-out, signing-in, \
                         signed-in, signing-out, shutting-down, unknown, available, idle, busy, \
                         be-right-back, away, do-not-disturb, invisible, other]\n";
    let end = "\nFor more information, try '--help'.\n";
    for command in [&["is"][..], &["wait"], &["run", "--while"]] {
        let place = if command.len() > 1 { "--while <CONDITION>" } else { "<CONDITION>" };
        let with = |word| [command, &[word]].concat();
        let first = |word: &str| format!("error: invalid value '{word}' for '{place}'\n{WORDS}");
        let near = "\n  tip: a similar value exists: 'signed-in'\n";
        check(&with("signd-in"), &format!("{}{near}{end}", first("signd-in")));
        check(&with("x"), &format!("{}{end}", first("x")));
    }
}

#[test]
fn a_missing_argument_is_named() {
    let check = |arguments: &[&str], missing: &str, usage: &str| {
        check(
            arguments,
            &format!(
                "error: the following required arguments were not provided:\n  {missing}\n\n\
                 Usage: communicado {usage}\n\nFor more information, try '--help'.\n"
            ),
        );
    };
    check(&["is"], "<CONDITION>", "is <CONDITION>");
    check(&["explain"], "<CODE>...", "explain <CODE>...");
    check(&["record"], "<FILE>", "record <FILE>");
    check(&["completions"], "<SHELL>", "completions <SHELL>");
    check(
        &["run", "--while", "signed-in"],
        "<COMMAND>...",
        "run --while <CONDITION> -- <COMMAND>...",
    );
    check(&["run", "--", "true"], "--while <CONDITION>", "run --while <CONDITION> -- <COMMAND>...");
}

#[test]
fn options_that_exclude_each_other_are_named() {
    let check = |arguments: &[&str], one: &str, other: &str, usage: &str| {
        check(
            arguments,
            &format!(
                "error: the argument '{one}' cannot be used with '{other}'\n\n\
                 Usage: communicado {usage}\n\nFor more information, try '--help'.\n"
            ),
        );
    };
    check(&["--json", "--format", "x"], "--json", "--format <TEMPLATE>", "--json");
    check(&["status", "--json", "--format", "x"], "--json", "--format <TEMPLATE>", "status --json");
    check(&["watch", "--bar", "waybar", "--json"], "--bar <BAR>", "--json", "watch --bar <BAR>");
}

#[test]
fn a_form_before_the_command_is_answered_with_where_it_goes() {
    let err = "error: `--json` and `--format` stand before the command\n  \
               help: write them after it: communicado watch --json\n";
    check(&["--json", "watch"], err);
    check(&["--format", "{{client}}", "status"], err);
}

#[test]
fn global_options_may_stand_before_it_and_after_it() {
    let before = communicado(&["--color", "never", "--set", "patience=2s", "config"]).prints(0, "");
    let after = communicado(&["config", "--color", "never", "--set", "patience=2s"]).prints(0, "");
    assert!(before.contains("color = \"never\"\npatience = \"2s\"\n"), "{before}");
    assert_eq!(before, after);
}

#[test]
fn a_span_is_told_how_to_be_written() {
    let err = "error: invalid value '5' for '--timeout <DURATION>': no span of time such as `30s`, \
               `500ms` or `1m 30s`\n\nFor more information, try '--help'.\n";
    check(&["wait", "running", "--timeout", "5"], err);
}

#[test]
fn a_command_for_run_that_does_not_exist_is_told_before_anything_is_watched() {
    communicado(&["run", "--while", "signed-in", "--", "no-such-program"]).gives(
        5,
        "",
        "error: the command `no-such-program` cannot be run\n  \
         cause: there is no such program, or it is not executable\n  \
         help: give the path of a program, or install it\n",
    );
    communicado(&["run", "--while", "signed-in", "--", "/etc/passwd"]).gives(
        5,
        "",
        "error: the command `/etc/passwd` cannot be run\n  \
         cause: there is no such program, or it is not executable\n  \
         help: give the path of a program, or install it\n",
    );
}

#[test]
fn the_processes_between_run_and_its_command_are_nobody_elses() {
    let err = "error: this is for `communicado run` itself\n  help: see `communicado run --help`\n";
    check(&["run-guard"], err);
    check(&["run-guard", "1", "1", "--", "true"], err);
    check(&["run-exec", "1", "1", "--", "true"], err);
}

//! Invalid command lines.

use crate::program::communicado;

fn check(arguments: &[&str], err: &str) {
    communicado(arguments).expect(2, "", err);
}

#[test]
fn an_unknown_command_gets_a_suggestion() {
    check(
        &["statsu"],
        "error: unrecognized subcommand 'statsu'\n\n  tip: a similar subcommand exists: 'status'\n\n\
         Usage: communicado [OPTIONS] [COMMAND]\n\nFor more information, try '--help'.\n",
    );
}

#[test]
fn an_unknown_condition_lists_all_conditions_and_a_suggestion() {
    const WORDS: &str = "  [possible values: not, running, absent, starting, signed-out, signing-in, \
                         signed-in, signing-out, shutting-down, unknown, available, idle, busy, \
                         be-right-back, away, do-not-disturb, invisible, other, on-the-phone, \
                         in-a-meeting, in-a-conference, presenting, out-of-office, out-to-lunch, \
                         urgent-interruptions-only]\n";
    let end = "\nFor more information, try '--help'.\n";
    for command in [&["is"][..], &["wait"], &["run", "--while"]] {
        let place = if command.len() > 1 { "--while <CONDITION>..." } else { "<CONDITION>..." };
        let with = |word| [command, &[word]].concat();
        let first = |word: &str| format!("error: invalid value '{word}' for '{place}'\n{WORDS}");
        let near = "\n  tip: a similar value exists: 'signed-in'\n";
        check(&with("signd-in"), &format!("{}{near}{end}", first("signd-in")));
        check(&with("x"), &format!("{}{end}", first("x")));
        check(&with("absent,x"), &format!("{}{end}", first("x")));
    }
}

#[test]
fn words_without_commas_are_not_a_condition() {
    let check = |words: &[&str], wrong: &str| {
        let err = format!(
            "error: `{wrong}` is not a condition\n  \
             help: separate words by commas; only `not` stands before them\n"
        );
        for command in [&["is"][..], &["wait"]] {
            check(&[command, words].concat(), &err);
        }
        check(&[&["run", "--while"], words, &["--", "true"]].concat(), &err);
    };
    check(&["not"], "not");
    check(&["absent", "running"], "absent running");
    check(&["absent running"], "absent running");
    check(&["not", "not"], "not");
    check(&["absent,"], "");
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
    check(&["is"], "<CONDITION>...", "is <CONDITION>...");
    check(&["explain"], "<CODE>...", "explain <CODE>...");
    check(&["record"], "<FILE>", "record <FILE>");
    check(&["completions"], "<SHELL>", "completions <SHELL>");
    check(
        &["run", "--while", "signed-in"],
        "<COMMAND>...",
        "run --while <CONDITION>... -- <COMMAND>...",
    );
    check(
        &["run", "--", "true"],
        "--while <CONDITION>...",
        "run --while <CONDITION>... -- <COMMAND>...",
    );
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
fn a_form_option_before_the_command_is_refused() {
    let err = "error: `--json` and `--format` must follow the command\n  \
               help: run: communicado watch --json\n";
    check(&["--json", "watch"], err);
    check(&["--format", "{{client}}", "status"], err);
}

#[test]
fn global_options_are_accepted_before_and_after_the_command() {
    let before =
        communicado(&["--color", "never", "--set", "patience=2s", "config"]).expect_stdout(0, "");
    let after =
        communicado(&["config", "--color", "never", "--set", "patience=2s"]).expect_stdout(0, "");
    assert!(before.contains("color = \"never\"\npatience = \"2s\"\n"), "{before}");
    assert_eq!(before, after);
}

#[test]
fn an_invalid_duration_lists_examples() {
    let err = "error: invalid value '5' for '--timeout <DURATION>': not a duration such as `30s`, `500ms` or `1m 30s`\n\nFor more information, try '--help'.\n";
    check(&["wait", "running", "--timeout", "5"], err);
}

#[test]
fn run_refuses_a_missing_program_before_the_watch_starts() {
    communicado(&["run", "--while", "signed-in", "--", "no-such-program"]).expect(
        5,
        "",
        "error: cannot run the command `no-such-program`\n  \
         cause: the program does not exist or is not executable\n  \
         help: name the path of a program, or install it\n",
    );
    communicado(&["run", "--while", "signed-in", "--", "/etc/passwd"]).expect(
        5,
        "",
        "error: cannot run the command `/etc/passwd`\n  \
         cause: the program does not exist or is not executable\n  \
         help: name the path of a program, or install it\n",
    );
}

#[test]
fn the_helper_processes_of_run_refuse_direct_use() {
    let err = "error: this command is internal to `communicado run`\n  help: run: communicado run --help\n";
    check(&["run-guard"], err);
    check(&["run-guard", "1", "1", "--", "true"], err);
    check(&["run-exec", "1", "1", "--", "true"], err);
}

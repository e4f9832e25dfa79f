//! A provider that cannot be, and one that is registered.

use crate::program::communicado;

/// No session, and nowhere to look for one.
const NO_BUS: &str = "error: there is no session bus: neither DBUS_SESSION_BUS_ADDRESS nor \
                      XDG_RUNTIME_DIR is set\n  help: run communicado inside the desktop \
                      session, or set DBUS_SESSION_BUS_ADDRESS to the address of its bus\n";

#[test]
fn a_script_that_cannot_be_played_is_refused_with_its_line() {
    let check = |script: &str, cause: &str, help: &str| {
        let help = if help.is_empty() { String::new() } else { format!("  help: {help}\n") };
        let err = format!("error: the script `day` cannot be played\n  cause: {cause}\n{help}");
        let program = communicado(&["provide", "--script", "day"]);
        program.with_file("day", script).gives(2, "", &err);
    };
    check(
        "0s running\n1s sing-in\n",
        "line 2: unknown action `sing-in`",
        "did you mean `sign-in`?",
    );
    check("2s sign-in\n1s crash\n", "line 2: 1s is earlier than the previous line (2s)", "");
    check("1s set bsuy\n", "line 1: unknown availability `bsuy`", "did you mean `busy`?");
    check(
        "1s fail-sign-in invalid-pasword\n",
        "line 1: unknown sign-in failure reason `invalid-pasword`",
        "did you mean `invalid-password`?",
    );
    check(
        "1s set busy --actvity x\n",
        "line 1: unknown option `--actvity`",
        "did you mean `--activity`?",
    );
    check("1s crash now\n", "line 1: unknown argument `now`", "");
}

#[test]
fn a_script_that_is_not_there_is_an_error() {
    communicado(&["provide", "--script", "day"]).gives(
        2,
        "",
        "error: the script `day` cannot be played\n  cause: No such file or directory (os error \
         2)\n",
    );
}

#[test]
fn without_a_bus_every_word_says_so() {
    for words in [&["provide"][..], &["provide", "status"], &["provide", "set", "away"]] {
        communicado(words).gives(5, "", NO_BUS);
    }
}

#[test]
fn an_availability_that_there_is_not_is_answered_with_the_nearest() {
    communicado(&["provide", "set", "awy"]).gives(
        2,
        "",
        "error: invalid value 'awy' for '<AVAILABILITY>'\n  [possible values: available, idle, \
         busy, be-right-back, away, do-not-disturb, invisible]\n\n  tip: a similar value exists: \
         'away'\n\nFor more information, try '--help'.\n",
    );
}

#[test]
fn a_name_that_cannot_be_shown_is_refused() {
    communicado(&["provide", "--account", "a\u{1b}[2Jb"]).gives(
        2,
        "",
        "error: the name of the account cannot be shown to other programs\n  cause: the text \
         contains a line break or another control character\n  help: say another one: communicado provide \
         --account alice@example.com\n",
    );
}

#[test]
fn a_registered_provider_is_found_by_the_bus_and_nothing_is_left_of_it() {
    const FILE: &str = ".local/share/dbus-1/services/org.communicado.Provider1.service";
    let mut program = communicado(&["provide", "--account", "alice@uc.test", "--register"]);
    let file = program.path(FILE);
    let gave = program.run();
    assert_eq!(gave.code, Some(0), "{gave:?}");
    let text = std::fs::read_to_string(&file).expect("the activation file");
    let expected = format!(
        "[D-BUS Service]\nName=org.communicado.Provider1\nExec={} provide --account \
         alice@uc.test\n",
        env!("CARGO_BIN_EXE_communicado")
    );
    assert_eq!(text, expected);
    let home = program.path("");
    let gave = communicado(&["provide", "--unregister"]).env("HOME", &home).run();
    assert_eq!(gave.code, Some(0), "{gave:?}");
    assert!(!file.exists());
}

#[test]
fn what_was_remembered_and_cannot_be_read_is_left_as_it_is() {
    const FILE: &str = ".local/state/communicado/provider.json";
    let mut program = communicado(&["provide", "--remember"]).with_file(FILE, "{\"v\":7}\n");
    let file = program.path(FILE);
    let gave = program.run();
    assert_eq!(gave.code, Some(5));
    assert!(gave.err.contains("cause: it is not of version 1\n"), "{gave:?}");
    assert_eq!(std::fs::read_to_string(file).ok().as_deref(), Some("{\"v\":7}\n"));
}

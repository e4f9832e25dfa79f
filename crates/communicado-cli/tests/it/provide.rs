//! `provide` without a bus, with invalid input, and its registration.

use crate::program::communicado;

/// The error without a session bus.
const NO_BUS: &str = "error: there is no session bus: DBUS_SESSION_BUS_ADDRESS is `disabled:`\n  \
                      help: run communicado inside the desktop session, or set \
                      DBUS_SESSION_BUS_ADDRESS to the address of its bus\n";

#[test]
fn an_invalid_script_is_refused_with_its_line() {
    let check = |script: &str, cause: &str, help: &str| {
        let help = if help.is_empty() { String::new() } else { format!("  help: {help}\n") };
        let err = format!("error: cannot play the script `day`\n  cause: {cause}\n{help}");
        let program = communicado(&["provide", "--script", "day"]);
        program.with_file("day", script).expect(2, "", &err);
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
fn a_missing_script_is_an_error() {
    communicado(&["provide", "--script", "day"]).expect(
        2,
        "",
        "error: cannot play the script `day`\n  cause: No such file or directory (os error \
         2)\n",
    );
}

#[test]
fn without_a_bus_every_provide_command_fails() {
    for words in [&["provide"][..], &["provide", "status"], &["provide", "set", "away"]] {
        communicado(words).expect(5, "", NO_BUS);
    }
}

#[test]
fn an_unknown_availability_gets_a_suggestion() {
    communicado(&["provide", "set", "awy"]).expect(
        2,
        "",
        "error: invalid value 'awy' for '<AVAILABILITY>'\n  [possible values: available, idle, \
         busy, be-right-back, away, do-not-disturb, invisible]\n\n  tip: a similar value exists: \
         'away'\n\nFor more information, try '--help'.\n",
    );
}

#[test]
fn an_unprintable_account_name_is_refused() {
    communicado(&["provide", "--account", "a\u{1b}[2Jb"]).expect(
        2,
        "",
        "error: the name of the account is invalid
  cause: the text contains a line break or another \
         control character
  help: name another account: communicado provide \
         --account alice@example.com\n",
    );
}

#[test]
fn register_writes_an_activation_file_and_unregister_removes_it() {
    const FILE: &str = ".local/share/dbus-1/services/org.communicado.Provider1.service";
    let mut program = communicado(&["provide", "--account", "alice@uc.test", "--register"]);
    let file = program.path(FILE);
    let result = program.run();
    assert_eq!(result.code, Some(0), "{result:?}");
    let text = std::fs::read_to_string(&file).expect("the activation file");
    let expected = format!(
        "[D-BUS Service]\nName=org.communicado.Provider1\nExec={} provide --account \
         alice@uc.test\n",
        env!("CARGO_BIN_EXE_communicado")
    );
    assert_eq!(text, expected);
    let home = program.path("");
    let result = communicado(&["provide", "--unregister"]).env("HOME", &home).run();
    assert_eq!(result.code, Some(0), "{result:?}");
    assert!(!file.exists());
}

#[test]
fn an_invalid_saved_state_is_not_changed() {
    const FILE: &str = ".local/state/communicado/provider.json";
    let mut program = communicado(&["provide", "--remember"]).with_file(FILE, "{\"v\":7}\n");
    let file = program.path(FILE);
    let result = program.run();
    assert_eq!(result.code, Some(5));
    assert!(result.err.contains("cause: the file is not of version 1\n"), "{result:?}");
    assert_eq!(std::fs::read_to_string(file).ok().as_deref(), Some("{\"v\":7}\n"));
}

#[test]
fn the_directories_follow_the_xdg_variables() {
    let mut program = communicado(&["provide", "--register"]);
    let data = program.path("data");
    program.command().env("XDG_DATA_HOME", &data);
    assert_eq!(program.run().code, Some(0));
    assert!(data.join("dbus-1/services/org.communicado.Provider1.service").exists());

    let mut program = communicado(&["agent", "pause"]);
    let state = program.path("state");
    program.command().env("XDG_STATE_HOME", &state);
    assert_eq!(program.run().code, Some(1));
    assert!(state.join("communicado/agent/run").is_dir());

    let program = communicado(&["provide", "--remember"]);
    let mut program = program.with_file("state/communicado/provider.json", "{}");
    let state = program.path("state");
    program.command().env("XDG_STATE_HOME", &state);
    let result = program.run();
    let error = "error: cannot read the saved state `[HOME]/state/communicado/provider.json`\n";
    assert!(result.err.starts_with(error), "{result:?}");
}

#[test]
fn a_relative_xdg_variable_is_ignored() {
    let mut program = communicado(&["config"]).env("XDG_CONFIG_HOME", "relative");
    let path = "# defaults; to change them, write [HOME]/.config/communicado/config.toml\n";
    assert!(program.run().out.starts_with(path));
}

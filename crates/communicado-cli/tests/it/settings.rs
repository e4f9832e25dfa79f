//! Configurations, right and wrong.

use crate::program::communicado;

fn check(file: impl AsRef<[u8]>, err: &str) {
    communicado(&["config", "--config", "my.toml"]).with_file("my.toml", file).gives(2, "", err);
}

#[test]
fn a_key_that_there_is_not_is_told_with_its_line_and_the_nearest() {
    check(
        "clients = [\"finch\"]\ncolour = \"always\"\n",
        "error: my.toml, line 2: there is no setting `colour`\n  help: did you mean `color`?\n",
    );
    check(
        "[sources.purple]\ncheck = \"10s\"\n# Slower than that?\ntimout = \"5s\"\n",
        "error: my.toml, line 4: source `purple` has no setting `timout`\n  \
         help: did you mean `timeout`?\n",
    );
    check(
        "[source.purple]\ncheck = \"10s\"\n",
        "error: my.toml, line 1: there is no setting `source`\n  help: did you mean `sources`?\n",
    );
    check(
        "frobnicate = 1\n",
        "error: my.toml, line 1: there is no setting `frobnicate`\n  \
         help: one of: clients, color, patience, agent, sources\n",
    );
}

#[test]
fn a_source_that_there_is_not_is_told() {
    check(
        "\n[sources.purpel]\ncheck = \"10s\"\n",
        "error: my.toml, line 2: there is no source `purpel`\n  help: did you mean `purple`?\n",
    );
}

#[test]
fn a_wrong_type_is_told_with_what_to_write() {
    let refused = |file: &str, line: u8, what: &str, help: &str| {
        check(file, &format!("error: my.toml, line {line}: {what}\n  help: {help}\n"));
    };
    let list = "write a list of texts such as [\"finch\", \"pidgin\"]";
    refused("clients = 3\n", 1, "`clients` is a whole number", list);
    refused("clients = \"finch\"\n", 1, "`clients` is a text", list);
    refused("clients = [1]\n", 1, "`clients` is a list of other things", list);
    refused("color = true\n", 1, "`color` is true or false", "write auto, always or never");
    refused("color = \"pink\"\n", 1, "`color` is `pink`", "write auto, always or never");
    refused(
        "patience = 1\n",
        1,
        "`patience` is a whole number",
        "write a span of time such as \"1s\"",
    );
    let (file, help) = ("[sources.purple]\nenabled = \"yes\"\n", "write true or false");
    refused(file, 2, "`enabled` is a text", help);
    let (file, help) = ("[sources.purple]\ncheck = 30\n", "write a span of time such as \"30s\"");
    refused(file, 2, "`check` is a whole number", help);
    let (file, help) = ("[sources.purple]\ntrace = true\n", "write the path of a file, in quotes");
    refused(file, 2, "`trace` is true or false", help);
    refused(
        "sources = 3\n",
        1,
        "`sources` is a section, not a value",
        "write it as [sources.NAME]",
    );
    let (file, help) = ("[sources]\npurple = true\n", "write it as [sources.purple]");
    refused(file, 2, "`sources.purple` is a section, not a value", help);
}

#[test]
fn a_bad_span_is_told() {
    let duration = "a duration such as `30s` or `500ms`";
    let refused = |value: &str, expected: &str| {
        check(
            format!("[sources.purple]\ncheck = {value:?}\n"),
            &format!(
                "error: my.toml, line 2: invalid value `{value}` for `check` of source `purple`: \
                 expected {expected}\n  help: correct the value\n"
            ),
        );
    };
    refused("soon", duration);
    refused("30", duration);
    refused("-5s", duration);
    refused("0s", "a duration longer than 0");
    check(
        "patience = \"soon\"\n",
        "error: my.toml, line 1: `patience` is `soon`, no span of time such as `30s`, `500ms` or \
         `1m 30s`\n  help: write it as \"1s\"\n",
    );
}

#[test]
fn what_is_no_toml_is_told_with_its_line() {
    let refused = |file: &str, line: u8, what: &str| {
        check(file, &format!("error: my.toml, line {line}: {what}\n  help: correct the line\n"));
    };
    refused("# mine\n\nnot toml at all\n", 3, "key with no value, expected `=`");
    refused("color = \"auto\"\ncolor = \"never\"\n", 2, "duplicate key");
    refused("color = \"au\n", 1, "invalid basic string, expected `\"`");
}

#[test]
fn a_file_that_cannot_be_read_is_told() {
    let unreadable = |cause: &str, help: &str| {
        format!(
            "error: the configuration `my.toml` cannot be read\n  cause: {cause}\n  \
             help: {help}\n"
        )
    };
    check([0xff, 0xfe], &unreadable("stream did not contain valid UTF-8", "write it in UTF-8"));
    let there_is_none =
        unreadable("No such file or directory (os error 2)", "name another file with --config");
    communicado(&["config", "--config", "my.toml"]).gives(2, "", &there_is_none);
    // A folder, and not a file without permissions: root may read anything.
    communicado(&["config", "--config", "my.toml"]).with_file("my.toml/other", "").gives(
        2,
        "",
        &unreadable("Is a directory (os error 21)", "name another file with --config"),
    );
}

#[test]
fn the_usual_file_is_read_by_every_command_that_uses_it() {
    for command in
        [&["status"][..], &["watch"], &["is", "running"], &["wait", "running"], &["doctor"]]
    {
        communicado(command).with_file(".config/communicado/config.toml", "colour = 1").gives(
            2,
            "",
            "error: [HOME]/.config/communicado/config.toml, line 1: there is no setting `colour`\n  \
             help: did you mean `color`?\n",
        );
    }
    let out = communicado(&["config"])
        .env("XDG_CONFIG_HOME", "/nowhere")
        .with_file(".config/communicado/config.toml", "colour = 1")
        .prints(0, "");
    assert!(out.starts_with("# defaults; change them in /nowhere/communicado/config.toml\n"));
}

#[test]
fn the_command_line_goes_before_the_file() {
    let out = communicado(&["config", "--set", "sources.purple.check=10s", "--client", "a,b"])
        .with_file(
            ".config/communicado/config.toml",
            "clients = [\"c\"]\n[sources.purple]\ncheck = \"9s\"\ntimeout = \"2s\"\n",
        )
        .prints(0, "");
    assert!(out.contains("clients = [\"a\",\"b\"]\n"), "{out}");
    assert!(out.contains("\ncheck = \"10s\"\n") && out.contains("\ntimeout = \"2s\"\n"), "{out}");
}

#[test]
fn set_takes_what_the_file_takes_without_quotes() {
    let check = |set: &str, expected: &str| {
        let out = communicado(&["config", "--set", set]).prints(0, "");
        assert!(out.lines().any(|line| line == expected), "{out}");
    };
    check("clients=finch, pidgin", "clients = [\"finch\",\"pidgin\"]");
    check("clients=", "clients = []");
    check("color=never", "color = \"never\"");
    check("patience=1m 30s", "patience = \"1m 30s\"");
    check("sources.purple.enabled=false", "enabled = false");
    check("sources.purple.clients=finch", "clients = [\"finch\"]");
    check("sources.purple.trace=true", "trace = \"true\"");
    check(" sources.purple.check = 7s ", "check = \"7s\"");
}

#[test]
fn set_refuses_what_the_file_refuses() {
    let check = |set: &str, what: &str, help: &str| {
        let err = format!("error: `--set {set}`{what}\n  help: {help}\n");
        communicado(&["status", "--set", set]).gives(2, "", &err);
    };
    check("color", " sets nothing", "write it as KEY=VALUE");
    check("=1", ": there is no setting ``", "one of: clients, color, patience, agent, sources");
    check("colour=never", ": there is no setting `colour`", "did you mean `color`?");
    check("color=pink", ": `color` is `pink`", "write auto, always or never");
    check("sources.purple.enabled=yes", ": `enabled` is a text", "write true or false");
    check("sources.purpel.check=1s", ": there is no source `purpel`", "did you mean `purple`?");
    check(
        "sources.purple.chek=1s",
        ": source `purple` has no setting `chek`",
        "did you mean `check`?",
    );
    check(
        "sources.purple.check=soon",
        ": invalid value `soon` for `check` of source `purple`: expected a duration such as `30s` or \
         `500ms`",
        "correct the value",
    );
}

#[test]
fn with_every_source_switched_off_nothing_is_pretended() {
    let off = ["purple", "provider"].map(|source| format!("--set=sources.{source}.enabled=false"));
    let off = off.each_ref().map(String::as_str);
    for command in
        [&["status"][..], &["watch"], &["is", "absent"], &["wait", "absent"], &["record", "x"]]
    {
        communicado(&[command, &off].concat()).gives(
            2,
            "",
            "error: every source is switched off, so nothing can be told\n  \
             help: set `enabled` of a source to true\n",
        );
    }
}

#[test]
fn what_config_prints_is_a_configuration() {
    const MINE: &str = "clients = [\"finch\", \"a \\\"b\\\"\"]\ncolor = \"never\"\npatience = \
                        \"1m 30s\"\n\n[agent]\nhours = \"Mon-Fri 08:00-18:00\"\nlease = \
                        \"1m 30s\"\n\n[sources.purple]\nenabled = false\nclients = []\ncheck = \
                        \"500ms\"\ntimeout = \"2s\"\ntrace = \"a\\\\b\\tc\"\n\n[sources.provider]\nenabled = true\nclients = \
                        []\ncheck = \"30s\"\ntimeout = \"5s\"\n";
    for file in ["", MINE] {
        let printed = communicado(&["config", "--config", "my.toml"])
            .with_file("my.toml", file)
            .prints(0, "");
        let again = communicado(&["config", "--config", "my.toml"])
            .with_file("my.toml", &printed)
            .prints(0, "");
        assert_eq!(printed, again);
    }
    let printed = communicado(&["config", "--config", "my.toml"]).with_file("my.toml", MINE);
    let printed: toml::Table = printed.prints(0, "").parse().expect("TOML");
    assert_eq!(printed, MINE.parse().expect("TOML"), "and it says what was set");
}

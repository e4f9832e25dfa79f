//! Valid and invalid configurations.

use crate::program::communicado;

fn check(file: impl AsRef<[u8]>, err: &str) {
    communicado(&["config", "--config", "my.toml"]).with_file("my.toml", file).expect(2, "", err);
}

#[test]
fn an_unknown_key_is_an_error_with_its_line_and_a_suggestion() {
    check(
        "clients = [\"finch\"]\ncolour = \"always\"\n",
        "error: my.toml, line 2: unknown setting `colour`\n  help: did you mean `color`?\n",
    );
    check(
        "[sources.purple]\ncheck = \"10s\"\n# Slower than that?\ntimout = \"5s\"\n",
        "error: my.toml, line 4: source `purple` has no setting `timout`\n  \
         help: did you mean `timeout`?\n",
    );
    check(
        "[source.purple]\ncheck = \"10s\"\n",
        "error: my.toml, line 1: unknown setting `source`\n  help: did you mean `sources`?\n",
    );
    check(
        "frobnicate = 1\n",
        "error: my.toml, line 1: unknown setting `frobnicate`\n  \
         help: use one of: clients, color, patience, ranks, agent, sources, sinks\n",
    );
}

#[test]
fn an_unknown_source_is_an_error() {
    check(
        "\n[sources.purpel]\ncheck = \"10s\"\n",
        "error: my.toml, line 2: unknown source `purpel`\n  help: did you mean `purple`?\n",
    );
}

#[test]
fn a_source_has_a_valid_name_a_known_kind_and_its_required_settings() {
    check(
        "[sources.office]\nenabled = true\n",
        "error: my.toml, line 1: unknown source `office`\n  \
         help: write `kind` with one of: purple, provider, desktop, lync, communicator, im-providers, \
         lines, mqtt, xmpp\n",
    );
    check(
        "[sources.office]\nrun = [\"x\"]\nkind = \"line\"\n",
        "error: my.toml, line 3: source `office` has the unknown kind `line`\n  \
         help: did you mean `lines`?\n",
    );
    check(
        "[sources.purple]\nkind = \"lines\"\n",
        "error: my.toml, line 2: source `purple` cannot have the kind `lines`\n  \
         help: choose a name that is not a kind\n",
    );
    check(
        "[sources.Office]\nkind = \"lines\"\n",
        "error: my.toml, line 2: `Office` is not valid as the name of a source\n  \
         help: write a name of 1 to 64 lower-case letters, digits, `_` and `-`\n",
    );
    check(
        "[sources.office]\nkind = \"lines\"\n",
        "error: source `office` has no `run`\n  cause: this setting has no default\n  \
         help: below [sources.office], set `run` to a list of texts such as \
         [\"teams-status\", \"--json\"]\n",
    );
    check(
        "[sources.office]\nkind = \"lines\"\nrun = \"x\"\n",
        "error: my.toml, line 3: `run` is a text\n  \
         help: write a list of texts such as [\"finch\", \"pidgin\"]\n",
    );
}

#[test]
fn a_wrong_type_is_an_error_with_advice() {
    let refused = |file: &str, line: u8, what: &str, help: &str| {
        check(file, &format!("error: my.toml, line {line}: {what}\n  help: {help}\n"));
    };
    let list = "write a list of texts such as [\"finch\", \"pidgin\"]";
    refused("clients = 3\n", 1, "`clients` is a whole number", list);
    refused("clients = \"finch\"\n", 1, "`clients` is a text", list);
    refused("clients = [1]\n", 1, "`clients` is a list of other types", list);
    refused("color = true\n", 1, "`color` is true or false", "write auto, always or never");
    refused("color = \"pink\"\n", 1, "`color` is `pink`", "write auto, always or never");
    refused("patience = 1\n", 1, "`patience` is a whole number", "write a duration such as \"1s\"");
    let (file, help) = ("[sources.purple]\nenabled = \"yes\"\n", "write true or false");
    refused(file, 2, "`enabled` is a text", help);
    let (file, help) = ("[sources.purple]\ncheck = 30\n", "write a duration such as \"30s\"");
    refused(file, 2, "`check` is a whole number", help);
    let (file, help) = ("[sources.purple]\ntrace = true\n", "write the path of a file, in quotes");
    refused(file, 2, "`trace` is true or false", help);
    refused(
        "sources = 3\n",
        1,
        "`sources` is a section, not a value",
        "write the section as [sources.NAME]",
    );
    let (file, help) = ("[sources]\npurple = true\n", "write the section as [sources.purple]");
    refused(file, 2, "`sources.purple` is a section, not a value", help);
}

#[test]
fn an_invalid_duration_is_an_error() {
    let duration = "a duration such as `30s` or `500ms`";
    let refused = |value: &str, expected: &str| {
        check(
            format!("[sources.purple]\ncheck = {value:?}\n"),
            &format!(
                "error: my.toml, line 2: invalid value `{value}` for `check` of source `purple`: \
                 expected {expected}\n  help: fix the value\n"
            ),
        );
    };
    refused("soon", duration);
    refused("30", duration);
    refused("-5s", duration);
    refused("0s", "a duration longer than 0");
    check(
        "patience = \"soon\"\n",
        "error: my.toml, line 1: `patience` is `soon`, not a duration such as `30s`, `500ms` or `1m 30s`\n  help: write a duration such as \"1s\"\n",
    );
}

#[test]
fn invalid_toml_is_an_error_with_its_line() {
    let refused = |file: &str, line: u8, what: &str| {
        check(file, &format!("error: my.toml, line {line}: {what}\n  help: fix the line\n"));
    };
    refused("# mine\n\nnot toml at all\n", 3, "key with no value, expected `=`");
    refused("color = \"auto\"\ncolor = \"never\"\n", 2, "duplicate key");
    refused("color = \"au\n", 1, "invalid basic string, expected `\"`");
}

#[test]
fn an_unreadable_file_is_an_error() {
    let unreadable = |cause: &str, help: &str| {
        format!(
            "error: cannot read the configuration `my.toml`\n  cause: {cause}\n  \
             help: {help}\n"
        )
    };
    check(
        [0xff, 0xfe],
        &unreadable("stream did not contain valid UTF-8", "save the file as UTF-8"),
    );
    let there_is_none =
        unreadable("No such file or directory (os error 2)", "name another file with --config");
    communicado(&["config", "--config", "my.toml"]).expect(2, "", &there_is_none);
    // A folder, and not a file without permissions: root may read anything.
    communicado(&["config", "--config", "my.toml"]).with_file("my.toml/other", "").expect(
        2,
        "",
        &unreadable("Is a directory (os error 21)", "name another file with --config"),
    );
}

#[test]
fn every_command_reads_the_default_file() {
    for command in [&["status"][..], &["watch"], &["is", "running"], &["wait", "running"]] {
        communicado(command).with_file(".config/communicado/config.toml", "colour = 1").expect(
            2,
            "",
            "error: [HOME]/.config/communicado/config.toml, line 1: unknown setting `colour`\n  \
             help: did you mean `color`?\n",
        );
    }
    let out = communicado(&["config"])
        .env("XDG_CONFIG_HOME", "/nowhere")
        .with_file(".config/communicado/config.toml", "colour = 1")
        .expect_stdout(0, "");
    assert!(
        out.starts_with("# defaults; to change them, write /nowhere/communicado/config.toml\n")
    );
}

#[test]
fn doctor_reports_a_broken_file_and_makes_its_other_checks() {
    let doctor = |options: &[&str], text: &str| {
        let mut program = communicado(&[&["doctor"], options].concat())
            .with_file(".config/communicado/config.toml", text);
        program.run()
    };
    let result = doctor(&[], "[sources.purple]\nenabled = false\n[agent]\nhours = \"soon\"\n");
    let first = "!!  configuration: [HOME]/.config/communicado/config.toml, line 4: `hours` is \
                 `soon`: `soon` is not a range such as 08:00-18:00; the other checks use the \
                 defaults\n    help: write hours such as \"Mon-Thu 08:00-18:00, Fri 08:00-14:00\"\n";
    assert!(result.out.starts_with(first), "{}", result.out);
    assert!(
        result.out.contains("session bus") && !result.out.contains("purple: disabled"),
        "{}",
        result.out
    );
    assert!(result.out.ends_with("problems found: see the lines marked `!!`\n"), "{}", result.out);
    assert_eq!((result.code, &*result.err), (Some(1), ""));
    let result = doctor(&["--set", "colour=1"], "colour = 1\n");
    assert_eq!((result.code, &*result.out), (Some(2), ""), "{}", result.err);
    assert!(result.err.starts_with("error: `--set colour=1`"), "{}", result.err);
}

#[test]
fn the_command_line_overrides_the_file() {
    let out = communicado(&["config", "--set", "sources.purple.check=10s", "--client", "a,b"])
        .with_file(
            ".config/communicado/config.toml",
            "clients = [\"c\"]\n[sources.purple]\ncheck = \"9s\"\ntimeout = \"2s\"\n",
        )
        .expect_stdout(0, "");
    assert!(out.contains("clients = [\"a\",\"b\"]\n"), "{out}");
    assert!(out.contains("\ncheck = \"10s\"\n") && out.contains("\ntimeout = \"2s\"\n"), "{out}");
}

#[test]
fn set_accepts_the_values_of_the_file_without_quotes() {
    let check = |set: &str, expected: &str| {
        let out = communicado(&["config", "--set", set]).expect_stdout(0, "");
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
        communicado(&["status", "--set", set]).expect(2, "", &err);
    };
    check("color", " has no value", "write it as KEY=VALUE");
    check(
        "=1",
        ": unknown setting ``",
        "use one of: clients, color, patience, ranks, agent, sources, sinks",
    );
    check("colour=never", ": unknown setting `colour`", "did you mean `color`?");
    check("color=pink", ": `color` is `pink`", "write auto, always or never");
    check("sources.purple.enabled=yes", ": `enabled` is a text", "write true or false");
    check("sources.purpel.check=1s", ": unknown source `purpel`", "did you mean `purple`?");
    check(
        "sources.purple.chek=1s",
        ": source `purple` has no setting `chek`",
        "did you mean `check`?",
    );
    check(
        "sources.purple.check=soon",
        ": invalid value `soon` for `check` of source `purple`: expected a duration such as `30s` or \
         `500ms`",
        "fix the value",
    );
}

#[test]
fn a_rank_must_be_the_name_of_a_source() {
    check(
        "ranks = [\"laptop\", \"purpel\"]\n[sources.laptop]\nkind = \"lines\"\nrun = [\"x\"]\n",
        "error: `ranks` has the unknown source `purpel`\n  help: did you mean `purple`?\n",
    );
}

#[test]
fn without_an_enabled_source_every_command_fails() {
    let off = ["purple", "provider"].map(|source| format!("--set=sources.{source}.enabled=false"));
    let off = off.each_ref().map(String::as_str);
    for command in
        [&["status"][..], &["watch"], &["is", "absent"], &["wait", "absent"], &["record", "x"]]
    {
        communicado(&[command, &off].concat()).expect(
            2,
            "",
            "error: all sources are disabled, so no status can be reported\n  \
             help: set `enabled = true` for a source\n",
        );
    }
}

#[test]
fn the_output_of_config_is_a_valid_configuration() {
    const MINE: &str = "clients = [\"finch\", \"a \\\"b\\\"\"]\ncolor = \"never\"\npatience = \
                        \"1m 30s\"\nranks = [\"provider\"]\n\n[agent]\nhours = \"Mon-Fri 08:00-18:00\"\nlease = \
                        \"1m 30s\"\n\n[sources.purple]\nenabled = false\nclients = []\ncheck = \
                        \"500ms\"\ntimeout = \"2s\"\ntrace = \"a\\\\b\\tc\"\nother-buses = false\n\n\
                        [sources.provider]\nenabled = true\nclients = \
                        []\ncheck = \"30s\"\ntimeout = \"5s\"\n";
    for file in ["", MINE] {
        let printed = communicado(&["config", "--config", "my.toml"])
            .with_file("my.toml", file)
            .expect_stdout(0, "");
        let again = communicado(&["config", "--config", "my.toml"])
            .with_file("my.toml", &printed)
            .expect_stdout(0, "");
        assert_eq!(printed, again);
    }
    let printed = communicado(&["config", "--config", "my.toml"]).with_file("my.toml", MINE);
    let printed: toml::Table = printed.expect_stdout(0, "").parse().expect("TOML");
    assert_eq!(printed, MINE.parse().expect("TOML"), "and it says what was set");
}

#[test]
fn every_example_of_a_sink_in_the_documentation_is_a_valid_configuration() {
    let text = [
        include_str!("../../../../docs/sinks.md"),
        include_str!("../../../../docs/home-assistant.md"),
    ]
    .concat();
    let examples = text.split("```toml\n").skip(1).filter_map(|rest| rest.split("```").next());
    let mut count = 0;
    for example in examples {
        let printed = communicado(&["config", "--config", "my.toml"]).with_file("my.toml", example);
        printed.expect_stdout(0, "");
        count += 1;
    }
    assert!(count > 5, "{count}");
}

#[test]
fn a_sink_with_a_wrong_setting_is_an_error_with_its_line() {
    check(
        "[sinks.lamp]\nkind = \"hok\"\n",
        "error: my.toml, line 2: sink `lamp` has the unknown kind `hok`\n  \
         help: did you mean `hook`?\n",
    );
    check(
        "[sinks.hook]\nrun = [\"true\"]\ntimout = \"5s\"\n",
        "error: my.toml, line 3: a sink of kind `hook` has no setting `timout`\n  \
         help: did you mean `timeout`?\n",
    );
    check(
        "[sinks.hook]\nrun = [\"true\"]\nwhen = \"online\"\n",
        "error: my.toml, line 3: `when` is `online`, which is not a condition\n  \
         help: `online` is not known; separate words by commas\n",
    );
    check(
        "[sinks.hook]\nrun = []\n",
        "error: my.toml, line 2: `run` is empty\n  \
         help: write a list of texts such as [\"playerctl\", \"pause\"]\n",
    );
    check(
        "[sinks.\"My lamp\"]\nkind = \"hook\"\n",
        "error: my.toml, line 2: `My lamp` is not valid as the name of a sink\n  \
         help: write a name of 1 to 64 lower-case letters, digits, `_` and `-`\n",
    );
    check(
        "[sinks.hook]\ntimeout = \"5s\"\n",
        "error: sink `hook` has no `run`\n  cause: this setting has no default\n  \
         help: below [sinks.hook], set `run` to a list of texts such as \
         [\"playerctl\", \"pause\"]\n",
    );
    let set = ["--set", "sinks.lamp.kind=hook", "--set", "sinks.lamp.run=true,x"];
    let shown = communicado(&[&["config"][..], &set].concat()).expect_stdout(0, "");
    assert!(shown.contains("\n[sinks.lamp]\nkind = \"hook\"\n"), "{shown}");
    assert!(shown.contains("\nrun = [\"true\",\"x\"]\n"), "{shown}");
}

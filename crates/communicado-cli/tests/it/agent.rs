//! `agent` without a gateway: consent, invalid input and status.
//!
//! The tests with a gateway are in `conformance/agent/`.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::program::{Program, RunResult, communicado};

const URL: &str = "https://presence.example.org";
const WHO: [&str; 4] = ["--person", "ada", "--device", "laptop"];
const CONSENT: &str = ".local/state/communicado/agent/consent.json";
const PAUSE: &str = ".local/state/communicado/agent/pause.json";
const NOT_ALLOWED: &str = "error: publishing is not enabled\n  help: run: communicado agent allow \
                           URL --person ID --device NAME --token-file FILE\n";

/// `agent allow` with a private token file.
fn allow(url: &str, more: &[&str]) -> Program {
    let arguments = ["agent", "allow", url, "--token-file", "token"];
    let program = communicado(&[&arguments[..], &WHO, more].concat());
    let program = program.with_file("token", "cmt_secret\n");
    only_mine(&program);
    program
}

fn only_mine(program: &Program) {
    let mine = std::fs::Permissions::from_mode(0o600);
    std::fs::set_permissions(program.path("token"), mine).expect("the token's file");
}

/// The content of a consent file.
fn consent(token: &str) -> String {
    json!({
        "v": 1, "gateway": URL, "person": "ada", "device": "laptop", "token_file": token,
        "ca": null, "names": false, "given": "2026-11-25T12:00:00.000000Z",
    })
    .to_string()
}

#[test]
fn without_consent_every_command_prints_how_to_consent() {
    for task in [&[][..], &["pause", "1h"], &["resume"], &["set", "away"], &["clear"], &["install"]]
    {
        communicado(&[&["agent"], task].concat()).expect(1, "", NOT_ALLOWED);
    }
    communicado(&["agent", "forbid"]).expect(0, "", "note: publishing was not enabled\n");
    communicado(&["agent", "status"]).expect(
        1,
        "allowed  nothing; run: communicado agent allow --help\nagent    not running\n",
        "",
    );
}

#[test]
fn without_systemd_an_autostart_entry_starts_the_agent() {
    const ENTRY: &str = ".config/autostart/communicado-agent.desktop";
    // In an empty environment no systemd of a user answers.
    let mut install = communicado(&["agent", "install"]).with_file(CONSENT, consent("/token"));
    let result = install.run();
    let out =
        format!("written: [HOME]/{ENTRY}\nThe agent starts when you sign in the next time.\n");
    assert_eq!(result, RunResult { code: Some(0), out, err: String::new() });
    let entry = std::fs::read_to_string(install.path(ENTRY)).expect("the entry");
    let start = format!("\nExec=\"{}\" agent\n", env!("CARGO_BIN_EXE_communicado"));
    assert!(entry.starts_with("[Desktop Entry]\n") && entry.contains(&start), "{entry}");
    let mode = std::fs::metadata(install.path(ENTRY)).expect("the entry").permissions().mode();
    assert_eq!(mode & 0o777, 0o600);

    let mut uninstall = communicado(&["agent", "uninstall"]).env("HOME", install.path(""));
    let result = uninstall.run();
    assert_eq!((result.code, &*result.err), (Some(0), ""), "{result:?}");
    assert!(!install.path(ENTRY).exists());
}

#[test]
fn a_sink_is_enough_to_start_the_agent_at_sign_in() {
    let sink = r#"sinks.hook.run=["true"]"#;
    let result = communicado(&["agent", "install", "--set", sink]).run();
    assert_eq!((result.code, &*result.err), (Some(0), ""), "{result:?}");
}

#[test]
fn the_consent_is_explained_first_and_stored_privately() {
    let mut program = allow(URL, &["--yes"]);
    let result = program.run();
    let out = "communicado agent will publish to this gateway:\n  \
               gateway  https://presence.example.org\n  \
               as       ada, device laptop\n  \
               clients  all clients on this device\n  \
               data     the name of each client, its status, your availability in it,\n           \
                        and when these changed; no account names, no protocols, no notes\n  \
               never    messages, contacts, windows or keystrokes\n  \
               when     on every change, and three times per 60 s\n  \
               hours    always; at other times and in a pause, the gateway deletes this device\n\
               The administrator of the gateway decides who can read this data.\n\
               To stop publishing, run: communicado agent forbid\n";
    let err = "note: publishing is enabled; start `communicado agent` or its service\n";
    assert_eq!(result, RunResult { code: Some(0), out: out.to_owned(), err: err.to_owned() });
    let kept = std::fs::read_to_string(program.path(CONSENT)).expect("what was allowed");
    let mode = |name: &str| {
        let meta = std::fs::metadata(program.path(name)).expect(name);
        meta.permissions().mode() & 0o777
    };
    assert_eq!((mode(CONSENT), mode(".local/state/communicado/agent")), (0o600, 0o700));
    assert!(!kept.contains("cmt_secret"), "the token stays in its file: {kept}");
    let kept: Value = serde_json::from_str(&kept).expect("JSON");
    assert_eq!((&kept["person"], &kept["names"]), (&"ada".into(), &false.into()));
    assert_eq!(kept["token_file"], program.path("token").to_str().expect("a path"));
}

#[test]
fn the_explanation_names_hours_and_clients() {
    let more = [
        "--names",
        "--yes",
        "--client",
        "finch,pidgin",
        "--set",
        "agent.hours=Mon-Fri 08:00-18:00",
        "--set",
        "agent.lease=90s",
    ];
    let out = allow(URL, &more).expect_stdout(
        0,
        "note: publishing is enabled; start `communicado agent` or its service\n",
    );
    for words in [
        "  clients  finch, pidgin\n",
        "statuses, selected statuses and notes of your accounts\n",
        "three times per 90 s\n",
        "  hours    Mon-Fri 08:00-18:00; at other times",
    ] {
        assert!(out.contains(words), "{words}: {out}");
    }
}

#[test]
fn without_a_terminal_there_is_no_consent() {
    let mut program = allow(URL, &[]);
    let result = program.run();
    let err = "error: standard input is not a terminal, so the consent question cannot be asked\n  \
               help: read the text above, then add --yes to consent\n";
    assert_eq!((result.code, &*result.err), (Some(2), err));
    assert!(result.out.starts_with("communicado agent will publish to this gateway:\n"));
    assert!(!program.path(CONSENT).exists());
}

#[test]
fn an_insecure_gateway_address_is_refused() {
    let check = |url: &str, why: &str, help: &str| {
        let err = format!(
            "error: invalid value '{url}' for '<URL|NAME>': `{url}` is not an address of a gateway: {why}; \
             {help}\n\nFor more information, try '--help'.\n"
        );
        allow(url, &["--yes"]).expect(2, "", &err);
    };
    let example = "write it as https://presence.example.org";
    check("presence.example.org", "the scheme or the host is missing", example);
    check("ftp://example.org", "its scheme is not https", example);
    check(
        "http://example.org",
        "plain HTTP to another machine would send the token unencrypted",
        "use https",
    );
}

#[test]
fn an_invalid_person_id_is_refused() {
    let arguments = ["agent", "allow", URL, "--person", "Ada Lovelace", "--device", "laptop"];
    communicado(&[&arguments[..], &["--token-file", "token"]].concat()).expect(
        2,
        "",
        "error: invalid value 'Ada Lovelace' for '--person <ID>': an id has 1 to 64 \
         lower-case letters, digits, `.`, `_` and `-`, and starts with a letter or a digit\n\n\
         For more information, try '--help'.\n",
    );
}

#[test]
fn an_unusable_token_is_an_error_that_does_not_show_it() {
    let check = |token: Option<(&str, u32)>, verb: &str, cause: &str, help: &str| {
        let arguments = ["agent", "allow", URL, "--token-file", "token", "--yes"];
        let mut program = communicado(&[&arguments[..], &WHO].concat());
        if let Some((token, mode)) = token {
            program = program.with_file("token", token);
            let mode = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(program.path("token"), mode).expect("the token's file");
        }
        let err = format!(
            "error: cannot {verb} the token file `[HOME]/token`\n  cause: {cause}\n  help: {help}\n"
        );
        program.expect(5, "", &err);
    };
    let named = "name a file that you may read: communicado agent allow --help";
    let alone = "write the token as the only line of the file, as the gateway printed it";
    check(None, "read", "No such file or directory (os error 2)", named);
    let mode = "run: chmod 600 [HOME]/token";
    check(Some(("cmt_secret", 0o644)), "read", "other users may read it", mode);
    check(Some(("\n", 0o600)), "use", "the token is empty", alone);
    let foreign = "the token has invalid characters";
    check(Some(("my secret\ncmt_secret\n", 0o600)), "use", foreign, alone);
}

#[test]
fn an_invalid_consent_file_is_an_error() {
    let check = |kept: &str, cause: &str| {
        let err = format!(
            "error: cannot read your consent from `[HOME]/{CONSENT}`\n  cause: {cause}\n  \
             help: consent again: communicado agent allow --help\n"
        );
        communicado(&["agent"]).with_file(CONSENT, kept).expect(1, "", &err);
    };
    check("{", "EOF while parsing an object at line 1 column 1");
    check("{\"v\":2}", "its version is unknown");
    check("{\"v\":1}", "`names` is missing or not a boolean");
    let plain = consent("/token").replace("https:", "http:");
    check(
        &plain,
        "`http://presence.example.org` is not an address of a gateway: plain HTTP to another \
         machine would send the token unencrypted",
    );
}

#[test]
fn an_agent_without_its_token_does_not_start() {
    communicado(&["agent"]).with_file(CONSENT, consent("/nowhere/token")).expect(
        5,
        "",
        "error: cannot read the token file `/nowhere/token`\n  \
         cause: No such file or directory (os error 2)\n  \
         help: name a file that you may read: communicado agent allow --help\n",
    );
}

#[test]
fn a_pause_is_stored_for_the_next_agent() {
    let result = communicado(&["agent", "pause"]).with_file(CONSENT, consent("/token")).run();
    let err = "note: paused until you resume; the agent is not running\n";
    assert_eq!(result, RunResult { code: Some(0), out: String::new(), err: err.to_owned() });
    let mut program = communicado(&["agent", "pause", "1h"]).with_file(CONSENT, consent("/token"));
    let result = program.run();
    assert!(result.err.starts_with("note: paused until "), "{}", result.err);
    assert!(program.path(PAUSE).exists());
    communicado(&["agent", "resume"])
        .with_file(CONSENT, consent("/token"))
        .with_file(PAUSE, "{\"v\":1,\"until\":null}")
        .expect(0, "", "note: the pause is over; the agent is not running\n");
    communicado(&["agent", "resume"]).with_file(CONSENT, consent("/token")).expect(
        0,
        "",
        "note: there was no pause; the agent is not running\n",
    );
}

#[test]
fn status_prints_the_consent_without_a_running_agent() {
    let status = |json: &[&str]| {
        communicado(&[&["agent", "status"], json].concat())
            .env("TZ", "UTC")
            .with_file(CONSENT, consent("/token"))
            .with_file(PAUSE, "{\"v\":1,\"until\":null}")
            .with_file(
                ".config/communicado/config.toml",
                "[agent]\nhours = \"Mon-Fri 08:00-18:00\"\n",
            )
    };
    let out = status(&[]).expect_stdout(1, "");
    let (first, rest) = out.split_once('\n').expect("a line");
    // The time of day, with or without its date.
    assert!(first.starts_with("allowed  statuses, no account names, no notes, since "), "{first}");
    assert!(first.ends_with("12:00"), "{first}");
    assert_eq!(
        rest,
        "gateway  https://presence.example.org\nas       ada, device laptop\n\
         agent    not running\npause    paused until you resume\nhours    Mon-Fri 08:00-18:00\n"
    );
    let object: Value =
        serde_json::from_str(&status(&["--json"]).expect_stdout(1, "")).expect("JSON");
    let expected = json!({
        "v": 1, "allowed": true, "gateway": URL, "person": "ada", "device": "laptop",
        "names": false, "runs": false, "sinks": [], "standing": null, "since": null, "silent": true,
        "until": null, "because": null, "help": null,
    });
    assert_eq!(object, expected);
}

#[test]
fn doctor_checks_the_agent() {
    let doctor = |consent: &str| {
        let mut program = communicado(&["doctor"])
            .with_file(CONSENT, consent)
            .with_file(".local/state/communicado/agent/run/lock", "");
        program.run().out
    };
    let out = doctor(&consent("/token"));
    let idle = "\n--  agent: publishing is enabled, but the agent is not running\n    help: start `communicado agent` or its service\n";
    assert!(out.contains(idle), "{out}");
    let out = doctor("{");
    let unreadable =
        "\n!!  agent: your consent cannot be read\n    help: run `communicado agent status`\n";
    assert!(out.contains(unreadable), "{out}");
    assert!(!communicado(&["doctor"]).run().out.contains("agent:"), "nothing was allowed");
}

#[test]
fn invalid_hours_and_leases_are_errors_with_their_line() {
    let check = |line: &str, what: &str, help: &str| {
        let file = format!("[agent]\n{line}\n");
        let err = format!(
            "error: [HOME]/.config/communicado/config.toml, line 2: {what}\n  help: {help}\n"
        );
        communicado(&["agent"])
            .with_file(".config/communicado/config.toml", file)
            .expect(2, "", &err);
    };
    let hours = "write hours such as \"Mon-Thu 08:00-18:00, Fri 08:00-14:00\"";
    check(
        "hours = \"Mon-Fry 08:00-18:00\"",
        "`hours` is `Mon-Fry 08:00-18:00`: `Fry` is not a day; use one of: Mon, Tue, Wed, Thu, Fri, Sat, Sun",
        hours,
    );
    check(
        "hours = \"always\"",
        "`hours` is `always`: `always` is not a range such as 08:00-18:00",
        hours,
    );
    check("hours = 8", "`hours` is a whole number", "write hours such as \"Mon-Fri 08:00-18:00\"");
    let lease = "write a duration such as \"60s\", from 5 s to 10 min";
    check("lease = \"4s\"", "`lease` is `4s`, which is out of range", lease);
    check("lease = \"1h\"", "`lease` is `1h`, which is out of range", lease);
    check(
        "lease = \"soon\"",
        "`lease` is `soon`, not a duration such as `30s`, `500ms` or `1m 30s`",
        lease,
    );
    check("leas = \"60s\"", "`agent` has no setting `leas`", "did you mean `lease`?");
    communicado(&["agent", "--set", "agent=on"]).expect(
        2,
        "",
        "error: `--set agent=on`: `agent` is a section, not a value\n  help: write the section as [agent]\n",
    );
}

#[test]
fn unknown_agent_commands_and_values_get_suggestions() {
    let usage = "\n\nFor more information, try '--help'.\n";
    communicado(&["agent", "alow"]).expect(
        2,
        "",
        &format!(
            "error: unrecognized subcommand 'alow'\n\n  tip: a similar subcommand exists: \
             'allow'\n\nUsage: communicado agent [OPTIONS]\n       communicado agent \
             <COMMAND>{usage}"
        ),
    );
    let out = communicado(&["agent", "set", "bussy"]).run();
    assert_eq!(out.code, Some(2));
    assert!(out.err.contains("  tip: a similar value exists: 'busy'\n"), "{}", out.err);
    assert!(out.err.contains("other, signed-out]\n"), "{}", out.err);
    communicado(&["agent", "set", "away", "--returns", "soon"]).expect(
        2,
        "",
        &format!(
            "error: invalid value 'soon' for '--returns <TIME>': `soon` is not a time such as `15:30` or `2026-11-27 15:30`{usage}"
        ),
    );
}

#[test]
fn an_unusable_state_directory_is_an_error() {
    let mut program = communicado(&["agent"]);
    program.command().env("HOME", "relative");
    program.expect(
        5,
        "",
        "error: cannot find the folder for the agent's state\n  \
         cause: neither XDG_STATE_HOME nor HOME is an absolute path\n  help: set HOME to your home folder\n",
    );
    communicado(&["agent"]).with_file(".local", "").expect(
        5,
        "",
        "error: cannot use the agent's folder `[HOME]/.local/state/communicado/agent`\n  \
         cause: Not a directory (os error 20)\n  \
         help: free disk space, fix the folder's owner, or set XDG_STATE_HOME\n",
    );
}

//! What `agent` says without a gateway: before anything is allowed, to wrong input, and of itself.
//!
//! What it says beside gateways is in `conformance/agent/`.

use std::os::unix::fs::PermissionsExt as _;

use serde_json::{Value, json};

use crate::program::{Gave, Program, communicado};

const URL: &str = "https://presence.example.org";
const WHO: [&str; 4] = ["--person", "ada", "--device", "laptop"];
const CONSENT: &str = ".local/state/communicado/agent/consent.json";
const PAUSE: &str = ".local/state/communicado/agent/pause.json";
const NOT_ALLOWED: &str = "error: nothing may be published\n  cause: you have not allowed it\n  \
                           help: read what would be told, and allow it: communicado agent allow \
                           URL --person ID --device NAME --token-file FILE\n";

/// `agent allow` with a token that only its owner may read.
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

/// What was allowed, as it is kept.
fn consent(token: &str) -> String {
    json!({
        "v": 1, "gateway": URL, "person": "ada", "device": "laptop", "token_file": token,
        "ca": null, "names": false, "given": "2026-11-25T12:00:00.000000Z",
    })
    .to_string()
}

#[test]
fn before_anything_is_allowed_nothing_is_done_and_it_is_said_how() {
    for task in [&[][..], &["pause", "1h"], &["resume"], &["set", "away"], &["clear"]] {
        communicado(&[&["agent"], task].concat()).gives(1, "", NOT_ALLOWED);
    }
    communicado(&["agent", "forbid"]).gives(0, "", "note: nothing was allowed\n");
    communicado(&["agent", "status"]).gives(
        1,
        "allowed  nothing: see `communicado agent allow --help`\nagent    does not run\n",
        "",
    );
}

#[test]
fn what_is_allowed_is_said_before_and_kept_for_nobody_else() {
    let mut program = allow(URL, &["--yes"]);
    let gave = program.run();
    let out = "communicado agent may then tell this gateway\n  \
               gateway  https://presence.example.org\n  \
               as       ada, of the device laptop\n  \
               clients  every client that is found here\n  \
               what     its name, whether it runs and is signed in, how reachable you are in it,\n           \
                        and since when; not your accounts: neither names nor protocols\n  \
               never    messages, contacts, windows, or what you type\n  \
               when     at once on a change, and again three times in 60 s\n  \
               hours    whenever it runs; outside of them, and in a pause, it has the gateway \
               forget the device\n\
               Who reads it there is for the gateway to say: ask who runs it.\n\
               You take it back with `communicado agent forbid`.\n";
    let err = "note: allowed; start `communicado agent`, or its service\n";
    assert_eq!(gave, Gave { code: Some(0), out: out.to_owned(), err: err.to_owned() });
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
fn names_hours_and_clients_are_said_as_they_are() {
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
    let out =
        allow(URL, &more).prints(0, "note: allowed; start `communicado agent`, or its service\n");
    for words in [
        "  clients  finch, pidgin\n",
        "your accounts: names, protocols, statuses, and what you chose in them\n",
        "three times in 90 s\n",
        "  hours    Mon-Fri 08:00-18:00; outside of them",
    ] {
        assert!(out.contains(words), "{words}: {out}");
    }
}

#[test]
fn without_a_terminal_to_ask_on_nothing_is_allowed() {
    let mut program = allow(URL, &[]);
    let gave = program.run();
    let err = "error: there is no terminal to ask you on\n  \
               help: if you have read what it means, say so with --yes\n";
    assert_eq!((gave.code, &*gave.err), (Some(2), err));
    assert!(gave.out.starts_with("communicado agent may then tell this gateway\n"));
    assert!(!program.path(CONSENT).exists());
}

#[test]
fn an_address_over_which_no_token_may_go_is_refused() {
    let check = |url: &str, why: &str, help: &str| {
        let err = format!(
            "error: invalid value '{url}' for '<URL>': `{url}` is not an address of a gateway: {why}; \
             {help}\n\nFor more information, try '--help'.\n"
        );
        allow(url, &["--yes"]).gives(2, "", &err);
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
fn a_name_that_no_gateway_takes_is_refused() {
    let arguments = ["agent", "allow", URL, "--person", "Ada Lovelace", "--device", "laptop"];
    communicado(&[&arguments[..], &["--token-file", "token"]].concat()).gives(
        2,
        "",
        "error: invalid value 'Ada Lovelace' for '--person <ID>': an id has 1 to 64 \
         lower-case letters, digits, `.`, `_` and `-`, and starts with a letter or a digit\n\n\
         For more information, try '--help'.\n",
    );
}

#[test]
fn a_token_that_cannot_be_used_is_told_and_not_shown() {
    let check = |token: Option<(&str, u32)>, what: &str, cause: &str, help: &str| {
        let arguments = ["agent", "allow", URL, "--token-file", "token", "--yes"];
        let mut program = communicado(&[&arguments[..], &WHO].concat());
        if let Some((token, mode)) = token {
            program = program.with_file("token", token);
            let mode = std::fs::Permissions::from_mode(mode);
            std::fs::set_permissions(program.path("token"), mode).expect("the token's file");
        }
        let err = format!(
            "error: the token file `[HOME]/token` {what}\n  cause: {cause}\n  help: {help}\n"
        );
        program.gives(5, "", &err);
    };
    let named = "name a file that is there and that you may read, or allow it again with another";
    let alone = "write the token as the only line of the file, as the gateway printed it";
    check(None, "cannot be read", "No such file or directory (os error 2)", named);
    let mode = "take their right away: chmod 600 [HOME]/token";
    check(Some(("cmt_secret", 0o644)), "cannot be read", "others may read it", mode);
    check(Some(("\n", 0o600)), "is not usable", "the token is empty", alone);
    let foreign = "the token has characters that a token cannot have";
    check(Some(("my secret\ncmt_secret\n", 0o600)), "is not usable", foreign, alone);
}

#[test]
fn a_permission_that_cannot_be_read_is_none() {
    let check = |kept: &str, cause: &str| {
        let err = format!(
            "error: what you allowed cannot be read from `[HOME]/{CONSENT}`\n  cause: {cause}\n  \
             help: allow it again: communicado agent allow --help\n"
        );
        communicado(&["agent"]).with_file(CONSENT, kept).gives(1, "", &err);
    };
    check("{", "EOF while parsing an object at line 1 column 1");
    check("{\"v\":2}", "it is of a version that is not known here");
    check("{\"v\":1}", "it does not say `names`");
    let plain = consent("/token").replace("https:", "http:");
    check(
        &plain,
        "`http://presence.example.org` is not an address of a gateway: plain HTTP to another \
         machine would send the token unencrypted",
    );
}

#[test]
fn an_agent_without_its_token_does_not_begin() {
    communicado(&["agent"]).with_file(CONSENT, consent("/nowhere/token")).gives(
        5,
        "",
        "error: the token file `/nowhere/token` cannot be read\n  \
         cause: No such file or directory (os error 2)\n  \
         help: name a file that is there and that you may read, or allow it again with another\n",
    );
}

#[test]
fn a_pause_is_kept_for_the_next_agent() {
    let gave = communicado(&["agent", "pause"]).with_file(CONSENT, consent("/token")).run();
    let err = "note: paused until you resume; no agent runs now\n";
    assert_eq!(gave, Gave { code: Some(0), out: String::new(), err: err.to_owned() });
    let mut program = communicado(&["agent", "pause", "1h"]).with_file(CONSENT, consent("/token"));
    let gave = program.run();
    assert!(gave.err.starts_with("note: paused until "), "{}", gave.err);
    assert!(program.path(PAUSE).exists());
    communicado(&["agent", "resume"])
        .with_file(CONSENT, consent("/token"))
        .with_file(PAUSE, "{\"v\":1,\"until\":null}")
        .gives(0, "", "note: the pause has ended; no agent runs now\n");
    communicado(&["agent", "resume"]).with_file(CONSENT, consent("/token")).gives(
        0,
        "",
        "note: there was no pause; no agent runs now\n",
    );
}

#[test]
fn the_status_says_what_is_allowed_whether_an_agent_runs_or_not() {
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
    let out = status(&[]).prints(1, "");
    let (first, rest) = out.split_once('\n').expect("a line");
    // The time of the day, or with its date.
    assert!(first.starts_with("allowed  statuses, no account names, since "), "{first}");
    assert!(first.ends_with("12:00"), "{first}");
    assert_eq!(
        rest,
        "gateway  https://presence.example.org\nas       ada, of the device laptop\n\
         agent    does not run\npause    paused until you resume\nhours    Mon-Fri 08:00-18:00\n"
    );
    let object: Value = serde_json::from_str(&status(&["--json"]).prints(1, "")).expect("JSON");
    let expected = json!({
        "v": 1, "allowed": true, "gateway": URL, "person": "ada", "device": "laptop",
        "names": false, "runs": false, "standing": null, "since": null, "silent": true,
        "until": null, "because": null, "help": null,
    });
    assert_eq!(object, expected);
}

#[test]
fn the_doctor_looks_at_an_agent_that_may_publish() {
    let doctor = |consent: &str| {
        let mut program = communicado(&["doctor"])
            .with_file(CONSENT, consent)
            .with_file(".local/state/communicado/agent/run/lock", "");
        program.run().out
    };
    let out = doctor(&consent("/token"));
    let idle = "\n--  agent: it may publish, and does not run\n    do: start `communicado agent`, or \
                its service\n";
    assert!(out.contains(idle), "{out}");
    let out = doctor("{");
    let unreadable = "\n!!  agent: what you allowed cannot be read\n    do: see why: communicado \
                      agent status\n";
    assert!(out.contains(unreadable), "{out}");
    assert!(!communicado(&["doctor"]).run().out.contains("agent"), "nothing was allowed");
}

#[test]
fn hours_and_leases_that_are_none_are_told_with_their_line() {
    let check = |line: &str, what: &str, help: &str| {
        let file = format!("[agent]\n{line}\n");
        let err = format!(
            "error: [HOME]/.config/communicado/config.toml, line 2: {what}\n  help: {help}\n"
        );
        communicado(&["agent"])
            .with_file(".config/communicado/config.toml", file)
            .gives(2, "", &err);
    };
    let hours = "write them as \"Mon-Thu 08:00-18:00, Fri 08:00-14:00\"";
    check(
        "hours = \"Mon-Fry 08:00-18:00\"",
        "`hours` is `Mon-Fry 08:00-18:00`: `Fry` is no day; one of: Mon, Tue, Wed, Thu, Fri, Sat, Sun",
        hours,
    );
    check(
        "hours = \"always\"",
        "`hours` is `always`: `always` is no span such as 08:00-18:00",
        hours,
    );
    check("hours = 8", "`hours` is a whole number", "write hours such as \"Mon-Fri 08:00-18:00\"");
    let lease = "write it as \"60s\", from 5 s to 10 min";
    check("lease = \"4s\"", "`lease` is `4s`, which is too short or too long", lease);
    check("lease = \"1h\"", "`lease` is `1h`, which is too short or too long", lease);
    check(
        "lease = \"soon\"",
        "`lease` is `soon`, no span of time such as `30s`, `500ms` or `1m 30s`",
        lease,
    );
    check("leas = \"60s\"", "`agent` has no setting `leas`", "did you mean `lease`?");
    communicado(&["agent", "--set", "agent=on"]).gives(
        2,
        "",
        "error: `--set agent=on`: `agent` is a section, not a value\n  help: write it as [agent]\n",
    );
}

#[test]
fn wrong_tasks_and_words_are_answered_with_what_there_is() {
    let usage = "\n\nFor more information, try '--help'.\n";
    communicado(&["agent", "alow"]).gives(
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
    communicado(&["agent", "set", "away", "--returns", "soon"]).gives(
        2,
        "",
        &format!(
            "error: invalid value 'soon' for '--returns <TIME>': `soon` is no time such as 15:30 \
             or 2026-11-27 15:30{usage}"
        ),
    );
}

#[test]
fn without_a_place_to_keep_things_it_is_said() {
    let mut program = communicado(&["agent"]);
    program.command().env_remove("HOME");
    program.gives(
        5,
        "",
        "error: there is no place to keep what you allow\n  \
         cause: neither XDG_STATE_HOME nor HOME is set\n  help: set HOME\n",
    );
    communicado(&["agent"]).with_file(".local", "").gives(
        5,
        "",
        "error: the agent's folder `[HOME]/.local/state/communicado/agent` cannot be used\n  \
         cause: Not a directory (os error 20)\n  \
         help: make room there, or correct whose it is; see XDG_STATE_HOME\n",
    );
}

//! No bus, and addresses behind which there is none.

use std::os::unix::net::UnixListener;
use std::time::Duration;

use crate::program::{Gave, Program, communicado};

const NO_BUS: &str = "error: source `purple` failed\n  \
                      cause: there is no session bus: neither DBUS_SESSION_BUS_ADDRESS nor \
                      XDG_RUNTIME_DIR is set\n  \
                      help: run communicado inside the desktop session, or set \
                      DBUS_SESSION_BUS_ADDRESS to the address of its bus\n";
const UNKNOWN: &str = "chatty  unknown        source-lost
finch   unknown        source-lost
pidgin  unknown        source-lost
";
const CHECK: &str = "  help: check that the desktop session is running, and that \
                     DBUS_SESSION_BUS_ADDRESS names its bus\n";

#[test]
fn without_a_bus_nothing_can_be_told_and_the_reason_is_told_once() {
    communicado::<&str>(&[]).gives(3, UNKNOWN, NO_BUS);
    communicado(&["status"]).gives(3, UNKNOWN, NO_BUS);
    communicado(&["is", "signed-in"]).gives(3, "", NO_BUS);
    communicado(&["is", "unknown"]).gives(0, "", NO_BUS);
    let json = communicado(&["status", "--json", "--client", "finch"]).prints(3, NO_BUS);
    let line: serde_json::Value = serde_json::from_str(&json).expect("one line of JSON");
    assert_eq!((&line["status"], &line["reason"]), (&"unknown".into(), &"source-lost".into()));
}

#[test]
fn a_client_that_nobody_knows_is_told_beside_the_answer() {
    let note = |rest: &str| format!("{NO_BUS}note: no source here sees a client `{rest}\n");
    let near = note("finhc` now; did you mean `finch`?");
    communicado(&["status", "--client", "finhc"]).gives(3, "", &near);
    communicado(&["is", "running", "--client", "finhc"]).gives(3, "", &near);
    let finch = "finch   unknown        source-lost\n";
    communicado(&["--client", "finch,nobody"]).gives(3, finch, &note("nobody` now"));
}

#[test]
fn without_a_bus_a_wait_ends_in_time_and_says_that_it_tries_again() {
    // Longer than the first two attempts.
    let Gave { code, out, err } = communicado(&["wait", "signed-in", "--timeout", "900ms"]).run();
    assert_eq!((code, &*out), (Some(4), ""));
    let (told, rest) = err.split_at_checked(NO_BUS.len()).unwrap_or((&err, ""));
    assert_eq!(told, NO_BUS);
    assert!(rest.starts_with("  meanwhile: retrying in "), "{err}");
    assert!(rest.ends_with(" ms; its clients are `unknown`\n"), "{err}");
    assert_eq!(rest.lines().count(), 1, "{err}");
}

#[test]
fn without_a_bus_sources_and_doctor_say_what_to_do() {
    communicado(&["doctor"]).gives(
        1,
        "ok  configuration: the defaults, since there is no \
         [HOME]/.config/communicado/config.toml\n\
         !!  session bus: there is no session bus: neither DBUS_SESSION_BUS_ADDRESS nor \
         XDG_RUNTIME_DIR is set\n    do: run communicado inside the desktop session, or set \
         DBUS_SESSION_BUS_ADDRESS to the address of its bus\n\
         --  provider: without a session bus there is none\n\
         something is wrong; see `!!` above\n",
        "",
    );
    communicado(&["sources"]).gives(
        0,
        "purple: Pidgin, Finch, Chatty and other libpurple 2 clients, over D-Bus\n  \
         sees: life, sign-in, presence, accounts, saved status\n  \
         clients: finch, pidgin, chatty\n  \
         here: session bus: there is no session bus: neither DBUS_SESSION_BUS_ADDRESS nor \
         XDG_RUNTIME_DIR is set\n    \
         help: run communicado inside the desktop session, or set DBUS_SESSION_BUS_ADDRESS to \
         the address of its bus\n  \
         blind: a client that was started without a bus, or for another one, is not seen\n  \
         blind: a client whose network went silent says so after 150 s, when its own check \
         fails\n  \
         blind: SIMPLE accounts do not notice that their server has gone\n\
         provider: communicado's own provider (`communicado provide`), over D-Bus\n  \
         sees: life, sign-in, presence, accounts\n  \
         here: provider: without a session bus there is none\n  \
         blind: a provider that was started without a bus, or for another one, is not seen\n\
         lync: Lync, Skype for Business and whoever integrates with Office as they do, over COM\n  \
         here: no, it works on Windows only\n\
         communicator: Office Communicator 2007, R2 and whoever serves its Messenger class, over \
         COM\n  here: no, it works on Windows only\n\
         im-providers: Teams, Skype for Business, Jabber, Zoom and whoever keeps Office's \
         contract, by the registry\n  here: no, it works on Windows only\n",
        "",
    );
}

#[test]
fn an_address_that_nobody_answers_is_told_with_the_address() {
    let check = |address: &str, cause: &str| {
        let err = format!(
            "error: source `purple` failed\n  \
             cause: the session bus at `{address}` cannot be reached: {cause}\n{CHECK}"
        );
        communicado(&["status"]).env("DBUS_SESSION_BUS_ADDRESS", address).gives(3, UNKNOWN, &err);
    };
    check("unix:path=/no/bus", "No such file or directory (os error 2)");
    check("unix:path=/no/bus;unix:path=/no/other", "No such file or directory (os error 2)");
    check("tcp:host=127.0.0.1,port=1", "Connection refused (os error 111)");
    check("unixexec:path=/bin/false", "address error: unsupported transport 'unixexec'");
    check(";", "it is empty");
    let no_address = "address error: Invalid address. See \
                      https://dbus.freedesktop.org/doc/dbus-specification.html#addresses";
    check("nonsense", no_address);
    check("unix:path=", no_address);
}

#[test]
fn an_address_that_is_no_text_is_told() {
    use std::os::unix::ffi::OsStrExt as _;
    let address = std::ffi::OsStr::from_bytes(b"unix:path=/\xff");
    let gave = communicado(&["status"]).env("DBUS_SESSION_BUS_ADDRESS", address).run();
    assert_eq!((gave.code, &*gave.out), (Some(3), UNKNOWN), "{gave:?}");
}

/// The program with the address of somebody who accepts and never speaks.
fn silent(arguments: &[&str]) -> (UnixListener, Program) {
    let program = communicado(arguments);
    let socket = program.path("silent");
    let listener = UnixListener::bind(&socket).expect("a socket");
    let address = format!("unix:path={}", socket.display());
    (listener, program.env("DBUS_SESSION_BUS_ADDRESS", address))
}

#[test]
fn an_address_that_accepts_and_never_speaks_is_given_up() {
    let (_listener, status) = silent(&["status"]);
    status.gives(
        3,
        UNKNOWN,
        &format!(
            "error: source `purple` failed\n  cause: the session bus at \
             `unix:path=[HOME]/silent` cannot be reached: it did not answer within 5 s\n{CHECK}"
        ),
    );
}

#[test]
fn a_bus_that_never_speaks_does_not_make_a_short_wait_long() {
    let (_listener, mut wait) = silent(&["wait", "running", "--timeout", "200ms"]);
    let before = now();
    assert_eq!(wait.run(), Gave { code: Some(4), out: String::new(), err: String::new() });
    assert!(now() - before < Duration::from_secs(4), "it took {:?}", now() - before);
}

#[expect(clippy::disallowed_methods, reason = "a test of the real world")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}

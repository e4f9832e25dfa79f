//! A missing bus, and addresses without a bus.

use std::os::unix::net::UnixListener;
use std::time::Duration;

use communicado_sources::SOURCES;

use crate::program::{Program, RunResult, communicado};

const NO_BUS: &str = "error: source `purple` failed\n  \
                      cause: there is no session bus: DBUS_SESSION_BUS_ADDRESS is `disabled:`\n  \
                      help: run communicado inside the desktop session, or set \
                      DBUS_SESSION_BUS_ADDRESS to the address of its bus\n";
const UNKNOWN: &str = "chatty  unknown        source-lost
finch   unknown        source-lost
pidgin  unknown        source-lost
";
const CHECK: &str = "  help: check that the desktop session is running, and that \
                     DBUS_SESSION_BUS_ADDRESS names its bus\n";

#[test]
fn without_a_bus_the_status_is_unknown_and_the_reason_is_printed_once() {
    communicado::<&str>(&[]).expect(3, UNKNOWN, NO_BUS);
    communicado(&["status"]).expect(3, UNKNOWN, NO_BUS);
    communicado(&["is", "signed-in"]).expect(3, "", NO_BUS);
    communicado(&["is", "unknown"]).expect(0, "", NO_BUS);
    let json = communicado(&["status", "--json", "--client", "finch"]).expect_stdout(3, NO_BUS);
    let line: serde_json::Value = serde_json::from_str(&json).expect("one line of JSON");
    assert_eq!((&line["status"], &line["reason"]), (&"unknown".into(), &"source-lost".into()));
}

#[test]
fn an_unknown_client_gets_a_note() {
    let note = |rest: &str| format!("{NO_BUS}note: no source reports a client `{rest}\n");
    let near = note("finhc`; did you mean `finch`?");
    communicado(&["status", "--client", "finhc"]).expect(3, "", &near);
    communicado(&["is", "running", "--client", "finhc"]).expect(3, "", &near);
    let finch = "finch   unknown        source-lost\n";
    communicado(&["--client", "finch,nobody"]).expect(3, finch, &note("nobody`"));
}

#[test]
fn without_a_bus_a_wait_times_out_and_announces_a_retry() {
    // The timeout is longer than the first two attempts.
    let RunResult { code, out, err } =
        communicado(&["wait", "signed-in", "--timeout", "900ms"]).run();
    assert_eq!((code, &*out), (Some(4), ""));
    let (error, rest) = err.split_at_checked(NO_BUS.len()).unwrap_or((&err, ""));
    assert_eq!(error, NO_BUS);
    assert!(rest.starts_with("  meanwhile: retrying in "), "{err}");
    assert!(rest.ends_with(" ms; its clients are `unknown`\n"), "{err}");
    assert_eq!(rest.lines().count(), 1, "{err}");
}

#[test]
fn without_a_bus_sources_and_doctor_print_advice() {
    let doctor = format!(
        "ok  configuration: defaults, because [HOME]/.config/communicado/config.toml does not exist\n\
         ok  program: {}, built by cargo in this folder\n\
         !!  session bus: there is no session bus: DBUS_SESSION_BUS_ADDRESS is `disabled:`\n    \
         help: run communicado inside the desktop session, or set \
         DBUS_SESSION_BUS_ADDRESS to the address of its bus\n\
         --  provider: not running: there is no session bus\n\
         problems found: see the lines marked `!!`\n",
        env!("CARGO_BIN_EXE_communicado")
    );
    communicado(&["doctor"]).expect(1, &doctor, "");
    let elsewhere = SOURCES.iter().filter(|source| !source.runs_here()).map(|source| {
        let platform = source.platform.name();
        format!("{}: {}\n  here: no, this source needs {platform}\n", source.name, source.about)
    });
    communicado(&["sources"]).expect(
        0,
        &format!(
            "purple: Pidgin, Finch, Chatty and other libpurple 2 clients, over D-Bus\n  \
             observes: life, sign-in, presence, accounts, saved status\n  \
             clients: finch, pidgin, chatty\n  \
             here: session bus: there is no session bus: DBUS_SESSION_BUS_ADDRESS is `disabled:`\n    \
             help: run communicado inside the desktop session, or set DBUS_SESSION_BUS_ADDRESS to \
             the address of its bus\n  \
             limitation: a client that is not on this bus is `unknown`; `watch` searches \
             for it twice a minute\n  \
             limitation: a client reports a silent network after 150 s, when its keepalive fails\n  \
             limitation: SIMPLE accounts do not report the loss of their server\n\
             provider: communicado's own provider (`communicado provide`), over D-Bus\n  \
             observes: life, sign-in, presence, accounts\n  \
             here: provider: not running: there is no session bus\n  \
             limitation: a provider that was started without a bus, or for another bus, is not \
             visible\n\
             desktop: Slack, Zoom, Element, Signal and other desktop clients: whether they run\n  \
             observes: life\n  \
             here: no, the configuration has no source of this kind\n  \
             limitation: it cannot see a sign-in or a presence: a client that runs is `unknown`\n  \
             limitation: a client without a connection to the session bus is found only at the \
             start of the source\n  \
             limitation: every program that connects to the session bus wakes the source up\n\
             {}\
             lines: any program that writes JSON lines, such as `communicado watch --json` over ssh\n  \
             observes: life, sign-in, presence, accounts, saved status\n  \
             here: no, the configuration has no source of this kind\n  \
             limitation: Communicado reports what the program writes, and cannot check it\n  \
             limitation: every command that reads a status starts the program, and ends it \
             afterwards\n\
             mqtt: teams-for-linux and other clients that publish their state to an MQTT broker\n  \
             observes: life, sign-in, presence\n  \
             here: no, the configuration has no source of this kind\n  \
             limitation: a status counts only when the client publishes it while the source is \
             connected\n  \
             limitation: teams-for-linux reads its status from the page of Teams and never reports \
             a sign-out\n  \
             limitation: a client that is not connected to the broker is `unknown`\n\
             xmpp: accounts of an XMPP server, whatever client they use\n  \
             observes: sign-in, presence, accounts\n  \
             here: no, the configuration has no source of this kind\n  \
             limitation: it reports what the server says: a client that died can stay signed in \
             for 5 to 10 minutes\n  \
             limitation: it sees accounts, not programs: a client that runs without a sign-in is \
             `signed-out`\n  \
             limitation: an account must let the source see its presence; until then it is \
             `unknown`\n  \
             limitation: with `own-account`, your contacts see you online while Communicado runs\n  \
             limitation: it reads no SRV record of DNS, and knows no SCRAM with a channel binding\n",
            elsewhere.collect::<String>()
        ),
        "",
    );
}

#[test]
fn an_unreachable_address_is_named_in_the_error() {
    let check = |address: &str, cause: &str| {
        let err = format!(
            "error: source `purple` failed\n  \
             cause: cannot connect to the session bus at `{address}`: {cause}\n{CHECK}"
        );
        communicado(&["status"]).env("DBUS_SESSION_BUS_ADDRESS", address).expect(3, UNKNOWN, &err);
    };
    check("unix:path=/no/bus", "No such file or directory (os error 2)");
    check("unix:path=/no/bus;unix:path=/no/other", "No such file or directory (os error 2)");
    check("tcp:host=127.0.0.1,port=1", "Connection refused (os error 111)");
    check("unixexec:path=/bin/false", "address error: unsupported transport 'unixexec'");
    check(";", "the address is empty");
    let no_address = "address error: Invalid address. See \
                      https://dbus.freedesktop.org/doc/dbus-specification.html#addresses";
    check("nonsense", no_address);
    check("unix:path=", no_address);
}

#[test]
fn an_address_that_is_not_utf8_is_an_error() {
    use std::os::unix::ffi::OsStrExt as _;
    let address = std::ffi::OsStr::from_bytes(b"unix:path=/\xff");
    let result = communicado(&["status"]).env("DBUS_SESSION_BUS_ADDRESS", address).run();
    assert_eq!((result.code, &*result.out), (Some(3), UNKNOWN), "{result:?}");
}

/// The program with the address of a server that accepts connections and sends nothing.
fn silent(arguments: &[&str]) -> (UnixListener, Program) {
    let program = communicado(arguments);
    let socket = program.path("silent");
    let listener = UnixListener::bind(&socket).expect("a socket");
    let address = format!("unix:path={}", socket.display());
    (listener, program.env("DBUS_SESSION_BUS_ADDRESS", address))
}

#[test]
fn a_silent_bus_times_out() {
    let (_listener, status) = silent(&["status"]);
    status.expect(
        3,
        UNKNOWN,
        &format!(
            "error: source `purple` failed\n  cause: cannot connect to the session \
             bus at `unix:path=[HOME]/silent`: no response within 5 s\n{CHECK}"
        ),
    );
}

#[test]
fn a_silent_bus_does_not_delay_a_timeout() {
    let (_listener, mut wait) = silent(&["wait", "running", "--timeout", "200ms"]);
    let before = now();
    assert_eq!(wait.run(), RunResult { code: Some(4), out: String::new(), err: String::new() });
    assert!(now() - before < Duration::from_secs(4), "it took {:?}", now() - before);
}

#[expect(clippy::disallowed_methods, reason = "a test of the real world")]
fn now() -> std::time::Instant {
    std::time::Instant::now()
}

//! Clients that run and that the bus does not show.
//!
//! Clients of other tests run on other buses too. So a test finds its own client by its process.

use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use communicado_conformance::{
    Client, ClientKind, Communicado, ExpectOk as _, Process, TestSession, Watch, as_nobody,
    require, within,
};
use serde_json::Value;

/// The line of `doctor` about a client's process, with its advice.
#[track_caller]
pub(crate) fn finding(communicado: &Communicado, client: &Client) -> String {
    finding_of(communicado, client.id())
}

#[track_caller]
pub(crate) fn finding_of(communicado: &Communicado, process: u32) -> String {
    let report = communicado.run(&["doctor"]);
    assert_eq!(report.code, Some(1), "{report:?}");
    let process = format!("process {process} ");
    let line = report.out.lines().position(|line| line.contains(&process));
    let Some(line) = line else { panic!("no line about {process}: {report:?}") };
    report.out.lines().skip(line).take(2).collect::<Vec<_>>().join("\n")
}

/// Waits until the process of a client has become Finch or Pidgin.
#[track_caller]
pub(crate) fn until_it_runs(process: u32, name: &str) {
    within("the client runs", || (process_name(process)? == name).then_some(()));
}

fn process_name(process: u32) -> Option<String> {
    let name = std::fs::read_to_string(format!("/proc/{process}/comm")).ok()?;
    Some(name.trim_end().to_owned())
}

/// The age of a process, in seconds.
fn age(process: u32) -> f64 {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).expect_ok("read a process");
    let fields = stat.rsplit_once(')').expect_ok("find the fields").1;
    let start: f64 =
        fields.split_whitespace().nth(19).and_then(|it| it.parse().ok()).expect_ok("a start");
    let uptime = std::fs::read_to_string("/proc/uptime").expect_ok("read the uptime");
    let uptime: f64 = uptime.split(' ').next().and_then(|it| it.parse().ok()).expect_ok("a time");
    uptime - start / 100.0
}

#[track_caller]
pub(crate) fn assert_unknown(communicado: &Communicado, client: &str) {
    let status = communicado.run(&["status", "--client", client]);
    assert_eq!(status.code, Some(3), "{status:?}");
    assert!(status.out.contains("unknown"), "{status:?}");
}

#[test]
fn a_client_on_another_bus_is_unknown_and_its_bus_is_named() {
    let (mut other, session) = (TestSession::new(), TestSession::new());
    let finch = other.finch(&[]);
    finch.user();
    let communicado = session.communicado().with_other_buses();
    assert_unknown(&communicado, "finch");
    let address = other.bus().address();
    let finding = finding(&communicado, &finch);
    assert!(finding.contains(&format!("uses the bus at `{address}`")), "{finding}");
    assert!(finding.contains(&format!("DBUS_SESSION_BUS_ADDRESS='{address}'")), "{finding}");
    let there = communicado.on_bus(&address).run(&["doctor"]).out;
    assert!(there.contains("ok  client finch: it runs and responds"), "{there}");
}

#[test]
fn a_client_without_a_bus_is_unknown() {
    let session = TestSession::new();
    let finch = session.client_at("disabled:", ClientKind::Finch, &[]);
    let communicado = session.communicado().with_other_buses();
    until_it_runs(finch.id(), "finch");
    assert_unknown(&communicado, "finch");
    finding(&communicado, &finch);
}

#[test]
fn a_client_behind_a_filter_is_unknown_until_the_filter_lets_it_own_its_name() {
    require(&["xdg-dbus-proxy"]);
    let mut session = TestSession::new();
    let bus = session.bus().address();
    let check = |name: &str, own: &str| {
        let socket = session.folder().join(name);
        let proxy = Process::start(name, "xdg-dbus-proxy", session.folder(), |command| {
            command.arg(&bus).arg(&socket).args(["--filter", &format!("--own={own}")]);
        });
        within("the proxy listens", || UnixStream::connect(&socket).ok());
        let address = format!("unix:path={}", socket.display());
        (proxy, session.client_at(&address, ClientKind::Finch, &[]))
    };
    let communicado = session.communicado().with_other_buses();
    let (_refuses, finch) = check("refuses", "im.pidgin.Pidgin.*");
    until_it_runs(finch.id(), "finch");
    assert_unknown(&communicado, "finch");
    let finding = finding(&communicado, &finch);
    assert!(finding.contains("is behind a D-Bus proxy"), "{finding}");
    assert!(finding.contains("--own=im.pidgin.purple.PurpleService"), "{finding}");
    drop(finch);
    let mut watch = session.watch();
    watch.expect_all_absent();
    let (_permits, _finch) = check("permits", "im.pidgin.purple.PurpleService");
    watch.expect("finch", &["starting", "signed-out saved=available | no accounts"]);
    watch.end();
}

#[test]
fn a_client_that_is_just_starting_is_never_unknown() {
    for kind in [ClientKind::Finch, ClientKind::Pidgin] {
        let session = TestSession::new();
        let client = session.client(kind, &[]);
        let name = if matches!(kind, ClientKind::Finch) { "finch" } else { "pidgin" };
        until_it_runs(client.id(), name);
        for _ in 0..3 {
            let status = session.communicado().run(&["status", "--client", name]);
            assert!(!status.out.contains("absent"), "{status:?}");
            // On a busy machine a client may not join the bus in the time that it has.
            let is_late = age(client.id()) >= 10.0;
            assert!(is_late || !status.out.contains("unknown"), "{status:?}");
        }
    }
}

#[test]
fn a_client_that_is_starting_has_the_start_of_its_process() {
    let mut session = TestSession::new();
    let communicado = session.communicado();
    let read = |key: &str| {
        let status = communicado.run(&["status", "--client", "finch", "--json"]);
        let line: Value = serde_json::from_str(&status.out).expect_ok("read a line");
        (line["status"].clone(), line[key].as_str().map(str::to_owned))
    };
    let before = read("at").1;
    // The kernel rounds the start of a process down to 10 ms, and an answer takes longer.
    let _ = read("at");
    let bus = session.bus().address();
    let program = program_called(session.folder(), "finch");
    let process =
        Process::start("finch", &program.to_string_lossy(), session.folder(), |command| {
            command.stdin(Stdio::piped()).env("DBUS_SESSION_BUS_ADDRESS", bus);
        });
    until_it_runs(process.id(), "finch");
    let after = read("at").1;
    let (status, since) = read("since");
    // On a busy machine the time to start may be over.
    assert!(status == "starting" || age(process.id()) >= 10.0, "{status}");
    if status == "starting" {
        assert!(before <= since && since <= after, "{before:?}, {since:?}, {after:?}");
    } else {
        assert_eq!(since, None, "{status}");
    }
}

#[test]
fn a_client_that_starts_together_with_watch_is_starting_first() {
    for round in 0..4 {
        let kind = if round % 2 == 0 { ClientKind::Pidgin } else { ClientKind::Finch };
        let name = if matches!(kind, ClientKind::Finch) { "finch" } else { "pidgin" };
        let session = TestSession::new();
        // Either may come first.
        let (client, mut watch) = if round < 2 {
            (session.client(kind, &[]), session.watch())
        } else {
            let watch = session.watch();
            (session.client(kind, &[]), watch)
        };
        let started: &[&str] = &["starting", "signed-out saved=available | no accounts"];
        let absent = [&["absent"], started].concat();
        // A busy machine may start the watch last.
        watch.expect_either(name, &[started, &absent, &started[1..]]);
        watch.expect_all_absent_but(name);
        drop(client);
    }
}

/// The client is a program called `chatty`, because no other test has one.
#[test]
fn a_client_that_starts_later_on_another_bus_is_unknown_to_watch_too() {
    let (mut other, session) = (TestSession::new(), TestSession::new());
    let communicado = session.communicado().with_other_buses();
    let mut watch = Watch::start(&communicado, &["--set", "sources.purple.check=100ms"]);
    watch.expect("chatty", &["absent"]);
    let program = program_called(session.folder(), "chatty");
    let bus = other.bus().address();
    let mut chatty =
        Process::start("chatty", &program.to_string_lossy(), session.folder(), |command| {
            command.stdin(Stdio::piped()).env("DBUS_SESSION_BUS_ADDRESS", bus);
        });
    watch.expect("chatty", &["unknown reason=not-supported"]);
    assert_unknown(&communicado, "chatty");
    chatty.kill();
    watch.expect("chatty", &["absent"]);
    let status = communicado.run(&["status", "--client", "chatty"]);
    assert_eq!((status.code, &*status.out), (Some(0), "chatty  absent\n"), "{status:?}");
}

/// Flatpak runs its applications with `bwrap`, and describes them in `/.flatpak-info`.
#[test]
fn a_client_in_a_flatpak_is_unknown_and_the_remedy_has_the_id_of_the_application() {
    require(&["bwrap"]);
    let mut session = TestSession::new();
    let program = program_called(session.folder(), "pidgin");
    let info = session.folder().join("flatpak-info");
    let text = "[Application]\nname=im.pidgin.Pidgin\nruntime=runtime/org.gnome.Platform\n\n\
                [Instance]\ninstance-id=1\nname=not-this\n";
    std::fs::write(&info, text).expect_ok("describe an application");
    let bus = session.bus().address();
    let _sandbox = Process::start("flatpak", "bwrap", session.folder(), |command| {
        command.args(["--unshare-pid", "--proc", "/proc", "--dev", "/dev"]);
        command.args(["--ro-bind", "/usr", "/usr", "--symlink", "usr/bin", "/bin"]);
        command.args(["--symlink", "usr/lib", "/lib", "--symlink", "usr/lib64", "/lib64"]);
        command.arg("--ro-bind").args([session.folder(), session.folder()]);
        command.arg("--ro-bind").arg(&info).arg("/.flatpak-info");
        command.arg(&program).stdin(Stdio::piped()).env("DBUS_SESSION_BUS_ADDRESS", bus);
    });
    let communicado = session.communicado().with_other_buses();
    let report = within("the sandbox runs", || {
        let report = communicado.run(&["doctor"]);
        report.out.contains("is in the sandbox of Flatpak im.pidgin.Pidgin ").then_some(report)
    });
    let remedy = "flatpak override --user --own-name=im.pidgin.purple.PurpleService \
                  im.pidgin.Pidgin; then restart it";
    assert!(report.out.contains(remedy), "{report:?}");
    assert_unknown(&communicado, "pidgin");
}

/// A program with this name, which ends with its standard input.
fn program_called(folder: &Path, name: &str) -> PathBuf {
    let program = folder.join(name);
    let copy = Command::new("cp").arg("/bin/cat").arg(&program).status();
    assert!(copy.expect_ok("copy a program").success());
    program
}

#[test]
fn a_client_of_another_user_is_not_this_users() {
    let session = TestSession::new();
    let finch = program_called(session.folder(), "finch");
    std::fs::set_permissions(session.folder(), std::os::unix::fs::PermissionsExt::from_mode(0o711))
        .expect_ok("open the folder");
    let (program, words) = as_nobody();
    let process = Process::start("finch", program, session.folder(), |command| {
        command.args(words).arg(&finch).stdin(Stdio::piped());
    });
    // With `sudo`, the client is its child.
    let runs = || {
        let processes = std::fs::read_dir("/proc").ok()?;
        let mut numbers = processes.filter_map(|entry| entry.ok()?.file_name().into_string().ok());
        let program = |number: &str| std::fs::read_link(format!("/proc/{number}/exe")).ok();
        numbers.find(|number| program(number) == Some(finch.clone()))
    };
    let number = within("the client of another user runs", runs);
    let doctor = session.communicado().with_other_buses().run(&["doctor"]);
    assert!(!doctor.out.contains(&format!("process {number} ")), "{doctor:?}");
    drop(process);
}

#[test]
fn a_zombie_is_not_a_client() {
    let session = TestSession::new();
    let finch = program_called(session.folder(), "finch");
    let mut child = Command::new(finch).stdin(Stdio::null()).spawn().expect_ok("start a program");
    let state = || std::fs::read_to_string(format!("/proc/{}/stat", child.id())).ok();
    within("it is a zombie", || state()?.contains("(finch) Z").then_some(()));
    let doctor = session.communicado().with_other_buses().run(&["doctor"]);
    assert!(!doctor.out.contains(&format!("process {} ", child.id())), "{doctor:?}");
    child.wait().expect_ok("wait for a child");
}

//! Clients that run and that the bus does not show.
//!
//! Clients of other tests run on other buses too. So a test finds its own client by its process.

use std::os::unix::net::UnixStream;

use communicado_conformance::{
    Account, Client, ClientKind, Communicado, Process, TestSession, require, within,
};

/// The line of `doctor` about a client's process, with its advice.
#[track_caller]
fn finding(communicado: &Communicado, client: &Client) -> String {
    let report = communicado.run(&["doctor"]);
    assert_eq!(report.code, Some(1), "{report:?}");
    let process = format!("process {} ", client.id());
    let line = report.out.lines().position(|line| line.contains(&process));
    let Some(line) = line else { panic!("no line about {process}: {report:?}") };
    report.out.lines().skip(line).take(2).collect::<Vec<_>>().join("\n")
}

#[track_caller]
fn assert_unknown(communicado: &Communicado, client: &str) {
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
    within("finch runs", || {
        let name = std::fs::read_to_string(format!("/proc/{}/comm", finch.id()));
        (name.ok()?.trim() == "finch").then_some(())
    });
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
    within("finch runs", || {
        let name = std::fs::read_to_string(format!("/proc/{}/comm", finch.id()));
        (name.ok()?.trim() == "finch").then_some(())
    });
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
fn another_spelling_of_the_address_is_the_same_bus() {
    let mut session = TestSession::new();
    let prosody = session.prosody();
    let alice = Account::xmpp("alice", &prosody);
    let address = session.bus().address().replace("/bus", "%2f%62us");
    let address = format!("unix:path=/nowhere;{address}");
    let finch = session.client_at(&address, ClientKind::Finch, &[&alice]);
    finch.user().until_signed_in(&alice);
    session.bus().kill();
    session.bus().start_again();
    let mut watch = session.watch();
    watch.expect("finch", &["unknown reason=source-lost"]);
    watch.expect_all_absent_but("finch");
    watch.end();
}

#[test]
fn a_client_that_is_just_starting_is_never_unknown() {
    for kind in [ClientKind::Finch, ClientKind::Pidgin] {
        let session = TestSession::new();
        let client = session.client(kind, &[]);
        let name = if matches!(kind, ClientKind::Finch) { "finch" } else { "pidgin" };
        within("the client runs", || {
            let comm = std::fs::read_to_string(format!("/proc/{}/comm", client.id()));
            (comm.ok()?.trim() == name).then_some(())
        });
        for _ in 0..3 {
            let status = session.communicado().run(&["status", "--client", name]);
            assert!(!status.out.contains("unknown"), "{status:?}");
            assert!(!status.out.contains("absent"), "{status:?}");
        }
    }
}

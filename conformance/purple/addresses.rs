//! Addresses of buses: one bus in many spellings, and buses that no client can use.

use std::os::unix::fs::symlink;

use communicado_conformance::{
    Account, Client, ClientKind, Communicado, ExpectOk as _, TestSession, within,
};

use crate::off_bus::finding;

/// A client on this bus is not on the bus that replaced it, however its address is spelled.
#[test]
fn every_spelling_of_the_address_is_the_same_bus() {
    let mut session = TestSession::new();
    let folder = session.folder().to_owned();
    let address = session.bus().address();
    symlink("bus", folder.join("link")).expect_ok("make a symbolic link");
    let here = std::env::current_dir().expect_ok("find the working directory");
    let up = "../".repeat(here.components().count() - 1);
    let relative = format!("{up}{}", folder.strip_prefix("/").expect_ok("a path").display());
    let spellings = [
        address.replace("/bus", "%2f%62us"),
        format!("unix:path=/nowhere;{address}"),
        format!("{address};unix:path=/nowhere"),
        format!("unix:path={}", folder.join("link").display()),
        format!("unix:path={relative}/link"),
    ];
    let clients: Vec<Client> = spellings
        .iter()
        .map(|address| session.client_at(address, ClientKind::Finch, &[]))
        .collect();
    for client in &clients {
        client.user();
    }
    session.bus().kill();
    session.bus().start_again();
    let communicado = session.communicado();
    for (spelling, client) in spellings.iter().zip(&clients) {
        let finding = finding(&communicado, client);
        assert!(
            finding.contains("is not on the bus, which has restarted"),
            "{spelling}: {finding}"
        );
    }
}

#[test]
fn an_abstract_socket_is_the_same_bus_in_every_spelling() {
    let mut session = TestSession::new();
    let name = session.folder().display().to_string();
    session.bus().configure("<auth>", &format!("<listen>unix:abstract={name}</listen><auth>"));
    // The client runs and is not on the bus, which does not let it own its name.
    refuse_the_name(&mut session);
    let escaped = name.replace("/tmp", "%2ftm%70");
    let address = format!("unix:path=/nowhere;unix:abstract={escaped}");
    let finch = session.client_at(&address, ClientKind::Finch, &[]);
    let communicado = session.communicado().with_other_buses();
    let here = communicado.clone().on_bus(&format!("unix:abstract={name}"));
    until_found(&here, &finch, "is not on the bus");
    // By its path, the same bus has another address.
    until_found(&communicado, &finch, "uses the bus at");
}

/// Lets the bus refuse the name of the clients.
fn refuse_the_name(session: &mut TestSession) {
    let own = "<allow own=\"*\"/>";
    let deny = "<deny own=\"im.pidgin.purple.PurpleService\"/>";
    session.bus().configure(own, &format!("{own}{deny}"));
}

/// Waits until `doctor` has this text about the process of a client.
#[track_caller]
fn until_found(communicado: &Communicado, client: &Client, text: &str) {
    let text = format!("process {} {text}", client.id());
    within(&text, || communicado.run(&["doctor"]).out.contains(&text).then_some(()));
}

#[test]
fn a_bus_that_refuses_the_name_is_the_cause() {
    let mut session = TestSession::new();
    refuse_the_name(&mut session);
    let finch = session.finch(&[]);
    let communicado = session.communicado();
    until_found(&communicado, &finch, "is not on the bus");
    assert!(finding(&communicado, &finch).contains("or refused it"));
    let status = communicado.run(&["status", "--client", "finch"]);
    assert_eq!((status.code, &*status.out), (Some(3), "finch   unknown        source-lost\n"));
}

/// The addresses that a client may inherit and that lead to no bus.
#[test]
fn a_client_with_an_unusable_address_is_unknown() {
    let session = TestSession::new();
    let communicado = session.communicado().with_other_buses();
    for (address, cause) in [
        ("unix:path=/tmp/dbus-of-a-former-login", "which is gone"),
        ("unix:abstract=/tmp/dbus-of-a-former-login,guid=0123", "which is gone"),
        ("unixexec:path=/bin/false", "was started for the bus `unixexec:path=/bin/false`"),
        ("autolaunch:", "was started for the bus `autolaunch:`"),
        ("nonsense", "without a session bus"),
    ] {
        let finch = session.client_at(address, ClientKind::Finch, &[]);
        let runs = || {
            let name = std::fs::read_to_string(format!("/proc/{}/comm", finch.id())).ok()?;
            (name.trim_end() == "finch").then_some(())
        };
        within("the client runs", runs);
        let finding = finding(&communicado, &finch);
        assert!(finding.contains(cause), "{address}: {finding}");
        assert!(
            finding.contains("quit finch and start it inside the desktop session"),
            "{finding}"
        );
    }
}

#[test]
fn a_broker_is_a_bus_like_any_other() {
    let mut session = TestSession::with_broker();
    let prosody = session.prosody();
    let alice = Account::xmpp("alice", &prosody);
    let mut watch = session.watch();
    watch.expect_all_absent();
    let address = session.bus().address().replace("/bus", "%2f%62us");
    let mut finch = session.client_at(&address, ClientKind::Finch, &[&alice]);
    crate::signs_in(&mut watch, "finch");
    let status = session.communicado().run(&["is", "signed-in", "--client", "finch"]);
    assert_eq!(status.code, Some(0), "{status:?}");
    finch.kill();
    watch.expect("finch", &["signed-out saved=available", "absent"]);
    watch.end();
    let communicado = session.communicado().with_other_buses();
    let other = TestSession::new();
    let finch = other.finch(&[]);
    finch.user();
    let finding = finding(&communicado, &finch);
    assert!(finding.contains("uses the bus at"), "{finding}");
}

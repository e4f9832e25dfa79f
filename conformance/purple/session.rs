//! The fixtures alone, without the program under test. If these fail, the machine is at fault.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use communicado_conformance::{Account, Client, ExpectOk, Kind, Saved, TestSession, within};

#[test]
fn clients_follow_their_user() {
    for kind in [Kind::Finch, Kind::Pidgin] {
        let session = TestSession::new();
        let mut prosody = session.prosody();
        let alice = Account::xmpp("alice", &prosody).signed_out();
        let mut client = session.client(kind, &[&alice]);
        assert!(!client.user().is_signed_in(&alice));
        client.user().pick(Saved::Away);
        client.user().until_signed_in(&alice);
        assert_eq!(client.user().status(&alice), "away");
        prosody.kill();
        client.user().until_signed_out(&alice);
        prosody.start_again();
        client.user().reconnect(&alice);
        client.user().until_signed_in(&alice);
        client.quit();
    }
}

#[test]
fn the_sipe_plug_in_signs_in() {
    let session = TestSession::new();
    let kamailio = session.kamailio();
    let alice = Account::sipe("alice", &kamailio);
    let finch = session.finch(&[&alice]);
    finch.user().until_signed_in(&alice);
    finch.user().pick_for(&alice, Saved::Unavailable, "do-not-disturb");
    assert_eq!(finch.user().status(&alice), "do-not-disturb");
}

#[test]
fn the_bus_comes_back_empty_at_the_same_address() {
    let mut session = TestSession::new();
    let (address, id) = (session.bus().address(), id_of_bus(&mut session));
    session.bus().kill();
    assert!(session.bus().call("org.freedesktop.DBus.GetId", &[]).is_err());
    session.bus().start_again();
    assert_eq!(session.bus().address(), address);
    assert_ne!(id_of_bus(&mut session), id);
}

/// The test starts its own program again, to kill it.
#[test]
fn nothing_outlives_a_test_process_that_is_killed() {
    const DOOMED: &str = "COMMUNICADO_SESSION_DOOMED";
    if std::env::var_os(DOOMED).is_some() {
        let session = TestSession::new();
        let (prosody, kamailio) = (session.prosody(), session.kamailio());
        let alice = Account::xmpp("alice", &prosody);
        let clients = [session.finch(&[&alice]), session.pidgin(&[&alice])];
        clients.iter().for_each(|client| client.user().until_signed_in(&alice));
        println!("\n{}", session.folder().display());
        std::io::stdin().lines().for_each(drop);
        drop((kamailio, clients));
        return;
    }
    let mut doomed = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "session::nothing_outlives_a_test_process_that_is_killed", "--nocapture"])
        .env(DOOMED, "1")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let lines = BufReader::new(doomed.stdout.take().unwrap()).lines();
    let folder = lines.map_while(Result::ok).find(|line| line.starts_with("/tmp/"));
    let folder = folder.expect_ok("read the folder of the doomed stage");
    // dbus-daemon, Prosody, Kamailio and its workers, Finch, Pidgin, Xvfb.
    assert!(count_processes_with(&folder) >= 6);
    doomed.kill().unwrap();
    doomed.wait().unwrap();
    within("all of its processes are gone", || (count_processes_with(&folder) == 0).then_some(()));
    std::fs::remove_dir_all(folder).unwrap();
}

#[test]
fn a_killed_client_is_gone_when_kill_returns() {
    let session = TestSession::new();
    let prosody = session.prosody();
    let alice = Account::xmpp("alice", &prosody);
    let mut finch: Client = session.finch(&[&alice]);
    finch.user().until_signed_in(&alice);
    let id = finch.id();
    finch.kill();
    assert!(!Path::new(&format!("/proc/{id}")).exists());
}

fn id_of_bus(session: &mut TestSession) -> String {
    session.bus().call("org.freedesktop.DBus.GetId", &[]).expect_ok("ask the bus for its id")
}

/// The number of running processes whose command line or environment names `folder`.
fn count_processes_with(folder: &str) -> usize {
    let names = |process: &Path, file: &str| {
        let bytes = std::fs::read(process.join(file)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).contains(folder)
    };
    let processes =
        std::fs::read_dir("/proc").expect_ok("list processes").flatten().map(|entry| entry.path());
    processes.filter(|process| names(process, "cmdline") || names(process, "environ")).count()
}

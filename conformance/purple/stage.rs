//! The stage alone, without the program under test: when these fail, look here first.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Command, Stdio};

use communicado_conformance::{Account, Client, ExpectOk, Kind, Saved, Stage, within};

#[test]
fn clients_do_as_their_user_says() {
    for kind in [Kind::Finch, Kind::Pidgin] {
        let stage = Stage::new();
        let mut prosody = stage.prosody();
        let alice = Account::xmpp("alice", &prosody).signed_out();
        let mut client = stage.client(kind, &[&alice]);
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
    let stage = Stage::new();
    let kamailio = stage.kamailio();
    let alice = Account::sipe("alice", &kamailio);
    let finch = stage.finch(&[&alice]);
    finch.user().until_signed_in(&alice);
    finch.user().pick_for(&alice, Saved::Unavailable, "do-not-disturb");
    assert_eq!(finch.user().status(&alice), "do-not-disturb");
}

#[test]
fn the_bus_comes_back_empty_at_the_same_address() {
    let mut stage = Stage::new();
    let (address, id) = (stage.bus().address(), id_of_bus(&mut stage));
    stage.bus().kill();
    assert!(stage.bus().call("org.freedesktop.DBus.GetId", &[]).is_err());
    stage.bus().start_again();
    assert_eq!(stage.bus().address(), address);
    assert_ne!(id_of_bus(&mut stage), id);
}

/// Its own test process is started a second time, so that it can be killed.
#[test]
fn nothing_outlives_a_test_process_that_is_killed() {
    const DOOMED: &str = "COMMUNICADO_STAGE_DOOMED";
    if std::env::var_os(DOOMED).is_some() {
        let stage = Stage::new();
        let (prosody, kamailio) = (stage.prosody(), stage.kamailio());
        let alice = Account::xmpp("alice", &prosody);
        let clients = [stage.finch(&[&alice]), stage.pidgin(&[&alice])];
        clients.iter().for_each(|client| client.user().until_signed_in(&alice));
        println!("\n{}", stage.folder().display());
        std::io::stdin().lines().for_each(drop);
        drop((kamailio, clients));
        return;
    }
    let mut doomed = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "stage::nothing_outlives_a_test_process_that_is_killed", "--nocapture"])
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
    let stage = Stage::new();
    let prosody = stage.prosody();
    let alice = Account::xmpp("alice", &prosody);
    let mut finch: Client = stage.finch(&[&alice]);
    finch.user().until_signed_in(&alice);
    let id = finch.id();
    finch.kill();
    assert!(!Path::new(&format!("/proc/{id}")).exists());
}

fn id_of_bus(stage: &mut Stage) -> String {
    stage.bus().call("org.freedesktop.DBus.GetId", &[]).expect_ok("ask the bus for its id")
}

/// Processes, but for those that have ended, whose command line or environment names `folder`.
fn count_processes_with(folder: &str) -> usize {
    let names = |process: &Path, file: &str| {
        let bytes = std::fs::read(process.join(file)).unwrap_or_default();
        String::from_utf8_lossy(&bytes).contains(folder)
    };
    let processes =
        std::fs::read_dir("/proc").expect_ok("list processes").flatten().map(|entry| entry.path());
    processes.filter(|process| names(process, "cmdline") || names(process, "environ")).count()
}

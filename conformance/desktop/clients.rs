//! The life of real clients: start, second instance, stop, kill, and the end of the bus.

use communicado_conformance::{DesktopClient, DesktopClientKind, Signal, TestSession, require};

use crate::{ABSENT, LOST, RUNS, expecting, watch, with_desktop};

#[test]
fn nheko_runs_from_its_start_until_it_is_killed() {
    check_life(&mut TestSession::new(), DesktopClientKind::Nheko);
}

#[test]
fn dino_runs_from_its_start_until_it_is_killed_on_dbus_broker_too() {
    check_life(&mut TestSession::with_broker(), DesktopClientKind::Dino);
}

fn check_life(session: &mut TestSession, kind: DesktopClientKind) {
    let name = session.unique_name(kind.program());
    let communicado = expecting(session, &name);
    let is = |condition: &str| communicado.run(&["is", condition, "--client", &name]).code;
    let mut watch = watch(&communicado, &name);
    watch.expect(&name, &[ABSENT]);
    for _ in 0..2 {
        let mut client = DesktopClient::start(session, kind);
        watch.expect(&name, &[RUNS]);
        assert_eq!((is("running"), is("signed-in")), (Some(0), Some(3)));

        // A client that is stopped still runs.
        client.signal(Signal::STOP);
        assert_eq!((is("running"), is("absent")), (Some(0), Some(1)));
        client.signal(Signal::CONT);

        client.start_second().wait();
        assert_eq!(is("running"), Some(0));
        client.kill();
        watch.expect(&name, &[ABSENT]);
        assert_eq!((is("running"), is("absent")), (Some(1), Some(0)));
    }
    watch.end();
}

#[test]
fn a_client_that_outlives_the_bus_still_runs_and_one_that_ended_is_absent() {
    let mut session = TestSession::new();
    let kinds = [DesktopClientKind::Nheko, DesktopClientKind::Dino];
    let [survives, ends] = kinds.map(|kind| session.unique_name(kind.program()));
    let programs = format!("programs = [\"{survives} = {survives}\", \"{ends} = {ends}\"]\n");
    let mut watch = watch(&with_desktop(&session, &programs), &format!("{survives},{ends}"));
    let [_nheko, mut dino] = kinds.map(|kind| DesktopClient::start(&mut session, kind));
    watch.expect(&survives, &[RUNS]);
    watch.expect(&ends, &[RUNS]);
    session.bus().kill();
    dino.kill();
    watch.expect(&survives, &[LOST]);
    session.bus().start_again();
    watch.expect(&survives, &[RUNS]);
    // The source may notice the end of Dino first.
    watch.expect_either(&ends, &[&[LOST, ABSENT], &[ABSENT, LOST, ABSENT]]);
    watch.end();
}

/// Another run of the tests may start nheko too, so this one only looks for its presence.
#[test]
fn the_built_in_table_has_the_program_of_debian() {
    require(&["nheko"]);
    let mut session = TestSession::new();
    let communicado = with_desktop(&session, "");
    let mut watch = watch(&communicado, "nheko");
    let _nheko = DesktopClient::start_installed(&mut session, DesktopClientKind::Nheko);
    watch.expect_eventually("nheko", RUNS);
    let doctor = communicado.run(&["doctor"]);
    assert!(doctor.out.contains("--  client nheko: process"), "{doctor:?}");
    assert_eq!(doctor.code, Some(0), "{doctor:?}");
}

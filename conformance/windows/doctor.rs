//! The findings of `doctor`, each with an action.

use communicado_conformance::Wine;

use crate::communicator;

#[track_caller]
fn says(wine: &Wine, expected: &[&str]) {
    let reported = wine.communicado().run(&["doctor"]);
    for expected in expected {
        assert!(
            reported.out.contains(expected),
            "no {expected:?} in\n{}{}",
            reported.out,
            reported.err
        );
    }
}

#[test]
fn a_client_that_answers_is_described_completely() {
    let wine = Wine::new();
    let mut peer = communicator(&wine);
    peer.tell("status 2");
    peer.come_up();
    says(
        &wine,
        &[
            "client communicator: `communicator.exe` runs (process ",
            "registration of communicator: for 64-bit and 32-bit programs, class {8885370D-",
            "process of communicator: same integrity level as this program (high), 64-bit",
            "object of communicator: signed in, ONLINE",
            "DefaultIMApp: Office uses no client, although communicator runs",
        ],
    );
}

#[test]
fn a_client_that_refuses_is_described_with_an_action() {
    let wine = Wine::new();
    let mut peer = wine.peer("communicator.exe", &[]);
    peer.tell("install communicator.exe {8885370D-B33E-44B7-875D-28E403CF9270} narrow");
    peer.tell("register 80080005");
    peer.tell("flag 2");
    says(
        &wine,
        &[
            "registration of communicator: for 32-bit programs only",
            "object of communicator: reading it failed with 0x80080005 CO_E_SERVER_EXEC_FAILURE",
            "help: Run both as the same user at the same level, usually neither as administrator",
        ],
    );
}

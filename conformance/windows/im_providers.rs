//! The flag in the registry, which counts only with its process.

use communicado_conformance::{ExpectOk as _, Peer, Watch, Wine, within};
use serde_json::Value;

const NOT_SUPPORTED: &str = "unknown reason=not-supported by im-providers";

/// A client with a flag and without a class.
fn flagged(wine: &Wine, app: &str, program: &str) -> Peer {
    wine.peer(program, &["--app", app])
}

/// A client whose start is reported, so that a later flag changes a known status.
fn started(wine: &Wine, watch: &mut Watch) -> Peer {
    let mut teams = flagged(wine, "MsTeams", "ms-teams.exe");
    teams.tell("flag 1");
    watch.expect("teams", &["starting by im-providers"]);
    teams
}

fn a_client_that_cannot_be_asked_is_never_more_than_unknown(wine: &Wine) {
    let mut watch = wine.watch();
    watch.expect_all_absent();
    let mut teams = started(wine, &mut watch);
    teams.tell("flag 2");
    watch.expect("teams", &[NOT_SUPPORTED]);
    teams.tell("flag 0");
    watch.expect("teams", &["shutting-down by im-providers", NOT_SUPPORTED]);
    teams.kill();
    watch.expect("teams", &["absent by im-providers"]);
    watch.end();
}

fn a_flag_that_nothing_reset_is_not_believed(wine: &Wine) {
    let mut watch = wine.watch();
    watch.expect_all_absent();
    let mut teams = started(wine, &mut watch);
    teams.tell("flag 2");
    watch.expect("teams", &[NOT_SUPPORTED]);
    teams.kill();
    watch.expect("teams", &["absent by im-providers"]);
    watch.end();
    let status = wine.communicado().run(&["status", "--client", "teams"]);
    assert!(status.out.contains("absent"), "{}", status.out);
    let doctor = wine.communicado().run(&["doctor"]);
    assert!(doctor.out.contains("`ms-teams.exe` does not run"), "{}", doctor.out);
}

fn a_value_of_another_kind_is_unknown(wine: &Wine) {
    let mut watch = wine.watch();
    watch.expect_all_absent();
    let mut teams = started(wine, &mut watch);
    for value in ["flag-text 2", "flag 3"] {
        teams.tell(value);
        watch.expect("teams", &[NOT_SUPPORTED]);
        teams.tell("flag 1");
        watch.expect("teams", &["starting by im-providers"]);
    }
    watch.end();
}

fn a_key_that_is_deleted_and_all_of_them_are_noticed(wine: &Wine) {
    let mut watch = wine.watch();
    watch.expect_all_absent();
    let mut teams = started(wine, &mut watch);
    for delete in ["key-delete", "key-delete-all"] {
        teams.tell("flag 2");
        watch.expect_eventually("teams", NOT_SUPPORTED);
        teams.tell(delete);
        within("the key is missing", || {
            let doctor = wine.communicado().run(&["doctor"]);
            doctor.out.contains("no key of this user").then_some(())
        });
        // The age of the process decides what it is without a key. With a new key it is certain.
        teams.tell("flag 0");
        watch.expect_eventually("teams", "shutting-down by im-providers");
    }
    teams.kill();
    watch.expect_eventually("teams", "absent by im-providers");
    watch.end();
}

fn an_unknown_client_has_its_own_name_and_is_judged_by_what_its_installer_wrote(wine: &Wine) {
    let mut watch = wine.watch();
    watch.expect_all_absent();
    let mut acme = flagged(wine, "Acme Talk", "acme.exe");
    acme.tell("flag 2");
    watch.expect("Acme Talk", &["unknown reason=source-lost by im-providers"]);
    acme.tell("flag 0");
    watch.expect("Acme Talk", &["absent by im-providers"]);
    acme.tell("install acme.exe no-class narrow");
    // Meanwhile the flag 0 may count with the process.
    acme.tell("flag 1");
    watch.expect_eventually("Acme Talk", "starting by im-providers");
    acme.kill();
    watch.expect("Acme Talk", &["absent by im-providers"]);
    watch.end();
}

fn several_clients_are_distinguished(wine: &Wine) {
    let mut teams = flagged(wine, "MsTeams", "ms-teams.exe");
    teams.tell("flag 2");
    let mut zoom = flagged(wine, "Zoom", "Zoom.exe");
    zoom.tell("flag 1");
    let mut watch = wine.watch();
    watch.expect("teams", &[NOT_SUPPORTED]);
    watch.expect("zoom", &["starting by im-providers"]);
    watch.expect_all_absent_but("teams");
    teams.kill();
    watch.expect("teams", &["absent by im-providers"]);
    zoom.tell("flag 2");
    watch.expect("zoom", &[NOT_SUPPORTED]);
    watch.end();
}

fn the_status_of_a_starting_client_begins_with_its_flag(wine: &Wine) {
    let read = |key: &str| {
        let status = wine.communicado().run(&["status", "--client", "zoom", "--json"]);
        let line: Value = serde_json::from_str(&status.out).expect_ok("read a line");
        let text = |key: &str| line.get(key)?.as_str().map(str::to_owned);
        (text("status"), text(key))
    };
    let mut zoom = flagged(wine, "Zoom", "Zoom.exe");
    let before = read("at").1;
    zoom.tell("flag 1");
    let (status, since) = read("since");
    let after = read("at").1;
    // On a busy machine the time to start may be over.
    if status.as_deref() == Some("starting") {
        assert!(before <= since && since <= after, "{before:?}, {since:?}, {after:?}");
    } else {
        assert_eq!((status.as_deref(), since), (Some("unknown"), None));
    }
}

crate::beside_both! {
    a_client_that_cannot_be_asked_is_never_more_than_unknown,
    a_flag_that_nothing_reset_is_not_believed,
    a_value_of_another_kind_is_unknown,
    a_key_that_is_deleted_and_all_of_them_are_noticed,
    an_unknown_client_has_its_own_name_and_is_judged_by_what_its_installer_wrote,
    several_clients_are_distinguished,
    the_status_of_a_starting_client_begins_with_its_flag,
}

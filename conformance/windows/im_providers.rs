//! The flag in the registry, which counts only with its process.

use communicado_conformance::{Peer, Wine};

/// A client with a flag and without a class.
fn flagged(wine: &Wine, app: &str, program: &str) -> Peer {
    wine.peer(program, &["--app", app])
}

fn a_client_that_cannot_be_asked_is_never_more_than_unknown(wine: &Wine) {
    let mut watch = wine.watch();
    watch.expect_all_absent();
    let mut teams = flagged(wine, "MsTeams", "ms-teams.exe");
    teams.tell("flag 1");
    watch.expect("teams", &["starting by im-providers"]);
    teams.tell("flag 2");
    watch.expect("teams", &["unknown reason=not-supported by im-providers"]);
    teams.tell("flag 0");
    watch.expect("teams", &["absent by im-providers"]);
    watch.end();
}

fn a_flag_that_a_crash_left_behind_is_not_believed(wine: &Wine) {
    let mut watch = wine.watch();
    watch.expect_all_absent();
    let mut teams = flagged(wine, "MsTeams", "ms-teams.exe");
    teams.tell("flag 2");
    watch.expect("teams", &["unknown reason=not-supported by im-providers"]);
    teams.kill();
    watch.expect("teams", &["absent by im-providers"]);
    watch.end();
    let status = wine.communicado().run(&["status", "--client", "teams"]);
    assert!(status.out.contains("absent"), "{}", status.out);
    let doctor = wine.communicado().run(&["doctor"]);
    assert!(doctor.out.contains("the flag is stale after a crash"), "{}", doctor.out);
}

fn a_missing_value_is_starting_and_a_wrong_one_is_unknown(wine: &Wine) {
    let mut watch = wine.watch();
    watch.expect_all_absent();
    let mut teams = flagged(wine, "MsTeams", "ms-teams.exe");
    teams.tell("flag 1");
    watch.expect("teams", &["starting by im-providers"]);
    teams.tell("flag-text 2");
    watch.expect("teams", &["unknown reason=not-supported by im-providers"]);
    teams.tell("flag 1");
    watch.expect("teams", &["starting by im-providers"]);
    teams.tell("flag 3");
    watch.expect("teams", &["unknown reason=not-supported by im-providers"]);
    watch.end();
}

fn a_key_that_is_deleted_and_all_of_them_are_noticed(wine: &Wine) {
    let mut watch = wine.watch();
    watch.expect_all_absent();
    let mut teams = flagged(wine, "MsTeams", "ms-teams.exe");
    for delete in ["key-delete", "key-delete-all"] {
        teams.tell("flag 2");
        watch.expect("teams", &["unknown reason=not-supported by im-providers"]);
        teams.tell(delete);
        watch.expect("teams", &["absent by im-providers"]);
    }
    watch.end();
}

fn an_unknown_client_has_its_own_name_and_is_judged_by_what_its_installer_wrote(wine: &Wine) {
    let mut watch = wine.watch();
    watch.expect_all_absent();
    let mut acme = flagged(wine, "Acme Talk", "acme.exe");
    acme.tell("flag 2");
    watch.expect("Acme Talk", &["unknown reason=not-supported by im-providers"]);
    acme.tell("flag 0");
    watch.expect("Acme Talk", &["absent by im-providers"]);
    acme.tell("install acme.exe no-class narrow");
    acme.tell("flag 1");
    watch.expect("Acme Talk", &["starting by im-providers"]);
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
    watch.expect("teams", &["unknown reason=not-supported by im-providers"]);
    watch.expect("zoom", &["starting by im-providers"]);
    watch.expect_all_absent_but("teams");
    teams.kill();
    watch.expect("teams", &["absent by im-providers"]);
    zoom.tell("flag 2");
    watch.expect("zoom", &["unknown reason=not-supported by im-providers"]);
    watch.end();
}

crate::beside_both! {
    a_client_that_cannot_be_asked_is_never_more_than_unknown,
    a_flag_that_a_crash_left_behind_is_not_believed,
    a_missing_value_is_starting_and_a_wrong_one_is_unknown,
    a_key_that_is_deleted_and_all_of_them_are_noticed,
    an_unknown_client_has_its_own_name_and_is_judged_by_what_its_installer_wrote,
    several_clients_are_distinguished,
}

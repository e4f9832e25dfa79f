//! Lync's `IUCOfficeIntegration`, with the class from its installer.

use communicado_conformance::{Peer, Wine, within};

fn lync(wine: &Wine) -> Peer {
    let mut peer = wine.peer("lync.exe", &["--app", "Lync", "--kind", "lync"]);
    peer.install_office();
    peer.tell("uri sip:alice@uc.test");
    peer.tell("friendly Alice Liddell");
    peer.tell("activity Free");
    peer
}

fn a_whole_session(wine: &Wine) {
    let mut watch = wine.watch();
    watch.expect_all_absent();
    let mut peer = lync(wine);
    peer.come_up();
    watch.expect_eventually("lync", "signed-out by lync | no accounts");
    peer.tell("state 2");
    assert_eq!(peer.tell("fire state 1 2 0"), "1");
    watch.expect("lync", &["signing-in by lync"]);
    peer.tell("state 3");
    peer.tell("fire state 2 3 0");
    watch.expect("lync", &["signed-in available/Free by lync"]);
    assert_eq!(watch.accounts(), [("sip:alice@uc.test", "SIP")]);
    assert_eq!(watch.shown(), Some("Alice Liddell"));
    peer.tell("availability 6500");
    peer.tell("activity on-the-phone");
    assert_eq!(peer.tell("fire contact"), "1");
    watch.expect("lync", &["signed-in busy/on-the-phone activity=on-the-phone by lync"]);
    peer.tell("note back at four");
    assert_eq!(peer.tell("fire contact"), "1");
    let noted = r#"signed-in busy/on-the-phone activity=on-the-phone note="back at four" by lync"#;
    watch.expect("lync", &[noted]);
    peer.tell("state 4");
    peer.tell("fire state 3 4 0");
    watch.expect("lync", &["signing-out by lync"]);
    peer.tell("state 1");
    peer.tell("fire state 4 1 0");
    watch.expect("lync", &["signed-out by lync"]);
    peer.tell("fire shutting-down");
    watch.expect("lync", &["shutting-down by lync | sip:alice@uc.test signed-out"]);
    peer.tell("quit");
    watch.expect("lync", &["absent by lync"]);
    watch.end();
}

fn a_client_that_can_do_only_the_version_of_2010(wine: &Wine) {
    let mut peer = lync(wine);
    peer.tell("versions 14.0.0.0");
    peer.tell("state 3");
    peer.come_up();
    let mut watch = wine.watch();
    watch.expect_all_absent_but("lync");
    watch.expect_eventually("lync", "signed-in available/Free by lync");
    watch.end();
}

fn a_client_that_can_do_no_version_or_has_an_unknown_state_is_unknown(wine: &Wine) {
    for (command, reported) in [
        ("versions 99.0.0.0", "unknown reason=not-supported by lync"),
        ("state 77", "unknown reason=not-supported by lync"),
        ("state 6", "starting by lync"),
    ] {
        let mut peer = lync(wine);
        peer.tell(command);
        peer.come_up();
        let mut watch = wine.watch();
        watch.expect_all_absent_but("lync");
        watch.expect_eventually("lync", reported);
        watch.end();
        peer.tell("quit");
    }
}

fn a_client_that_is_killed_while_signed_in(wine: &Wine) {
    let mut peer = lync(wine);
    peer.tell("state 3");
    peer.come_up();
    let mut watch = wine.watch();
    watch.expect_all_absent_but("lync");
    watch.expect_eventually("lync", "signed-in available/Free by lync");
    peer.kill();
    watch.expect("lync", &["signed-out by lync", "absent by lync"]);
    watch.end();
}

fn two_clients_at_once_are_distinguished(wine: &Wine) {
    let mut lync = lync(wine);
    lync.tell("state 3");
    let mut communicator = crate::communicator(wine);
    communicator.tell("status 0x0A");
    let mut watch = wine.watch();
    lync.come_up();
    communicator.come_up();
    watch.expect("teams", &["absent by im-providers"]);
    watch.expect_eventually("lync", "signed-in available/Free by lync");
    watch.expect_eventually("communicator", "signed-in busy/BUSY by communicator");
    lync.kill();
    watch.expect("lync", &["signed-out by lync", "absent by lync"]);
    communicator.tell("status 2");
    communicator.tell("fire status 0 2");
    watch.expect("communicator", &["signed-in available/ONLINE by communicator"]);
    watch.end();
}

/// The words of Teams, whose class is known.
const TEAMS: &[&str] =
    &["--app", "MsTeams", "--kind", "lync", "--class", "{88435F68-FFC1-445F-8EDF-EF78B84BA1C7}"];
const TEAMS_PACKAGE: &str = "MSTeams_25.1.2.3_x64__8wekyb3d8bbwe";

fn teams_without_a_key_of_the_machine_is_read_by_its_known_class(wine: &Wine) {
    let mut teams = wine.packaged_peer(TEAMS_PACKAGE, "ms-teams.exe", TEAMS);
    teams.tell("uri alice@uc.test");
    teams.tell("activity Available");
    teams.tell("state 3");
    teams.come_up();
    let mut watch = wine.watch();
    watch.expect_all_absent_but("teams");
    watch.expect_eventually("teams", "signed-in available/Available by lync");
    assert_eq!(watch.accounts(), [("alice@uc.test", "SIP")]);
    let doctor = wine.communicado().run(&["doctor"]);
    let known = "registration of teams: its installer has registered no class: the known one is \
                 used, class {88435F68-FFC1-445F-8EDF-EF78B84BA1C7}";
    assert!(doctor.out.contains(known), "{}", doctor.out);
    teams.kill();
    watch.expect("teams", &["signed-out by lync", "absent by lync"]);
    watch.end();
}

fn a_program_with_the_name_of_teams_outside_its_package_is_not_asked(wine: &Wine) {
    let mut other = wine.peer("ms-teams.exe", TEAMS);
    other.tell("state 3");
    other.come_up();
    let mut watch = wine.watch();
    watch.expect_all_absent_but("teams");
    watch.expect_eventually("teams", "unknown reason=not-supported by im-providers");
    let doctor = wine.communicado().run(&["doctor"]);
    let package = "its program is not in the package `MSTeams_8wekyb3d8bbwe`";
    assert!(doctor.out.contains(package), "{}", doctor.out);
    assert_eq!(other.tell("calls"), "0 0");
    watch.end();
}

/// As real Teams is while its integration with Office is switched off.
fn teams_that_does_not_serve_its_class_is_unknown_after_its_start(wine: &Wine) {
    let mut watch = wine.watch();
    watch.expect_all_absent();
    let mut teams = wine.packaged_peer(TEAMS_PACKAGE, "ms-teams.exe", TEAMS);
    teams.tell("flag 2");
    watch.expect_eventually("teams", "starting by lync");
    watch.expect("teams", &["unknown reason=not-supported by lync"]);
    let doctor = wine.communicado().run(&["doctor"]);
    assert!(doctor.out.contains("CoCreateInstance 0x80040154"), "{}", doctor.out);
    teams.tell("register");
    watch.expect("teams", &["signed-out by lync | no accounts"]);
    teams.kill();
    watch.expect("teams", &["absent by lync"]);
    watch.end();
}

/// Teams as a strict client: members by the vtable only, no `Self`, no `Unsubscribe`, and events of
/// subscribed contacts only.
fn strict(wine: &Wine) -> Peer {
    let mut teams = wine.packaged_peer(TEAMS_PACKAGE, "ms-teams.exe", TEAMS);
    teams.tell("strict");
    teams.tell("uri alice@uc.test");
    teams.tell("activity Available");
    teams.tell("state 3");
    teams
}

/// The calls that Office makes, in its order.
const STEPS: [&str; 10] = [
    "GetAuthenticationInfo",
    "GetInterface",
    "ContactManager",
    "State",
    "Uri",
    "Self",
    "GetContactByUri",
    "CreateSubscription",
    "AddContact",
    "Subscribe",
];

#[test]
fn a_strict_client_is_read_and_followed_as_office_does() {
    let wine = Wine::new();
    let mut teams = strict(&wine);
    teams.come_up();
    let mut watch = wine.watch();
    watch.expect_all_absent_but("teams");
    watch.expect_eventually("teams", "signed-in available/Available by lync");
    let steps = teams.tell("steps");
    assert!(steps.starts_with(&STEPS.join(" ")), "{steps}");
    let doctor = wine.communicado().run(&["doctor"]);
    let calls = doctor.out.lines().find(|line| line.contains("calls of teams:"));
    let calls = calls.unwrap_or_default();
    for call in STEPS {
        assert!(calls.contains(&format!("{call} (vtable) ok")), "{call}: {}", doctor.out);
    }
    teams.tell("availability 6500");
    teams.tell("activity InACall");
    assert_eq!(teams.tell("fire contact"), "1");
    watch.expect_eventually("teams", "signed-in busy/InACall activity=on-the-phone by lync");
    teams.tell("state 1");
    teams.tell("fire state 3 1 0");
    watch.expect("teams", &["signed-out by lync"]);
    teams.tell("state 3");
    teams.tell("fire state 1 3 0");
    watch.expect("teams", &["signed-in busy/InACall activity=on-the-phone by lync"]);
    teams.kill();
    watch.expect("teams", &["signed-out by lync", "absent by lync"]);
    watch.end();
}

#[test]
fn clients_that_refuse_calls_by_their_vtable_are_read_and_followed_by_name() {
    let wine = Wine::new();
    let mut communicator = crate::communicator(&wine);
    let mut lync = lync(&wine);
    for peer in [&mut communicator, &mut lync] {
        peer.tell("late-bound");
    }
    communicator.tell("status 2");
    lync.tell("state 3");
    communicator.come_up();
    lync.come_up();
    let mut watch = wine.watch();
    watch.expect("teams", &["absent by im-providers"]);
    watch.expect_eventually("communicator", "signed-in available/ONLINE by communicator");
    watch.expect_eventually("lync", "signed-in available/Free by lync");
    let doctor = wine.communicado().run(&["doctor"]);
    let calls = doctor.out.lines().find(|line| line.contains("calls of lync:"));
    let calls = calls.unwrap_or_default();
    assert!(calls.contains("State ok"), "{}", doctor.out);
    assert!(!calls.contains("vtable"), "{calls}");
    communicator.tell("status 0x0A");
    assert_eq!(communicator.tell("fire status 0 0x0A"), "1");
    watch.expect("communicator", &["signed-in busy/BUSY by communicator"]);
    lync.tell("availability 6500");
    lync.tell("activity on-the-phone");
    assert_eq!(lync.tell("fire contact"), "1");
    watch.expect("lync", &["signed-in busy/on-the-phone activity=on-the-phone by lync"]);
    watch.end();
}

#[test]
fn a_second_account_of_one_client_is_subscribed_too() {
    let wine = Wine::new();
    let mut teams = strict(&wine);
    teams.come_up();
    let mut watch = wine.watch();
    watch.expect_all_absent_but("teams");
    watch.expect_eventually("teams", "signed-in available/Available by lync");
    teams.tell("uri bob@uc.test");
    teams.tell("activity Away");
    teams.tell("availability 15500");
    teams.tell("fire state 3 3 0");
    watch.expect_eventually("teams", "signed-in away/Away by lync");
    teams.tell("availability 6500");
    teams.tell("activity Busy");
    assert_eq!(teams.tell("fire contact"), "1");
    watch.expect_eventually("teams", "signed-in busy/Busy by lync");
    assert_eq!(watch.accounts(), [("bob@uc.test", "SIP")]);
    watch.end();
}

#[test]
fn a_client_that_crashes_in_any_step_is_absent() {
    let wine = Wine::new();
    for step in STEPS.into_iter().chain(["GetContactInformation"]) {
        let mut teams = strict(&wine);
        teams.tell(&format!("crash-in {step}"));
        teams.come_up();
        within(&format!("Teams crashes in {step}"), || {
            let status = wine.communicado().run(&["status", "--client", "teams"]);
            status.out.contains("absent").then_some(())
        });
        drop(teams);
        wine.restart_com();
    }
}

crate::beside_both! {
    teams_without_a_key_of_the_machine_is_read_by_its_known_class,
    a_program_with_the_name_of_teams_outside_its_package_is_not_asked,
    teams_that_does_not_serve_its_class_is_unknown_after_its_start,
    a_whole_session,
    a_client_that_can_do_only_the_version_of_2010,
    a_client_that_can_do_no_version_or_has_an_unknown_state_is_unknown,
    a_client_that_is_killed_while_signed_in,
    two_clients_at_once_are_distinguished,
}

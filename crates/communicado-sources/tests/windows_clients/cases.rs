//! Cases from real machines: what installers, scripts and crashes leave in the registry.

use communicado_core::{Life, UnknownReason};
use communicado_runtime::CheckHealth;
use communicado_sources::windows::class_server::{ClassServer, Doubt};
use communicado_sources::windows::decision::Basis;
use communicado_sources::windows::finding::finding;
use communicado_sources::windows::known_clients::MESSENGER;
use communicado_sources::windows::registration::registered_clients;
use communicado_sources::windows::session::ProcessState;
use communicado_sources::windows::snapshot::Registration;
use communicado_windows::{Guid, RegistryValue};

use super::*;

const NOT_SUPPORTED: Life = Life::Unknown(UnknownReason::NotSupported);
const UNSEEN: Life = Life::Unknown(UnknownReason::SourceLost);
const TEAMS: &str = "{00425F68-FFC1-445F-8EDF-EF78B84BA1C7}";

#[test]
fn a_living_process_is_never_absent() {
    for flag in [number(0), None, text("2"), number(7), number(1)] {
        let with = |age| {
            snapshot(
                vec![user("Cisco Jabber", flag.clone())],
                vec![process(7, "CiscoJabber.exe", age)],
            )
        };
        let young = life(&with(2), "jabber");
        assert!(matches!(young, Life::Starting | NOT_SUPPORTED), "{flag:?}: {young:?}");
        let old = life(&with(60), "jabber");
        assert!(matches!(old, Life::Unknown(_)), "{flag:?}: {old:?}");
        let gone = snapshot(vec![user("Cisco Jabber", flag.clone())], Vec::new());
        assert_eq!(life(&gone, "jabber"), Life::Absent, "{flag:?}");
    }
}

#[test]
fn a_client_that_has_reset_its_flag_shuts_down_for_a_short_time() {
    let at = |written| {
        let mut key = user("Lync", number(0));
        key.written = Some(NOW - written * SECOND);
        life(&snapshot(vec![key], vec![process(7, "lync.exe", 100)]), "lync")
    };
    assert_eq!(at(3), Life::ShuttingDown);
    assert_eq!(at(50), NOT_SUPPORTED);
    assert_eq!(at(200), NOT_SUPPORTED);
}

#[test]
fn a_start_that_hangs_is_reported_with_what_to_end() {
    let mut hung = snapshot(
        vec![user("Communicator", number(1))],
        vec![process(7, "communicator.exe", 90), process(8, "UcMapi.exe", 80)],
    );
    let check = finding(&client(&hung, "communicator"));
    assert_eq!(life(&hung, "communicator"), Life::Unknown(UnknownReason::NotResponding));
    assert_eq!(check.health, CheckHealth::Bad);
    let action = check.action.unwrap_or_default();
    assert!(
        action.contains("`communicator.exe` (process 7) and `UcMapi.exe` (process 8)"),
        "{action}"
    );
    // A client that registers its classes again is starting again.
    hung.users[0].written = Some(NOW - SECOND);
    assert_eq!(life(&hung, "communicator"), Life::Starting);
}

#[test]
fn a_helper_that_is_left_over_is_not_the_client() {
    let left = snapshot(vec![user("Lync", number(2))], vec![process(8, "UcMapi.exe", 80)]);
    let lync = client(&left, "lync");
    assert_eq!(lync.life(), Life::Absent);
    let found = finding(&lync).found;
    assert!(found.contains("`lync.exe` does not run; only its helper `UcMapi.exe`"), "{found}");
    assert!(!found.contains("crash"), "{found}");
}

#[test]
fn a_known_client_without_any_key_is_found_by_its_process() {
    let found = snapshot(Vec::new(), vec![process(7, "LYNC.EXE", 60)]);
    assert_eq!(life(&found, "lync"), NOT_SUPPORTED);
    let mut linphone = snapshot(Vec::new(), vec![process(7, "linphone.exe", 60)]);
    linphone.wide = vec![installed("Linphone", "linphone.exe", "")];
    let check = finding(&client(&linphone, "Linphone"));
    assert_eq!(life(&linphone, "Linphone"), NOT_SUPPORTED);
    assert_ne!(check.health, CheckHealth::Good);
    assert!(!check.action.unwrap_or_default().starts_with("start"), "the client runs");
}

#[test]
fn without_a_program_only_the_flag_0_means_absent() {
    for (flag, expected) in
        [(number(2), UNSEEN), (number(1), UNSEEN), (None, UNSEEN), (number(0), Life::Absent)]
    {
        for program in ["", "  ", "\"\""] {
            let mut acme =
                snapshot(vec![user("Acme", flag.clone())], vec![process(1, "a.exe", 60)]);
            acme.wide = vec![installed("Acme", program, TEAMS)];
            assert_eq!(life(&acme, "Acme"), expected, "{flag:?} {program:?}");
        }
    }
}

#[test]
fn every_spelling_of_the_process_name_finds_the_process() {
    for program in
        [r"C:\Program Files\Acme\acme.exe", "acme", "ACME.EXE", "\"acme.exe\" ", " acme "]
    {
        let mut acme = snapshot(vec![user("Acme", number(2))], vec![process(7, "Acme.exe", 60)]);
        acme.wide = vec![installed("Acme", program, "00425F68-FFC1-445F-8EDF-EF78B84BA1C7")];
        let found = client(&acme, "Acme");
        assert_eq!((found.life(), found.processes), (NOT_SUPPORTED, vec![7]), "{program}");
        assert_eq!(found.class.map(|class| class.to_string()).as_deref(), Some(TEAMS));
    }
}

#[test]
fn the_process_id_of_another_writer_does_not_count() {
    let mut lync = snapshot(vec![user("Lync", number(2))], vec![process(7, "lync.exe", 60)]);
    lync.users[0].own.process = number(8000);
    assert_eq!(life(&lync, "lync"), NOT_SUPPORTED);
}

#[test]
fn a_flag_of_the_wrong_type_is_named_with_its_remedy() {
    for (flag, expected) in [
        (RegistryValue::Text("2".to_owned()), "is text (\"2\")"),
        (RegistryValue::Other { kind: 11, length: 8 }, "is a REG_QWORD with 8 bytes"),
        (RegistryValue::Other { kind: 3, length: 4 }, "is binary (REG_BINARY) with 4 bytes"),
    ] {
        let jabber = snapshot(
            vec![user("Cisco Jabber", Some(flag))],
            vec![process(7, "CiscoJabber.exe", 60)],
        );
        let check = finding(&client(&jabber, "jabber"));
        assert!(check.found.contains(expected), "{}", check.found);
        assert!(check.action.unwrap_or_default().contains("make it a DWORD"));
    }
}

#[test]
fn an_object_is_created_only_with_proof() {
    let class: Guid = TEAMS.parse().expect("a class");
    let path = r"C:\Acme\acme.exe";
    let mut acme = snapshot(vec![user("Acme", number(2))], vec![process(7, path, 60)]);
    acme.wide = vec![installed("Acme", "acme.exe", TEAMS)];
    let mut check = |servers: Vec<ClassServer>, expected: Basis| {
        acme.classes = servers.into_iter().map(|server| (class, server)).collect();
        assert_eq!(client(&acme, "Acme").decision.basis, expected);
    };
    let command = |text: &str| ClassServer::Command(text.to_owned());
    check(vec![command(r"C:\Acme\acme.exe -Embedding")], Basis::Callable);
    check(vec![], Basis::Unproven(Doubt::NotKnown));
    let other = Basis::Unproven(Doubt::OtherServer("`teams.exe`".to_owned()));
    check(vec![command(r"C:\Teams\teams.exe")], other.clone());
    check(vec![command(path), command(r"C:\Teams\teams.exe")], other);
}

#[test]
fn a_known_client_needs_no_proof_by_the_registry() {
    let teams = |program: &str| {
        let mut teams = snapshot(vec![user("Teams", number(2))], vec![process(7, program, 60)]);
        teams.narrow = vec![installed("Teams", "Teams.exe", TEAMS)];
        client(&teams, "teams-classic")
    };
    assert!(teams("Teams.exe").accepts_calls());
    let mut elevated = snapshot(vec![user("Teams", number(2))], vec![process(7, "Teams.exe", 60)]);
    elevated.wide = vec![installed("Teams", "Teams.exe", TEAMS)];
    elevated.processes[0].path = None;
    let class: Guid = TEAMS.parse().expect("a class");
    elevated.classes = vec![(class, ClassServer::Command(r"C:\Teams.exe".to_owned()))];
    assert_eq!(life(&elevated, "teams-classic"), Life::Unknown(UnknownReason::AccessDenied));
}

#[test]
fn a_class_that_is_no_class_and_a_missing_one_are_distinguished() {
    for (class, expected) in [("not a class", Basis::InvalidClass), ("", Basis::InvalidClass)] {
        let mut acme = snapshot(vec![user("Acme", number(2))], vec![process(7, "acme.exe", 60)]);
        acme.wide = vec![installed("Acme", "acme.exe", class)];
        assert_eq!(client(&acme, "Acme").decision.basis, expected, "{class:?}");
        acme.wide[0].1.class = None;
        assert_eq!(client(&acme, "Acme").decision.basis, Basis::NoClass);
    }
}

#[test]
fn a_legacy_key_of_another_vendor_belongs_to_the_vendors_client() {
    let path = r"C:\Acme\acme.exe";
    let mut legacy = snapshot(vec![user("Communicator", number(2))], vec![process(7, path, 60)]);
    legacy.classes = vec![(MESSENGER, ClassServer::Command(path.to_owned()))];
    // Without another registered client, the class shows the process.
    assert!(client(&legacy, "communicator").accepts_calls());
    legacy.wide = vec![installed("Acme", "acme.exe", "")];
    let acme = client(&legacy, "Acme");
    assert!(acme.accepts_calls(), "{acme:?}");
    assert!(acme.is_messenger());
    assert_eq!(
        client(&legacy, "communicator").decision.basis,
        Basis::OtherClient("Acme".to_owned())
    );
    // The key names the program of the other client.
    legacy.classes.clear();
    legacy.narrow =
        vec![installed("Communicator", "ACME", "{8885370D-B33E-44B7-875D-28E403CF9270}")];
    assert_eq!(life(&legacy, "communicator"), Life::Absent);
    assert_eq!(life(&legacy, "Acme"), NOT_SUPPORTED);
}

#[test]
fn two_clients_of_one_shared_host_stay_two() {
    let host = r"C:\Java\javaw.exe";
    let mut both = snapshot(
        vec![user("Acme", number(2)), user("Beta", number(0))],
        vec![process(7, host, 60)],
    );
    both.wide = vec![installed("Acme", "javaw.exe", TEAMS), installed("Beta", "javaw", "")];
    assert_eq!(life(&both, "Acme"), NOT_SUPPORTED);
    assert_eq!(client(&both, "Acme").decision.basis, Basis::Unproven(Doubt::SharedHost));
    assert_eq!(life(&both, "Beta"), UNSEEN);
}

#[test]
fn the_provider_is_one_client_by_its_process_id() {
    let path = r"C:\communicado.exe";
    let own = |app: &str, class: &str| {
        let mut key = user(app, number(2));
        let (_, registration) = installed(app, "communicado.exe", class);
        key.own = Registration { name: text("Communicado"), process: number(7), ..registration };
        key
    };
    let keys = vec![
        own("Communicator", "{8885370D-B33E-44B7-875D-28E403CF9270}"),
        own("Communicado", "{B1A4F1A6-5C0B-4E0B-9F0E-6C7C0D1B2A55}"),
    ];
    let mut provider = snapshot(keys, vec![process(7, path, 60), process(9, path, 1)]);
    let found = client(&provider, "communicado");
    assert!(found.accepts_calls() && found.is_provider, "{found:?}");
    assert!(found.is_messenger());
    assert_eq!(found.processes, [7]);
    assert_eq!(life(&provider, "communicator"), Life::Absent);
    // Another command of the same program is not the provider.
    provider.processes.remove(0);
    assert_eq!(life(&provider, "communicado"), Life::Absent);
    provider.users.clear();
    provider.wide = vec![installed("Communicado", "communicado.exe", "")];
    provider.wide[0].1.name = text("Communicado");
    assert_eq!(life(&provider, "communicado"), Life::Absent);
}

#[test]
fn a_process_of_another_session_of_the_user_is_not_absent() {
    let mut lync = snapshot(vec![user("Lync", number(0))], vec![process(7, "lync.exe", 60)]);
    lync.processes[0].is_in_other_session = true;
    let found = client(&lync, "lync");
    assert_eq!((found.life(), &found.decision.basis), (NOT_SUPPORTED, &Basis::OtherSession));
    // A process here counts first.
    lync.processes.push(process(8, "lync.exe", 2));
    assert_eq!(life(&lync, "lync"), Life::Starting);
}

#[test]
fn the_oldest_of_several_processes_gives_the_age() {
    let teams = snapshot(
        vec![user("Teams", number(0))],
        vec![process(7, "Teams.exe", 2), process(8, "Teams.exe", 300), process(9, "Teams.exe", 1)],
    );
    assert_eq!(life(&teams, "teams-classic"), NOT_SUPPORTED);
}

#[test]
fn a_clock_that_was_set_back_does_not_make_a_client_young() {
    let lync = snapshot(vec![user("Lync", number(0))], vec![process(7, "lync.exe", -3600)]);
    assert_eq!(life(&lync, "lync"), NOT_SUPPORTED);
}

#[test]
fn the_age_of_a_client_counts_from_its_flag_or_its_start() {
    let mut lync = snapshot(vec![user("Lync", number(2))], vec![process(7, "lync.exe", 60)]);
    lync.wide = vec![installed("Lync", "lync.exe", "{A0651028-BA7A-4D71-877F-12E0175A5806}")];
    let age = |snapshot: &RegistrySnapshot| match client(snapshot, "lync").process_state(NOW) {
        ProcessState::Open { age, .. } => age.map(|age| age.as_secs()),
        closed @ ProcessState::Closed(_) => panic!("{closed:?}"),
    };
    assert_eq!(age(&lync), Some(60));
    lync.users[0].written = Some(NOW - 2 * SECOND);
    assert_eq!(age(&lync), Some(2));
    lync.users[0].written = None;
    lync.processes[0].started = None;
    assert_eq!(age(&lync), None);
}

#[test]
fn the_64_bit_class_takes_precedence_and_both_programs_count() {
    let mut acme = snapshot(
        vec![user("Acme", number(2))],
        vec![process(3, "ACME.EXE", 60), process(4, "acme64.exe", 60)],
    );
    acme.narrow = vec![installed("ACME", "acme.exe", TEAMS)];
    assert_eq!(client(&acme, "Acme").processes, [3]);
    assert_eq!(client(&acme, "Acme").registered, (false, true));
    acme.wide = vec![installed("acme", "acme64.exe", "{8885370D-B33E-44B7-875D-28E403CF9270}")];
    assert_eq!(client(&acme, "Acme").processes, [3, 4]);
    assert!(client(&acme, "Acme").is_messenger());
}

#[test]
fn the_number_of_clients_is_limited() {
    let users = (0..1000).map(|each| user(&format!("App {each}"), number(2))).collect();
    assert_eq!(registered_clients(&snapshot(users, Vec::new())).len(), 256);
}

//! Promises that hold for every state of the registry and of the processes.

use std::env;
use std::time::Duration;

use communicado_core::{Life, Moment, UnknownReason};
use communicado_runtime::CheckHealth;
use communicado_sources::Keepalive;
use communicado_sources::windows::class_server::{ClassServer, is_served_by};
use communicado_sources::windows::finding::finding;
use communicado_sources::windows::known_clients::{MESSENGER, by_app};
use communicado_sources::windows::registration::registered_clients;
use communicado_sources::windows::session::{
    ClientSession, SessionAction, SessionInput, SessionState,
};
use communicado_windows::{Guid, HResult};

use super::*;

const CASES: u64 = 1_500;
const KEEPALIVE: Keepalive =
    Keepalive { interval: Duration::from_secs(30), timeout: Duration::from_secs(5) };
const APPS: [&str; 7] =
    ["Communicator", "Lync", "Teams", "MsTeams", "Cisco Jabber", "Acme", "Communicado"];
const PROGRAMS: [&str; 9] = [
    "communicator.exe",
    "lync",
    r"C:\Teams\Teams.exe",
    "CiscoJabber.exe",
    "ACME",
    "javaw.exe",
    "communicado.exe",
    "",
    "UcMapi.exe",
];
const PATHS: [&str; 11] = [
    r"C:\Program Files\WindowsApps\MSTeams_24.1_x64__8wekyb3d8bbwe\ms-teams.exe",
    r"C:\Downloads\ms-teams.exe",
    r"C:\OC\communicator.exe",
    r"C:\Office\lync.exe",
    r"C:\Teams\Teams.exe",
    r"C:\Jabber\CiscoJabber.exe",
    r"C:\Acme\acme.exe",
    r"C:\Java\javaw.exe",
    r"C:\communicado.exe",
    r"C:\Office\UcMapi.exe",
    r"C:\other.exe",
];
const CLASSES: [&str; 5] = [
    "{8885370D-B33E-44B7-875D-28E403CF9270}",
    "{A0651028-BA7A-4D71-877F-12E0175A5806}",
    "00425F68-FFC1-445F-8EDF-EF78B84BA1C7",
    "no class",
    "",
];
const CODES: [u32; 7] =
    [0x8004_0154, 0x8004_0111, 0x8007_06BA, 0x8001_010A, 0x8007_0005, 0x8000_4002, 0x8100_031E];

/// The numbers of a linear congruence (Knuth, MMIX).
struct Rng(u64);

impl Rng {
    fn below(&mut self, below: usize) -> usize {
        self.0 =
            self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from(self.0 >> 33).unwrap_or(0) % below
    }

    fn is(&mut self) -> bool {
        self.below(2) == 0
    }

    fn of<T: Copy>(&mut self, all: &[T]) -> T {
        *all.get(self.below(all.len())).expect("an item")
    }

    fn moment(&mut self) -> Option<i64> {
        let age = self.of(&[-3600, 0, 1, 4, 9, 11, 29, 31, 600]);
        (self.below(5) > 0).then_some(NOW - age * SECOND)
    }

    fn value(&mut self, texts: &[&str]) -> Option<RegistryValue> {
        match self.below(6) {
            0 => None,
            1 => Some(RegistryValue::Other { kind: 11, length: 8 }),
            2 => number(8000),
            _ => text(self.of(texts)),
        }
    }

    fn registration(&mut self) -> Registration {
        Registration {
            name: self.value(&["Acme Chat", "Communicado"]),
            program: self.value(&PROGRAMS),
            class: self.value(&CLASSES),
            process: self
                .is()
                .then_some(RegistryValue::Number(u32::try_from(self.below(4)).unwrap_or(0))),
        }
    }

    fn some<T>(&mut self, below: usize, mut make: impl FnMut(&mut Self) -> T) -> Vec<T> {
        let count = self.below(below);
        (0..count).map(|_| make(self)).collect()
    }

    fn snapshot(&mut self) -> RegistrySnapshot {
        let mut ids = 0..;
        RegistrySnapshot {
            now: NOW,
            users: self.some(4, |rng| UserKey {
                app: rng.of(&APPS).to_owned(),
                flag: match rng.below(8) {
                    0 => None,
                    1 => text("2"),
                    2 => number(3),
                    3 => number(0),
                    4 => number(1),
                    _ => number(2),
                },
                written: rng.moment(),
                own: if rng.below(3) == 0 { rng.registration() } else { Registration::default() },
            }),
            wide: self.some(4, |rng| (rng.of(&APPS).to_owned(), rng.registration())),
            narrow: self.some(3, |rng| (rng.of(&APPS).to_owned(), rng.registration())),
            classes: self.some(4, |rng| {
                let class = rng.of(&CLASSES).parse().unwrap_or(MESSENGER);
                let server = match rng.below(8) {
                    0 => ClassServer::Other("the service `x`".to_owned()),
                    1 => ClassServer::Package("Acme_1_x64__p".to_owned()),
                    2 => ClassServer::Command(format!("\"{}\" -jar x.jar", rng.of(&PATHS))),
                    _ => ClassServer::Command(rng.of(&PATHS).to_owned()),
                };
                (class, server)
            }),
            processes: self.some(4, |rng| {
                let path = rng.of(&PATHS);
                let mut process = process(ids.next().unwrap_or(0), path, 0);
                process.started = rng.moment();
                process.path = process.path.filter(|_| rng.below(5) > 0);
                process.is_in_other_session = rng.below(6) == 0;
                process
            }),
        }
    }
}

/// Prints the seed of a failing case.
struct Repeat(u64);

impl Drop for Repeat {
    #[expect(clippy::print_stderr, reason = "the test runner shows it beside the failure")]
    fn drop(&mut self) {
        if std::thread::panicking() {
            eprintln!("repeat it with SEED={}", self.0);
        }
    }
}

fn for_random_snapshots(promise: impl Fn(&RegistrySnapshot, &mut Rng)) {
    let number = |name| env::var(name).ok().map(|text| text.parse().expect("a number"));
    let seeds = match number("SEED") {
        Some(seed) => seed..seed + 1,
        None => 0..number("CASES").unwrap_or(CASES),
    };
    for seed in seeds {
        let _repeat = Repeat(seed);
        let mut rng = Rng(seed.wrapping_mul(7919));
        promise(&rng.snapshot(), &mut rng);
    }
}

/// The name of a program, as a test reads it: without its folder, quotes and `.exe`.
fn bare(program: &str) -> String {
    let name = program.rsplit('\\').next().unwrap_or_default().to_lowercase();
    name.trim_end_matches(".exe").to_owned()
}

/// The programs that the registry or the table names for a client, except the provider's.
fn named_programs(snapshot: &RegistrySnapshot, app: &str) -> Vec<String> {
    let is_app = |name: &str| name.eq_ignore_ascii_case(app);
    let users = snapshot.users.iter().find(|key| is_app(&key.app)).map(|key| &key.own);
    let first = |view: &[(String, Registration)]| {
        view.iter().find(|(name, _)| is_app(name)).map(|(_, found)| found.clone())
    };
    let views = [first(&snapshot.wide), first(&snapshot.narrow)];
    let all = users.cloned().into_iter().chain(views.into_iter().flatten());
    let named =
        all.filter(|each| each.name != text("Communicado")).filter_map(|each| match each.program {
            Some(RegistryValue::Text(program)) => Some(bare(&program)),
            _ => None,
        });
    let known = by_app(app).map(|known| bare(known.program));
    named.chain(known).filter(|name| !name.is_empty()).collect()
}

#[test]
fn a_client_is_absent_only_without_evidence_of_life() {
    for_random_snapshots(|snapshot, _| {
        let found = registered_clients(snapshot);
        for client in &found {
            let programs = named_programs(snapshot, &client.app);
            let alive: Vec<_> = snapshot
                .processes
                .iter()
                .filter(|process| programs.contains(&bare(&process.image)))
                .collect();
            if client.life() != Life::Absent || alive.is_empty() {
                continue;
            }
            // Its process belongs to another reported client that is not absent.
            let reported = found.iter().filter(|other| other.life() != Life::Absent);
            let covered = reported.flat_map(|other| named_programs(snapshot, &other.app));
            let covered: Vec<String> = covered.collect();
            let is_covered = alive.iter().all(|process| covered.contains(&bare(&process.image)));
            let own = found.iter().any(|other| other.is_provider && other.life() != Life::Absent);
            assert!(is_covered || own, "{client:?}\nin {snapshot:#?}");
        }
        for process in &snapshot.processes {
            let is_reported = ["communicator", "lync", "teams", "ciscojabber"]
                .contains(&bare(&process.image).as_str());
            assert!(!is_reported || found.iter().any(|client| client.life() != Life::Absent));
        }
    });
}

#[test]
fn no_object_is_created_without_proof() {
    for_random_snapshots(|snapshot, _| {
        for client in registered_clients(snapshot).iter().filter(|each| each.accepts_calls()) {
            let class: Guid = client.class.expect("a class");
            let servers: Vec<&ClassServer> = snapshot
                .classes
                .iter()
                .filter(|(id, _)| *id == class)
                .map(|(_, server)| server)
                .collect();
            let processes =
                snapshot.processes.iter().filter(|each| client.processes.contains(&each.id));
            let is_proven = processes.clone().any(|process| {
                let path = process.path.as_deref();
                !servers.is_empty() && servers.iter().all(|server| is_served_by(server, path))
            });
            let has_no_server = servers.is_empty();
            let is_known = has_no_server
                && by_app(&client.app).is_some_and(|known| {
                    let is_in_package = processes.clone().any(|process| {
                        let path = process.path.as_deref().unwrap_or_default();
                        path.contains(r"\WindowsApps\MSTeams_") && path.contains("__8wekyb3d8bbwe")
                    });
                    known.classes.contains(&class) && (known.package.is_none() || is_in_package)
                });
            let is_own = snapshot.users.iter().any(|key| {
                key.own.is_provider()
                    && matches!(key.own.process, Some(RegistryValue::Number(id)) if client.processes.contains(&id))
            });
            assert!(is_proven || is_known || is_own, "{client:?}\nin {snapshot:#?}");
            assert!(!client.processes.is_empty(), "{client:?}");
        }
    });
}

#[test]
fn doctor_is_never_content_while_the_status_is_unknown() {
    for_random_snapshots(|snapshot, _| {
        for client in registered_clients(snapshot) {
            let check = finding(&client);
            let is_unknown = matches!(client.life(), Life::Unknown(_)) && !client.accepts_calls();
            assert!(!is_unknown || check.health != CheckHealth::Good, "{check:?}");
            assert!(check.health == CheckHealth::Good || check.action.is_some(), "{check:?}");
            let says_absent = check.found.contains("not run");
            assert!(!says_absent || client.life() == Life::Absent, "{check:?} {client:?}");
        }
    });
}

#[test]
fn a_later_status_equals_what_watch_reports() {
    for_random_snapshots(|before, rng| {
        let after = rng.snapshot();
        let code = HResult::of(rng.of(&CODES));
        for client in registered_clients(&after) {
            let earlier = registered_clients(before);
            let earlier = earlier.iter().find(|each| each.client == client.client);
            let mut watch = Follower::new();
            if let Some(earlier) = earlier {
                watch.follow(earlier.process_state(NOW), code);
            }
            let mut status = Follower::new();
            let reported = [&mut watch, &mut status]
                .map(|follower| follower.follow(client.process_state(NOW), code));
            assert_eq!(reported[0], reported[1], "{client:?} {code}");
            let is_unknown = matches!(reported[0], Life::Unknown(_));
            assert!(client.accepts_calls() || reported[0] == client.life(), "{client:?}");
            assert!(!is_unknown || reported[0] != Life::Unknown(UnknownReason::LeaseExpired));
        }
    });
}

/// A session whose reads all fail with one code.
struct Follower {
    session: ClientSession,
    now: Moment,
    pending: Option<u32>,
    reported: Option<SessionState>,
}

impl Follower {
    fn new() -> Self {
        let session = ClientSession::new(KEEPALIVE);
        Self { session, now: Moment::START, pending: None, reported: None }
    }

    fn follow(
        &mut self,
        process: communicado_sources::windows::session::ProcessState,
        code: HResult,
    ) -> Life {
        self.input(SessionInput::Process(process));
        while let Some(read) = self.pending.take() {
            self.input(SessionInput::ReadDone { read, result: Err(code), same_level: Some(true) });
        }
        self.reported.as_ref().expect("a report").life
    }

    fn input(&mut self, input: SessionInput) {
        for action in self.session.handle(self.now, input) {
            match action {
                SessionAction::Connect(read) | SessionAction::Read(read) => {
                    self.pending = Some(read);
                }
                SessionAction::Disconnect => self.pending = None,
                SessionAction::Report(state) => self.reported = Some(state),
            }
        }
    }
}

//! Registered clients: ties keys, classes and processes together (Microsoft, "Integrating IM
//! applications with Office").
//!
//! Pure: the values that were read go in, the clients come out, each with its decision.

use std::collections::{BTreeMap, BTreeSet};

use communicado_core::{Life, UnknownReason};
use communicado_windows::{Guid, RegistryValue};

use super::class_server::{ClassEvidence, ClassServer, ServerProcess, best_evidence, is_served_by};
use super::decision::{Basis, Decision, Evidence, ProcessEvidence, RunningFlag, decide};
use super::known_clients::{self, KNOWN_CLIENTS, KnownClient, MESSENGER};
use super::program_name::{file_name, is_shared_host, split_command, stem};
use super::session::ProcessState;
use super::snapshot::{ProcessFact, Registration, RegistrySnapshot, text};

/// The maximum number of clients. A desktop has two or three.
const CLIENTS_MAX: usize = 256;

/// A registered client, or a known one that runs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredClient {
    /// The name of its registry key.
    pub app: String,
    /// The name that Communicado reports.
    pub client: String,
    /// The name of its program, where known.
    pub program: Option<String>,
    /// The IDs of its processes in this session.
    pub processes: Vec<u32>,
    /// Processes that it started and that may outlive it: ID and file name.
    pub helpers: Vec<(u32, String)>,
    /// The class of its root object.
    pub class: Option<Guid>,
    /// True if its installer has registered it in the 64-bit view and in the 32-bit view.
    pub registered: (bool, bool),
    /// True if a server is registered for its class.
    pub has_server: bool,
    /// True if it is communicado's provider.
    pub is_provider: bool,
    /// All evidence on it.
    pub evidence: Evidence,
    /// The decision on that evidence.
    pub decision: Decision,
}

/// Presence of a client's program.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProgramPresence {
    /// It runs.
    Runs,
    /// It does not run.
    Absent,
    /// Nothing shows whether it runs.
    Unknown,
}

impl RegisteredClient {
    /// Returns whether the client runs. A client that accepts calls is unknown until it is read.
    #[must_use]
    pub const fn life(&self) -> Life {
        self.decision.life()
    }

    /// Returns whether its program runs, by itself or under another key.
    #[must_use]
    pub const fn presence(&self) -> ProgramPresence {
        match (&self.decision.basis, self.life()) {
            (Basis::OtherClient(_), _) => ProgramPresence::Runs,
            (_, Life::Absent) => ProgramPresence::Absent,
            (_, Life::Unknown(UnknownReason::SourceLost)) => ProgramPresence::Unknown,
            _ => ProgramPresence::Runs,
        }
    }

    /// Returns whether its root object is Communicator's. The source `communicator` reads such
    /// clients, and `lync` all others.
    #[must_use]
    pub fn is_messenger(&self) -> bool {
        self.class == Some(MESSENGER)
    }

    /// Returns whether its root object can be created without a start of the client.
    #[must_use]
    pub const fn accepts_calls(&self) -> bool {
        self.decision.accepts_calls()
    }

    /// The state of its process at `now`, for a session.
    #[must_use]
    pub fn process_state(&self, now: i64) -> ProcessState {
        if !self.accepts_calls() {
            return ProcessState::Closed(self.life());
        }
        ProcessState::Open {
            processes: self.processes.iter().copied().collect(),
            age: self.up_since().map(|since| {
                let micros = now.saturating_sub(since).max(0);
                std::time::Duration::from_micros(micros.unsigned_abs())
            }),
        }
    }

    /// The moment since which the client may be up, where readable.
    const fn up_since(&self) -> Option<i64> {
        let ProcessEvidence::Running { started } = self.evidence.process else { return None };
        match (started, self.evidence.written) {
            (Some(started), Some(written)) if written > started => Some(written),
            (None, written) => written,
            (started, _) => started,
        }
    }
}

/// All clients with a key of the user or the machine, and the known clients that run, by name.
#[must_use]
pub fn registered_clients(snapshot: &RegistrySnapshot) -> Vec<RegisteredClient> {
    let mut apps = BTreeMap::new();
    let users = snapshot.users.iter().map(|key| key.app.as_str());
    let machine = snapshot.wide.iter().chain(&snapshot.narrow).map(|(app, _)| app.as_str());
    for app in users.chain(machine).take(CLIENTS_MAX) {
        apps.entry(app.to_lowercase()).or_insert(app);
    }
    for known in KNOWN_CLIENTS {
        let program = stem(known.program);
        if snapshot.processes.iter().any(|process| stem(&process.image) == program) {
            apps.entry(known.app.to_lowercase()).or_insert(known.app);
        }
    }
    let mut drafts: Vec<Draft<'_>> =
        apps.into_values().map(|app| Draft::new(app, snapshot)).collect();
    find_processes_by_class(&mut drafts, snapshot);
    let owners = merge(&mut drafts);
    let names: Vec<String> =
        drafts.iter().map(|draft| known_clients::client_name(draft.app)).collect();
    let owners = owners.into_iter().map(|owner| names.get(owner?).cloned());
    let pairs = drafts.into_iter().zip(owners.collect::<Vec<_>>());
    pairs.map(|(draft, owner)| draft.client(snapshot, owner)).collect()
}

/// The programs whose processes concern the clients, without `.exe` and in lower case.
#[must_use]
pub fn concerned_programs(snapshot: &RegistrySnapshot) -> BTreeSet<String> {
    let own = snapshot.users.iter().map(|key| &key.own);
    let machine = snapshot.wide.iter().chain(&snapshot.narrow).map(|(_, found)| found);
    let registered = own.chain(machine).filter_map(|each| text(each.program.as_ref()));
    let known = KNOWN_CLIENTS
        .iter()
        .flat_map(|known| std::iter::once(known.program).chain(known.helpers.iter().copied()));
    let servers = snapshot.classes.iter().filter_map(|(_, server)| match server {
        ClassServer::Command(command) => Some(command.as_str()),
        ClassServer::Package(_) | ClassServer::Other(_) => None,
    });
    registered.chain(known).chain(servers).filter_map(stem).collect()
}

/// The classes of all clients.
#[must_use]
pub fn registered_classes(snapshot: &RegistrySnapshot) -> BTreeSet<Guid> {
    let own = snapshot.users.iter().map(|key| &key.own);
    let machine = snapshot.wide.iter().chain(&snapshot.narrow).map(|(_, found)| found);
    let registered = own.chain(machine).filter_map(|each| text(each.class.as_ref())?.parse().ok());
    let known = KNOWN_CLIENTS.iter().filter_map(|known| known.default_class);
    registered.chain(known).take(CLIENTS_MAX).collect()
}

/// A client before the decision.
struct Draft<'a> {
    app: &'a str,
    known: Option<&'static KnownClient>,
    flag: RunningFlag,
    written: Option<i64>,
    /// Its programs as written, the first one for people.
    programs: Vec<&'a str>,
    /// The process that its key names, if communicado's provider wrote the key.
    provider: Option<u32>,
    is_provider: bool,
    processes: Vec<&'a ProcessFact>,
    class: Option<Guid>,
    has_invalid_class: bool,
    servers: Vec<&'a ClassServer>,
    registered: (bool, bool),
    /// True if its class, and not its name, shows its process.
    is_found_by_class: bool,
}

impl<'a> Draft<'a> {
    fn new(app: &'a str, snapshot: &'a RegistrySnapshot) -> Self {
        let known = known_clients::by_app(app);
        let is_app = |name: &str| name.to_lowercase() == app.to_lowercase();
        let user = snapshot.users.iter().find(|key| is_app(&key.app));
        let own = user.map(|key| &key.own);
        let [wide, narrow] = [&snapshot.wide, &snapshot.narrow]
            .map(|view| view.iter().find(|(name, _)| is_app(name)).map(|(_, found)| found));
        // The registration of a running client is newer than its installer's.
        let registrations: Vec<&Registration> = [own, wide, narrow].into_iter().flatten().collect();
        let provider = own.filter(|own| own.is_provider()).and_then(|own| match own.process {
            Some(RegistryValue::Number(id)) => Some(id),
            _ => None,
        });
        let names = registrations.iter().filter_map(|each| text(each.program.as_ref()));
        let programs: Vec<&str> = names.chain(known.map(|known| known.program)).collect();
        let texts: Vec<&str> =
            registrations.iter().filter_map(|each| text(each.class.as_ref())).collect();
        let class = texts.iter().find_map(|text| text.parse().ok());
        let is_written = registrations.iter().any(|each| each.class.is_some());
        let class = class.or_else(|| known.filter(|_| !is_written)?.default_class);
        let mut draft = Self {
            app,
            known,
            flag: user.map_or(RunningFlag::NoKey, |key| RunningFlag::of(key.flag.as_ref())),
            written: user.and_then(|key| key.written),
            programs,
            provider,
            is_provider: registrations.iter().any(|each| each.is_provider()),
            processes: Vec::new(),
            has_invalid_class: class.is_none() && is_written,
            servers: Vec::new(),
            class,
            registered: (wide.is_some(), narrow.is_some()),
            is_found_by_class: false,
        };
        draft.set_class(class, snapshot);
        // The provider's program has other uses too, so only its process ID counts.
        let stems = registrations.iter().filter(|each| !each.is_provider());
        let stems = stems.filter_map(|each| stem(text(each.program.as_ref())?));
        let stems: Vec<String> = stems.chain(known.and_then(|known| stem(known.program))).collect();
        let own_stem = own.and_then(|own| stem(text(own.program.as_ref())?));
        let is_its_process = |process: &&ProcessFact| {
            let image = stem(&process.image);
            let is_provider = Some(process.id) == provider && image == own_stem;
            is_provider || image.is_some_and(|image| stems.contains(&image))
        };
        draft.processes = snapshot.processes.iter().filter(is_its_process).collect();
        draft
    }

    fn set_class(&mut self, class: Option<Guid>, snapshot: &'a RegistrySnapshot) {
        let servers = snapshot.classes.iter().filter(|(id, _)| Some(*id) == class);
        self.servers = servers.map(|(_, server)| server).collect();
    }

    /// Returns whether its process is a program that runs other programs.
    fn is_hosted(&self) -> bool {
        let mut stems = self.processes.iter().filter_map(|process| stem(&process.image)).peekable();
        stems.peek().is_some() && stems.all(|stem| is_shared_host(&stem))
    }

    fn has_process(&self, id: u32) -> bool {
        self.processes.iter().any(|process| process.id == id)
    }

    /// The order in which keys of one process give it their name.
    fn name_rank(&self) -> (u8, u8) {
        let is_its_own = self.known.is_some_and(|known| {
            let program = stem(known.program);
            self.processes.iter().any(|process| stem(&process.image) == program)
        });
        let name = match self.known {
            _ if self.is_found_by_class => 0,
            Some(_) if is_its_own => 2,
            None => 1,
            // Other vendors use the key of a known client in their legacy mode.
            Some(_) => 0,
        };
        (name, self.flag.rank())
    }

    fn class_evidence(&self) -> ClassEvidence {
        let Some(class) = self.class else {
            return if self.has_invalid_class {
                ClassEvidence::Invalid
            } else {
                ClassEvidence::Missing
            };
        };
        let here = self.processes.iter().filter(|process| !process.is_in_other_session);
        let here = here.map(|process| ServerProcess {
            image: &process.image,
            path: process.path.as_deref(),
            has_registered_itself: Some(process.id) == self.provider,
        });
        best_evidence(class, &self.servers, self.known, here)
    }

    /// Takes what another key of its process says, if that says more.
    fn adopt(&mut self, other: &Self) {
        self.provider = self.provider.or(other.provider);
        if other.flag.rank() > self.flag.rank() {
            self.flag = other.flag.clone();
            self.written = other.written;
        }
        // Communicator's class also reports why a sign-in failed.
        let is_richer = self.is_provider && other.class == Some(MESSENGER);
        if self.class_evidence() == ClassEvidence::Proven && !is_richer {
            return;
        }
        let (class, servers) = (self.class, std::mem::take(&mut self.servers));
        self.class = other.class;
        self.servers.clone_from(&other.servers);
        if class.is_some() && self.class_evidence() != ClassEvidence::Proven {
            self.class = class;
            self.servers = servers;
        }
    }

    fn process_evidence(&self, owner: Option<String>) -> ProcessEvidence {
        if let Some(owner) = owner {
            return ProcessEvidence::OtherClient(owner);
        }
        let mut here = self.processes.iter().filter(|process| !process.is_in_other_session);
        if here.clone().next().is_some() {
            if self.is_hosted() {
                return ProcessEvidence::SharedHost;
            }
            let started = here.try_fold(i64::MAX, |first, each| Some(first.min(each.started?)));
            return ProcessEvidence::Running { started };
        }
        if !self.processes.is_empty() {
            return ProcessEvidence::OtherSession;
        }
        if self.programs.iter().any(|program| stem(program).is_some()) {
            ProcessEvidence::NotRunning
        } else {
            ProcessEvidence::UnknownProgram
        }
    }

    fn client(self, snapshot: &RegistrySnapshot, owner: Option<String>) -> RegisteredClient {
        let evidence = Evidence {
            class: self.class_evidence(),
            process: self.process_evidence(owner),
            flag: self.flag,
            written: self.written,
        };
        let helpers = self.known.map_or(&[][..], |known| known.helpers);
        let is_helper =
            |image: &str| helpers.iter().any(|helper| helper.eq_ignore_ascii_case(image));
        let helpers = snapshot.processes.iter().filter(|process| is_helper(&process.image));
        let running = self.processes.first().map(|process| process.image.clone());
        let named = self.programs.iter().map(|name| file_name(split_command(name).0).to_owned());
        let here = self.processes.iter().filter(|process| !process.is_in_other_session);
        let is_elsewhere = matches!(evidence.process, ProcessEvidence::OtherClient(_));
        let processes = here.filter(|_| !is_elsewhere).map(|process| process.id).collect();
        RegisteredClient {
            app: self.app.to_owned(),
            client: known_clients::client_name(self.app),
            program: running.or_else(|| named.into_iter().find(|name| !name.trim().is_empty())),
            processes,
            helpers: helpers.map(|process| (process.id, process.image.clone())).collect(),
            class: self.class,
            registered: self.registered,
            has_server: !self.servers.is_empty(),
            is_provider: self.is_provider,
            decision: decide(&evidence, snapshot.now),
            evidence,
        }
    }
}

/// Finds the process of a client whose named program does not run, by the servers of its class.
fn find_processes_by_class<'a>(drafts: &mut [Draft<'a>], snapshot: &'a RegistrySnapshot) {
    for draft in drafts.iter_mut().filter(|draft| draft.processes.is_empty()) {
        if draft.is_provider || draft.servers.is_empty() {
            continue;
        }
        let serves = |process: &&ProcessFact| {
            let path = process.path.as_deref();
            draft.servers.iter().all(|server| is_served_by(server, path))
        };
        let found: Vec<_> = snapshot.processes.iter().filter(serves).collect();
        draft.is_found_by_class = !found.is_empty();
        draft.processes = found;
    }
}

/// Makes the keys of one process one client. Returns the client that each other key belongs to.
fn merge(drafts: &mut [Draft<'_>]) -> Vec<Option<usize>> {
    let rank = |index: &usize| {
        let named = drafts.get(*index).map(Draft::name_rank);
        (named, std::cmp::Reverse(*index))
    };
    let best = |draft: &Draft<'_>| {
        let has_all = |other: &Draft<'_>| draft.processes.iter().all(|it| other.has_process(it.id));
        let others = drafts.iter().enumerate().filter(|(_, other)| has_all(other));
        let is_one = !draft.processes.is_empty() && !draft.is_hosted();
        others.filter(|_| is_one).map(|(index, _)| index).max_by_key(rank)
    };
    let owners = drafts.iter().enumerate().map(|(index, draft)| {
        // The rank rises with each step, so the last one has no owner.
        let mut owner = best(draft).filter(|owner| *owner != index);
        while let Some(next) = owner.and_then(|owner| best(drafts.get(owner)?))
            && Some(next) != owner
        {
            owner = Some(next);
        }
        owner
    });
    let owners: Vec<Option<usize>> = owners.collect();
    for (index, owner) in owners.iter().enumerate() {
        let Some(owner) = *owner else { continue };
        if let Ok([other, owner]) = drafts.get_disjoint_mut([index, owner]) {
            owner.adopt(other);
        }
    }
    owners
}

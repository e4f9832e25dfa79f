//! Clients before the decision: keys, classes and processes that belong together.

use communicado_windows::{Guid, RegistryValue};

use super::class_server::{ClassEvidence, ClassServer, ServerProcess, best_evidence, is_served_by};
use super::decision::{Evidence, ProcessEvidence, RunningFlag, decide};
use super::known_clients::{self, KnownClient, MESSENGER};
use super::program_name::{file_name, is_shared_host, split_command, stem};
use super::registered_client::RegisteredClient;
use super::snapshot::{ProcessFact, Registration, RegistrySnapshot, text};

/// A client before the decision.
pub(super) struct Draft<'a> {
    pub(super) app: &'a str,
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
    /// True if a key names its class.
    is_written: bool,
    servers: Vec<&'a ClassServer>,
    registered: (bool, bool),
    /// True if its class, and not its name, shows its process.
    is_found_by_class: bool,
}

impl<'a> Draft<'a> {
    pub(super) fn new(app: &'a str, snapshot: &'a RegistrySnapshot) -> Self {
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
            is_written,
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

    pub(super) fn client(
        self,
        snapshot: &RegistrySnapshot,
        owner: Option<String>,
    ) -> RegisteredClient {
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
            has_known_class: !self.is_written
                && self.class.is_some()
                && self.class == self.known.and_then(|known| known.default_class),
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
pub(super) fn find_processes_by_class<'a>(
    drafts: &mut [Draft<'a>],
    snapshot: &'a RegistrySnapshot,
) {
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
pub(super) fn merge(drafts: &mut [Draft<'_>]) -> Vec<Option<usize>> {
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

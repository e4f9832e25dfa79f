//! Watcher of the registry and of the clients' processes.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::task::{Context, Poll};
use std::time::Duration;

use communicado_runtime::{Clock as _, SourceError, SystemClock, Timer};
use communicado_windows::{
    ChangeFilter, ChangeNotification, Hive, Process, ProcessEntry, RegistryKey, RegistryValue,
    RegistryView, WindowsError, civil_micros, own_session, processes, session_of, was_deleted,
};

use super::class_reader::class_servers;
use super::program_name::{expand, stem};
use super::registered_client::RegisteredClient;
use super::registration::{concerned_programs, registered_classes, registered_clients};
use super::snapshot::{ProcessFact, Registration, RegistrySnapshot, UserKey};

const SOFTWARE: &str = "Software";
pub(crate) const PROVIDERS: &str = r"Software\IM Providers";
/// The interval of reads. Windows does not notify of a new process, nor always of a flag that is
/// rewritten unchanged, and a client may start without its flag.
const READ_INTERVAL: Duration = Duration::from_secs(5);
/// The value of what is not readable.
const UNREADABLE: RegistryValue = RegistryValue::Other { kind: 0, length: 0 };

/// Watcher of `IM Providers` and of the clients' processes.
///
/// It subscribes to each change before it reads the value, so it misses no change.
pub(crate) struct RegistryWatcher {
    /// Shows when `IM Providers` is created or deleted: a deleted key may send no notice.
    software: (RegistryKey, ChangeNotification),
    providers: Option<(RegistryKey, ChangeNotification)>,
    /// The clients' processes. `None` stands for a process without access rights, which each read
    /// lists again.
    processes: BTreeMap<u32, (ProcessFact, Option<Process>)>,
    clock: SystemClock,
    timer: Box<dyn Timer>,
}

impl RegistryWatcher {
    pub(crate) fn open() -> Result<Self, SourceError> {
        let software =
            RegistryKey::open(Hive::CurrentUser, SOFTWARE, RegistryView::Default).map_err(lost)?;
        let software = software.ok_or_else(|| SourceError {
            cause: "the registry key `Software` of the user is missing".into(),
            help: "run communicado in the session of a logged-on user".into(),
        })?;
        let notice = software.watch(ChangeFilter::Names, false).map_err(lost)?;
        let clock = SystemClock::start();
        let timer = clock.timer().map_err(|error| SourceError {
            cause: error.to_string().into(),
            help: "close programs that have many handles open".into(),
        })?;
        let software = (software, notice);
        Ok(Self { software, providers: None, processes: BTreeMap::new(), clock, timer })
    }

    /// All clients. [`RegistryWatcher::poll_change`] shows later changes.
    pub(crate) fn read(&mut self) -> Result<Vec<RegisteredClient>, SourceError> {
        let (software, notice) = &self.software;
        notice.rearm(software).map_err(lost)?;
        let is_armed = self.providers.as_ref().is_some_and(|(key, notice)| {
            // After a key is deleted, the same path is another key.
            notice.rearm(key).is_ok()
        });
        if !is_armed {
            self.providers = None;
            if let Some(key) =
                RegistryKey::open(Hive::CurrentUser, PROVIDERS, RegistryView::Default)
                    .map_err(lost)?
            {
                let notice = key.watch(ChangeFilter::NamesAndValues, true);
                self.providers = notice.ok().map(|notice| (key, notice));
            }
        }
        let mut snapshot = registry()?;
        let programs = concerned_programs(&snapshot);
        self.processes.retain(|_, (fact, process)| {
            process.as_ref().is_some_and(|it| !it.has_ended())
                && stem(&fact.image).is_some_and(|stem| programs.contains(&stem))
        });
        open_processes(&programs, &mut self.processes)?;
        snapshot.processes = self.processes.values().map(|(fact, _)| fact.clone()).collect();
        let found = registered_clients(&snapshot);
        let changes = found.iter().filter_map(|each| each.decision.until).min();
        let left = changes.map(|until| until.saturating_sub(snapshot.now).max(0).unsigned_abs());
        let wait =
            left.map_or(READ_INTERVAL, |left| Duration::from_micros(left).min(READ_INTERVAL));
        self.timer.set(Some(self.clock.now().after(wait)));
        Ok(found)
    }

    /// Waits for a change.
    pub(crate) fn poll_change(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SourceError>> {
        if self.timer.poll_due(cx).is_ready() {
            return Poll::Ready(Ok(()));
        }
        let mut changed = self.software.1.poll_changed(cx);
        if let (true, Some((_, notice))) = (changed.is_pending(), &mut self.providers) {
            changed = notice.poll_changed(cx);
        }
        for process in self.processes.values_mut().filter_map(|(_, process)| process.as_mut()) {
            if changed.is_pending() {
                changed = process.poll_ended(cx);
            }
        }
        changed.map_err(lost)
    }
}

/// Opens all processes of these programs. If one exits meanwhile, it may have a successor, so the
/// list is read again.
fn open_processes(
    programs: &BTreeSet<String>,
    opened: &mut BTreeMap<u32, (ProcessFact, Option<Process>)>,
) -> Result<(), SourceError> {
    let own_session = own_session();
    loop {
        let mut all_run = true;
        for ProcessEntry { id, image } in processes().map_err(lost)? {
            let is_concerned = stem(&image).is_some_and(|stem| programs.contains(&stem));
            if !is_concerned || id == std::process::id() {
                continue;
            }
            let Entry::Vacant(entry) = opened.entry(id) else { continue };
            let is_here = session_of(id) == own_session;
            match Process::open(id) {
                Ok(process) if process.has_ended() => all_run = false,
                // A process of another user is no client of this one.
                Ok(process) if !is_here && process.is_of_own_user() != Some(true) => {}
                Ok(process) => {
                    let fact = ProcessFact {
                        id,
                        image,
                        path: process.image_path(),
                        started: process.started_micros(),
                        is_in_other_session: !is_here,
                    };
                    entry.insert((fact, Some(process)));
                }
                // Without access rights, the list of processes has to suffice.
                Err(_) if session_of(id).is_some() && is_here => {
                    entry.insert((ProcessFact { id, image, ..ProcessFact::default() }, None));
                }
                Err(_) => all_run &= session_of(id).is_some(),
            }
        }
        if all_run {
            return Ok(());
        }
    }
}

/// Reads the registry and the processes of all clients once.
pub(crate) fn read() -> Result<RegistrySnapshot, SourceError> {
    let mut snapshot = registry()?;
    let mut opened = BTreeMap::new();
    open_processes(&concerned_programs(&snapshot), &mut opened)?;
    snapshot.processes = opened.into_values().map(|(fact, _)| fact).collect();
    Ok(snapshot)
}

/// Reads the registry, without processes.
fn registry() -> Result<RegistrySnapshot, SourceError> {
    let mut snapshot = RegistrySnapshot { now: civil_micros(), ..RegistrySnapshot::default() };
    if let Some(key) =
        RegistryKey::open(Hive::CurrentUser, PROVIDERS, RegistryView::Default).map_err(lost)?
    {
        for app in subkeys(&key) {
            let path = format!(r"{PROVIDERS}\{app}");
            // The key may be deleted meanwhile.
            let (flag, written, own) =
                match RegistryKey::open(Hive::CurrentUser, &path, RegistryView::Default) {
                    Ok(None) => continue,
                    Ok(Some(key)) => {
                        (value(&key, "UpAndRunning"), key.written_micros(), registration(&key))
                    }
                    Err(_) => (Some(UNREADABLE), None, Registration::default()),
                };
            snapshot.users.push(UserKey { app, flag, written, own });
        }
    }
    snapshot.wide = registrations(RegistryView::Bits64)?;
    snapshot.narrow = registrations(RegistryView::Bits32)?;
    for class in registered_classes(&snapshot) {
        let servers = class_servers(class).into_iter().map(|server| (class, server));
        snapshot.classes.extend(servers);
    }
    Ok(snapshot)
}

fn registrations(view: RegistryView) -> Result<Vec<(String, Registration)>, SourceError> {
    let Some(key) = RegistryKey::open(Hive::LocalMachine, PROVIDERS, view).map_err(lost)? else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for app in subkeys(&key) {
        let path = format!(r"{PROVIDERS}\{app}");
        match RegistryKey::open(Hive::LocalMachine, &path, view) {
            Ok(None) => {}
            Ok(Some(key)) => found.push((app, registration(&key))),
            Err(_) => found.push((app, Registration::default())),
        }
    }
    Ok(found)
}

fn registration(key: &RegistryKey) -> Registration {
    Registration {
        name: value(key, "FriendlyName"),
        program: value(key, "ProcessName"),
        class: value(key, "GUID"),
        process: value(key, "ProcessId"),
    }
}

/// A value with its variables replaced. One client's faulty value is no reason to lose the others.
fn value(key: &RegistryKey, name: &str) -> Option<RegistryValue> {
    match key.value(name) {
        Ok(None) => None,
        Ok(Some(value)) => Some(match value.decode() {
            RegistryValue::Text(text) => {
                RegistryValue::Text(expand(&text, |name| std::env::var(name).ok()))
            }
            other @ (RegistryValue::Number(_) | RegistryValue::Other { .. }) => other,
        }),
        Err(error) if was_deleted(&error) => None,
        Err(_) => Some(UNREADABLE),
    }
}

/// The names of the subkeys. A deleted key has none.
fn subkeys(key: &RegistryKey) -> Vec<String> {
    key.subkeys().unwrap_or_default()
}

/// The error for a failed call to Windows.
pub(crate) fn lost(error: WindowsError) -> SourceError {
    SourceError {
        cause: error.to_string().into(),
        help: "run `communicado explain` with the code; communicado retries automatically".into(),
    }
}

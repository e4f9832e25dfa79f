//! Watcher of the registry and of the clients' processes.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::task::{Context, Poll};
use std::time::Duration;

use communicado_runtime::{Clock as _, SourceError, SystemClock, Timer};
use communicado_windows::{
    ChangeFilter, ChangeNotification, Hive, Process, RegistryKey, RegistryView, WindowsError,
    own_session, processes, session_of,
};

use super::registration::{RegisteredClient, Registration, RegistrySnapshot, registered_clients};

const SOFTWARE: &str = "Software";
pub(crate) const PROVIDERS: &str = r"Software\IM Providers";
/// The interval of reads while a flag is set without a process. Windows does not notify of a new
/// process, nor always of a flag that is rewritten unchanged.
const STALE_INTERVAL: Duration = Duration::from_secs(30);

/// Watcher of `IM Providers` and of the clients' processes.
///
/// It subscribes to each change before it reads the value, so it misses no change.
pub(crate) struct RegistryWatcher {
    /// Shows when `IM Providers` is created or deleted: a deleted key may send no notice.
    software: (Key, Notice),
    providers: Option<(Key, Notice)>,
    /// The clients' processes with their programs. `None` stands for a process without access
    /// rights, which each read lists again.
    processes: BTreeMap<u32, (String, Option<Process>)>,
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
            notice.arm_again(key).is_ok()
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
        let programs = programs(&snapshot, |client| !client.flag.is_down());
        self.processes.retain(|_, (_, process)| process.as_ref().is_some_and(|it| !it.has_ended()));
        // The list of all processes is long, so it is read only for programs without a process.
        let is_open = |program: &String| self.processes.values().any(|(image, _)| image == program);
        if !programs.iter().all(is_open) {
            self.open_processes(&programs)?;
        }
        snapshot.processes =
            self.processes.iter().map(|(id, (image, _))| (*id, image.clone())).collect();
        let found = registered_clients(&snapshot);
        self.processes.retain(|id, _| found.iter().any(|each| each.processes.contains(id)));
        let is_stale = found.iter().any(RegisteredClient::is_stale);
        self.timer.set(is_stale.then(|| self.clock.now().after(STALE_INTERVAL)));
        Ok(found)
    }

    /// Opens all processes of these programs. If one exits meanwhile, it may have a successor, so
    /// the list is read again.
    fn open_processes(&mut self, programs: &BTreeSet<String>) -> Result<(), SourceError> {
        loop {
            let mut all_run = true;
            for (id, image) in listed(programs)? {
                let Entry::Vacant(entry) = self.processes.entry(id) else { continue };
                match Process::open(id) {
                    Ok(process) if !process.has_ended() => {
                        entry.insert((image, Some(process)));
                    }
                    // Without access rights, the list of processes has to suffice.
                    Err(_) if session_of(id).is_some() => {
                        entry.insert((image, None));
                    }
                    Ok(_) | Err(_) => all_run = false,
                }
            }
            if all_run {
                return Ok(());
            }
        }
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

/// Reads the registry and the processes of all clients once.
pub(crate) fn read() -> Result<RegistrySnapshot, SourceError> {
    let mut snapshot = registry()?;
    let programs = programs(&snapshot, |_| true);
    if !programs.is_empty() {
        snapshot.processes = listed(&programs)?;
    }
    Ok(snapshot)
}

/// Reads the registry, without processes.
fn registry() -> Result<RegistrySnapshot, SourceError> {
    let mut snapshot = RegistrySnapshot::default();
    if let Some(key) = Key::open(Hive::CurrentUser, PROVIDERS, View::Own).map_err(lost)? {
        for app in subkeys(&key) {
            let path = format!(r"{PROVIDERS}\{app}");
            // The key may be deleted meanwhile.
            let Some(key) = Key::open(Hive::CurrentUser, &path, View::Own).map_err(lost)? else {
                continue;
            };
            let flag = key.value("UpAndRunning").map_err(lost)?.map(|value| value.decode());
            let own = registration(&key)?;
            if own != Registration::default() {
                snapshot.own.push((app.clone(), own));
            }
            snapshot.flags.push((app, flag));
        }
    }
    snapshot.wide = registrations(View::Wide)?;
    snapshot.narrow = registrations(View::Narrow)?;
    Ok(snapshot)
}

/// The programs of some clients, in lower case.
fn programs(
    snapshot: &RegistrySnapshot,
    is_included: impl Fn(&RegisteredClient) -> bool,
) -> BTreeSet<String> {
    let clients = registered_clients(snapshot).into_iter().filter(is_included);
    clients.filter_map(|client| Some(client.program?.to_lowercase())).collect()
}

/// The processes of these programs in this session.
fn listed(programs: &BTreeSet<String>) -> Result<Vec<(u32, String)>, SourceError> {
    let session = own_session();
    let all = processes().map_err(lost)?.into_iter();
    let named = all.map(|process| (process.id, process.image.to_lowercase()));
    let named = named.filter(|(_, image)| programs.contains(image));
    Ok(named.filter(|(id, _)| session_of(*id) == session).collect())
}

fn registrations(view: RegistryView) -> Result<Vec<(String, Registration)>, SourceError> {
    let Some(key) = RegistryKey::open(Hive::LocalMachine, PROVIDERS, view).map_err(lost)? else {
        return Ok(Vec::new());
    };
    let mut found = Vec::new();
    for app in subkeys(&key) {
        let path = format!(r"{PROVIDERS}\{app}");
        let Some(key) = RegistryKey::open(Hive::LocalMachine, &path, view).map_err(lost)? else {
            continue;
        };
        found.push((app, registration(&key)?));
    }
    Ok(found)
}

fn registration(key: &RegistryKey) -> Result<Registration, SourceError> {
    let value = |name| Ok(key.value(name).map_err(lost)?.map(|value| value.decode()));
    Ok(Registration {
        program: value("ProcessName")?,
        class: value("GUID")?,
        process: value("ProcessId")?,
    })
}

/// The names of the subkeys. A deleted key has none.
fn subkeys(key: &Key) -> Vec<String> {
    key.subkeys().unwrap_or_default()
}

/// The error for a failed call to Windows.
pub(crate) fn lost(error: Error) -> SourceError {
    SourceError {
        cause: error.to_string().into(),
        help: "run `communicado explain` with the code; communicado retries automatically".into(),
    }
}

//! Watches the registry and the processes that it names.

use std::collections::btree_map::Entry;
use std::collections::{BTreeMap, BTreeSet};
use std::task::{Context, Poll};
use std::time::Duration;

use communicado_runtime::{Clock as _, SourceError, SystemClock, Timer};
use communicado_windows::{
    ChangeFilter, ChangeNotification, Hive, Process, RegistryKey, RegistryView, WindowsError,
    own_session, processes, session_of,
};

use super::contract::{Provider, Read, Registration, providers};

const SOFTWARE: &str = "Software";
pub(crate) const PROVIDERS: &str = r"Software\IM Providers";
/// How often it is looked again while a flag says that a client runs whose process is not there:
/// nothing tells of a process that begins, and a flag that is written unchanged need not either.
const LOOK_AGAIN: Duration = Duration::from_secs(30);

/// Awaits changes to `IM Providers` and the ends of the processes that it names.
///
/// Every notice is armed before what it is of is read, so that nothing falls in between.
pub(crate) struct Lookout {
    /// Tells when `IM Providers` comes or goes: a notice of a key that is deleted need not come.
    software: (RegistryKey, ChangeNotification),
    providers: Option<(RegistryKey, ChangeNotification)>,
    /// The processes that are named, with their programs; one that may not be waited for is not
    /// open, and is looked for each time.
    alive: BTreeMap<u32, (String, Option<Process>)>,
    clock: SystemClock,
    timer: Box<dyn Timer>,
}

impl Lookout {
    pub(crate) fn open() -> Result<Self, SourceError> {
        let software =
            RegistryKey::open(Hive::CurrentUser, SOFTWARE, RegistryView::Default).map_err(lost)?;
        let software = software.ok_or_else(|| SourceError {
            cause: "the user has no registry: there is no key `Software`".into(),
            help: "run communicado in the session of a user who has logged on".into(),
        })?;
        let notice = software.watch(ChangeFilter::Names, false).map_err(lost)?;
        let clock = SystemClock::start();
        let timer = clock.timer().map_err(|error| SourceError {
            cause: error.to_string().into(),
            help: "close programs that hold many handles".into(),
        })?;
        let software = (software, notice);
        Ok(Self { software, providers: None, alive: BTreeMap::new(), clock, timer })
    }

    /// Every provider as it is now; what changes afterwards is told by [`Lookout::poll_change`].
    pub(crate) fn look(&mut self) -> Result<Vec<Provider>, SourceError> {
        let (software, notice) = &self.software;
        notice.rearm(software).map_err(lost)?;
        let is_armed = self.providers.as_ref().is_some_and(|(key, notice)| {
            // A key that was deleted and made anew is another one.
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
        let mut read = registry()?;
        let programs = programs(&read, |provider| !provider.flag.is_down());
        self.alive.retain(|_, (_, process)| process.as_ref().is_some_and(|it| !it.has_ended()));
        // The list of all processes is long, and needed only where one that is known does not do.
        let is_open = |program: &String| self.alive.values().any(|(image, _)| image == program);
        if !programs.iter().all(is_open) {
            self.find(&programs)?;
        }
        read.processes = self.alive.iter().map(|(id, (image, _))| (*id, image.clone())).collect();
        let found = providers(&read);
        self.alive.retain(|id, _| found.iter().any(|each| each.processes.contains(id)));
        let is_stale = found.iter().any(Provider::is_stale);
        self.timer.set(is_stale.then(|| self.clock.now().after(LOOK_AGAIN)));
        Ok(found)
    }

    /// Opens every process of these programs that is not open yet. One that ends after it was
    /// listed is found out by that, and may have a successor that was not listed.
    fn find(&mut self, programs: &BTreeSet<String>) -> Result<(), SourceError> {
        loop {
            let mut all_live = true;
            for (id, image) in listed(programs)? {
                let Entry::Vacant(place) = self.alive.entry(id) else { continue };
                match Process::open(id) {
                    Ok(process) if !process.has_ended() => {
                        place.insert((image, Some(process)));
                    }
                    // That it is listed has to do.
                    Err(_) if session_of(id).is_some() => {
                        place.insert((image, None));
                    }
                    Ok(_) | Err(_) => all_live = false,
                }
            }
            if all_live {
                return Ok(());
            }
        }
    }

    /// Ready once something has changed.
    pub(crate) fn poll_change(&mut self, cx: &mut Context<'_>) -> Poll<Result<(), SourceError>> {
        if self.timer.poll_due(cx).is_ready() {
            return Poll::Ready(Ok(()));
        }
        let mut changed = self.software.1.poll_changed(cx);
        if let (true, Some((_, notice))) = (changed.is_pending(), &mut self.providers) {
            changed = notice.poll_changed(cx);
        }
        for process in self.alive.values_mut().filter_map(|(_, process)| process.as_mut()) {
            if changed.is_pending() {
                changed = process.poll_ended(cx);
            }
        }
        changed.map_err(lost)
    }
}

/// Reads all of it once, with the processes of every program that is named.
pub(crate) fn read() -> Result<Read, SourceError> {
    let mut read = registry()?;
    let programs = programs(&read, |_| true);
    if !programs.is_empty() {
        read.processes = listed(&programs)?;
    }
    Ok(read)
}

/// What is in the registry, without any process.
fn registry() -> Result<Read, SourceError> {
    let mut read = Read::default();
    if let Some(key) =
        RegistryKey::open(Hive::CurrentUser, PROVIDERS, RegistryView::Default).map_err(lost)?
    {
        for app in subkeys(&key) {
            let path = format!(r"{PROVIDERS}\{app}");
            // It may have gone in between.
            let Some(key) =
                RegistryKey::open(Hive::CurrentUser, &path, RegistryView::Default).map_err(lost)?
            else {
                continue;
            };
            let flag = key.value("UpAndRunning").map_err(lost)?.map(|value| value.decode());
            let own = registration(&key)?;
            if own != Registration::default() {
                read.own.push((app.clone(), own));
            }
            read.flags.push((app, flag));
        }
    }
    read.wide = registrations(RegistryView::Bits64)?;
    read.narrow = registrations(RegistryView::Bits32)?;
    Ok(read)
}

/// The programs of the providers that matter, in lower case.
fn programs(read: &Read, matters: impl Fn(&Provider) -> bool) -> BTreeSet<String> {
    let found = providers(read).into_iter().filter(matters);
    found.filter_map(|provider| Some(provider.program?.to_lowercase())).collect()
}

/// The processes of this session that run one of these programs.
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

/// The keys below; a key that was deleted has none.
fn subkeys(key: &RegistryKey) -> Vec<String> {
    key.subkeys().unwrap_or_default()
}

/// The error for what of the system cannot be used any more.
pub(crate) fn lost(error: WindowsError) -> SourceError {
    SourceError {
        cause: error.to_string().into(),
        help: "see `communicado explain` with the code; the registry is read again by itself"
            .into(),
    }
}

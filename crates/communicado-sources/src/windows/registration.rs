//! Registration of clients with Office: the registry and the list of processes (Microsoft,
//! "Integrating IM applications with Office").
//!
//! Pure: the values that were read go in, the state of each client comes out.
//!
//! **Know:** the flag is about the process and never about the sign-in, and nothing resets it after
//! a crash. So the flag counts only while the process runs.

use std::collections::BTreeMap;

use communicado_core::{Life, UnknownReason};
use communicado_windows::{Guid, RegistryValue};

use super::known_clients;
use super::session::ProcessState;

/// The maximum number of clients. A desktop has two or three.
const CLIENTS_MAX: usize = 256;

/// Values from the registry and the list of processes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegistrySnapshot {
    /// The keys under `HKCU\Software\IM Providers`, with their `UpAndRunning`.
    pub flags: Vec<(String, Option<RegistryValue>)>,
    /// The registrations that running clients write there, as communicado's provider does, which
    /// has no installer.
    pub own: Vec<(String, Registration)>,
    /// The keys under `HKLM\Software\IM Providers`, in the 64-bit view.
    pub wide: Vec<(String, Registration)>,
    /// The same keys, in the 32-bit view.
    pub narrow: Vec<(String, Registration)>,
    /// The processes of this session: process ID and name of the program.
    pub processes: Vec<(u32, String)>,
}

/// Registration of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registration {
    /// `ProcessName`.
    pub program: Option<RegistryValue>,
    /// `GUID`.
    pub class: Option<RegistryValue>,
    /// `ProcessId`, which only communicado's provider writes: its program has other uses too.
    pub process: Option<RegistryValue>,
}

/// A registered client.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RegisteredClient {
    /// The name of its registry key.
    pub app: String,
    /// The name that Communicado reports.
    pub client: String,
    /// Its flag.
    pub flag: RunningFlag,
    /// The name of its program, where known.
    pub program: Option<String>,
    /// The IDs of its processes in this session.
    pub processes: Vec<u32>,
    /// The class of its root object.
    pub class: Option<Guid>,
    /// True if its installer has registered it in the 64-bit view and in the 32-bit view.
    pub registered: (bool, bool),
}

/// Value of `UpAndRunning`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunningFlag {
    /// The client has no key under `HKCU\Software\IM Providers`.
    NoKey,
    /// The value is missing. This is undocumented, and the first programs for Communicator treat it
    /// as 1.
    Missing,
    /// 0: the client does not run.
    Down,
    /// 1: the client is starting.
    Starting,
    /// 2: the client runs, and its classes are registered.
    Up,
    /// Another, undocumented value.
    Undocumented(RegistryValue),
}

impl RegisteredClient {
    /// Returns whether the client runs, by its flag and its processes.
    #[must_use]
    pub const fn life(&self) -> Life {
        match (&self.flag, self.has_process()) {
            (RunningFlag::NoKey | RunningFlag::Down, _) | (_, Some(false)) => Life::Absent,
            (RunningFlag::Missing | RunningFlag::Starting, Some(true)) => Life::Starting,
            (RunningFlag::Up | RunningFlag::Undocumented(_), Some(true)) | (_, None) => {
                Life::Unknown(UnknownReason::NotSupported)
            }
        }
    }

    /// Returns whether its process runs, or `None` if its program is unknown.
    #[must_use]
    pub const fn has_process(&self) -> Option<bool> {
        match self.program {
            Some(_) => Some(!self.processes.is_empty()),
            None => None,
        }
    }

    /// Returns whether its flag is set without a process.
    #[must_use]
    pub const fn is_stale(&self) -> bool {
        !self.flag.is_down() && matches!(self.has_process(), Some(false))
    }

    /// Returns whether its root object is Communicator's. The source `communicator` reads such
    /// clients, and `lync` all others.
    #[must_use]
    pub fn is_messenger(&self) -> bool {
        self.class == Some(known_clients::MESSENGER)
    }

    /// The state of its process, for a session.
    #[must_use]
    pub fn process_state(&self) -> ProcessState {
        match self.life() {
            Life::Absent => ProcessState::NotRunning,
            Life::Starting => ProcessState::Starting,
            Life::Unknown(_) | Life::Running | Life::ShuttingDown if self.accepts_calls() => {
                ProcessState::Running(self.processes.iter().copied().collect())
            }
            Life::Unknown(_) | Life::Running | Life::ShuttingDown => ProcessState::Unknown,
        }
    }

    /// Returns whether its root object can be created without a start of the client.
    #[must_use]
    pub fn accepts_calls(&self) -> bool {
        self.flag == RunningFlag::Up && self.has_process() == Some(true)
    }
}

impl RunningFlag {
    /// Returns whether the flag means that the client does not run.
    #[must_use]
    pub const fn is_down(&self) -> bool {
        matches!(self, Self::NoKey | Self::Down)
    }
}

/// All clients with a key of the user or the machine, by name.
#[must_use]
pub fn registered_clients(snapshot: &RegistrySnapshot) -> Vec<RegisteredClient> {
    let mut apps = BTreeMap::new();
    let flags = snapshot.flags.iter().map(|(app, _)| app);
    let machine = snapshot.wide.iter().chain(&snapshot.narrow).map(|(app, _)| app);
    for app in flags.chain(machine).take(CLIENTS_MAX) {
        apps.entry(app.to_lowercase()).or_insert(app);
    }
    apps.into_values().map(|app| registered_client(app, snapshot)).collect()
}

fn registered_client(app: &str, snapshot: &RegistrySnapshot) -> RegisteredClient {
    let known = known_clients::by_app(app);
    let own = find(app, &snapshot.own);
    let [wide, narrow] = [&snapshot.wide, &snapshot.narrow].map(|view| find(app, view));
    // The registration of a running client is newer than its installer's.
    let registrations = [own, wide, narrow].into_iter().flatten();
    let mut programs = registrations.clone().filter_map(|each| text(each.program.as_ref()));
    let mut classes = registrations.filter_map(|each| text(each.class.as_ref())?.parse().ok());
    let program = programs.next().or_else(|| known.map(|known| known.program)).map(str::to_owned);
    let is_its_program = |image: &str| {
        program.as_deref().is_some_and(|name| name.to_lowercase() == image.to_lowercase())
    };
    let only_process = own.and_then(|own| match own.process {
        Some(RegistryValue::Number(id)) => Some(id),
        _ => None,
    });
    let processes = snapshot.processes.iter().filter(|(id, image)| {
        is_its_program(image) && only_process.is_none_or(|only_process| only_process == *id)
    });
    let processes = processes.map(|(id, _)| *id).collect();
    let flag = match find(app, &snapshot.flags) {
        None => RunningFlag::NoKey,
        Some(None) => RunningFlag::Missing,
        Some(Some(RegistryValue::Number(0))) => RunningFlag::Down,
        Some(Some(RegistryValue::Number(1))) => RunningFlag::Starting,
        Some(Some(RegistryValue::Number(2))) => RunningFlag::Up,
        Some(Some(other)) => RunningFlag::Undocumented(other.clone()),
    };
    RegisteredClient {
        app: app.to_owned(),
        client: known_clients::client_name(app),
        flag,
        processes,
        class: classes.next().or_else(|| known?.class),
        program,
        registered: (wide.is_some(), narrow.is_some()),
    }
}

fn find<'a, T>(app: &str, keys: &'a [(String, T)]) -> Option<&'a T> {
    let is_app = |name: &str| name.to_lowercase() == app.to_lowercase();
    keys.iter().find(|(name, _)| is_app(name)).map(|(_, value)| value)
}

/// The text of a value, unless blank.
fn text(value: Option<&RegistryValue>) -> Option<&str> {
    match value? {
        RegistryValue::Text(text) if !text.trim().is_empty() => Some(text.trim()),
        RegistryValue::Text(_) | RegistryValue::Number(_) | RegistryValue::Other { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::windows::known_clients::MESSENGER;

    fn number(number: u32) -> Option<RegistryValue> {
        Some(RegistryValue::Number(number))
    }

    fn text(text: &str) -> Option<RegistryValue> {
        Some(RegistryValue::Text(text.to_owned()))
    }

    fn snapshot(
        app: &str,
        flag: Option<RegistryValue>,
        processes: &[(u32, &str)],
    ) -> RegistrySnapshot {
        let processes = processes.iter().map(|(id, image)| (*id, (*image).to_owned())).collect();
        RegistrySnapshot {
            flags: vec![(app.to_owned(), flag)],
            processes,
            ..RegistrySnapshot::default()
        }
    }

    fn only_client(snapshot: &RegistrySnapshot) -> RegisteredClient {
        let mut found = registered_clients(snapshot);
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    }

    const UNSUPPORTED: Life = Life::Unknown(UnknownReason::NotSupported);

    #[test]
    fn the_flag_counts_only_while_the_process_runs() {
        let check = |flag: Option<RegistryValue>, with_process, without_process| {
            let running = snapshot("Communicator", flag.clone(), &[(7, "Communicator.exe")]);
            assert_eq!(only_client(&running).life(), with_process, "{flag:?}");
            let exited = snapshot("Communicator", flag.clone(), &[(7, "notepad.exe")]);
            assert_eq!(
                only_client(&exited).life(),
                without_process,
                "{flag:?} without its process"
            );
        };
        check(number(0), Life::Absent, Life::Absent);
        check(number(1), Life::Starting, Life::Absent);
        check(number(2), UNSUPPORTED, Life::Absent);
        check(None, Life::Starting, Life::Absent);
        check(number(3), UNSUPPORTED, Life::Absent);
        check(text("2"), UNSUPPORTED, Life::Absent);
        check(Some(RegistryValue::Other { kind: 4, length: 2 }), UNSUPPORTED, Life::Absent);
    }

    #[test]
    fn without_a_known_program_the_flag_alone_means_unknown() {
        let check = |flag: Option<RegistryValue>, expected| {
            assert_eq!(
                only_client(&snapshot("Acme", flag.clone(), &[])).life(),
                expected,
                "{flag:?}"
            );
        };
        check(number(2), UNSUPPORTED);
        check(number(1), UNSUPPORTED);
        check(None, UNSUPPORTED);
        check(number(0), Life::Absent);
    }

    #[test]
    fn the_64_bit_registration_takes_precedence_over_the_32_bit_one() {
        let registration = |program: &str, class: &str| Registration {
            program: text(program),
            class: text(class),
            process: None,
        };
        let wide = registration("acme64.exe", "{8885370D-B33E-44B7-875D-28E403CF9270}");
        let narrow = registration("acme.exe", "no class");
        let mut snapshot = snapshot("Acme", number(2), &[(3, "ACME.EXE"), (4, "acme64.exe")]);
        snapshot.narrow = vec![("ACME".to_owned(), narrow)];
        let found = only_client(&snapshot);
        assert_eq!((found.processes, found.class), (vec![3], None));
        assert_eq!(found.registered, (false, true));
        snapshot.wide = vec![("acme".to_owned(), wide)];
        let found = only_client(&snapshot);
        assert_eq!((found.processes, found.class), (vec![4], Some(MESSENGER)));
    }

    #[test]
    fn the_registration_of_a_running_client_takes_precedence() {
        let mut snapshot = snapshot("Communicator", number(2), &[(3, "communicado.exe")]);
        let installed =
            Registration { program: text("communicator.exe"), ..Registration::default() };
        snapshot.wide = vec![("Communicator".to_owned(), installed)];
        assert_eq!(only_client(&snapshot).life(), Life::Absent);
        let own = Registration { program: text("communicado.exe"), ..Registration::default() };
        snapshot.own = vec![("Communicator".to_owned(), own)];
        let found = only_client(&snapshot);
        assert_eq!((found.processes, found.class), (vec![3], Some(MESSENGER)));
        for (id, expected) in [(3, UNSUPPORTED), (4, Life::Absent)] {
            snapshot.own[0].1.process = number(id);
            assert_eq!(only_client(&snapshot).life(), expected, "with process ID {id}");
        }
    }

    #[test]
    fn a_blank_program_name_is_no_program() {
        let mut snapshot = snapshot("Acme", number(2), &[(3, "")]);
        let blank = Registration { program: text("  "), ..Registration::default() };
        snapshot.wide = vec![("Acme".to_owned(), blank)];
        assert_eq!(only_client(&snapshot).life(), UNSUPPORTED);
    }

    #[test]
    fn an_installed_client_without_a_user_key_is_absent() {
        let snapshot = RegistrySnapshot {
            wide: vec![("Lync".to_owned(), Registration::default())],
            ..RegistrySnapshot::default()
        };
        assert_eq!(only_client(&snapshot).life(), Life::Absent);
        assert_eq!(only_client(&snapshot).flag, RunningFlag::NoKey);
    }

    #[test]
    fn the_number_of_clients_is_limited() {
        let flags = (0..1000).map(|each| (format!("App {each}"), number(2))).collect();
        assert_eq!(
            registered_clients(&RegistrySnapshot { flags, ..RegistrySnapshot::default() }).len(),
            CLIENTS_MAX
        );
    }
}

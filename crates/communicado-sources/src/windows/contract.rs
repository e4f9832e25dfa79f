//! What the registry and the list of processes say of each client (Microsoft, "Integrating IM
//! applications with Office").
//!
//! Pure: what was read goes in, what it means comes out.
//!
//! **Know:** the flag speaks of the process and never of the sign-in, and nothing resets it after
//! a crash. So it is believed only while the process lives.

use std::collections::BTreeMap;

use communicado_core::{Life, UnknownReason};
use communicado_windows::{Guid, RegistryValue};

use super::conversation::Standing;
use super::known;

/// The most clients that are looked at; a desktop has two or three.
const PROVIDERS_MAX: usize = 256;

/// What was read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Read {
    /// The keys below `HKCU\Software\IM Providers`, with their `UpAndRunning`.
    pub flags: Vec<(String, Option<RegistryValue>)>,
    /// What a client that runs has written there about itself, as communicado's provider does,
    /// which has no installer.
    pub own: Vec<(String, Registration)>,
    /// The keys below `HKLM\Software\IM Providers`, as 64-bit programs see them.
    pub wide: Vec<(String, Registration)>,
    /// The same, as 32-bit programs see them.
    pub narrow: Vec<(String, Registration)>,
    /// The processes of this session: number and name of the program.
    pub processes: Vec<(u32, String)>,
}

/// What a client's installer wrote.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registration {
    /// `ProcessName`.
    pub program: Option<RegistryValue>,
    /// `GUID`.
    pub class: Option<RegistryValue>,
    /// `ProcessId`, which only communicado's provider writes: its program does other things too.
    pub process: Option<RegistryValue>,
}

/// A client that keeps the contract.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Provider {
    /// The name of its key.
    pub app: String,
    /// What it is called here.
    pub client: String,
    /// Its flag.
    pub flag: Flag,
    /// The name of its program, where that is known.
    pub program: Option<String>,
    /// The processes of this session that run that program.
    pub processes: Vec<u32>,
    /// The class of its root object.
    pub class: Option<Guid>,
    /// In which views of the registry its installer wrote: wide, narrow.
    pub registered: (bool, bool),
}

/// `UpAndRunning`, as it is found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Flag {
    /// There is no key of the client below `HKCU\Software\IM Providers`.
    NoKey,
    /// There is no value: no document says what that means, and the first programs that were
    /// written for Communicator take it for 1.
    Missing,
    /// 0: it does not run.
    Down,
    /// 1: it is starting.
    Starting,
    /// 2: it runs, and its classes are registered.
    Up,
    /// Something else, which no document knows.
    Odd(RegistryValue),
}

impl Provider {
    /// What the flag and the processes say of the client's life.
    #[must_use]
    pub const fn life(&self) -> Life {
        match (&self.flag, self.lives()) {
            (Flag::NoKey | Flag::Down, _) | (_, Some(false)) => Life::Absent,
            (Flag::Missing | Flag::Starting, Some(true)) => Life::Starting,
            (Flag::Up | Flag::Odd(_), Some(true)) | (_, None) => {
                Life::Unknown(UnknownReason::NotSupported)
            }
        }
    }

    /// Whether its process lives; nothing if nobody knows which that is.
    #[must_use]
    pub const fn lives(&self) -> Option<bool> {
        match self.program {
            Some(_) => Some(!self.processes.is_empty()),
            None => None,
        }
    }

    /// Whether its flag says that it runs while its process is not there.
    #[must_use]
    pub const fn is_stale(&self) -> bool {
        !self.flag.is_down() && matches!(self.lives(), Some(false))
    }

    /// Whether its root object is Communicator's: such a client is spoken to as Communicator is,
    /// and every other one as Lync is.
    #[must_use]
    pub fn is_messenger(&self) -> bool {
        self.class == Some(known::MESSENGER)
    }

    /// What a connection to it may rely on.
    #[must_use]
    pub fn standing(&self) -> Standing {
        match self.life() {
            Life::Absent => Standing::Down,
            Life::Starting => Standing::Starting,
            Life::Unknown(_) | Life::Running | Life::ShuttingDown if self.is_up() => {
                Standing::Up(self.processes.iter().copied().collect())
            }
            Life::Unknown(_) | Life::Running | Life::ShuttingDown => Standing::Unclear,
        }
    }

    /// Whether its root object can be created without starting it.
    #[must_use]
    pub fn is_up(&self) -> bool {
        self.flag == Flag::Up && self.lives() == Some(true)
    }
}

impl Flag {
    /// Whether it says nothing that a living process could make true.
    #[must_use]
    pub const fn is_down(&self) -> bool {
        matches!(self, Self::NoKey | Self::Down)
    }
}

/// Every client that has a key of the user's or the machine's, by name.
#[must_use]
pub fn providers(read: &Read) -> Vec<Provider> {
    let mut apps = BTreeMap::new();
    let flags = read.flags.iter().map(|(app, _)| app);
    let machine = read.wide.iter().chain(&read.narrow).map(|(app, _)| app);
    for app in flags.chain(machine).take(PROVIDERS_MAX) {
        apps.entry(app.to_lowercase()).or_insert(app);
    }
    apps.into_values().map(|app| provider(app, read)).collect()
}

fn provider(app: &str, read: &Read) -> Provider {
    let known = known::by_app(app);
    let [wide, narrow] = [&read.wide, &read.narrow].map(|view| found(app, view));
    // What one who runs says of itself is newer than what was installed.
    let said = [found(app, &read.own), wide, narrow].into_iter().flatten();
    let mut programs = said.clone().filter_map(|each| text(each.program.as_ref()));
    let mut classes = said.filter_map(|each| text(each.class.as_ref())?.parse().ok());
    let program = programs.next().or_else(|| known.map(|known| known.program)).map(str::to_owned);
    let is_its = |image: &str| {
        program.as_deref().is_some_and(|name| name.to_lowercase() == image.to_lowercase())
    };
    let only = found(app, &read.own).and_then(|own| match own.process {
        Some(RegistryValue::Number(id)) => Some(id),
        _ => None,
    });
    let is_it = |id: u32| only.is_none_or(|only| only == id);
    let running = read.processes.iter().filter(|(id, image)| is_its(image) && is_it(*id));
    let processes = running.map(|(id, _)| *id).collect();
    let flag = match found(app, &read.flags) {
        None => Flag::NoKey,
        Some(None) => Flag::Missing,
        Some(Some(RegistryValue::Number(0))) => Flag::Down,
        Some(Some(RegistryValue::Number(1))) => Flag::Starting,
        Some(Some(RegistryValue::Number(2))) => Flag::Up,
        Some(Some(other)) => Flag::Odd(other.clone()),
    };
    Provider {
        app: app.to_owned(),
        client: known::client_name(app),
        flag,
        processes,
        class: classes.next().or_else(|| known?.class),
        program,
        registered: (wide.is_some(), narrow.is_some()),
    }
}

fn found<'a, T>(app: &str, keys: &'a [(String, T)]) -> Option<&'a T> {
    let same = |name: &str| name.to_lowercase() == app.to_lowercase();
    keys.iter().find(|(name, _)| same(name)).map(|(_, found)| found)
}

/// A text that says something.
fn text(value: Option<&RegistryValue>) -> Option<&str> {
    match value? {
        RegistryValue::Text(text) if !text.trim().is_empty() => Some(text.trim()),
        RegistryValue::Text(_) | RegistryValue::Number(_) | RegistryValue::Other { .. } => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::windows::known::MESSENGER;

    fn number(number: u32) -> Option<RegistryValue> {
        Some(RegistryValue::Number(number))
    }

    fn written(text: &str) -> Option<RegistryValue> {
        Some(RegistryValue::Text(text.to_owned()))
    }

    fn read(app: &str, flag: Option<RegistryValue>, processes: &[(u32, &str)]) -> Read {
        let processes = processes.iter().map(|(id, image)| (*id, (*image).to_owned())).collect();
        Read { flags: vec![(app.to_owned(), flag)], processes, ..Read::default() }
    }

    fn one(read: &Read) -> Provider {
        let mut found = providers(read);
        assert_eq!(found.len(), 1, "{found:?}");
        found.remove(0)
    }

    const UNSEEN: Life = Life::Unknown(UnknownReason::NotSupported);

    #[test]
    fn the_flag_is_believed_only_while_the_process_lives() {
        let check = |flag: Option<RegistryValue>, alive, dead| {
            let lives = read("Communicator", flag.clone(), &[(7, "Communicator.exe")]);
            assert_eq!(one(&lives).life(), alive, "{flag:?}");
            let gone = read("Communicator", flag.clone(), &[(7, "notepad.exe")]);
            assert_eq!(one(&gone).life(), dead, "{flag:?} without its process");
        };
        check(number(0), Life::Absent, Life::Absent);
        check(number(1), Life::Starting, Life::Absent);
        check(number(2), UNSEEN, Life::Absent);
        check(None, Life::Starting, Life::Absent);
        check(number(3), UNSEEN, Life::Absent);
        check(written("2"), UNSEEN, Life::Absent);
        check(Some(RegistryValue::Other { kind: 4, length: 2 }), UNSEEN, Life::Absent);
    }

    #[test]
    fn where_no_process_is_known_the_flag_alone_is_never_more_than_unknown() {
        let check = |flag: Option<RegistryValue>, expected| {
            assert_eq!(one(&read("Acme", flag.clone(), &[])).life(), expected, "{flag:?}");
        };
        check(number(2), UNSEEN);
        check(number(1), UNSEEN);
        check(None, UNSEEN);
        check(number(0), Life::Absent);
    }

    #[test]
    fn what_the_installer_wrote_is_found_in_either_view_and_the_wide_one_is_believed() {
        let registration = |program: &str, class: &str| Registration {
            program: written(program),
            class: written(class),
            process: None,
        };
        let wide = registration("acme64.exe", "{8885370D-B33E-44B7-875D-28E403CF9270}");
        let narrow = registration("acme.exe", "no class");
        let mut read = read("Acme", number(2), &[(3, "ACME.EXE"), (4, "acme64.exe")]);
        read.narrow = vec![("ACME".to_owned(), narrow)];
        let found = one(&read);
        assert_eq!((found.processes, found.class), (vec![3], None));
        assert_eq!(found.registered, (false, true));
        read.wide = vec![("acme".to_owned(), wide)];
        let found = one(&read);
        assert_eq!((found.processes, found.class), (vec![4], Some(MESSENGER)));
    }

    #[test]
    fn what_a_client_that_runs_says_of_itself_comes_before_what_was_installed() {
        let mut read = read("Communicator", number(2), &[(3, "communicado.exe")]);
        let installed =
            Registration { program: written("communicator.exe"), ..Registration::default() };
        read.wide = vec![("Communicator".to_owned(), installed)];
        assert_eq!(one(&read).life(), Life::Absent);
        let own = Registration { program: written("communicado.exe"), ..Registration::default() };
        read.own = vec![("Communicator".to_owned(), own)];
        let found = one(&read);
        assert_eq!((found.processes, found.class), (vec![3], Some(MESSENGER)));
        for (id, expected) in [(3, UNSEEN), (4, Life::Absent)] {
            read.own[0].1.process = number(id);
            assert_eq!(one(&read).life(), expected, "with the number {id}");
        }
    }

    #[test]
    fn an_empty_name_of_a_program_is_none() {
        let mut read = read("Acme", number(2), &[(3, "")]);
        let blank = Registration { program: written("  "), ..Registration::default() };
        read.wide = vec![("Acme".to_owned(), blank)];
        assert_eq!(one(&read).life(), UNSEEN);
    }

    #[test]
    fn an_installed_client_without_a_key_of_the_user_is_absent() {
        let read =
            Read { wide: vec![("Lync".to_owned(), Registration::default())], ..Read::default() };
        assert_eq!(one(&read).life(), Life::Absent);
        assert_eq!(one(&read).flag, Flag::NoKey);
    }

    #[test]
    fn a_flood_of_keys_is_cut_off() {
        let flags = (0..1000).map(|each| (format!("App {each}"), number(2))).collect();
        assert_eq!(providers(&Read { flags, ..Read::default() }).len(), PROVIDERS_MAX);
    }
}

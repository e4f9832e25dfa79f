//! Registry keys of the provider: while it runs, and permanent registrations.

use communicado_windows::com::serve::TypeLibrary;
use communicado_windows::{Guid, Hive, RegistryKey, RegistryValue, RegistryView, WindowsError};

use crate::{control, messenger, office};

pub(crate) const PROVIDERS: &str = r"Software\IM Providers";
const CLASSES: &str = r"Software\Classes";
/// The value that selects the client of Office and other programs.
const DEFAULT_APP: &str = "DefaultIMApp";
/// The value that stores the previous selection.
const FORMER_DEFAULT_APP: &str = "FormerDefaultIMApp";

/// The provider's keys below `IM Providers`, with their classes: one for programs written for
/// Communicator, one for Office.
pub(crate) const APPS: [(&str, Guid); 2] =
    [("Communicator", messenger::CLASS), ("Communicado", office::CLASS)];
const FRIENDLY_NAME: &str = "Communicado";
/// Communicator's program, which must not run at the same time.
pub(crate) const COMMUNICATOR_PROGRAM: &str = "communicator.exe";

/// All classes: id, ProgID, description and type library.
const CLASS_TABLE: [(Guid, &str, &str, Option<Guid>); 3] = [
    (
        messenger::CLASS,
        "Communicator.UIAutomation",
        "Communicator, by Communicado",
        Some(MESSENGER),
    ),
    (
        office::CLASS,
        "Communicado.OfficeIntegration",
        "Office integration of Communicado",
        Some(OFFICE),
    ),
    (control::CLASS, "Communicado.Provider", "The provider of Communicado", None),
];
const MESSENGER: Guid = Guid(0x2B31_7E1D_50E5_4F5E_A3A4_FB85_206E_DA48);
const OFFICE: Guid = Guid(0xB9AA_1F11_F480_4054_A84E_B5D9_277E_40A8);

/// The users that a registration applies to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistrationScope {
    /// This user. Needs no administrator rights.
    CurrentUser,
    /// All users, and programs that run as administrator, including Office. Needs administrator
    /// rights.
    AllUsers,
}

/// A completed registration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassRegistration {
    /// The command line that COM runs to serve a class.
    pub command: String,
    /// The ProgIDs.
    pub names: Vec<&'static str>,
}

impl RegistrationScope {
    const fn hive(self) -> Hive {
        match self {
            Self::CurrentUser => Hive::CurrentUser,
            Self::AllUsers => Hive::LocalMachine,
        }
    }
}

/// Registers the classes, so that COM starts the provider with `options` on demand.
///
/// # Errors
///
/// If the registry is not writable. [`unregister`] then removes a partial registration.
pub fn register(
    scope: RegistrationScope,
    program: &str,
    options: &[String],
) -> Result<ClassRegistration, WindowsError> {
    let words: Vec<String> = options.iter().map(|word| quoted(word)).collect();
    let command = format!("{} provide {}", quoted(program), words.join(" "));
    let command = command.trim_end().to_owned();
    for (class, name, text, library) in CLASS_TABLE {
        let key =
            |path: &str| RegistryKey::create(scope.hive(), path, RegistryView::Default, false);
        let path = format!(r"{CLASSES}\CLSID\{class}");
        key(&path)?.set_text("", text)?;
        key(&format!(r"{path}\LocalServer32"))?.set_text("", &command)?;
        key(&format!(r"{path}\ProgID"))?.set_text("", name)?;
        if let Some(library) = library {
            key(&format!(r"{path}\TypeLib"))?.set_text("", &library.to_string())?;
            key(&format!(r"{path}\Version"))?.set_text("", "1.0")?;
        }
        let path = format!(r"{CLASSES}\{name}");
        key(&path)?.set_text("", text)?;
        key(&format!(r"{path}\CLSID"))?.set_text("", &class.to_string())?;
    }
    if scope == RegistrationScope::AllUsers {
        for (app, class) in APPS {
            for view in [RegistryView::Bits64, RegistryView::Bits32] {
                write_provider_key(Hive::LocalMachine, view, app, class, program)?;
            }
        }
    }
    Ok(ClassRegistration { command, names: CLASS_TABLE.map(|(_, name, _, _)| name).to_vec() })
}

/// Writes the key that an installer would write, unless it belongs to another client.
fn write_provider_key(
    hive: Hive,
    view: RegistryView,
    app: &str,
    class: Guid,
    program: &str,
) -> Result<(), WindowsError> {
    let path = format!(r"{PROVIDERS}\{app}");
    if RegistryKey::open(hive, &path, view)?.is_some() && !is_ours(hive, view, app)? {
        return Ok(());
    }
    let key = RegistryKey::create(hive, &path, view, false)?;
    key.set_text("FriendlyName", FRIENDLY_NAME)?;
    key.set_text("ProcessName", file_name(program))?;
    key.set_text("GUID", &class.to_string())
}

/// Removes all keys of [`register`] and of a crashed provider.
///
/// # Errors
///
/// If the registry is not writable.
pub fn unregister(scope: RegistrationScope) -> Result<(), WindowsError> {
    for (class, name, _, _) in CLASS_TABLE {
        let path = format!(r"{CLASSES}\CLSID\{class}");
        let server = RegistryKey::open(
            scope.hive(),
            &format!(r"{path}\LocalServer32"),
            RegistryView::Default,
        )?;
        // The class may belong to an installed Communicator.
        if server.is_some_and(|key| text(&key, "").is_some_and(|it| it.contains(" provide"))) {
            RegistryKey::delete_all(scope.hive(), &path, RegistryView::Default)?;
            RegistryKey::delete_all(
                scope.hive(),
                &format!(r"{CLASSES}\{name}"),
                RegistryView::Default,
            )?;
        }
    }
    for (app, _) in APPS {
        for view in [RegistryView::Bits64, RegistryView::Bits32] {
            if scope == RegistrationScope::AllUsers && is_ours(Hive::LocalMachine, view, app)? {
                RegistryKey::delete_all(Hive::LocalMachine, &format!(r"{PROVIDERS}\{app}"), view)?;
            }
        }
        if is_ours(Hive::CurrentUser, RegistryView::Default, app)? {
            let path = format!(r"{PROVIDERS}\{app}");
            restore_default_app()?;
            RegistryKey::delete_all(Hive::CurrentUser, &path, RegistryView::Default)?;
        }
    }
    for library in [MESSENGER, OFFICE] {
        TypeLibrary::unregister(library)?;
    }
    Ok(())
}

/// True if a key below `IM Providers` belongs to the provider.
fn is_ours(hive: Hive, view: RegistryView, app: &str) -> Result<bool, WindowsError> {
    let key = RegistryKey::open(hive, &format!(r"{PROVIDERS}\{app}"), view)?;
    Ok(key.is_some_and(|key| text(&key, "FriendlyName").as_deref() == Some(FRIENDLY_NAME)))
}

/// True if the classes are registered permanently, for this user or all users.
pub(crate) fn is_registered() -> bool {
    let path = format!(r"{CLASSES}\CLSID\{}", control::CLASS);
    let hives = [Hive::CurrentUser, Hive::LocalMachine].into_iter();
    hives
        .into_iter()
        .any(|hive| matches!(RegistryKey::open(hive, &path, RegistryView::Default), Ok(Some(_))))
}

/// The keys of a running provider. They exist at most until the end of the session.
#[derive(Debug)]
pub(crate) struct ProviderKeys {
    keys: Vec<(String, RegistryKey, bool)>,
    is_default: bool,
}

impl ProviderKeys {
    /// Creates the keys, with the flag of a starting provider.
    pub(crate) fn create(program: &str, is_default: bool) -> Result<Self, WindowsError> {
        // Not volatile, because other clients may create permanent keys in it.
        drop(RegistryKey::create(Hive::CurrentUser, PROVIDERS, RegistryView::Default, false)?);
        let mut keys = Vec::new();
        for (app, class) in APPS {
            let path = format!(r"{PROVIDERS}\{app}");
            let was_there = RegistryKey::open(Hive::CurrentUser, &path, RegistryView::Default)?
                .is_some()
                && !is_ours(Hive::CurrentUser, RegistryView::Default, app)?;
            let key = RegistryKey::create(Hive::CurrentUser, &path, RegistryView::Default, true)?;
            key.set_text("FriendlyName", FRIENDLY_NAME)?;
            key.set_text("ProcessName", file_name(program))?;
            key.set_text("GUID", &class.to_string())?;
            // The program has other commands too, so its name does not identify the provider.
            key.set_number("ProcessId", std::process::id())?;
            key.set_number("UpAndRunning", 1)?;
            keys.push((path, key, was_there));
        }
        let provider_keys = Self { keys, is_default };
        if is_default {
            set_default_app()?;
        }
        Ok(provider_keys)
    }

    /// Writes the flag: 1 while starting, 2 while the classes are active, 0 while shutting down.
    pub(crate) fn set_up_and_running(&self, number: u32) -> Result<(), WindowsError> {
        self.keys.iter().try_for_each(|(_, key, _)| key.set_number("UpAndRunning", number))
    }

    /// Removes the keys, or only the values of keys that existed before.
    pub(crate) fn remove(self) -> Result<(), WindowsError> {
        if self.is_default {
            restore_default_app()?;
        }
        for (path, key, was_there) in self.keys {
            if was_there {
                for value in ["FriendlyName", "ProcessName", "GUID", "ProcessId"] {
                    key.delete_value(value)?;
                }
            } else {
                drop(key);
                RegistryKey::delete_all(Hive::CurrentUser, &path, RegistryView::Default)?;
            }
        }
        Ok(())
    }
}

/// The provider's key for Office.
fn own_key() -> Result<RegistryKey, WindowsError> {
    let [_, (app, _)] = APPS;
    RegistryKey::create(
        Hive::CurrentUser,
        &format!(r"{PROVIDERS}\{app}"),
        RegistryView::Default,
        true,
    )
}

fn set_default_app() -> Result<(), WindowsError> {
    let [_, (own, _)] = APPS;
    let all = RegistryKey::create(Hive::CurrentUser, PROVIDERS, RegistryView::Default, false)?;
    let former = text(&all, DEFAULT_APP).filter(|former| former != own);
    if let Some(former) = former {
        own_key()?.set_text(FORMER_DEFAULT_APP, &former)?;
    }
    all.set_text(DEFAULT_APP, own)
}

/// Restores the previous client of Office, unless another client has replaced the provider since.
fn restore_default_app() -> Result<(), WindowsError> {
    let [_, (own, _)] = APPS;
    let Some(all) = RegistryKey::open(Hive::CurrentUser, PROVIDERS, RegistryView::Default)? else {
        return Ok(());
    };
    if text(&all, DEFAULT_APP).as_deref() != Some(own) {
        return Ok(());
    }
    let former = text(&own_key()?, FORMER_DEFAULT_APP);
    let all = RegistryKey::create(Hive::CurrentUser, PROVIDERS, RegistryView::Default, false)?;
    match former {
        Some(former) => all.set_text(DEFAULT_APP, &former),
        None => all.delete_value(DEFAULT_APP),
    }
}

fn text(key: &RegistryKey, name: &str) -> Option<String> {
    match key.value(name).ok()??.decode() {
        RegistryValue::Text(text) => Some(text),
        RegistryValue::Number(_) | RegistryValue::Other { .. } => None,
    }
}

fn file_name(path: &str) -> &str {
    path.rsplit(['\\', '/']).next().unwrap_or(path)
}

/// Quotes a command-line argument for Windows (Microsoft, "Parsing C command-line arguments").
fn quoted(word: &str) -> String {
    let is_plain = !word.is_empty() && !word.contains([' ', '\t', '"']);
    if is_plain {
        return word.to_owned();
    }
    let mut quoted = String::from("\"");
    let mut backslashes = 0;
    for character in word.chars() {
        let needed = if character == '"' { backslashes + 1 } else { 0 };
        quoted.extend(std::iter::repeat_n('\\', needed));
        backslashes = if character == '\\' { backslashes + 1 } else { 0 };
        quoted.push(character);
    }
    quoted.extend(std::iter::repeat_n('\\', backslashes));
    quoted.push('"');
    quoted
}

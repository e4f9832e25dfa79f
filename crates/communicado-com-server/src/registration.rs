//! Where the provider stands in the registry, for as long as it runs and, if asked, for good.

use communicado_windows::com::serve::TypeLibrary;
use communicado_windows::{Guid, Hive, RegistryKey, RegistryValue, RegistryView, WindowsError};

use crate::{control, messenger, office};

pub(crate) const PROVIDERS: &str = r"Software\IM Providers";
const CLASSES: &str = r"Software\Classes";
/// What Office and others are told to ask.
const DEFAULT_APP: &str = "DefaultIMApp";
/// Where the name is kept that stood there before.
const FORMER_DEFAULT_APP: &str = "FormerDefaultIMApp";

/// The names under which the provider keeps the contract with Office, each with its class: one
/// for programs that were written for Communicator, one for those that ask as Office does.
pub(crate) const APPS: [(&str, Guid); 2] =
    [("Communicator", messenger::CLASS), ("Communicado", office::CLASS)];
const FRIENDLY_NAME: &str = "Communicado";
/// The program of the client whose name we bear, which must not run beside us.
pub(crate) const COMMUNICATOR_PROGRAM: &str = "communicator.exe";

/// Every class with its name in programs, and the library that describes it.
const ALL: [(Guid, &str, &str, Option<Guid>); 3] = [
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

/// For whom something is registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistrationScope {
    /// This user, which needs no administrator.
    CurrentUser,
    /// Everybody, programs that run as administrator and Office included; needs one.
    AllUsers,
}

/// What was registered.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClassRegistration {
    /// What is started when a program asks for a class.
    pub command: String,
    /// The names by which programs ask.
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

/// Registers the classes, so that a program that asks for one starts the provider with `options`.
///
/// # Errors
///
/// If the registry may not be written; what was written before that is taken back by
/// [`unregister`].
pub fn register(
    scope: RegistrationScope,
    program: &str,
    options: &[String],
) -> Result<ClassRegistration, WindowsError> {
    let words: Vec<String> = options.iter().map(|word| quoted(word)).collect();
    let command = format!("{} provide {}", quoted(program), words.join(" "));
    let command = command.trim_end().to_owned();
    for (class, name, text, library) in ALL {
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
    Ok(ClassRegistration { command, names: ALL.map(|(_, name, _, _)| name).to_vec() })
}

/// Writes what an installer would, unless another client's has.
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

/// Takes back everything that [`register`] and a provider that crashed have left.
///
/// # Errors
///
/// If the registry may not be written.
pub fn unregister(scope: RegistrationScope) -> Result<(), WindowsError> {
    for (class, name, _, _) in ALL {
        let path = format!(r"{CLASSES}\CLSID\{class}");
        let server = RegistryKey::open(
            scope.hive(),
            &format!(r"{path}\LocalServer32"),
            RegistryView::Default,
        )?;
        // Communicator itself may have registered its class.
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
            give_back_default_app()?;
            RegistryKey::delete_all(Hive::CurrentUser, &path, RegistryView::Default)?;
        }
    }
    for library in [MESSENGER, OFFICE] {
        TypeLibrary::unregister(library)?;
    }
    Ok(())
}

/// Whether a key below `IM Providers` says that it is the provider's.
fn is_ours(hive: Hive, view: RegistryView, app: &str) -> Result<bool, WindowsError> {
    let key = RegistryKey::open(hive, &format!(r"{PROVIDERS}\{app}"), view)?;
    Ok(key.is_some_and(|key| text(&key, "FriendlyName").as_deref() == Some(FRIENDLY_NAME)))
}

/// Whether the classes are registered for good, for anybody.
pub(crate) fn is_registered() -> bool {
    let path = format!(r"{CLASSES}\CLSID\{}", control::CLASS);
    let hives = [Hive::CurrentUser, Hive::LocalMachine].into_iter();
    hives
        .into_iter()
        .any(|hive| matches!(RegistryKey::open(hive, &path, RegistryView::Default), Ok(Some(_))))
}

/// The keys of a provider that runs, which end with the session at the latest.
#[derive(Debug)]
pub(crate) struct ProviderKeys {
    keys: Vec<(String, RegistryKey, bool)>,
    is_default: bool,
}

impl ProviderKeys {
    /// Makes them, and says that the provider is starting.
    pub(crate) fn create(program: &str, is_default: bool) -> Result<Self, WindowsError> {
        // What others may come to write into is not to end with the session.
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
            // The program does other things too, so its name alone does not say that this lives.
            key.set_number("ProcessId", std::process::id())?;
            key.set_number("UpAndRunning", 1)?;
            keys.push((path, key, was_there));
        }
        let provider_keys = Self { keys, is_default };
        if is_default {
            take_default_app()?;
        }
        Ok(provider_keys)
    }

    /// Says what is so: 1 while it starts, 2 once its classes are offered, 0 before they go.
    pub(crate) fn set_up_and_running(&self, number: u32) -> Result<(), WindowsError> {
        self.keys.iter().try_for_each(|(_, key, _)| key.set_number("UpAndRunning", number))
    }

    /// Removes what was not there before.
    pub(crate) fn remove(self) -> Result<(), WindowsError> {
        if self.is_default {
            give_back_default_app()?;
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

/// The key that stands for what Office asks.
fn own_key() -> Result<RegistryKey, WindowsError> {
    let [_, (app, _)] = APPS;
    RegistryKey::create(
        Hive::CurrentUser,
        &format!(r"{PROVIDERS}\{app}"),
        RegistryView::Default,
        true,
    )
}

fn take_default_app() -> Result<(), WindowsError> {
    let [_, (own, _)] = APPS;
    let all = RegistryKey::create(Hive::CurrentUser, PROVIDERS, RegistryView::Default, false)?;
    let former = text(&all, DEFAULT_APP).filter(|former| former != own);
    if let Some(former) = former {
        own_key()?.set_text(FORMER_DEFAULT_APP, &former)?;
    }
    all.set_text(DEFAULT_APP, own)
}

/// Puts the name back that stood there before, unless another client has taken the place since.
fn give_back_default_app() -> Result<(), WindowsError> {
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

/// A word of a command line, as programs on Windows take it apart (Microsoft, "Parsing C
/// command-line arguments").
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

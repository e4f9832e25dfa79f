//! The provider's keys below `IM Providers`: while it runs, and while a registered one does not.

use communicado_windows::{Guid, Hive, NamedMutex, RegistryKey, RegistryView, WindowsError};

use crate::control::MUTEX_NAME;
use crate::keys::{file_name, is_registered, text};
use crate::{messenger, office};

pub(crate) const PROVIDERS: &str = r"Software\IM Providers";
/// The value that selects the client of Office and other programs.
const DEFAULT_APP: &str = "DefaultIMApp";
/// The value that stores the previous selection.
const FORMER_DEFAULT_APP: &str = "FormerDefaultIMApp";

/// The provider's keys with their classes: one for programs written for Communicator, one for
/// Office.
pub(crate) const APPS: [(&str, Guid); 2] =
    [(COMMUNICATOR, messenger::CLASS), ("Communicado", office::CLASS)];
const COMMUNICATOR: &str = "Communicator";
const FRIENDLY_NAME: &str = "Communicado";

/// The keys of a running provider. They exist at most until the end of the session, unless the
/// provider is registered.
#[derive(Debug)]
pub(crate) struct ProviderKeys {
    keys: Vec<ProviderKey>,
    program: String,
    is_default: bool,
}

#[derive(Debug)]
struct ProviderKey {
    app: &'static str,
    key: RegistryKey,
    owner: Owner,
}

/// The program that a key existed for before the provider started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Owner {
    /// The key is new, or left by a crashed provider.
    RunningProvider,
    RegisteredProvider,
    OtherClient,
}

impl ProviderKeys {
    /// Creates the keys, with the flag of a starting provider.
    pub(crate) fn create(program: &str, is_default: bool) -> Result<Self, WindowsError> {
        // Not volatile, because other clients may create permanent keys in it.
        drop(RegistryKey::create(Hive::CurrentUser, PROVIDERS, RegistryView::Default, false)?);
        let mut keys = Vec::new();
        for (app, class) in APPS {
            let exists = open(app)?.is_some();
            let owner = match is_ours(Hive::CurrentUser, RegistryView::Default, app)? {
                true if is_registered() && app == COMMUNICATOR => Owner::RegisteredProvider,
                false if exists => Owner::OtherClient,
                _ => Owner::RunningProvider,
            };
            let key = create(app, true)?;
            write_client(&key, program, class)?;
            // The program has other commands too, so its name does not identify the provider.
            key.set_number("ProcessId", std::process::id())?;
            key.set_number("UpAndRunning", 1)?;
            keys.push(ProviderKey { app, key, owner });
        }
        let provider_keys = Self { keys, program: program.to_owned(), is_default };
        if is_default {
            set_default_app()?;
        }
        Ok(provider_keys)
    }

    /// Writes the flag: 1 while starting, 2 while the classes are active, 0 while shutting down.
    pub(crate) fn set_up_and_running(&self, number: u32) -> Result<(), WindowsError> {
        self.keys.iter().try_for_each(|it| it.key.set_number("UpAndRunning", number))
    }

    /// Removes the keys. A key that existed before keeps its flag, and a registered provider keeps
    /// its key.
    pub(crate) fn remove(self) -> Result<(), WindowsError> {
        if self.is_default {
            restore_default_app()?;
        }
        for ProviderKey { app, key, owner } in self.keys {
            match owner {
                Owner::OtherClient => {
                    for value in ["FriendlyName", "ProcessName", "GUID", "ProcessId"] {
                        key.delete_value(value)?;
                    }
                }
                Owner::RegisteredProvider if is_registered() => {
                    key.set_number("UpAndRunning", 0)?;
                    key.delete_value("ProcessId")?;
                }
                Owner::RegisteredProvider | Owner::RunningProvider => {
                    drop(key);
                    delete(app)?;
                }
            }
        }
        if is_registered() { write_idle_key(&self.program) } else { Ok(()) }
    }
}

/// Writes the key of a registered provider that does not run: programs written for Communicator
/// read its flag, and many fail without the key.
///
/// A running provider writes it when it exits. The key of another client stays as it is.
pub(crate) fn prepare(program: &str) -> Result<(), WindowsError> {
    match NamedMutex::claim(MUTEX_NAME)? {
        Some(_mutex) => {
            if is_ours(Hive::CurrentUser, RegistryView::Default, COMMUNICATOR)? {
                // A crashed provider has left a key that would end with the session.
                delete(COMMUNICATOR)?;
            }
            write_idle_key(program)
        }
        None => Ok(()),
    }
}

fn write_idle_key(program: &str) -> Result<(), WindowsError> {
    if open(COMMUNICATOR)?.is_some() {
        return Ok(());
    }
    let key = create(COMMUNICATOR, false)?;
    write_client(&key, program, messenger::CLASS)?;
    key.set_number("UpAndRunning", 0)
}

/// Removes the keys of this user that belong to the provider.
pub(crate) fn remove_leftovers() -> Result<(), WindowsError> {
    for (app, _) in APPS {
        if is_ours(Hive::CurrentUser, RegistryView::Default, app)? {
            restore_default_app()?;
            delete(app)?;
        }
    }
    Ok(())
}

/// Writes the values that an installer would write.
pub(crate) fn write_client(
    key: &RegistryKey,
    program: &str,
    class: Guid,
) -> Result<(), WindowsError> {
    key.set_text("FriendlyName", FRIENDLY_NAME)?;
    key.set_text("ProcessName", file_name(program))?;
    key.set_text("GUID", &class.to_string())
}

/// True if a key below `IM Providers` belongs to the provider.
pub(crate) fn is_ours(hive: Hive, view: RegistryView, app: &str) -> Result<bool, WindowsError> {
    let key = RegistryKey::open(hive, &path(app), view)?;
    Ok(key.is_some_and(|key| text(&key, "FriendlyName").as_deref() == Some(FRIENDLY_NAME)))
}

pub(crate) fn path(app: &str) -> String {
    format!(r"{PROVIDERS}\{app}")
}

fn open(app: &str) -> Result<Option<RegistryKey>, WindowsError> {
    RegistryKey::open(Hive::CurrentUser, &path(app), RegistryView::Default)
}

fn create(app: &str, volatile: bool) -> Result<RegistryKey, WindowsError> {
    RegistryKey::create(Hive::CurrentUser, &path(app), RegistryView::Default, volatile)
}

fn delete(app: &str) -> Result<(), WindowsError> {
    RegistryKey::delete_all(Hive::CurrentUser, &path(app), RegistryView::Default)
}

/// The provider's key for Office.
fn own_key() -> Result<RegistryKey, WindowsError> {
    let [_, (app, _)] = APPS;
    create(app, true)
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

//! The ProgID of the Messenger class while the provider runs, for programs that create objects by
//! name.

use communicado_windows::{Hive, RegistryKey, RegistryView, WindowsError};

use crate::keys::{CLASSES, is_registered, is_registered_in, text};
use crate::messenger;

/// Communicator's ProgID.
pub(crate) const MESSENGER_PROG_ID: &str = "Communicator.UIAutomation";
/// The description, by which the provider recognises its own keys.
pub(crate) const MESSENGER_TEXT: &str = "Communicator, by Communicado";

/// The keys of the ProgID. They exist at most until the end of the session.
#[derive(Debug, Default)]
pub(crate) struct RunningProgId {
    hives: Vec<Hive>,
}

impl RunningProgId {
    /// Creates the keys: for this user, and for all users if this program may. Programs that run
    /// as administrator ignore the classes of their user.
    ///
    /// A ProgID of an installed Communicator or of a registered provider stays as it is.
    pub(crate) fn create() -> Result<Self, WindowsError> {
        let mut created = Self::default();
        if is_registered() {
            return Ok(created);
        }
        for hive in [Hive::CurrentUser, Hive::LocalMachine] {
            match create_in(hive) {
                Ok(is_created) => created.hives.extend(is_created.then_some(hive)),
                Err(_) if hive == Hive::LocalMachine => {}
                Err(error) => return Err(error),
            }
        }
        Ok(created)
    }

    /// Removes the keys, unless the provider has been registered since.
    pub(crate) fn remove(self) -> Result<(), WindowsError> {
        if is_registered() {
            return Ok(());
        }
        self.hives.into_iter().try_for_each(remove_in)
    }
}

/// Removes the keys that a crashed provider has left.
pub(crate) fn remove_leftovers() -> Result<(), WindowsError> {
    for hive in [Hive::CurrentUser, Hive::LocalMachine] {
        if !is_registered_in(hive) && is_ours(hive)? {
            remove_in(hive)?;
        }
    }
    Ok(())
}

fn path() -> String {
    format!(r"{CLASSES}\{MESSENGER_PROG_ID}")
}

fn create_in(hive: Hive) -> Result<bool, WindowsError> {
    let exists = RegistryKey::open(hive, &path(), RegistryView::Default)?.is_some();
    if exists && !is_ours(hive)? {
        return Ok(false);
    }
    let create = |path: &str| RegistryKey::create(hive, path, RegistryView::Default, true);
    create(&path())?.set_text("", MESSENGER_TEXT)?;
    create(&format!(r"{}\CLSID", path()))?.set_text("", &messenger::CLASS.to_string())?;
    Ok(true)
}

fn remove_in(hive: Hive) -> Result<(), WindowsError> {
    RegistryKey::delete_all(hive, &path(), RegistryView::Default)
}

fn is_ours(hive: Hive) -> Result<bool, WindowsError> {
    let key = RegistryKey::open(hive, &path(), RegistryView::Default)?;
    Ok(key.is_some_and(|key| text(&key, "").as_deref() == Some(MESSENGER_TEXT)))
}

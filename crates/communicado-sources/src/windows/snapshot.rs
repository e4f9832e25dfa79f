//! Values of the registry and of the list of processes, as they were read.

use communicado_windows::{Guid, RegistryValue};

use super::class_server::ClassServer;

/// All values at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegistrySnapshot {
    /// The moment, in microseconds since 1970.
    pub now: i64,
    /// The keys under `HKCU\Software\IM Providers`.
    pub users: Vec<UserKey>,
    /// The keys under `HKLM\Software\IM Providers`, in the 64-bit view.
    pub wide: Vec<(String, Registration)>,
    /// The same keys, in the 32-bit view.
    pub narrow: Vec<(String, Registration)>,
    /// The servers of the clients' classes.
    pub classes: Vec<(Guid, ClassServer)>,
    /// The processes of this user, and those of this session.
    pub processes: Vec<ProcessFact>,
}

/// A key under `HKCU\Software\IM Providers`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct UserKey {
    /// The name of the key.
    pub app: String,
    /// `UpAndRunning`.
    pub flag: Option<RegistryValue>,
    /// The last change of the key, in microseconds since 1970, where readable.
    pub written: Option<i64>,
    /// The registration of a client without an installer, such as communicado's provider.
    pub own: Registration,
}

/// Registration of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Registration {
    /// `FriendlyName`.
    pub name: Option<RegistryValue>,
    /// `ProcessName`.
    pub program: Option<RegistryValue>,
    /// `GUID`.
    pub class: Option<RegistryValue>,
    /// `ProcessId`. It counts only for communicado's provider, whose program has other uses too.
    pub process: Option<RegistryValue>,
}

/// A process.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ProcessFact {
    /// Its ID.
    pub id: u32,
    /// The name of its file.
    pub image: String,
    /// The path of its file, where readable.
    pub path: Option<String>,
    /// Its start, in microseconds since 1970, where readable.
    pub started: Option<i64>,
    /// True if it runs in another session of this user.
    pub is_in_other_session: bool,
}

/// The `FriendlyName` of communicado's provider.
const PROVIDER_NAME: &str = "Communicado";

impl Registration {
    /// Returns whether communicado's provider wrote it.
    #[must_use]
    pub fn is_provider(&self) -> bool {
        text(self.name.as_ref()) == Some(PROVIDER_NAME)
    }
}

/// The text of a value, unless blank.
#[must_use]
pub fn text(value: Option<&RegistryValue>) -> Option<&str> {
    match value? {
        RegistryValue::Text(text) if !text.trim().is_empty() => Some(text.trim()),
        RegistryValue::Text(_) | RegistryValue::Number(_) | RegistryValue::Other { .. } => None,
    }
}

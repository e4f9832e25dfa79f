//! The registry and its change notifications.

use std::task::{Context, Poll};

use windows::Win32::Foundation::{
    ERROR_FILE_NOT_FOUND, ERROR_KEY_DELETED, ERROR_MORE_DATA, ERROR_NO_MORE_ITEMS, FILETIME,
    WIN32_ERROR,
};
use windows::Win32::System::Registry::{
    HKEY, HKEY_CURRENT_USER, HKEY_LOCAL_MACHINE, KEY_NOTIFY, KEY_READ, KEY_WOW64_32KEY,
    KEY_WOW64_64KEY, KEY_WRITE, REG_DWORD, REG_NOTIFY_CHANGE_LAST_SET, REG_NOTIFY_CHANGE_NAME,
    REG_OPEN_CREATE_OPTIONS, REG_OPTION_NON_VOLATILE, REG_OPTION_VOLATILE, REG_SAM_FLAGS, REG_SZ,
    REG_VALUE_TYPE, RegCloseKey, RegCreateKeyExW, RegDeleteTreeW, RegDeleteValueW, RegEnumKeyExW,
    RegNotifyChangeKeyValue, RegOpenKeyExW, RegQueryInfoKeyW, RegQueryValueExW, RegSetValueExW,
};
use windows::Win32::System::Threading::{CreateEventW, ResetEvent};
use windows_core::{HSTRING, PCWSTR, PWSTR};

use crate::time::micros_of;
use crate::wait::OwnedHandle;
use crate::{HResult, RawValue, WaitableObject, WindowsError};

/// The maximum length of a value, in bytes.
const VALUE_BYTES_MAX: usize = 64 * 1024;
/// The maximum length of a key name, in UTF-16 units (Microsoft, "Registry element size limits").
const NAME_UNITS_MAX: usize = 256;

/// A root key of the registry.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Hive {
    /// `HKEY_CURRENT_USER`.
    CurrentUser,
    /// `HKEY_LOCAL_MACHINE`.
    LocalMachine,
}

/// The registry view of a 64-bit Windows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum RegistryView {
    /// The view of this program.
    Default,
    /// The 64-bit view.
    Bits64,
    /// The 32-bit view.
    Bits32,
}

/// The changes that a notification reports.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChangeFilter {
    /// Created and deleted subkeys.
    Names,
    /// Created and deleted subkeys, and written and deleted values.
    NamesAndValues,
}

/// An open key.
#[derive(Debug)]
pub struct RegistryKey {
    key: HKEY,
    path: String,
}

/// A one-shot notification of changes to a key. It can be rearmed.
#[derive(Debug)]
pub struct ChangeNotification {
    event: WaitableObject,
    filter: ChangeFilter,
    subtree: bool,
}

// SAFETY: every thread of the process may use a key handle.
unsafe impl Send for RegistryKey {}
// SAFETY: as above. The system serialises accesses to a key.
unsafe impl Sync for RegistryKey {}

impl RegistryKey {
    /// Opens a key for reading; `None` if it does not exist.
    ///
    /// # Errors
    ///
    /// If the key exists but is not readable.
    pub fn open(hive: Hive, path: &str, view: RegistryView) -> Result<Option<Self>, WindowsError> {
        let mut key = HKEY::default();
        let rights = KEY_READ | KEY_NOTIFY | flags(view);
        let wide = HSTRING::from(path);
        // SAFETY: the path is null-terminated, and the result pointer is valid.
        let done = unsafe { RegOpenKeyExW(root(hive), &wide, None, rights, &raw mut key) };
        if done == ERROR_FILE_NOT_FOUND {
            return Ok(None);
        }
        check(done, || format!("open the key `{path}`"))?;
        Ok(Some(Self { key, path: path.to_owned() }))
    }

    /// Opens a key for writing, and creates it if it does not exist. Windows deletes a volatile key
    /// at the end of the session.
    ///
    /// # Errors
    ///
    /// If the key is not writable.
    pub fn create(
        hive: Hive,
        path: &str,
        view: RegistryView,
        volatile: bool,
    ) -> Result<Self, WindowsError> {
        let mut key = HKEY::default();
        let rights = KEY_READ | KEY_WRITE | KEY_NOTIFY | flags(view);
        let kind: REG_OPEN_CREATE_OPTIONS =
            if volatile { REG_OPTION_VOLATILE } else { REG_OPTION_NON_VOLATILE };
        let wide = HSTRING::from(path);
        // SAFETY: the path is null-terminated, and the result pointer is valid.
        let done = unsafe {
            RegCreateKeyExW(
                root(hive),
                &wide,
                None,
                PCWSTR::null(),
                kind,
                rights,
                None,
                &raw mut key,
                None,
            )
        };
        check(done, || format!("create the key `{path}`"))?;
        Ok(Self { key, path: path.to_owned() })
    }

    /// Deletes a key with its subkeys. A missing key is no error.
    ///
    /// # Errors
    ///
    /// If access is denied.
    pub fn delete_all(hive: Hive, path: &str, view: RegistryView) -> Result<(), WindowsError> {
        let (parent, name) = path.rsplit_once('\\').unwrap_or(("", path));
        if Self::open(hive, path, view)?.is_none() {
            return Ok(());
        }
        let parent = Self::create(hive, parent, view, false)?;
        // SAFETY: the parent is open, and the name is null-terminated.
        let done = unsafe { RegDeleteTreeW(parent.key, &HSTRING::from(name)) };
        check(done, || format!("delete the key `{path}`"))
    }

    /// Lists the names of the subkeys.
    ///
    /// # Errors
    ///
    /// If they cannot be read, for example because the key was deleted.
    pub fn subkeys(&self) -> Result<Vec<String>, WindowsError> {
        let mut names = Vec::new();
        for index in 0.. {
            let mut name = [0_u16; NAME_UNITS_MAX];
            let mut length = u32::try_from(name.len()).unwrap_or(0);
            // SAFETY: the key is open, and `length` is the capacity of `name`.
            let done = unsafe {
                RegEnumKeyExW(
                    self.key,
                    index,
                    Some(PWSTR(name.as_mut_ptr())),
                    &raw mut length,
                    None,
                    None,
                    None,
                    None,
                )
            };
            if done == ERROR_NO_MORE_ITEMS {
                break;
            }
            check(done, || format!("read the subkeys of `{}`", self.path))?;
            let units = usize::try_from(length).ok().and_then(|length| name.get(..length));
            names.push(String::from_utf16_lossy(units.unwrap_or_default()));
        }
        Ok(names)
    }

    /// The last change of the key's values, in microseconds since 1970 (UTC); `None` if it is not
    /// readable.
    #[must_use]
    pub fn written_micros(&self) -> Option<i64> {
        let mut time = FILETIME::default();
        let last = Some(&raw mut time);
        // SAFETY: the key is open, and the result pointer is valid.
        let done = unsafe {
            RegQueryInfoKeyW(
                self.key, None, None, None, None, None, None, None, None, None, None, last,
            )
        };
        done.is_ok().then(|| micros_of(time))
    }

    /// Reads a value; `None` if it does not exist.
    ///
    /// # Errors
    ///
    /// If the value cannot be read or is longer than 64 KiB.
    pub fn value(&self, name: &str) -> Result<Option<RawValue>, WindowsError> {
        let operation = || format!("read the value `{name}` of `{}`", self.path);
        let wide = HSTRING::from(name);
        let mut bytes = vec![0_u8; 256];
        loop {
            let mut kind = REG_VALUE_TYPE::default();
            let mut length = u32::try_from(bytes.len()).unwrap_or(0);
            // SAFETY: the key is open, the name is null-terminated, and `length` is the capacity of
            // `bytes`.
            let done = unsafe {
                RegQueryValueExW(
                    self.key,
                    &wide,
                    None,
                    Some(&raw mut kind),
                    Some(bytes.as_mut_ptr()),
                    Some(&raw mut length),
                )
            };
            if done == ERROR_FILE_NOT_FOUND {
                return Ok(None);
            }
            let length = usize::try_from(length).unwrap_or(usize::MAX);
            if done == ERROR_MORE_DATA && length <= VALUE_BYTES_MAX && length > bytes.len() {
                bytes.resize(length, 0);
                continue;
            }
            check(done, operation)?;
            bytes.truncate(length);
            return Ok(Some(RawValue { kind: kind.0, bytes }));
        }
    }

    /// Writes a `REG_DWORD`.
    ///
    /// # Errors
    ///
    /// If the key is not writable.
    pub fn set_number(&self, name: &str, number: u32) -> Result<(), WindowsError> {
        self.set(name, REG_DWORD, &number.to_le_bytes())
    }

    /// Writes a `REG_SZ`.
    ///
    /// # Errors
    ///
    /// If the key is not writable.
    pub fn set_text(&self, name: &str, text: &str) -> Result<(), WindowsError> {
        let bytes: Vec<u8> = text.encode_utf16().chain([0]).flat_map(u16::to_le_bytes).collect();
        self.set(name, REG_SZ, &bytes)
    }

    fn set(&self, name: &str, kind: REG_VALUE_TYPE, bytes: &[u8]) -> Result<(), WindowsError> {
        // SAFETY: the key is open, and the name is null-terminated.
        let done =
            unsafe { RegSetValueExW(self.key, &HSTRING::from(name), None, kind, Some(bytes)) };
        check(done, || format!("write the value `{name}` of `{}`", self.path))
    }

    /// Deletes a value. A missing value is no error.
    ///
    /// # Errors
    ///
    /// If the key is not writable.
    pub fn delete_value(&self, name: &str) -> Result<(), WindowsError> {
        // SAFETY: the key is open, and the name is null-terminated.
        let done = unsafe { RegDeleteValueW(self.key, &HSTRING::from(name)) };
        if done == ERROR_FILE_NOT_FOUND {
            return Ok(());
        }
        check(done, || format!("delete the value `{name}` of `{}`", self.path))
    }

    /// Requests a notification of the next change, armed before this returns. A later read
    /// therefore misses no change.
    ///
    /// # Errors
    ///
    /// If the notification cannot be armed.
    pub fn watch(
        &self,
        filter: ChangeFilter,
        subtree: bool,
    ) -> Result<ChangeNotification, WindowsError> {
        // SAFETY: the event has no name and default security, so there are no pointers.
        let event = unsafe { CreateEventW(None, true, false, PCWSTR::null()) };
        let event = event.map_err(|error| WindowsError::from_core("create an event", &error))?;
        let notification = ChangeNotification {
            event: WaitableObject::new(OwnedHandle::new(event)),
            filter,
            subtree,
        };
        notification.arm(self)?;
        Ok(notification)
    }
}

impl Drop for RegistryKey {
    fn drop(&mut self) {
        // SAFETY: the key is open, and its only owner closes it once.
        let _ = unsafe { RegCloseKey(self.key) };
    }
}

impl ChangeNotification {
    /// True if the key has changed since the notification was armed.
    ///
    /// Also true after the arming thread has exited, or after the key was deleted.
    #[must_use]
    pub fn has_changed(&self) -> bool {
        self.event.is_signaled()
    }

    /// Ready after a change.
    ///
    /// # Errors
    ///
    /// If the wait fails.
    pub fn poll_changed(&mut self, cx: &Context<'_>) -> Poll<Result<(), WindowsError>> {
        self.event.poll_signaled(cx)
    }

    /// Rearms the notification for its key.
    ///
    /// # Errors
    ///
    /// If the key was deleted ([`was_deleted`]), or the notification cannot be armed.
    pub fn rearm(&self, key: &RegistryKey) -> Result<(), WindowsError> {
        // SAFETY: the event handle is open.
        let done = unsafe { ResetEvent(self.event.handle()) };
        done.map_err(|error| WindowsError::from_core("reset an event", &error))?;
        self.arm(key)
    }

    fn arm(&self, key: &RegistryKey) -> Result<(), WindowsError> {
        let filter = match self.filter {
            ChangeFilter::Names => REG_NOTIFY_CHANGE_NAME,
            ChangeFilter::NamesAndValues => REG_NOTIFY_CHANGE_NAME | REG_NOTIFY_CHANGE_LAST_SET,
        };
        // SAFETY: the key and the event are open. The system uses neither after they are closed.
        let done = unsafe {
            RegNotifyChangeKeyValue(key.key, self.subtree, filter, Some(self.event.handle()), true)
        };
        check(done, || format!("watch the key `{}`", key.path))
    }
}

/// True if an operation failed because its key was deleted.
#[must_use]
pub fn was_deleted(error: &WindowsError) -> bool {
    error.code() == hresult(ERROR_KEY_DELETED)
}

const fn root(hive: Hive) -> HKEY {
    match hive {
        Hive::CurrentUser => HKEY_CURRENT_USER,
        Hive::LocalMachine => HKEY_LOCAL_MACHINE,
    }
}

const fn flags(view: RegistryView) -> REG_SAM_FLAGS {
    match view {
        RegistryView::Default => REG_SAM_FLAGS(0),
        RegistryView::Bits64 => KEY_WOW64_64KEY,
        RegistryView::Bits32 => KEY_WOW64_32KEY,
    }
}

fn check(done: WIN32_ERROR, operation: impl FnOnce() -> String) -> Result<(), WindowsError> {
    if done.is_ok() { Ok(()) } else { Err(WindowsError::new(operation(), hresult(done))) }
}

const fn hresult(error: WIN32_ERROR) -> HResult {
    HResult(error.to_hresult().0)
}

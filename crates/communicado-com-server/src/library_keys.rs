//! The registry keys of type libraries, for 64-bit and 32-bit programs.
//!
//! `RegisterTypeLibForUser` writes only the keys for programs of its own word size. The type
//! libraries are the same for both, so the keys for 32-bit programs are copies.

use communicado_windows::com::serve::TypeLibrary;
use communicado_windows::{Guid, Hive, RegistryKey, RegistryView, WindowsError};

use crate::keys::{CLASSES, text};

const HIVES: [Hive; 2] = [Hive::CurrentUser, Hive::LocalMachine];

/// Registers a library for all programs of this user.
pub(crate) fn register(library: &TypeLibrary) -> Result<(), WindowsError> {
    library.register()?;
    let id = library.id()?;
    for hive in HIVES {
        let folder = format!(r"{CLASSES}\TypeLib\{id}\1.0\0");
        let open = |path: &str| RegistryKey::open(hive, path, RegistryView::Bits64);
        let own = open(&format!(r"{folder}\win64"))?.and_then(|key| text(&key, ""));
        if own.as_deref() != Some(library.path().as_str()) {
            continue;
        }
        let win32 = format!(r"{folder}\win32");
        let key = RegistryKey::create(hive, &win32, RegistryView::Default, false)?;
        key.set_text("", &library.path())?;
        for interface in library.interfaces()? {
            let path = format!(r"{CLASSES}\Interface\{interface}");
            let is_foreign = RegistryKey::open(hive, &path, RegistryView::Bits32)?.is_some()
                && !belongs_to(hive, &path, id)?;
            if !is_foreign {
                copy(hive, &path, &[""])?;
                copy(hive, &format!(r"{path}\ProxyStubClsid32"), &[""])?;
                copy(hive, &format!(r"{path}\TypeLib"), &["", "Version"])?;
            }
        }
    }
    Ok(())
}

/// Copies texts of a key from the 64-bit to the 32-bit view.
fn copy(hive: Hive, path: &str, names: &[&str]) -> Result<(), WindowsError> {
    let Some(source) = RegistryKey::open(hive, path, RegistryView::Bits64)? else { return Ok(()) };
    let target = RegistryKey::create(hive, path, RegistryView::Bits32, false)?;
    names.iter().try_for_each(|name| match text(&source, name) {
        Some(value) => target.set_text(name, &value),
        None => Ok(()),
    })
}

/// Removes the registration of a library.
pub(crate) fn unregister(id: Guid) -> Result<(), WindowsError> {
    TypeLibrary::unregister(id)?;
    for hive in HIVES {
        let folder = format!(r"{CLASSES}\Interface");
        let Some(all) = RegistryKey::open(hive, &folder, RegistryView::Bits32)? else { continue };
        for interface in all.subkeys()? {
            let path = format!(r"{folder}\{interface}");
            if belongs_to(hive, &path, id)? {
                RegistryKey::delete_all(hive, &path, RegistryView::Bits32)?;
            }
        }
    }
    Ok(())
}

/// True if a key for an interface in the 32-bit view names this library.
fn belongs_to(hive: Hive, path: &str, library: Guid) -> Result<bool, WindowsError> {
    let key = RegistryKey::open(hive, &format!(r"{path}\TypeLib"), RegistryView::Bits32)?;
    let named = key.and_then(|key| text(&key, ""));
    Ok(named.is_some_and(|named| named.eq_ignore_ascii_case(&library.to_string())))
}

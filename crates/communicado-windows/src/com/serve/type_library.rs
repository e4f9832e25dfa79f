//! Type libraries, which let other processes bind early and scripts find names.

use std::ffi::c_void;

use windows::Win32::Foundation::{E_FAIL, S_OK};
use windows::Win32::System::Com::{
    ITypeInfo, ITypeLib, SYS_WIN32, SYS_WIN64, TKIND_DISPATCH, TKIND_INTERFACE,
};
use windows::Win32::System::Ole::{
    LoadTypeLibEx, REGKIND_NONE, RegisterTypeLibForUser, UnRegisterTypeLibForUser,
};
use windows_core::{GUID, HRESULT, HSTRING, PCWSTR};

use crate::{Guid, WindowsError};

/// A type library.
#[derive(Clone, Debug)]
pub struct TypeLibrary {
    library: ITypeLib,
    path: HSTRING,
}

// SAFETY: all objects live in the multithreaded apartment, where every thread may call them.
unsafe impl Send for TypeLibrary {}
// SAFETY: as above.
unsafe impl Sync for TypeLibrary {}

impl TypeLibrary {
    /// Loads a library from a file: a type library, or a program with one among its resources.
    ///
    /// # Errors
    ///
    /// If the file contains no type library or cannot be read.
    pub fn load(path: &str) -> Result<Self, WindowsError> {
        let wide = HSTRING::from(path);
        // SAFETY: the path is null-terminated.
        let loaded = unsafe { LoadTypeLibEx(&wide, REGKIND_NONE) };
        let failed =
            |error| WindowsError::from_core(format!("load the type library in `{path}`"), &error);
        Ok(Self { library: loaded.map_err(failed)?, path: wide })
    }

    /// Registers the library for this user and programs of this word size, without administrator
    /// rights.
    ///
    /// # Errors
    ///
    /// If the registry is not writable.
    pub fn register(&self) -> Result<(), WindowsError> {
        // SAFETY: the library is alive, and the path is null-terminated.
        let done = unsafe { RegisterTypeLibForUser(&self.library, &self.path, PCWSTR::null()) };
        done.map_err(|error| WindowsError::from_core("register the type library", &error))
    }

    /// Removes the registration of a library. A missing registration is no error.
    ///
    /// # Errors
    ///
    /// If the registry is not writable.
    pub fn unregister(library: Guid) -> Result<(), WindowsError> {
        /// `TYPE_E_REGISTRYACCESS`: the library is not registered.
        const NOT_REGISTERED: HRESULT = HRESULT(0x8002_801C_u32.cast_signed());
        let id = GUID::from_u128(library.0);
        for system in [SYS_WIN32, SYS_WIN64] {
            // SAFETY: the GUID outlives the call.
            let done = unsafe { UnRegisterTypeLibForUser(&raw const id, 1, 0, 0, system) };
            match done {
                Err(error) if error.code() != NOT_REGISTERED => {
                    return Err(WindowsError::from_core("unregister the type library", &error));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// The path that the library was loaded from.
    #[must_use]
    pub fn path(&self) -> String {
        self.path.to_string_lossy()
    }

    /// The id.
    ///
    /// # Errors
    ///
    /// If the library is damaged.
    pub fn id(&self) -> Result<Guid, WindowsError> {
        // SAFETY: the library is alive.
        let attributes = unsafe { self.library.GetLibAttr() }.map_err(|error| damaged(&error))?;
        // SAFETY: the attributes are valid until `ReleaseTLibAttr`.
        let id = unsafe { (*attributes).guid };
        // SAFETY: the attributes come from this library, and are not used afterwards.
        unsafe { self.library.ReleaseTLibAttr(attributes) };
        Ok(Guid(id.to_u128()))
    }

    /// The ids of the interfaces and event interfaces.
    ///
    /// # Errors
    ///
    /// If the library is damaged.
    pub fn interfaces(&self) -> Result<Vec<Guid>, WindowsError> {
        // SAFETY: the library is alive.
        let count = unsafe { self.library.GetTypeInfoCount() };
        let ids = (0..count).map(|index| {
            // SAFETY: the library is alive, and the index is in range.
            let info = unsafe { self.library.GetTypeInfo(index) }?;
            // SAFETY: the description is alive.
            let attributes = unsafe { info.GetTypeAttr() }?;
            // SAFETY: the attributes are valid until `ReleaseTypeAttr`.
            let (id, kind) = unsafe { ((*attributes).guid, (*attributes).typekind) };
            // SAFETY: the attributes come from this description, and are not used afterwards.
            unsafe { info.ReleaseTypeAttr(attributes) };
            let is_interface = kind == TKIND_INTERFACE || kind == TKIND_DISPATCH;
            Ok(is_interface.then(|| Guid(id.to_u128())))
        });
        let ids: windows_core::Result<Vec<_>> = ids.collect();
        Ok(ids.map_err(|error| damaged(&error))?.into_iter().flatten().collect())
    }

    /// The description of a class or an interface.
    pub(super) fn type_info(&self, id: Guid) -> Option<ITypeInfo> {
        let id = GUID::from_u128(id.0);
        // SAFETY: the library is alive, and the GUID outlives the call.
        unsafe { self.library.GetTypeInfoOfGuid(&raw const id) }.ok()
    }
}

fn damaged(error: &windows_core::Error) -> WindowsError {
    WindowsError::from_core("read the type library", error)
}

/// Writes a type description to a result pointer.
///
/// # Safety
///
/// `result` must be valid for writes.
pub(super) unsafe fn write_type_info(
    type_info: Option<ITypeInfo>,
    result: *mut *mut c_void,
) -> HRESULT {
    let found = type_info.map(windows_core::Interface::into_raw);
    // SAFETY: the caller guarantees it.
    unsafe { result.write_unaligned(found.unwrap_or_default()) };
    if found.is_some() { S_OK } else { E_FAIL }
}

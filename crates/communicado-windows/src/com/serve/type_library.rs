//! A type library: what other processes need to bind early, and scripts to name what they see.

use std::ffi::c_void;

use windows::Win32::Foundation::{E_FAIL, E_POINTER, S_OK};
use windows::Win32::System::Com::{ITypeInfo, ITypeLib, SYS_WIN64};
use windows::Win32::System::Ole::{
    LoadTypeLibEx, REGKIND_NONE, RegisterTypeLibForUser, UnRegisterTypeLibForUser,
};
use windows_core::{GUID, HRESULT, HSTRING, PCWSTR};

use super::object::{InterfacePtr, VtableSlot};
use crate::{Guid, WindowsError};

/// A type library.
#[derive(Clone, Debug)]
pub struct TypeLibrary {
    library: ITypeLib,
    path: HSTRING,
}

// SAFETY: everything here is in the multithreaded apartment, whose objects may be called from
// every thread of it.
unsafe impl Send for TypeLibrary {}
// SAFETY: as above.
unsafe impl Sync for TypeLibrary {}

impl TypeLibrary {
    /// Loads the library in a file: a program that has one among its resources, or a library by
    /// itself.
    ///
    /// # Errors
    ///
    /// If there is none, or it cannot be read.
    pub fn load(path: &str) -> Result<Self, WindowsError> {
        let wide = HSTRING::from(path);
        // SAFETY: the path is a text that ends in NUL.
        let loaded = unsafe { LoadTypeLibEx(&wide, REGKIND_NONE) };
        let failed =
            |error| WindowsError::from_core(format!("load the type library in `{path}`"), &error);
        Ok(Self { library: loaded.map_err(failed)?, path: wide })
    }

    /// Registers it for this user, which needs no administrator.
    ///
    /// # Errors
    ///
    /// If the registry may not be written.
    pub fn register(&self) -> Result<(), WindowsError> {
        // SAFETY: the library is alive and the path a text that ends in NUL.
        let done = unsafe { RegisterTypeLibForUser(&self.library, &self.path, PCWSTR::null()) };
        done.map_err(|error| WindowsError::from_core("register the type library", &error))
    }

    /// Takes the registration back; that there is none is no error.
    ///
    /// # Errors
    ///
    /// If the registry may not be written.
    pub fn unregister(library: Guid) -> Result<(), WindowsError> {
        /// `TYPE_E_REGISTRYACCESS`: there is nothing to take back.
        const NOT_THERE: HRESULT = HRESULT(0x8002_801C_u32.cast_signed());
        let id = GUID::from_u128(library.0);
        // SAFETY: the name outlives the call.
        let done = unsafe { UnRegisterTypeLibForUser(&raw const id, 1, 0, 0, SYS_WIN64) };
        match done {
            Err(error) if error.code() != NOT_THERE => Err(WindowsError::from_core(
                "take back the registration of the type library",
                &error,
            )),
            _ => Ok(()),
        }
    }

    /// Takes this library's registration back.
    ///
    /// # Errors
    ///
    /// If the registry may not be written.
    pub fn unregister_this(&self) -> Result<(), WindowsError> {
        // SAFETY: the library is alive.
        let attributes = unsafe { self.library.GetLibAttr() };
        let attributes =
            attributes.map_err(|error| WindowsError::from_core("read a type library", &error))?;
        // SAFETY: it was just given, and is given back after its last use.
        let name = unsafe { (*attributes).guid };
        // SAFETY: as above.
        unsafe { self.library.ReleaseTLibAttr(attributes) };
        Self::unregister(Guid(name.to_u128()))
    }

    /// What it says of a class or an interface.
    pub(super) fn type_info(&self, name: Guid) -> Option<ITypeInfo> {
        let name = GUID::from_u128(name.0);
        // SAFETY: the library is alive and the name outlives the call.
        unsafe { self.library.GetTypeInfoOfGuid(&raw const name) }.ok()
    }
}

/// # Safety
///
/// It is a place for an answer, and not null.
pub(super) unsafe fn write_type_info(
    described: Option<ITypeInfo>,
    place: *mut *mut c_void,
) -> HRESULT {
    let found = described.map(windows_core::Interface::into_raw);
    // SAFETY: as promised.
    unsafe { place.write_unaligned(found.unwrap_or_default()) };
    if found.is_some() { S_OK } else { E_FAIL }
}

/// `IProvideClassInfo2`: by it a script host finds out which events there are.
pub(super) static TABLE: [VtableSlot; 5] = [
    super::object::QUERY_INTERFACE,
    super::object::ADD_REF,
    super::object::RELEASE,
    VtableSlot(get_class_info as *const ()),
    VtableSlot(get_guid as *const ()),
];

unsafe extern "system" fn get_class_info(this: *mut c_void, place: *mut *mut c_void) -> HRESULT {
    if place.is_null() {
        return E_POINTER;
    }
    // SAFETY: COM calls it with a live object of ours.
    let interface_ptr = unsafe { InterfacePtr::of(this) };
    let implementation = interface_ptr.implementation();
    let class = implementation.library().zip(implementation.class());
    let described = class.and_then(|(library, class)| library.type_info(class));
    // SAFETY: it is a place for an answer, and not null.
    unsafe { write_type_info(described, place) }
}

unsafe extern "system" fn get_guid(this: *mut c_void, _: u32, place: *mut GUID) -> HRESULT {
    if place.is_null() {
        return E_POINTER;
    }
    // SAFETY: COM calls it with a live object of ours.
    let interface_ptr = unsafe { InterfacePtr::of(this) };
    let source = interface_ptr.implementation().listeners().map(|listeners| listeners.source());
    // SAFETY: it is a place for an answer, and not null.
    unsafe { place.write_unaligned(source.map_or_else(GUID::zeroed, |it| GUID::from_u128(it.0))) };
    if source.is_some() { S_OK } else { E_FAIL }
}

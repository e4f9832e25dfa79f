//! `IProvideClassInfo2`, by which a script host finds the event interface of an object.

use std::ffi::c_void;

use windows::Win32::Foundation::{E_FAIL, E_INVALIDARG, E_POINTER, S_OK};
use windows::Win32::System::Ole::GUIDKIND_DEFAULT_SOURCE_DISP_IID;
use windows_core::{GUID, HRESULT};

use super::interface::VtableSlot;
use super::object::{ADD_REF, InterfacePtr, QUERY_INTERFACE, RELEASE};
use super::type_library;

/// The vtable of `IProvideClassInfo2`.
pub(super) static TABLE: [VtableSlot; 5] = [
    QUERY_INTERFACE,
    ADD_REF,
    RELEASE,
    VtableSlot(get_class_info as *const ()),
    VtableSlot(get_guid as *const ()),
];

unsafe extern "system" fn get_class_info(this: *mut c_void, result: *mut *mut c_void) -> HRESULT {
    if result.is_null() {
        return E_POINTER;
    }
    // SAFETY: COM passes a live object of ours.
    let interface_ptr = unsafe { InterfacePtr::of(this) };
    let implementation = interface_ptr.implementation();
    let class = implementation.type_library().zip(implementation.class());
    let type_info = class.and_then(|(library, class)| library.type_info(class));
    // SAFETY: COM passes a valid result pointer, which is not null.
    unsafe { type_library::write_type_info(type_info, result) }
}

unsafe extern "system" fn get_guid(this: *mut c_void, kind: u32, result: *mut GUID) -> HRESULT {
    if result.is_null() {
        return E_POINTER;
    }
    // SAFETY: COM passes a valid result pointer, which is not null.
    unsafe { result.write_unaligned(GUID::zeroed()) };
    if i32::try_from(kind) != Ok(GUIDKIND_DEFAULT_SOURCE_DISP_IID.0) {
        return E_INVALIDARG;
    }
    // SAFETY: COM passes a live object of ours.
    let interface_ptr = unsafe { InterfacePtr::of(this) };
    let iid = interface_ptr.implementation().events().map(|events| events.iid());
    // SAFETY: COM passes a valid result pointer, which is not null.
    unsafe { result.write_unaligned(iid.map_or_else(GUID::zeroed, |it| GUID::from_u128(it.0))) };
    if iid.is_some() { S_OK } else { E_FAIL }
}

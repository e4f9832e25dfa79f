//! `IConnectionPointContainer` and `IConnectionPoint`, by which other programs subscribe to events.

use std::ffi::c_void;

use windows::Win32::Foundation::{E_POINTER, S_OK};
use windows::Win32::System::Com::{
    IConnectionPoint, IConnectionPoint_Impl, IConnectionPointContainer, IEnumConnectionPoints,
    IEnumConnections,
};
use windows::Win32::System::Ole::CONNECT_E_NOCONNECTION;
use windows_core::{GUID, HRESULT, IUnknown, Interface as _, Ref, implement};

use super::connection_enumerators::{enumerate_connections, enumerate_points};
use super::interface::VtableSlot;
use super::object::{
    ADD_REF, Callback, EventSource, InterfacePtr, ObjectRef, QUERY_INTERFACE, RELEASE,
};
use crate::HResult;

/// The vtable of `IConnectionPointContainer`.
pub(super) static TABLE: [VtableSlot; 5] = [
    QUERY_INTERFACE,
    ADD_REF,
    RELEASE,
    VtableSlot(enum_connection_points as *const ()),
    VtableSlot(find_connection_point as *const ()),
];

unsafe extern "system" fn enum_connection_points(
    this: *mut c_void,
    result: *mut *mut c_void,
) -> HRESULT {
    if result.is_null() {
        return E_POINTER;
    }
    // SAFETY: COM passes a live object of ours.
    let point = connection_point(unsafe { InterfacePtr::of(this) });
    let enumerator: IEnumConnectionPoints = enumerate_points(point.into_iter().collect());
    // SAFETY: COM passes a valid result pointer, which is not null.
    unsafe { result.write_unaligned(enumerator.into_raw()) };
    S_OK
}

unsafe extern "system" fn find_connection_point(
    this: *mut c_void,
    iid: *const GUID,
    result: *mut *mut c_void,
) -> HRESULT {
    if result.is_null() || iid.is_null() {
        return E_POINTER;
    }
    // SAFETY: COM passes a live object of ours.
    let interface_ptr = unsafe { InterfacePtr::of(this) };
    // SAFETY: COM passes a GUID, which need not be aligned.
    let iid = unsafe { iid.read_unaligned() };
    let source = interface_ptr.implementation().events().map(|it| GUID::from_u128(it.iid().0));
    let found = connection_point(interface_ptr).filter(|_| source == Some(iid));
    let found = found.map(windows_core::Interface::into_raw);
    // SAFETY: COM passes a valid result pointer, which is not null.
    unsafe { result.write_unaligned(found.unwrap_or_default()) };
    if found.is_some() { S_OK } else { CONNECT_E_NOCONNECTION }
}

/// The connection point of an object that has events.
fn connection_point(interface_ptr: &InterfacePtr) -> Option<IConnectionPoint> {
    let iid = GUID::from_u128(interface_ptr.implementation().events()?.iid().0);
    Some(ConnectionPoint { object: interface_ptr.object_ref(), iid }.into())
}

/// The connection point of an object's only event interface.
#[implement(IConnectionPoint)]
struct ConnectionPoint {
    object: ObjectRef,
    iid: GUID,
}

impl IConnectionPoint_Impl for ConnectionPoint_Impl {
    fn GetConnectionInterface(&self) -> windows_core::Result<GUID> {
        Ok(self.iid)
    }

    fn GetConnectionPointContainer(&self) -> windows_core::Result<IConnectionPointContainer> {
        let found = self.object.query(&IConnectionPointContainer::IID);
        let found = found.ok_or(windows_core::Error::from_hresult(CONNECT_E_NOCONNECTION))?;
        // SAFETY: the pointer is of this interface, and its reference moves into the result.
        Ok(unsafe { IConnectionPointContainer::from_raw(found) })
    }

    fn Advise(&self, listener: Ref<'_, IUnknown>) -> windows_core::Result<u32> {
        let listener = listener.as_ref().ok_or(windows_core::Error::from_hresult(E_POINTER))?;
        self.with(|events| events.advise(Callback(listener.clone())))
    }

    fn Unadvise(&self, cookie: u32) -> windows_core::Result<()> {
        self.with(|events| events.unadvise(cookie))
    }

    fn EnumConnections(&self) -> windows_core::Result<IEnumConnections> {
        let connections = self.with(|events| Ok(events.connections()))?;
        Ok(enumerate_connections(connections))
    }
}

impl ConnectionPoint_Impl {
    fn with<T>(
        &self,
        act: impl FnOnce(&dyn EventSource) -> Result<T, HResult>,
    ) -> windows_core::Result<T> {
        let events = self.object.implementation().events();
        let events = events.ok_or(HResult(CONNECT_E_NOCONNECTION.0));
        let result = events.and_then(act);
        result.map_err(|code| windows_core::Error::from_hresult(HRESULT(code.0)))
    }
}

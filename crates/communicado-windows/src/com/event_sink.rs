//! Event sinks, the objects that other programs call to fire events.
//!
//! Handwritten, because the event interface is known only at run time, and because the `riid`
//! argument of `QueryInterface` may be unaligned (it is under Wine).

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering, fence};

use windows::Win32::Foundation::{E_NOINTERFACE, E_NOTIMPL, E_POINTER, S_OK};
use windows::Win32::System::Com::{
    DISPATCH_FLAGS, DISPPARAMS, EXCEPINFO, IDispatch, IDispatch_Vtbl,
};
use windows::Win32::System::Variant::VARIANT;
use windows_core::{GUID, HRESULT, IUnknown, IUnknown_Vtbl, Interface as _, PCWSTR};

use super::variant;
use crate::Variant;

/// The maximum number of arguments, enough for every event of every client.
const ARGUMENTS_MAX: u32 = 64;

/// An event that another program fired.
#[derive(Clone, Debug, PartialEq)]
pub struct DispatchEvent {
    /// The `DISPID` of the event, which may be unknown.
    pub id: i32,
    /// The arguments, in declared order.
    pub arguments: Vec<Variant>,
}

type EventHandler = Box<dyn Fn(DispatchEvent) + Send + Sync>;

#[repr(C)]
struct EventSink {
    vtable: &'static IDispatch_Vtbl,
    references: AtomicU32,
    source: GUID,
    on_event: EventHandler,
}

static VTABLE: IDispatch_Vtbl = IDispatch_Vtbl {
    base__: IUnknown_Vtbl { QueryInterface: query_interface, AddRef: add_ref, Release: release },
    GetTypeInfoCount: get_type_info_count,
    GetTypeInfo: get_type_info,
    GetIDsOfNames: get_ids_of_names,
    Invoke: invoke,
};

/// Creates a sink for the event interface `source` that passes events to `on_event`.
pub(super) fn new(source: GUID, on_event: EventHandler) -> IUnknown {
    let sink = EventSink { vtable: &VTABLE, references: AtomicU32::new(1), source, on_event };
    // SAFETY: the object begins with the vtable pointer of an IDispatch, which extends IUnknown.
    // Its first reference moves into the result.
    unsafe { IUnknown::from_raw(Box::into_raw(Box::new(sink)).cast()) }
}

unsafe extern "system" fn query_interface(
    this: *mut c_void,
    iid: *const GUID,
    result: *mut *mut c_void,
) -> HRESULT {
    if result.is_null() {
        return E_POINTER;
    }
    // SAFETY: COM passes a live object of ours.
    let sink = unsafe { &*this.cast::<EventSink>() };
    // SAFETY: COM passes a GUID, which need not be aligned.
    let iid = unsafe { iid.read_unaligned() };
    let known = [IUnknown::IID, IDispatch::IID, sink.source].contains(&iid);
    if known {
        sink.references.fetch_add(1, Ordering::Relaxed);
    }
    // SAFETY: COM passes a valid result pointer, which is not null.
    unsafe { result.write_unaligned(if known { this } else { std::ptr::null_mut() }) };
    if known { S_OK } else { E_NOINTERFACE }
}

unsafe extern "system" fn add_ref(this: *mut c_void) -> u32 {
    // SAFETY: COM passes a live object of ours.
    let sink = unsafe { &*this.cast::<EventSink>() };
    sink.references.fetch_add(1, Ordering::Relaxed) + 1
}

unsafe extern "system" fn release(this: *mut c_void) -> u32 {
    // SAFETY: COM passes a live object of ours.
    let sink = unsafe { &*this.cast::<EventSink>() };
    let left = sink.references.fetch_sub(1, Ordering::Release) - 1;
    if left == 0 {
        // Orders the accesses of other threads before the deallocation.
        fence(Ordering::Acquire);
        // SAFETY: the object was allocated by a box, and this was the last reference.
        drop(unsafe { Box::from_raw(this.cast::<EventSink>()) });
    }
    left
}

unsafe extern "system" fn get_type_info_count(_: *mut c_void, result: *mut u32) -> HRESULT {
    if result.is_null() {
        return E_POINTER;
    }
    // SAFETY: COM passes a valid result pointer, which is not null.
    unsafe { result.write(0) };
    S_OK
}

unsafe extern "system" fn get_type_info(
    _: *mut c_void,
    _: u32,
    _: u32,
    _: *mut *mut c_void,
) -> HRESULT {
    E_NOTIMPL
}

unsafe extern "system" fn get_ids_of_names(
    _: *mut c_void,
    _: *const GUID,
    _: *const PCWSTR,
    _: u32,
    _: u32,
    _: *mut i32,
) -> HRESULT {
    E_NOTIMPL
}

unsafe extern "system" fn invoke(
    this: *mut c_void,
    id: i32,
    _: *const GUID,
    _: u32,
    _: DISPATCH_FLAGS,
    parameters: *const DISPPARAMS,
    _: *mut VARIANT,
    _: *mut EXCEPINFO,
    _: *mut u32,
) -> HRESULT {
    // SAFETY: COM passes a live object of ours.
    let sink = unsafe { &*this.cast::<EventSink>() };
    // SAFETY: COM passes null or the parameters of the call.
    let parameters = unsafe { parameters.as_ref() };
    let arguments = parameters.map(arguments).unwrap_or_default();
    // A panic must not unwind into COM. The listener loses this event.
    let _ = catch_unwind(AssertUnwindSafe(|| (sink.on_event)(DispatchEvent { id, arguments })));
    // Unknown events succeed too, because an error could end the subscription.
    S_OK
}

fn arguments(parameters: &DISPPARAMS) -> Vec<Variant> {
    if parameters.rgvarg.is_null() || parameters.cArgs > ARGUMENTS_MAX {
        return Vec::new();
    }
    let count = usize::try_from(parameters.cArgs).unwrap_or(0);
    // SAFETY: the caller passes an array of `cArgs` arguments that outlives the call.
    let reversed = unsafe { std::slice::from_raw_parts(parameters.rgvarg, count) };
    reversed.iter().rev().map(variant::read).collect()
}

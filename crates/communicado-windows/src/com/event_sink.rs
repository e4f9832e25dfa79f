//! What another program calls when something happens.
//!
//! Written by hand: the interface that it answers for is known only at run time, and the name of
//! the interface that it is asked for need not be aligned, as it is not under Wine.

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

/// The most arguments that are taken in; no event of any client has more.
const ARGUMENTS_MAX: u32 = 64;

/// Something that another program told.
#[derive(Clone, Debug, PartialEq)]
pub struct DispatchEvent {
    /// The number of the event, which nobody need know.
    pub id: i32,
    /// Its arguments, in declared order.
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

/// An object that answers for `source` and hands what it is called with to `on_event`.
pub(super) fn new(source: GUID, on_event: EventHandler) -> IUnknown {
    let sink = EventSink { vtable: &VTABLE, references: AtomicU32::new(1), source, on_event };
    // SAFETY: it begins with the table of an IDispatch, whose first part is that of an IUnknown,
    // and it has one reference, which is handed over.
    unsafe { IUnknown::from_raw(Box::into_raw(Box::new(sink)).cast()) }
}

unsafe extern "system" fn query_interface(
    this: *mut c_void,
    wanted: *const GUID,
    answer: *mut *mut c_void,
) -> HRESULT {
    if answer.is_null() {
        return E_POINTER;
    }
    // SAFETY: COM hands over a live object of ours.
    let sink = unsafe { &*this.cast::<EventSink>() };
    // SAFETY: COM hands over a GUID, which need not be aligned.
    let wanted = unsafe { wanted.read_unaligned() };
    let known = [IUnknown::IID, IDispatch::IID, sink.source].contains(&wanted);
    if known {
        sink.references.fetch_add(1, Ordering::Relaxed);
    }
    // SAFETY: it is the place for the answer, and not null.
    unsafe { answer.write_unaligned(if known { this } else { std::ptr::null_mut() }) };
    if known { S_OK } else { E_NOINTERFACE }
}

unsafe extern "system" fn add_ref(this: *mut c_void) -> u32 {
    // SAFETY: COM hands over a live object of ours.
    let sink = unsafe { &*this.cast::<EventSink>() };
    sink.references.fetch_add(1, Ordering::Relaxed) + 1
}

unsafe extern "system" fn release(this: *mut c_void) -> u32 {
    // SAFETY: COM hands over a live object of ours.
    let sink = unsafe { &*this.cast::<EventSink>() };
    let left = sink.references.fetch_sub(1, Ordering::Release) - 1;
    if left == 0 {
        // What other threads did with it comes before its end.
        fence(Ordering::Acquire);
        // SAFETY: it was made by a box, and this was the last reference.
        drop(unsafe { Box::from_raw(this.cast::<EventSink>()) });
    }
    left
}

unsafe extern "system" fn get_type_info_count(_: *mut c_void, answer: *mut u32) -> HRESULT {
    if answer.is_null() {
        return E_POINTER;
    }
    // SAFETY: it is the place for the answer, and not null.
    unsafe { answer.write(0) };
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
    // SAFETY: COM hands over a live object of ours.
    let sink = unsafe { &*this.cast::<EventSink>() };
    // SAFETY: COM hands over the parameters of the call, or none.
    let parameters = unsafe { parameters.as_ref() };
    let arguments = parameters.map(arguments).unwrap_or_default();
    // A panic must not leave this function; whoever listens has lost this one event.
    let _ = catch_unwind(AssertUnwindSafe(|| (sink.on_event)(DispatchEvent { id, arguments })));
    // Also for an event that nobody knows: a refusal could end the subscription.
    S_OK
}

fn arguments(parameters: &DISPPARAMS) -> Vec<Variant> {
    if parameters.rgvarg.is_null() || parameters.cArgs > ARGUMENTS_MAX {
        return Vec::new();
    }
    let count = usize::try_from(parameters.cArgs).unwrap_or(0);
    // SAFETY: the caller has so many arguments there, alive until this call returns.
    let reversed = unsafe { std::slice::from_raw_parts(parameters.rgvarg, count) };
    reversed.iter().rev().map(variant::read).collect()
}

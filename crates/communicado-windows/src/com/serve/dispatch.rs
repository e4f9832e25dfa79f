//! Late-bound calls, through `IDispatch`.

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};

use windows::Win32::Foundation::{
    DISP_E_BADINDEX, DISP_E_BADPARAMCOUNT, DISP_E_EXCEPTION, DISP_E_MEMBERNOTFOUND,
    DISP_E_PARAMNOTFOUND, DISP_E_TYPEMISMATCH, DISP_E_UNKNOWNNAME, E_POINTER, E_UNEXPECTED, S_OK,
};
use windows::Win32::System::Com::{
    DISPATCH_FLAGS, DISPATCH_METHOD, DISPATCH_PROPERTYGET, DISPATCH_PROPERTYPUT,
    DISPATCH_PROPERTYPUTREF, DISPPARAMS, EXCEPINFO, SAFEARRAY,
};
use windows::Win32::System::Variant::{
    VAR_CHANGE_FLAGS, VARENUM, VARIANT, VT_ARRAY, VT_BOOL, VT_BSTR, VT_BYREF, VT_I4, VT_VARIANT,
    VariantChangeType, VariantCopyInd,
};
use windows_core::{BSTR, GUID, HRESULT, PCWSTR};

use super::error_info::SOURCE;
use super::interface::{Interface, InvokeKind, Member, ValueKind, VtableSlot};
use super::object::{
    Argument, Callback, InterfaceKind, InterfacePtr, MethodCall, MethodError, ReturnValue,
};
use super::type_library;
use super::values;
use crate::com::variant;
use crate::{HResult, Variant};

/// The maximum length of a member name, in UTF-16 units.
const NAME_UNITS_MAX: usize = 128;

pub(super) const GET_TYPE_INFO_COUNT: VtableSlot = VtableSlot(get_type_info_count as *const ());
pub(super) const GET_TYPE_INFO: VtableSlot = VtableSlot(get_type_info as *const ());
pub(super) const GET_IDS_OF_NAMES: VtableSlot = VtableSlot(get_ids_of_names as *const ());
pub(super) const INVOKE: VtableSlot = VtableSlot(invoke as *const ());

fn interface(interface_ptr: &InterfacePtr) -> Option<&'static Interface> {
    match interface_ptr.kind {
        InterfaceKind::Interface(interface) => Some(interface),
        InterfaceKind::ConnectionPointContainer
        | InterfaceKind::ProvideClassInfo
        | InterfaceKind::SupportErrorInfo => None,
    }
}

unsafe extern "system" fn get_type_info_count(this: *mut c_void, result: *mut u32) -> HRESULT {
    if result.is_null() {
        return E_POINTER;
    }
    // SAFETY: COM passes a live object of ours.
    let interface_ptr = unsafe { InterfacePtr::of(this) };
    let count = u32::from(interface_ptr.implementation().type_library().is_some());
    // SAFETY: COM passes a valid result pointer, which is not null.
    unsafe { result.write_unaligned(count) };
    S_OK
}

unsafe extern "system" fn get_type_info(
    this: *mut c_void,
    index: u32,
    _: u32,
    result: *mut *mut c_void,
) -> HRESULT {
    if result.is_null() {
        return E_POINTER;
    }
    // SAFETY: COM passes a valid result pointer, which is not null.
    unsafe { result.write_unaligned(std::ptr::null_mut()) };
    if index != 0 {
        return DISP_E_BADINDEX;
    }
    // SAFETY: COM passes a live object of ours.
    let interface_ptr = unsafe { InterfacePtr::of(this) };
    let type_info = interface(interface_ptr).and_then(|interface| {
        let library = interface_ptr.implementation().type_library()?;
        interface.iids.iter().find_map(|iid| library.type_info(*iid))
    });
    // SAFETY: COM passes a valid result pointer, which is not null.
    unsafe { type_library::write_type_info(type_info, result) }
}

unsafe extern "system" fn get_ids_of_names(
    this: *mut c_void,
    _: *const GUID,
    names: *const PCWSTR,
    count: u32,
    _: u32,
    ids: *mut i32,
) -> HRESULT {
    /// `DISPID_UNKNOWN`.
    const UNKNOWN: i32 = -1;
    let count = usize::try_from(count).unwrap_or(0);
    if names.is_null() || ids.is_null() || count == 0 {
        return E_POINTER;
    }
    // SAFETY: COM passes a live object of ours.
    let interface_ptr = unsafe { InterfacePtr::of(this) };
    // SAFETY: COM passes an array of `count` names.
    let first = unsafe { names.read_unaligned() };
    // SAFETY: COM passes null-terminated names.
    let id = unsafe { read_name(first) }.and_then(|name| {
        let mut members = interface(interface_ptr)?.members.iter();
        let member = members.find(|member| member.name.eq_ignore_ascii_case(&name))?;
        Some(member.id)
    });
    // The names after the first are parameter names, which this server does not support.
    for index in 0..count {
        let id = if index == 0 { id.unwrap_or(UNKNOWN) } else { UNKNOWN };
        // SAFETY: COM passes an array of `count` ids.
        unsafe { ids.add(index).write_unaligned(id) };
    }
    if id.is_some() && count == 1 { S_OK } else { DISP_E_UNKNOWNNAME }
}

/// Reads a name, up to [`NAME_UNITS_MAX`].
///
/// # Safety
///
/// `wide` must be null or a null-terminated string.
unsafe fn read_name(wide: PCWSTR) -> Option<String> {
    if wide.is_null() {
        return None;
    }
    let units = (0..NAME_UNITS_MAX).map(|at| {
        // SAFETY: the iteration stops at the terminating null.
        unsafe { wide.0.add(at).read_unaligned() }
    });
    let units: Vec<u16> = units.take_while(|unit| *unit != 0).collect();
    String::from_utf16(&units).ok()
}

unsafe extern "system" fn invoke(
    this: *mut c_void,
    id: i32,
    _: *const GUID,
    _: u32,
    flags: DISPATCH_FLAGS,
    parameters: *const DISPPARAMS,
    result: *mut VARIANT,
    exception: *mut EXCEPINFO,
    _: *mut u32,
) -> HRESULT {
    // SAFETY: COM passes a live object of ours.
    let interface_ptr = unsafe { InterfacePtr::of(this) };
    let Some(interface) = interface(interface_ptr) else { return E_UNEXPECTED };
    // SAFETY: COM passes null or the parameters of the call.
    let passed = unsafe { parameters.as_ref() }.map(passed_arguments).unwrap_or_default();
    let Some(member) = find_member(interface, id, flags, passed.len()) else {
        return DISP_E_MEMBERNOTFOUND;
    };
    let (arguments, out_targets) = match bind_arguments(member, passed) {
        Ok(arguments) => arguments,
        Err(code) => return HRESULT(code.0),
    };
    let [iid, ..] = interface.iids else { return E_UNEXPECTED };
    let call =
        MethodCall { interface: *iid, id, invoke_kind: member.invoke_kind, arguments: &arguments };
    // A panic must not unwind into COM.
    let answered = catch_unwind(AssertUnwindSafe(|| {
        let returned = interface_ptr.implementation().invoke(&call)?;
        let value = values::to_variant(&returned)?;
        let out = match returned {
            ReturnValue::WithOut(out, _) => Some(values::value_to_variant(&out)),
            _ => None,
        };
        Ok::<_, MethodError>((value, out))
    }));
    match answered {
        Ok(Ok((value, out))) => {
            if let (Some(out), Some(target)) = (out, out_targets.first()) {
                // SAFETY: the caller passed a pointer to an initialised VARIANT.
                unsafe { **target = out };
            }
            if !result.is_null() {
                // SAFETY: the caller passed a valid result pointer, perhaps to uninitialised
                // memory.
                unsafe { result.write(value) };
            }
            S_OK
        }
        Ok(Err(error)) => {
            // SAFETY: the caller passed null or a valid pointer.
            unsafe { write_exception(error, exception) }
        }
        Err(_) => E_UNEXPECTED,
    }
}

/// Finds the member with this id that the flags allow.
///
/// A getter may also be called as a method, as scripts do.
fn find_member(
    interface: &'static Interface,
    id: i32,
    flags: DISPATCH_FLAGS,
    passed: usize,
) -> Option<&'static Member> {
    let has = |flag: DISPATCH_FLAGS| flags.0 & flag.0 != 0;
    let puts = has(DISPATCH_PROPERTYPUT) || has(DISPATCH_PROPERTYPUTREF);
    let gets = has(DISPATCH_PROPERTYGET) || has(DISPATCH_METHOD);
    let fits = |member: &&Member| match member.invoke_kind {
        InvokeKind::PropertyPut => puts,
        InvokeKind::PropertyGet | InvokeKind::Method => gets,
    };
    let mut found = interface.members.iter().filter(|member| member.id == id).filter(fits);
    let first = found.clone().next();
    found.find(|member| member.params.len() == passed).or(first)
}

/// The arguments of a call, in declared order.
fn passed_arguments(parameters: &DISPPARAMS) -> Vec<&VARIANT> {
    let count = usize::try_from(parameters.cArgs).unwrap_or(0);
    if parameters.rgvarg.is_null() {
        return Vec::new();
    }
    // SAFETY: the caller passes an array of `cArgs` arguments that outlives the call. In the array,
    // the last declared argument comes first, which is the value of a property put.
    let reversed = unsafe { std::slice::from_raw_parts(parameters.rgvarg, count) };
    reversed.iter().rev().collect()
}

type BoundArguments = (Vec<Argument>, Vec<*mut VARIANT>);

/// Converts the arguments to the parameter types, and lists the targets of output parameters.
fn bind_arguments(member: &Member, passed: Vec<&VARIANT>) -> Result<BoundArguments, HResult> {
    if passed.len() > member.params.len() {
        return Err(HResult(DISP_E_BADPARAMCOUNT.0));
    }
    let mut out_targets = Vec::new();
    let mut passed = passed.into_iter();
    let arguments = member.params.iter().map(|kind| match (kind, passed.next()) {
        (ValueKind::OutVariant, Some(value)) => {
            out_targets.push(out_variant(value).ok_or(HResult(DISP_E_TYPEMISMATCH.0))?);
            Ok(Argument::Out)
        }
        (ValueKind::Object, None) => Ok(Argument::Object(None)),
        (ValueKind::Variant, None) => {
            Ok(Argument::Value(Variant::Error(HResult(DISP_E_PARAMNOTFOUND.0))))
        }
        (_, None) => Err(HResult(DISP_E_BADPARAMCOUNT.0)),
        (kind, Some(value)) => convert_argument(*kind, value),
    });
    let arguments = arguments.collect::<Result<_, HResult>>()?;
    Ok((arguments, out_targets))
}

/// The target of an output parameter.
fn out_variant(value: &VARIANT) -> Option<*mut VARIANT> {
    if variant::kind(value) != VARENUM(VT_BYREF.0 | VT_VARIANT.0) {
        return None;
    }
    // SAFETY: the type tag says that the field is a pointer to a VARIANT.
    let target = unsafe { value.Anonymous.Anonymous.Anonymous.pvarVal };
    (!target.is_null()).then_some(target)
}

/// Converts an argument to a parameter type, with the rules of `VariantChangeType`.
pub(super) fn convert_argument(kind: ValueKind, value: &VARIANT) -> Result<Argument, HResult> {
    let mut direct = VARIANT::default();
    // SAFETY: both VARIANTs are initialised, and a referenced value outlives the call.
    let copied = unsafe { VariantCopyInd(&raw mut direct, value) };
    copied.map_err(|error| HResult(error.code().0))?;
    let changed = |kind: VARENUM| {
        let mut changed = VARIANT::default();
        let source = &raw const direct;
        // SAFETY: both VARIANTs are initialised.
        let done =
            unsafe { VariantChangeType(&raw mut changed, source, VAR_CHANGE_FLAGS(0), kind) };
        done.map_err(|error| HResult(error.code().0))?;
        Ok(Argument::Value(variant::read(&changed)))
    };
    match kind {
        ValueKind::Number => changed(VT_I4),
        ValueKind::Bool => changed(VT_BOOL),
        ValueKind::Text => changed(VT_BSTR),
        ValueKind::Variant
        | ValueKind::VariantArray
        | ValueKind::OutVariant
        | ValueKind::Unsupported => Ok(Argument::Value(variant::read(&direct))),
        ValueKind::Object => Ok(Argument::Object(variant::object(&direct).map(Callback::from))),
        ValueKind::NumberArray => {
            let is_array = variant::kind(&direct).0 & VT_ARRAY.0 != 0;
            // SAFETY: the result is used only if the type tag says that the field is an array.
            let array: *const SAFEARRAY =
                unsafe { direct.Anonymous.Anonymous.Anonymous.parray }.cast_const();
            let array = if is_array { array } else { std::ptr::null() };
            // SAFETY: the pointer is null or a valid array.
            Ok(Argument::Numbers(unsafe { values::read_numbers(array) }))
        }
    }
}

/// Reports an error: by its code, or as an exception if it has a description.
///
/// # Safety
///
/// `exception_info` must be null or valid for writes.
unsafe fn write_exception(error: MethodError, exception_info: *mut EXCEPINFO) -> HRESULT {
    let Some(description) = error.description.filter(|_| !exception_info.is_null()) else {
        return HRESULT(error.code.0);
    };
    let exception = EXCEPINFO {
        bstrSource: std::mem::ManuallyDrop::new(BSTR::from(SOURCE)),
        bstrDescription: std::mem::ManuallyDrop::new(BSTR::from(description)),
        scode: error.code.0,
        ..EXCEPINFO::default()
    };
    // SAFETY: the pointer is valid and not null, and the caller frees the strings.
    unsafe { exception_info.write(exception) };
    DISP_E_EXCEPTION
}

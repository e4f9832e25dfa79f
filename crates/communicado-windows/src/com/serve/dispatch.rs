//! Calls of callers bound late, by `IDispatch`, and what enumerates objects for them.

use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};

use windows::Win32::Foundation::{
    DISP_E_BADPARAMCOUNT, DISP_E_EXCEPTION, DISP_E_MEMBERNOTFOUND, DISP_E_PARAMNOTFOUND,
    DISP_E_TYPEMISMATCH, DISP_E_UNKNOWNNAME, E_POINTER, E_UNEXPECTED, S_FALSE, S_OK,
};
use windows::Win32::System::Com::{
    DISPATCH_FLAGS, DISPATCH_METHOD, DISPATCH_PROPERTYGET, DISPATCH_PROPERTYPUT,
    DISPATCH_PROPERTYPUTREF, DISPPARAMS, EXCEPINFO, SAFEARRAY,
};
use windows::Win32::System::Ole::{IEnumVARIANT, IEnumVARIANT_Impl};
use windows::Win32::System::Variant::{
    VAR_CHANGE_FLAGS, VARENUM, VARIANT, VT_ARRAY, VT_BOOL, VT_BSTR, VT_BYREF, VT_I4, VT_VARIANT,
    VariantChangeType, VariantCopyInd,
};
use windows_core::{BSTR, GUID, HRESULT, IUnknown, PCWSTR, implement};

use super::interface::{Interface, InvokeKind, Member, ValueKind};
use super::object::{InterfaceKind, InterfacePtr, MethodCall, ObjectRef, VtableSlot};
use super::type_library;
use super::values::{self, Argument, MethodError, ReturnValue};
use crate::com::variant;
use crate::{HResult, Variant};

/// The longest name that is compared, in UTF-16 units; no member's is longer.
const NAME_UNITS_MAX: usize = 128;
/// What an exception says of its origin.
const SOURCE: &str = "Communicado";

pub(super) const GET_TYPE_INFO_COUNT: VtableSlot = VtableSlot(get_type_info_count as *const ());
pub(super) const GET_TYPE_INFO: VtableSlot = VtableSlot(get_type_info as *const ());
pub(super) const GET_IDS_OF_NAMES: VtableSlot = VtableSlot(get_ids_of_names as *const ());
pub(super) const INVOKE: VtableSlot = VtableSlot(invoke as *const ());

fn interface(interface_ptr: &InterfacePtr) -> Option<&'static Interface> {
    match interface_ptr.kind {
        InterfaceKind::Interface(interface) => Some(interface),
        InterfaceKind::Container | InterfaceKind::ClassInfo => None,
    }
}

unsafe extern "system" fn get_type_info_count(this: *mut c_void, place: *mut u32) -> HRESULT {
    if place.is_null() {
        return E_POINTER;
    }
    // SAFETY: COM calls it with a live object of ours.
    let interface_ptr = unsafe { InterfacePtr::of(this) };
    let count = u32::from(interface_ptr.implementation().library().is_some());
    // SAFETY: it is the place for the answer, and not null.
    unsafe { place.write_unaligned(count) };
    S_OK
}

unsafe extern "system" fn get_type_info(
    this: *mut c_void,
    _: u32,
    _: u32,
    place: *mut *mut c_void,
) -> HRESULT {
    if place.is_null() {
        return E_POINTER;
    }
    // SAFETY: COM calls it with a live object of ours.
    let interface_ptr = unsafe { InterfacePtr::of(this) };
    let described = interface(interface_ptr).and_then(|interface| {
        let library = interface_ptr.implementation().library()?;
        interface.iids.iter().find_map(|iid| library.type_info(*iid))
    });
    // SAFETY: it is the place for the answer, and not null.
    unsafe { type_library::write_type_info(described, place) }
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
    // SAFETY: COM calls it with a live object of ours.
    let interface_ptr = unsafe { InterfacePtr::of(this) };
    // SAFETY: there are so many names.
    let first = unsafe { names.read_unaligned() };
    // SAFETY: it ends in NUL.
    let id = unsafe { read_name(first) }.and_then(|name| {
        let mut members = interface(interface_ptr)?.members.iter();
        let member = members.find(|member| member.name.eq_ignore_ascii_case(&name))?;
        Some(member.id)
    });
    // The further ones are names of arguments, which no member of ours has.
    for place in 0..count {
        let id = if place == 0 { id.unwrap_or(UNKNOWN) } else { UNKNOWN };
        // SAFETY: there are so many places.
        unsafe { ids.add(place).write_unaligned(id) };
    }
    if id.is_some() && count == 1 { S_OK } else { DISP_E_UNKNOWNNAME }
}

/// # Safety
///
/// It ends in NUL, or is null.
unsafe fn read_name(wide: PCWSTR) -> Option<String> {
    if wide.is_null() {
        return None;
    }
    let units = (0..NAME_UNITS_MAX).map(|at| {
        // SAFETY: nothing behind the NUL is read.
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
    place: *mut VARIANT,
    exception: *mut EXCEPINFO,
    _: *mut u32,
) -> HRESULT {
    // SAFETY: COM calls it with a live object of ours.
    let interface_ptr = unsafe { InterfacePtr::of(this) };
    let Some(interface) = interface(interface_ptr) else { return E_UNEXPECTED };
    // SAFETY: COM hands over the parameters of the call, or none.
    let passed = unsafe { parameters.as_ref() }.map(passed_arguments).unwrap_or_default();
    let Some(member) = find_member(interface, id, flags, passed.len()) else {
        return DISP_E_MEMBERNOTFOUND;
    };
    let (arguments, places) = match bind_arguments(member, passed) {
        Ok(arguments) => arguments,
        Err(code) => return HRESULT(code.0),
    };
    let [iid, ..] = interface.iids else { return E_UNEXPECTED };
    let call =
        MethodCall { interface: *iid, id, invoke_kind: member.invoke_kind, arguments: &arguments };
    // A panic must not leave this function.
    let answered = catch_unwind(AssertUnwindSafe(|| {
        let returned = interface_ptr.implementation().invoke(&call)?;
        let value = values::to_variant(&returned)?;
        let further = match returned {
            ReturnValue::WithOut(further, _) => Some(values::value_to_variant(&further)),
            _ => None,
        };
        Ok::<_, MethodError>((value, further))
    }));
    match answered {
        Ok(Ok((value, further))) => {
            if let (Some(further), Some(at)) = (further, places.first()) {
                // SAFETY: the caller passed the place of a value, which is initialised.
                unsafe { **at = further };
            }
            if !place.is_null() {
                // SAFETY: it is the place for the answer, which need not be initialised.
                unsafe { place.write(value) };
            }
            S_OK
        }
        Ok(Err(error)) => {
            // SAFETY: it is the place for an exception, or null.
            unsafe { write_exception(error, exception) }
        }
        Err(_) => E_UNEXPECTED,
    }
}

/// The member with this number that can be used so; one that is only read may also be called, as
/// scripts do.
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

/// What was passed, in declared order.
fn passed_arguments(parameters: &DISPPARAMS) -> Vec<&VARIANT> {
    let count = usize::try_from(parameters.cArgs).unwrap_or(0);
    if parameters.rgvarg.is_null() {
        return Vec::new();
    }
    // SAFETY: the caller has so many arguments there, alive until the call returns. The value of
    // a property that is written is the last one declared, and so the first one there.
    let reversed = unsafe { std::slice::from_raw_parts(parameters.rgvarg, count) };
    reversed.iter().rev().collect()
}

type BoundArguments = (Vec<Argument>, Vec<*mut VARIANT>);

/// As many arguments as the member takes, each as it takes it, and the places among them.
fn bind_arguments(member: &Member, passed: Vec<&VARIANT>) -> Result<BoundArguments, HResult> {
    if passed.len() > member.params.len() {
        return Err(HResult(DISP_E_BADPARAMCOUNT.0));
    }
    let mut places = Vec::new();
    let mut passed = passed.into_iter();
    let arguments = member.params.iter().map(|kind| match (kind, passed.next()) {
        (ValueKind::OutVariant, Some(value)) => {
            places.push(out_variant(value).ok_or(HResult(DISP_E_TYPEMISMATCH.0))?);
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
    Ok((arguments, places))
}

/// The place that a value stands for.
fn out_variant(value: &VARIANT) -> Option<*mut VARIANT> {
    if variant::kind(value) != VARENUM(VT_BYREF.0 | VT_VARIANT.0) {
        return None;
    }
    // SAFETY: the type says that it is the place of a value.
    let place = unsafe { value.Anonymous.Anonymous.Anonymous.pvarVal };
    (!place.is_null()).then_some(place)
}

/// A value as a member takes it, converted as Automation does (`VariantChangeType`).
pub(super) fn convert_argument(kind: ValueKind, value: &VARIANT) -> Result<Argument, HResult> {
    let mut direct = VARIANT::default();
    // SAFETY: both are values, and initialised; what a reference leads to outlives the call.
    let copied = unsafe { VariantCopyInd(&raw mut direct, value) };
    copied.map_err(|error| HResult(error.code().0))?;
    let changed = |kind: VARENUM| {
        let mut changed = VARIANT::default();
        let source = &raw const direct;
        // SAFETY: both are values, and initialised.
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
        ValueKind::Object => {
            Ok(Argument::Object(variant::object(&direct).map(values::Callback::from)))
        }
        ValueKind::NumberArray => {
            let is_array = variant::kind(&direct).0 & VT_ARRAY.0 != 0;
            // SAFETY: the type says whether it is an array.
            let array: *const SAFEARRAY =
                unsafe { direct.Anonymous.Anonymous.Anonymous.parray }.cast_const();
            let array = if is_array { array } else { std::ptr::null() };
            // SAFETY: it is an array that outlives the call, or null.
            Ok(Argument::Numbers(unsafe { values::read_numbers(array) }))
        }
    }
}

/// Answers with a refusal: by its code alone, or as an exception that says more.
///
/// # Safety
///
/// It is a place for an exception, or null.
unsafe fn write_exception(error: MethodError, place: *mut EXCEPINFO) -> HRESULT {
    let Some(description) = error.description.filter(|_| !place.is_null()) else {
        return HRESULT(error.code.0);
    };
    let exception = EXCEPINFO {
        bstrSource: std::mem::ManuallyDrop::new(BSTR::from(SOURCE)),
        bstrDescription: std::mem::ManuallyDrop::new(BSTR::from(description)),
        scode: error.code.0,
        ..EXCEPINFO::default()
    };
    // SAFETY: it is a place, as promised, and not null; the caller frees the texts.
    unsafe { place.write(exception) };
    DISP_E_EXCEPTION
}

/// What gives objects one by one.
pub(super) fn enumerate(objects: Vec<ObjectRef>) -> IUnknown {
    let enumerator: IEnumVARIANT = ObjectEnumerator { objects, at: AtomicUsize::new(0) }.into();
    enumerator.into()
}

#[implement(IEnumVARIANT)]
struct ObjectEnumerator {
    objects: Vec<ObjectRef>,
    at: AtomicUsize,
}

impl IEnumVARIANT_Impl for ObjectEnumerator_Impl {
    fn Next(&self, wanted: u32, places: *mut VARIANT, count: *mut u32) -> HRESULT {
        let wanted = usize::try_from(wanted).unwrap_or(0);
        if places.is_null() || wanted == 0 {
            return E_POINTER;
        }
        let mut fetched = 0;
        while fetched < wanted {
            let at = self.at.fetch_add(1, Ordering::Relaxed);
            let Some(object) = self.objects.get(at) else {
                self.at.store(self.objects.len(), Ordering::Relaxed);
                break;
            };
            let Ok(value) = values::to_variant(&ReturnValue::Object(object.clone())) else { break };
            // SAFETY: there are so many places, which need not be initialised.
            unsafe { places.add(fetched).write(value) };
            fetched += 1;
        }
        if !count.is_null() {
            // SAFETY: it is a place for the count.
            unsafe { count.write(u32::try_from(fetched).unwrap_or(0)) };
        }
        if fetched == wanted { S_OK } else { S_FALSE }
    }

    fn Skip(&self, count: u32) -> HRESULT {
        let count = usize::try_from(count).unwrap_or(0);
        let at = self.at.fetch_add(count, Ordering::Relaxed).saturating_add(count);
        if at <= self.objects.len() { S_OK } else { S_FALSE }
    }

    fn Reset(&self) -> windows_core::Result<()> {
        self.at.store(0, Ordering::Relaxed);
        Ok(())
    }

    fn Clone(&self) -> windows_core::Result<IEnumVARIANT> {
        let at = AtomicUsize::new(self.at.load(Ordering::Relaxed));
        Ok(ObjectEnumerator { objects: self.objects.clone(), at }.into())
    }
}

//! Conversions between VARIANTs, SAFEARRAYs and the values of method calls.

use std::mem::ManuallyDrop;
use std::sync::atomic::{AtomicUsize, Ordering};

use windows::Win32::Foundation::{E_FAIL, E_POINTER, S_FALSE, S_OK, VARIANT_BOOL};
use windows::Win32::System::Com::SAFEARRAY;
use windows::Win32::System::Ole::{
    IEnumVARIANT, IEnumVARIANT_Impl, SafeArrayCreateVector, SafeArrayGetDim, SafeArrayGetElement,
    SafeArrayGetElemsize, SafeArrayGetLBound, SafeArrayGetUBound, SafeArrayPutElement,
};
use windows::Win32::System::Variant::{
    VARENUM, VARIANT, VARIANT_0, VARIANT_0_0, VARIANT_0_0_0, VT_ARRAY, VT_BOOL, VT_BSTR,
    VT_DISPATCH, VT_I4, VT_UNKNOWN, VT_VARIANT,
};
use windows_core::{BSTR, HRESULT, IUnknown, Interface as _, implement};

use super::object::{Callback, ObjectRef, ReturnValue};
use crate::com::variant;
use crate::{HResult, Variant};

/// The maximum length of an array argument; further elements are ignored.
const ARRAY_MAX: i32 = 4096;

/// Converts a return value into a VARIANT, for late-bound callers.
pub(super) fn to_variant(returned: &ReturnValue) -> Result<VARIANT, HResult> {
    Ok(match returned {
        ReturnValue::Nothing => VARIANT::default(),
        ReturnValue::Value(value) | ReturnValue::WithOut(_, value) => value_to_variant(value),
        ReturnValue::Object(object) => {
            let dispatch = object.dispatch();
            let held = VARIANT_0_0_0 { pdispVal: ManuallyDrop::new(dispatch) };
            typed_variant(VT_DISPATCH, held)
        }
        ReturnValue::NullObject => typed_variant(VT_DISPATCH, VARIANT_0_0_0::default()),
        ReturnValue::Enumerator(objects) => {
            let enumerator = enumerate(objects.clone());
            let held = VARIANT_0_0_0 { punkVal: ManuallyDrop::new(Some(enumerator)) };
            typed_variant(VT_UNKNOWN, held)
        }
        ReturnValue::Array(values) => {
            let held = VARIANT_0_0_0 { parray: variant_array(values)? };
            typed_variant(VARENUM(VT_ARRAY.0 | VT_VARIANT.0), held)
        }
        ReturnValue::Numbers(numbers) => {
            let held = VARIANT_0_0_0 { parray: number_array(numbers)? };
            typed_variant(VARENUM(VT_ARRAY.0 | VT_I4.0), held)
        }
    })
}

/// Converts a value into a VARIANT.
pub(super) fn value_to_variant(value: &Variant) -> VARIANT {
    match value {
        Variant::Bool(value) => typed_variant(
            VT_BOOL,
            VARIANT_0_0_0 { boolVal: VARIANT_BOOL(if *value { -1 } else { 0 }) },
        ),
        Variant::Text(text) => {
            let text = ManuallyDrop::new(BSTR::from(text.as_str()));
            typed_variant(VT_BSTR, VARIANT_0_0_0 { bstrVal: text })
        }
        other => variant::write(other),
    }
}

/// A VARIANT of a type. The caller passes a value of that type.
pub(in crate::com) const fn typed_variant(kind: VARENUM, held: VARIANT_0_0_0) -> VARIANT {
    let typed =
        VARIANT_0_0 { vt: kind, wReserved1: 0, wReserved2: 0, wReserved3: 0, Anonymous: held };
    VARIANT { Anonymous: VARIANT_0 { Anonymous: ManuallyDrop::new(typed) } }
}

/// A new array of VARIANTs, which the caller frees.
pub(super) fn variant_array(values: &[Variant]) -> Result<*mut SAFEARRAY, HResult> {
    let array = new_array(VT_VARIANT, values.len())?;
    for (index, value) in (0..).zip(values) {
        let value = value_to_variant(value);
        // SAFETY: the index is within the array, which holds VARIANTs and copies the element.
        let put =
            unsafe { SafeArrayPutElement(array, &raw const index, (&raw const value).cast()) };
        put.map_err(|error| HResult(error.code().0))?;
    }
    Ok(array)
}

/// A new array of integers, which the caller frees.
pub(in crate::com) fn number_array(numbers: &[i32]) -> Result<*mut SAFEARRAY, HResult> {
    let array = new_array(VT_I4, numbers.len())?;
    for (index, number) in (0..).zip(numbers) {
        // SAFETY: the index is within the array, which holds integers and copies the element.
        let put = unsafe {
            SafeArrayPutElement(array, &raw const index, std::ptr::from_ref(number).cast())
        };
        put.map_err(|error| HResult(error.code().0))?;
    }
    Ok(array)
}

fn new_array(kind: VARENUM, length: usize) -> Result<*mut SAFEARRAY, HResult> {
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    // SAFETY: the call has no pointer arguments.
    let array = unsafe { SafeArrayCreateVector(kind, 0, length) };
    if array.is_null() { Err(HResult(E_FAIL.0)) } else { Ok(array) }
}

/// Reads an array of integers; empty if the elements have another type.
///
/// # Safety
///
/// `array` must be null or a valid array.
pub(super) unsafe fn read_numbers(array: *const SAFEARRAY) -> Vec<i32> {
    // SAFETY: both functions accept null and any valid array.
    let (dimensions, bytes) = unsafe { (SafeArrayGetDim(array), SafeArrayGetElemsize(array)) };
    if dimensions != 1 || bytes != 4 {
        return Vec::new();
    }
    // SAFETY: the array is valid and not null, since it has a dimension.
    let (low, high) = unsafe { (SafeArrayGetLBound(array, 1), SafeArrayGetUBound(array, 1)) };
    let (Ok(low), Ok(high)) = (low, high) else { return Vec::new() };
    let element = |index: i32| {
        let mut number = 0_i32;
        // SAFETY: the array is valid, and `number` has the size of its elements.
        let read =
            unsafe { SafeArrayGetElement(array, &raw const index, (&raw mut number).cast()) };
        read.ok().map(|()| number)
    };
    (low..=high.min(low.saturating_add(ARRAY_MAX))).map_while(element).collect()
}

/// Adds a reference to an object of the caller.
///
/// # Safety
///
/// `object` must be null or a live COM object.
pub(super) unsafe fn callback(object: *mut core::ffi::c_void) -> Option<Callback> {
    // SAFETY: the caller guarantees it.
    let object = unsafe { IUnknown::from_raw_borrowed(&object) };
    object.cloned().map(Callback)
}

/// A new enumerator over objects.
pub(super) fn enumerate(objects: Vec<ObjectRef>) -> IUnknown {
    let enumerator: IEnumVARIANT =
        ObjectEnumerator { objects, position: AtomicUsize::new(0) }.into();
    enumerator.into()
}

#[implement(IEnumVARIANT)]
struct ObjectEnumerator {
    objects: Vec<ObjectRef>,
    position: AtomicUsize,
}

impl IEnumVARIANT_Impl for ObjectEnumerator_Impl {
    fn Next(&self, wanted: u32, elements: *mut VARIANT, count: *mut u32) -> HRESULT {
        let wanted = usize::try_from(wanted).unwrap_or(0);
        if elements.is_null() || wanted == 0 {
            return E_POINTER;
        }
        let mut fetched = 0;
        while fetched < wanted {
            let position = self.position.fetch_add(1, Ordering::Relaxed);
            let Some(object) = self.objects.get(position) else {
                self.position.store(self.objects.len(), Ordering::Relaxed);
                break;
            };
            let Ok(value) = to_variant(&ReturnValue::Object(object.clone())) else { break };
            // SAFETY: the caller provides uninitialised memory for `wanted` elements.
            unsafe { elements.add(fetched).write(value) };
            fetched += 1;
        }
        if !count.is_null() {
            // SAFETY: the pointer is not null, and COM passes a valid one.
            unsafe { count.write(u32::try_from(fetched).unwrap_or(0)) };
        }
        if fetched == wanted { S_OK } else { S_FALSE }
    }

    fn Skip(&self, count: u32) -> HRESULT {
        let count = usize::try_from(count).unwrap_or(0);
        let position = self.position.fetch_add(count, Ordering::Relaxed).saturating_add(count);
        if position <= self.objects.len() { S_OK } else { S_FALSE }
    }

    fn Reset(&self) -> windows_core::Result<()> {
        self.position.store(0, Ordering::Relaxed);
        Ok(())
    }

    fn Clone(&self) -> windows_core::Result<IEnumVARIANT> {
        let position = AtomicUsize::new(self.position.load(Ordering::Relaxed));
        Ok(ObjectEnumerator { objects: self.objects.clone(), position }.into())
    }
}

//! What goes into a call and what comes out of it.

use windows::Win32::Foundation::{E_FAIL, VARIANT_BOOL};
use windows::Win32::System::Com::{IDispatch, SAFEARRAY};
use windows::Win32::System::Ole::{
    SafeArrayCreateVector, SafeArrayGetDim, SafeArrayGetElement, SafeArrayGetElemsize,
    SafeArrayGetLBound, SafeArrayGetUBound, SafeArrayPutElement,
};
use windows::Win32::System::Variant::{
    VARENUM, VARIANT, VARIANT_0, VARIANT_0_0, VARIANT_0_0_0, VT_ARRAY, VT_BOOL, VT_BSTR,
    VT_DISPATCH, VT_I4, VT_UNKNOWN, VT_VARIANT,
};
use windows_core::{BSTR, IUnknown, Interface as _};

use super::listeners::{EventCall, fire_once};
use super::object::ObjectRef;
use crate::com::variant;
use crate::{HResult, Variant};

/// The longest array that is read.
const ARRAY_MAX: i32 = 4096;

/// An argument of a call.
#[derive(Debug)]
pub enum Argument {
    /// A value; [`Variant::Error`] for one that was left out.
    Value(Variant),
    /// Whole numbers.
    Numbers(Vec<i32>),
    /// An object of the caller's; nothing where it passed none.
    Object(Option<Callback>),
    /// A place for a further answer.
    Out,
}

/// An object of a caller's, to be called when what it asked for is done.
#[derive(Clone, Debug)]
pub struct Callback(pub(super) IUnknown);

// SAFETY: everything here is in the multithreaded apartment, whose objects may be called from
// every thread of it.
unsafe impl Send for Callback {}
// SAFETY: as above.
unsafe impl Sync for Callback {}

impl Callback {
    /// Calls it, on a thread that may wait for it.
    pub fn call(self, event: EventCall) {
        fire_once(self.0, event);
    }
}

impl Argument {
    /// The text that it is, if it is one.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self {
            Self::Value(value) => value.text(),
            Self::Numbers(_) | Self::Object(_) | Self::Out => None,
        }
    }

    /// The whole number that it is, if it is one.
    #[must_use]
    pub const fn number(&self) -> Option<i32> {
        match self {
            Self::Value(value) => value.number(),
            Self::Numbers(_) | Self::Object(_) | Self::Out => None,
        }
    }
}

/// What a call gives.
#[derive(Clone, Debug)]
pub enum ReturnValue {
    /// Nothing.
    Nothing,
    /// A value.
    Value(Variant),
    /// An object.
    Object(ObjectRef),
    /// No object, where there could be one.
    NullObject,
    /// Values in an array.
    Array(Vec<Variant>),
    /// Whole numbers in an array.
    Numbers(Vec<i32>),
    /// What gives these objects one by one (`IEnumVARIANT`).
    Enumerator(Vec<ObjectRef>),
    /// A value for the member's place, and the answer to it.
    WithOut(Variant, Variant),
}

impl ReturnValue {
    /// A text.
    pub fn text(text: impl Into<String>) -> Self {
        Self::Value(Variant::Text(text.into()))
    }

    /// A whole number.
    #[must_use]
    pub const fn number(number: i32) -> Self {
        Self::Value(Variant::Number(number))
    }

    /// A truth.
    #[must_use]
    pub const fn bool(truth: bool) -> Self {
        Self::Value(Variant::Bool(truth))
    }
}

/// Why a call is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MethodError {
    /// The code.
    pub code: HResult,
    /// What callers bound late are told beside it, as an exception; without, they get the code
    /// alone, as callers bound early always do.
    pub description: Option<String>,
}

impl From<HResult> for MethodError {
    fn from(code: HResult) -> Self {
        Self { code, description: None }
    }
}

/// What is given, as a value for callers bound late.
pub(super) fn to_variant(returned: &ReturnValue) -> Result<VARIANT, HResult> {
    Ok(match returned {
        ReturnValue::Nothing => VARIANT::default(),
        ReturnValue::Value(value) | ReturnValue::WithOut(_, value) => value_to_variant(value),
        ReturnValue::Object(object) => {
            let dispatch = object.dispatch();
            let held = VARIANT_0_0_0 { pdispVal: std::mem::ManuallyDrop::new(dispatch) };
            typed_variant(VT_DISPATCH, held)
        }
        ReturnValue::NullObject => typed_variant(VT_DISPATCH, VARIANT_0_0_0::default()),
        ReturnValue::Enumerator(objects) => {
            let each = super::dispatch::enumerate(objects.clone());
            let held = VARIANT_0_0_0 { punkVal: std::mem::ManuallyDrop::new(Some(each)) };
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

/// A value, where that what [`variant::write`] leaves empty has a form after all.
pub(super) fn value_to_variant(value: &Variant) -> VARIANT {
    match value {
        Variant::Bool(truth) => typed_variant(
            VT_BOOL,
            VARIANT_0_0_0 { boolVal: VARIANT_BOOL(if *truth { -1 } else { 0 }) },
        ),
        Variant::Text(text) => {
            let text = std::mem::ManuallyDrop::new(BSTR::from(text.as_str()));
            typed_variant(VT_BSTR, VARIANT_0_0_0 { bstrVal: text })
        }
        other => variant::write(other),
    }
}

const fn typed_variant(kind: VARENUM, held: VARIANT_0_0_0) -> VARIANT {
    let typed =
        VARIANT_0_0 { vt: kind, wReserved1: 0, wReserved2: 0, wReserved3: 0, Anonymous: held };
    VARIANT { Anonymous: VARIANT_0 { Anonymous: std::mem::ManuallyDrop::new(typed) } }
}

/// An array of values, to be handed over.
pub(super) fn variant_array(values: &[Variant]) -> Result<*mut SAFEARRAY, HResult> {
    let array = new_array(VT_VARIANT, values.len())?;
    for (index, value) in (0..).zip(values) {
        let value = value_to_variant(value);
        // SAFETY: the array has values at all these places; it takes a copy.
        let put =
            unsafe { SafeArrayPutElement(array, &raw const index, (&raw const value).cast()) };
        put.map_err(|error| HResult(error.code().0))?;
    }
    Ok(array)
}

/// An array of whole numbers, to be handed over.
pub(super) fn number_array(numbers: &[i32]) -> Result<*mut SAFEARRAY, HResult> {
    let array = new_array(VT_I4, numbers.len())?;
    for (index, number) in (0..).zip(numbers) {
        // SAFETY: the array has numbers at all these places; it takes a copy.
        let put = unsafe {
            SafeArrayPutElement(array, &raw const index, std::ptr::from_ref(number).cast())
        };
        put.map_err(|error| HResult(error.code().0))?;
    }
    Ok(array)
}

fn new_array(kind: VARENUM, length: usize) -> Result<*mut SAFEARRAY, HResult> {
    let length = u32::try_from(length).unwrap_or(u32::MAX);
    // SAFETY: it takes no pointers.
    let array = unsafe { SafeArrayCreateVector(kind, 0, length) };
    if array.is_null() { Err(HResult(E_FAIL.0)) } else { Ok(array) }
}

/// The whole numbers in a caller's array; none if it has others.
///
/// # Safety
///
/// It is an array that outlives the call, or null.
pub(super) unsafe fn read_numbers(array: *const SAFEARRAY) -> Vec<i32> {
    // SAFETY: it is an array or null, as promised, and both functions take either.
    let (dimensions, bytes) = unsafe { (SafeArrayGetDim(array), SafeArrayGetElemsize(array)) };
    if dimensions != 1 || bytes != 4 {
        return Vec::new();
    }
    // SAFETY: it is an array, as promised.
    let (low, high) = unsafe { (SafeArrayGetLBound(array, 1), SafeArrayGetUBound(array, 1)) };
    let (Ok(low), Ok(high)) = (low, high) else { return Vec::new() };
    let element = |index: i32| {
        let mut number = 0_i32;
        // SAFETY: it is an array, as promised, and there is a place for one of its elements.
        let read =
            unsafe { SafeArrayGetElement(array, &raw const index, (&raw mut number).cast()) };
        read.ok().map(|()| number)
    };
    (low..=high.min(low.saturating_add(ARRAY_MAX))).map_while(element).collect()
}

/// An object that a caller passed.
///
/// # Safety
///
/// It is an object that outlives the call, or null.
pub(super) unsafe fn callback(object: *mut core::ffi::c_void) -> Option<Callback> {
    // SAFETY: as promised.
    let object = unsafe { IUnknown::from_raw_borrowed(&object) };
    object.cloned().map(Callback)
}

impl From<IDispatch> for Callback {
    fn from(object: IDispatch) -> Self {
        Self(object.into())
    }
}

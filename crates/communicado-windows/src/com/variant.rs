//! Between the values of Automation and ours.

use windows::Win32::System::Com::IDispatch;
use windows::Win32::System::Variant::{
    VARENUM, VARIANT, VT_BSTR, VT_BYREF, VT_DISPATCH, VT_UNKNOWN,
};
use windows_core::{BSTR, IUnknown, Interface as _};

use crate::{Variant, decode};

/// Decodes a value that lives as long as the reference; whose type says what it holds.
pub(crate) fn read(value: &VARIANT) -> Variant {
    let kind = kind(value);
    if kind.0 & VT_BYREF.0 != 0 {
        return Variant::Other { kind: kind.0 };
    }
    // SAFETY: the eight bytes are there whatever the type says, and any bits are bytes.
    let data = unsafe { value.Anonymous.Anonymous.Anonymous.llVal }.to_le_bytes();
    if kind == VT_BSTR {
        // SAFETY: the type says that it is a text, which lives as long as the value.
        let text: &BSTR = unsafe { &value.Anonymous.Anonymous.Anonymous.bstrVal };
        return decode(kind.0, data, Some(text));
    }
    decode(kind.0, data, None)
}

/// The object that a value holds, if it holds one.
pub(crate) fn object(value: &VARIANT) -> Option<IDispatch> {
    // SAFETY: a value of this type or the next holds an interface that lives as long as it.
    let held: Option<IUnknown> = unsafe {
        match kind(value) {
            VT_DISPATCH => {
                let held = &value.Anonymous.Anonymous.Anonymous.pdispVal;
                held.as_ref().map(|held| held.clone().into())
            }
            VT_UNKNOWN => value.Anonymous.Anonymous.Anonymous.punkVal.as_ref().cloned(),
            _ => None,
        }
    };
    held?.cast().ok()
}

/// A value for a call. What has no form there is left empty.
pub(crate) fn write(value: &Variant) -> VARIANT {
    match value {
        Variant::Bool(truth) => VARIANT::from(*truth),
        Variant::Number(number) => VARIANT::from(*number),
        Variant::Long(number) => VARIANT::from(*number),
        Variant::Real(number) => VARIANT::from(*number),
        Variant::Text(text) => VARIANT::from(BSTR::from(text.as_str())),
        Variant::Empty
        | Variant::Null
        | Variant::Error(_)
        | Variant::Object
        | Variant::Other { .. } => VARIANT::default(),
    }
}

/// What a value says that it holds.
pub(crate) fn kind(value: &VARIANT) -> VARENUM {
    // SAFETY: every value has its type there.
    unsafe { value.Anonymous.Anonymous.vt }
}

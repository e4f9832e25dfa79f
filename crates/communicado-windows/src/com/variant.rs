//! Conversions between VARIANTs and [`Variant`].

use windows::Win32::System::Com::IDispatch;
use windows::Win32::System::Variant::{
    VARENUM, VARIANT, VT_BSTR, VT_BYREF, VT_DISPATCH, VT_UNKNOWN,
};
use windows_core::{BSTR, IUnknown, Interface as _};

use crate::{Variant, decode};

/// Decodes a VARIANT.
pub(crate) fn read(value: &VARIANT) -> Variant {
    let kind = kind(value);
    if kind.0 & VT_BYREF.0 != 0 {
        return Variant::Other { kind: kind.0 };
    }
    // SAFETY: every VARIANT has these eight bytes, and all bit patterns are valid.
    let data = unsafe { value.Anonymous.Anonymous.Anonymous.llVal }.to_le_bytes();
    if kind == VT_BSTR {
        // SAFETY: the type tag says that the field is a BSTR, which lives as long as the value.
        let text: &BSTR = unsafe { &value.Anonymous.Anonymous.Anonymous.bstrVal };
        return decode(kind.0, data, Some(text));
    }
    decode(kind.0, data, None)
}

/// The object in a VARIANT, if it contains one.
pub(crate) fn object(value: &VARIANT) -> Option<IDispatch> {
    // SAFETY: the type tag says that the field is an interface pointer, which lives as long as the
    // value.
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

/// Converts a value into a VARIANT; `VT_EMPTY` for types that a call cannot pass.
pub(crate) fn write(value: &Variant) -> VARIANT {
    match value {
        Variant::Bool(value) => VARIANT::from(*value),
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

/// The type of a VARIANT.
pub(crate) fn kind(value: &VARIANT) -> VARENUM {
    // SAFETY: every VARIANT has the type tag.
    unsafe { value.Anonymous.Anonymous.vt }
}

//! Calls of callers bound early, through the table.

use std::ffi::c_void;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};

use windows::Win32::Foundation::{E_NOTIMPL, E_POINTER, E_UNEXPECTED, S_OK, VARIANT_BOOL};
use windows::Win32::System::Com::SAFEARRAY;
use windows::Win32::System::Variant::VARIANT;
use windows_core::{BSTR, HRESULT};

use super::dispatch::{convert_argument, enumerate};
use super::interface::{INHERITED, Member, ValueKind};
use super::object::{InterfaceKind, InterfacePtr, MethodCall};
use super::values::{self, Argument, MethodError, ReturnValue};
use crate::{HResult, Variant};

/// Answers a call that came by the function at `slot` of the object's table.
///
/// # Safety
///
/// `this` is a live object of ours, and `words` are those that the member at this place takes and
/// then the place for what it gives; of the last of very many, some may be missing.
pub(super) unsafe fn invoke_slot(this: *mut c_void, slot: usize, words: &[usize]) -> HRESULT {
    // SAFETY: as promised.
    let interface_ptr = unsafe { InterfacePtr::of(this) };
    let InterfaceKind::Interface(interface) = interface_ptr.kind else { return E_UNEXPECTED };
    let member = slot.checked_sub(INHERITED).and_then(|index| interface.members.get(index));
    let (Some(member), [iid, ..]) = (member, interface.iids) else { return E_UNEXPECTED };
    if words.len() < member.params.len() + usize::from(member.returns.is_some()) {
        return E_NOTIMPL;
    }
    let (taken, places) = words.split_at(member.params.len());
    // A panic must not leave this function.
    let answered = catch_unwind(AssertUnwindSafe(|| {
        let arguments = member.params.iter().zip(taken).map(|(kind, word)| {
            // SAFETY: the member takes it so.
            unsafe { decode_argument(*kind, *word) }
        });
        let arguments = arguments.collect::<Result<Vec<_>, HResult>>()?;
        let call = MethodCall {
            interface: *iid,
            id: member.id,
            invoke_kind: member.invoke_kind,
            arguments: &arguments,
        };
        let returned = interface_ptr.implementation().invoke(&call)?;
        // SAFETY: the member gives it so, and its places are these.
        unsafe { write_return_value(member, &returned, taken, places) }?;
        Ok::<_, MethodError>(())
    }));
    match answered {
        Ok(Ok(())) => S_OK,
        Ok(Err(error)) => HRESULT(error.code.0),
        Err(_) => E_UNEXPECTED,
    }
}

/// # Safety
///
/// The word is an argument of this kind, which outlives the call.
unsafe fn decode_argument(kind: ValueKind, word: usize) -> Result<Argument, HResult> {
    let bytes = word.to_le_bytes();
    let [b0, b1, b2, b3, ..] = bytes;
    Ok(match kind {
        // What is above the lower half of the word is not passed.
        ValueKind::Number => Argument::Value(Variant::Number(i32::from_le_bytes([b0, b1, b2, b3]))),
        ValueKind::Bool => Argument::Value(Variant::Bool(i16::from_le_bytes([b0, b1]) != 0)),
        ValueKind::Text => {
            // SAFETY: it is a text, or null, which is an empty one; the caller keeps it.
            let text = ManuallyDrop::new(unsafe { BSTR::from_raw(word as *const u16) });
            Argument::Value(Variant::Text(String::from_utf16_lossy(&text)))
        }
        ValueKind::Variant => {
            // SAFETY: a value of more than a word is passed by its place.
            match unsafe { (word as *const VARIANT).as_ref() } {
                Some(value) => convert_argument(ValueKind::Variant, value)?,
                None => Argument::Value(Variant::Empty),
            }
        }
        ValueKind::Object => {
            // SAFETY: it is an object or null, and the caller keeps it.
            Argument::Object(unsafe { values::callback(word as *mut c_void) })
        }
        ValueKind::NumberArray => {
            // SAFETY: it is an array or null, and the caller keeps it.
            Argument::Numbers(unsafe { values::read_numbers(word as *const SAFEARRAY) })
        }
        ValueKind::VariantArray | ValueKind::Unsupported => Argument::Value(Variant::Empty),
        ValueKind::OutVariant => Argument::Out,
    })
}

/// # Safety
///
/// `taken` and `places` are the words of a call of this member.
unsafe fn write_return_value(
    member: &Member,
    returned: &ReturnValue,
    taken: &[usize],
    places: &[usize],
) -> Result<(), HResult> {
    let (Some(kind), [place]) = (member.returns, places) else { return Ok(()) };
    let place = *place as *mut c_void;
    if place.is_null() {
        return Err(HResult(E_POINTER.0));
    }
    let value = match returned {
        ReturnValue::Value(value) => value,
        ReturnValue::WithOut(further, value) => {
            let at = member.params.iter().position(|kind| *kind == ValueKind::OutVariant);
            let at = at.and_then(|at| taken.get(at)).map_or(0, |word| *word);
            let at = at as *mut VARIANT;
            if at.is_null() {
                return Err(HResult(E_POINTER.0));
            }
            // SAFETY: it is a place for a value, which need not be initialised.
            unsafe { at.write(values::value_to_variant(further)) };
            value
        }
        _ => &Variant::Empty,
    };
    // SAFETY: in each case the place is one for what the member gives, which is handed over.
    unsafe {
        match kind {
            ValueKind::Number => place.cast::<i32>().write_unaligned(value.number().unwrap_or(0)),
            ValueKind::Bool => {
                let truth = matches!(value, Variant::Bool(true));
                let truth = VARIANT_BOOL(if truth { -1 } else { 0 });
                place.cast::<VARIANT_BOOL>().write_unaligned(truth);
            }
            ValueKind::Text => {
                let text = value.text().map_or_else(BSTR::new, BSTR::from);
                place.cast::<*const u16>().write_unaligned(text.into_raw());
            }
            ValueKind::Variant | ValueKind::OutVariant => {
                place.cast::<VARIANT>().write(values::to_variant(returned)?);
            }
            ValueKind::Object => {
                let object = match returned {
                    ReturnValue::Object(object) => {
                        object.dispatch().map(windows_core::Interface::into_raw)
                    }
                    ReturnValue::Enumerator(objects) => {
                        Some(windows_core::Interface::into_raw(enumerate(objects.clone())))
                    }
                    _ => None,
                };
                let object = object.unwrap_or(std::ptr::null_mut());
                place.cast::<*mut c_void>().write_unaligned(object);
            }
            ValueKind::NumberArray | ValueKind::VariantArray => {
                let array = match returned {
                    ReturnValue::Numbers(numbers) => values::number_array(numbers)?,
                    ReturnValue::Array(values) => values::variant_array(values)?,
                    _ => std::ptr::null_mut(),
                };
                place.cast::<*mut SAFEARRAY>().write_unaligned(array);
            }
            ValueKind::Unsupported => return Err(HResult(E_NOTIMPL.0)),
        }
    }
    Ok(())
}

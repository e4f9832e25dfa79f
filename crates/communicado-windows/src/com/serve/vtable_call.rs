//! Early-bound calls, through the vtable.

use std::ffi::c_void;
use std::mem::ManuallyDrop;
use std::panic::{AssertUnwindSafe, catch_unwind};

use windows::Win32::Foundation::{E_NOTIMPL, E_POINTER, E_UNEXPECTED, S_OK, VARIANT_BOOL};
use windows::Win32::System::Com::SAFEARRAY;
use windows::Win32::System::Variant::VARIANT;
use windows_core::{BSTR, HRESULT};

use super::dispatch::convert_argument;
use super::error_info::set_error_info;
use super::interface::{INHERITED, Member, ValueKind};
use super::object::{Argument, InterfaceKind, InterfacePtr, MethodCall, MethodError, ReturnValue};
use super::values;
use crate::{HResult, Variant};

/// Executes a call through the function at vtable index `slot`.
///
/// # Safety
///
/// `this` must be a live object of ours. `words` must be the arguments of the member at this index,
/// then its result pointer; words at the end may be missing.
pub(super) unsafe fn invoke_slot(this: *mut c_void, slot: usize, words: &[usize]) -> HRESULT {
    // SAFETY: the caller guarantees it.
    let interface_ptr = unsafe { InterfacePtr::of(this) };
    let InterfaceKind::Interface(interface) = interface_ptr.kind else { return E_UNEXPECTED };
    let member = slot.checked_sub(INHERITED).and_then(|index| interface.members.get(index));
    let (Some(member), [iid, ..]) = (member, interface.iids) else { return E_UNEXPECTED };
    if words.len() < member.params.len() + usize::from(member.returns.is_some()) {
        return E_NOTIMPL;
    }
    let (argument_words, result_words) = words.split_at(member.params.len());
    // A panic must not unwind into COM.
    let answered = catch_unwind(AssertUnwindSafe(|| {
        let arguments = member.params.iter().zip(argument_words).map(|(kind, word)| {
            // SAFETY: the word is an argument of this type.
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
        // SAFETY: the words are those of a call of this member.
        unsafe { write_return_value(member, &returned, argument_words, result_words) }?;
        Ok::<_, MethodError>(())
    }));
    match answered {
        Ok(Ok(())) => S_OK,
        Ok(Err(error)) => {
            set_error_info(*iid, &error);
            HRESULT(error.code.0)
        }
        Err(_) => E_UNEXPECTED,
    }
}

/// Decodes an argument word.
///
/// # Safety
///
/// `word` must be an argument of this type that outlives the call.
unsafe fn decode_argument(kind: ValueKind, word: usize) -> Result<Argument, HResult> {
    let bytes = word.to_le_bytes();
    let [b0, b1, b2, b3, ..] = bytes;
    Ok(match kind {
        // The upper half of the word is undefined.
        ValueKind::Number => Argument::Value(Variant::Number(i32::from_le_bytes([b0, b1, b2, b3]))),
        ValueKind::Bool => Argument::Value(Variant::Bool(i16::from_le_bytes([b0, b1]) != 0)),
        ValueKind::Text => {
            // SAFETY: the word is a BSTR; null is the empty string. The caller keeps ownership.
            let text = ManuallyDrop::new(unsafe { BSTR::from_raw(word as *const u16) });
            Argument::Value(Variant::Text(String::from_utf16_lossy(&text)))
        }
        ValueKind::Variant => {
            // SAFETY: arguments larger than a word are passed by pointer.
            match unsafe { (word as *const VARIANT).as_ref() } {
                Some(value) => convert_argument(ValueKind::Variant, value)?,
                None => Argument::Value(Variant::Empty),
            }
        }
        ValueKind::Object => {
            // SAFETY: the word is null or an object, which the caller keeps.
            Argument::Object(unsafe { values::callback(word as *mut c_void) })
        }
        ValueKind::NumberArray => {
            // SAFETY: the word is null or an array, which the caller keeps.
            Argument::Numbers(unsafe { values::read_numbers(word as *const SAFEARRAY) })
        }
        ValueKind::VariantArray | ValueKind::Unsupported => Argument::Value(Variant::Empty),
        ValueKind::OutVariant => Argument::Out,
    })
}

/// Writes the return value and the output parameter.
///
/// # Safety
///
/// The words must be those of a call of this member.
unsafe fn write_return_value(
    member: &Member,
    returned: &ReturnValue,
    argument_words: &[usize],
    result_words: &[usize],
) -> Result<(), HResult> {
    let (Some(kind), [result]) = (member.returns, result_words) else { return Ok(()) };
    let result = *result as *mut c_void;
    if result.is_null() {
        return Err(HResult(E_POINTER.0));
    }
    let value = match returned {
        ReturnValue::Value(value) => value,
        ReturnValue::WithOut(out, value) => {
            let index = member.params.iter().position(|kind| *kind == ValueKind::OutVariant);
            let target = index.and_then(|index| argument_words.get(index));
            let target = target.map_or(0, |word| *word) as *mut VARIANT;
            if target.is_null() {
                return Err(HResult(E_POINTER.0));
            }
            // SAFETY: the caller passed a valid pointer, perhaps to uninitialised memory.
            unsafe { target.write(values::value_to_variant(out)) };
            value
        }
        _ => &Variant::Empty,
    };
    // SAFETY: the caller passed a result pointer of the return type, and owns what is written.
    unsafe {
        match kind {
            ValueKind::Number => result.cast::<i32>().write_unaligned(value.number().unwrap_or(0)),
            ValueKind::Bool => {
                let is_true = matches!(value, Variant::Bool(true));
                let value = VARIANT_BOOL(if is_true { -1 } else { 0 });
                result.cast::<VARIANT_BOOL>().write_unaligned(value);
            }
            ValueKind::Text => {
                let text = value.text().map_or_else(BSTR::new, BSTR::from);
                result.cast::<*const u16>().write_unaligned(text.into_raw());
            }
            ValueKind::Variant | ValueKind::OutVariant => {
                result.cast::<VARIANT>().write(values::to_variant(returned)?);
            }
            ValueKind::Object => {
                let object = match returned {
                    ReturnValue::Object(object) => {
                        object.dispatch().map(windows_core::Interface::into_raw)
                    }
                    ReturnValue::Enumerator(objects) => {
                        Some(windows_core::Interface::into_raw(values::enumerate(objects.clone())))
                    }
                    _ => None,
                };
                let object = object.unwrap_or(std::ptr::null_mut());
                result.cast::<*mut c_void>().write_unaligned(object);
            }
            ValueKind::NumberArray | ValueKind::VariantArray => {
                let array = match returned {
                    ReturnValue::Numbers(numbers) => values::number_array(numbers)?,
                    ReturnValue::Array(values) => values::variant_array(values)?,
                    _ => std::ptr::null_mut(),
                };
                result.cast::<*mut SAFEARRAY>().write_unaligned(array);
            }
            ValueKind::Unsupported => return Err(HResult(E_NOTIMPL.0)),
        }
    }
    Ok(())
}

//! Calls of dual interfaces: by name through `IDispatch`, or by their vtable.
//!
//! Some clients implement the vtable only, as Office calls them. Calls by the vtable work across
//! processes only while the client's type library is registered, so calls by name come first.

use std::cell::Cell;

use windows::Win32::System::Com::{CC_STDCALL, IDispatch};
use windows::Win32::System::Ole::DispCallFunc;
use windows::Win32::System::Variant::{
    VARENUM, VARIANT, VARIANT_0_0, VARIANT_0_0_0, VT_ARRAY, VT_BSTR, VT_BYREF, VT_DISPATCH,
    VT_ERROR, VT_I4, VT_VARIANT,
};
use windows_core::{GUID, HRESULT, IUnknown, Interface as _};

use super::call_error::CallError;
use super::object::{InvokeResult, Object};
use super::serve::{number_array, typed_variant};
use super::variant;
use crate::{HResult, Variant};

/// `E_NOTIMPL`, `DISP_E_UNKNOWNNAME` and `TYPE_E_CANTLOADLIBRARY`: the object does not find its
/// members by name.
const NO_NAMES: [HResult; 3] =
    [HResult::of(0x8000_4001), HResult::of(0x8002_0006), HResult::of(0x8002_9C4A)];

/// A member of a dual interface.
#[derive(Debug)]
pub struct DualMember {
    name: &'static str,
    interface: GUID,
    slot: usize,
    parameters: &'static [VARENUM],
    result: Option<VARENUM>,
}

/// Argument of a call.
#[derive(Clone, Copy, Debug)]
pub enum CallArgument<'o, 'a> {
    /// A text.
    Text(&'o str),
    /// A number.
    Number(i32),
    /// An array of numbers.
    Numbers(&'o [i32]),
    /// An object.
    Object(&'o Object<'a>),
}

/// Binding of the calls to a client. The first call that needs the vtable decides for all later ones.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Binding {
    /// By name.
    #[default]
    Late,
    /// By the vtable.
    Early,
}

/// `IContact`.
pub(super) const CONTACT: u128 = 0x8510_9845_6AE2_4B6B_9524_65BA_203E_5B7D;
const VT_NUMBERS: VARENUM = VARENUM(VT_ARRAY.0 | VT_I4.0);

impl DualMember {
    /// A member with its slot, counted from `QueryInterface`.
    ///
    /// Private to the crate, because a wrong slot or parameter is undefined behaviour.
    pub(super) const fn new(
        name: &'static str,
        interface: u128,
        slot: usize,
        parameters: &'static [VARENUM],
        result: Option<VARENUM>,
    ) -> Self {
        Self { name, interface: GUID::from_u128(interface), slot, parameters, result }
    }

    /// The name of the member.
    #[must_use]
    pub const fn name(&self) -> &'static str {
        self.name
    }
}

impl<'a> Object<'a> {
    /// Calls a member of a dual interface, with the arguments in declared order.
    ///
    /// # Errors
    ///
    /// If the member or the call fails.
    pub fn call(
        &self,
        binding: &Cell<Binding>,
        member: &DualMember,
        arguments: &[CallArgument<'_, 'a>],
    ) -> Result<InvokeResult<'a>, CallError> {
        if binding.get() == Binding::Early {
            return self.call_early(member, arguments);
        }
        let late = self.call_late(member, arguments);
        let Err(error) = &late else { return late };
        if !NO_NAMES.contains(&error.code()) {
            return late;
        }
        match self.call_early(member, arguments) {
            Ok(result) => {
                binding.set(Binding::Early);
                Ok(result)
            }
            Err(early) if early.is_final() => Err(early),
            // The first error names the fault of a client that is called by name otherwise.
            Err(_) => late,
        }
    }

    fn call_late(
        &self,
        member: &DualMember,
        arguments: &[CallArgument<'_, 'a>],
    ) -> Result<InvokeResult<'a>, CallError> {
        let id = self.id_of(member.name)?;
        let written = arguments.iter().map(write).collect::<Result<_, _>>()?;
        self.get_with(id, written)
    }

    fn call_early(
        &self,
        member: &DualMember,
        arguments: &[CallArgument<'_, 'a>],
    ) -> Result<InvokeResult<'a>, CallError> {
        let failed = |code| CallError::new(format!("call `{}` by its vtable", member.name), code);
        let object = interface(self.dispatch(), &member.interface).map_err(failed)?;
        let mut written: Vec<VARIANT> = arguments.iter().map(write).collect::<Result<_, _>>()?;
        let mut kinds: Vec<VARENUM> = written.iter().map(variant::kind).collect();
        if kinds != member.parameters {
            return Err(failed(HResult::of(0x8007_0057)));
        }
        for (value, kind) in written.iter_mut().zip(member.parameters) {
            if *kind == VT_DISPATCH {
                narrow(value).map_err(failed)?;
            }
        }
        let mut answer = VARIANT::default();
        if let Some(kind) = member.result {
            written.push(out_parameter(kind, &mut answer));
            kinds.push(VARENUM(VT_BYREF.0 | kind.0));
        }
        let kinds: Vec<u16> = kinds.iter().map(|kind| kind.0).collect();
        let pointers: Vec<*const VARIANT> = written.iter().map(std::ptr::from_ref).collect();
        let slot = member.slot.saturating_mul(size_of::<usize>());
        let count = u32::try_from(pointers.len()).unwrap_or(0);
        // SAFETY: the object has given this interface, whose members are constants of this crate
        // with the slots and types of its type library. The values and the result outlive the call.
        let called = unsafe {
            DispCallFunc(
                Some(object.as_raw().cast_const()),
                slot,
                CC_STDCALL,
                VT_ERROR,
                count,
                kinds.as_ptr(),
                pointers.as_ptr(),
            )
        };
        let returned = called.map_err(|error| failed(HResult(error.code().0)))?;
        // SAFETY: every VARIANT has these four bytes, and all bit patterns are valid.
        let code = HRESULT(unsafe { returned.Anonymous.Anonymous.Anonymous.scode });
        if code.is_err() {
            return Err(failed(HResult(code.0)));
        }
        Ok(Self::result(&answer))
    }
}

/// The interface `wanted` of an object.
fn interface(object: &IDispatch, wanted: &GUID) -> Result<IUnknown, HResult> {
    let mut found = std::ptr::null_mut();
    // SAFETY: the GUID and the result outlive the call.
    let code = unsafe { object.query(wanted, &raw mut found) };
    if code.is_err() || found.is_null() {
        return Err(HResult(code.0));
    }
    // SAFETY: the object has returned a counted reference of an interface.
    Ok(unsafe { IUnknown::from_raw(found) })
}

/// Replaces the object in an argument by its contact interface, which the vtable expects.
fn narrow(value: &mut VARIANT) -> Result<(), HResult> {
    let Some(object) = variant::object(value) else { return Ok(()) };
    let contact = interface(&object, &GUID::from_u128(CONTACT))?;
    // SAFETY: the interface extends `IDispatch`, by its type library.
    let contact = unsafe { IDispatch::from_raw(contact.into_raw()) };
    *value = VARIANT::from(contact);
    Ok(())
}

/// An argument with the address of the value of `answer`, which gets its type.
fn out_parameter(kind: VARENUM, answer: &mut VARIANT) -> VARIANT {
    let held = if kind == VT_VARIANT {
        VARIANT_0_0_0 { pvarVal: std::ptr::from_mut(answer) }
    } else {
        *answer = typed_variant(kind, VARIANT_0_0_0 { llVal: 0 });
        // SAFETY: every VARIANT has these fields. Zero is a valid value of each type.
        let typed: &mut VARIANT_0_0 = unsafe { &mut answer.Anonymous.Anonymous };
        VARIANT_0_0_0 { byref: (&raw mut typed.Anonymous).cast() }
    };
    typed_variant(VARENUM(VT_BYREF.0 | kind.0), held)
}

fn write(argument: &CallArgument<'_, '_>) -> Result<VARIANT, CallError> {
    Ok(match argument {
        CallArgument::Text(text) => variant::write(&Variant::Text((*text).to_owned())),
        CallArgument::Number(number) => VARIANT::from(*number),
        CallArgument::Object(object) => VARIANT::from(object.dispatch().clone()),
        CallArgument::Numbers(numbers) => {
            let array = number_array(numbers)
                .map_err(|code| CallError::new("create an array of numbers", code))?;
            typed_variant(VT_NUMBERS, VARIANT_0_0_0 { parray: array })
        }
    })
}

// The types of parameters and results. An object among the parameters is a contact.
pub(super) const TEXT: VARENUM = VT_BSTR;
pub(super) const NUMBER: VARENUM = VT_I4;
pub(super) const NUMBERS: VARENUM = VT_NUMBERS;
pub(super) const OBJECT: VARENUM = VT_DISPATCH;
pub(super) const ANY: VARENUM = VT_VARIANT;

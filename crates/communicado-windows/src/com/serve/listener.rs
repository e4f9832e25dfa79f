//! A listener and the calls that it receives.

use windows::Win32::System::Com::{DISPATCH_METHOD, DISPPARAMS, IDispatch};
use windows::Win32::System::Variant::VARIANT;
use windows_core::GUID;

use super::object::ReturnValue;
use super::values::to_variant;
use crate::com::CallError;

/// An event, to be fired as a call of the listener.
#[derive(Clone, Debug)]
pub struct EventCall {
    /// The `DISPID` of the event.
    pub id: i32,
    /// The arguments, in declared order.
    pub arguments: Vec<ReturnValue>,
    /// True if the event replaces the newest queued event if both have the same id.
    pub coalesces: bool,
}

/// The `IDispatch` of a listener.
#[derive(Clone, Debug)]
pub(super) struct Listener(pub(super) IDispatch);

// SAFETY: all objects live in the multithreaded apartment, where every thread may call them.
unsafe impl Send for Listener {}

impl Listener {
    /// Calls the listener.
    pub(super) fn fire(&self, event: &EventCall) -> Result<(), CallError> {
        let operation = || format!("fire event {}", event.id);
        let reversed = event.arguments.iter().rev().map(to_variant);
        let reversed = reversed.collect::<Result<Vec<VARIANT>, _>>();
        let mut reversed = reversed.map_err(|code| CallError::new(operation(), code))?;
        let parameters = DISPPARAMS {
            rgvarg: reversed.as_mut_ptr(),
            rgdispidNamedArgs: std::ptr::null_mut(),
            cArgs: u32::try_from(reversed.len()).unwrap_or(0),
            cNamedArgs: 0,
        };
        // SAFETY: the parameters outlive the call, and the count is the length of the array.
        let result = unsafe {
            self.0.Invoke(
                event.id,
                &GUID::zeroed(),
                0,
                DISPATCH_METHOD,
                &raw const parameters,
                None,
                None,
                None,
            )
        };
        result.map_err(|error| CallError::from_core(operation(), &error))
    }
}

//! `ISupportErrorInfo` and `IErrorInfo`, by which early-bound callers receive a description.

use std::ffi::c_void;

use windows::Win32::Foundation::{S_FALSE, S_OK};
use windows::Win32::System::Com::{IErrorInfo, SetErrorInfo};
use windows::Win32::System::Ole::CreateErrorInfo;
use windows_core::{GUID, HRESULT, HSTRING, Interface as _};

use super::interface::VtableSlot;
use super::object::{ADD_REF, InterfacePtr, MethodError, QUERY_INTERFACE, RELEASE};
use crate::Guid;

/// The source of every error.
pub(super) const SOURCE: &str = "Communicado";

/// The vtable of `ISupportErrorInfo`.
pub(super) static TABLE: [VtableSlot; 4] =
    [QUERY_INTERFACE, ADD_REF, RELEASE, VtableSlot(interface_supports_error_info as *const ())];

unsafe extern "system" fn interface_supports_error_info(
    this: *mut c_void,
    iid: *const GUID,
) -> HRESULT {
    if iid.is_null() {
        return S_FALSE;
    }
    // SAFETY: COM passes a live object of ours.
    let interface_ptr = unsafe { InterfacePtr::of(this) };
    // SAFETY: COM passes a GUID, which need not be aligned.
    let iid = unsafe { iid.read_unaligned() };
    let is_ours = interface_ptr.implementation().interfaces().iter().any(|it| it.matches(&iid));
    if is_ours { S_OK } else { S_FALSE }
}

/// Sets the description of an error for the caller of the running method, or removes a former one.
pub(super) fn set_error_info(interface: Guid, error: &MethodError) {
    let info = error.description.as_deref().and_then(|it| error_info(interface, it).ok());
    // SAFETY: the argument is an object or null. COM keeps its own reference. A failure loses only
    // the description.
    let _ = unsafe { SetErrorInfo(0, info.as_ref()) };
}

fn error_info(interface: Guid, description: &str) -> windows_core::Result<IErrorInfo> {
    let iid = GUID::from_u128(interface.0);
    // SAFETY: the new object copies the values, which outlive the calls.
    unsafe {
        let info = CreateErrorInfo()?;
        info.SetGUID(&raw const iid)?;
        info.SetSource(&HSTRING::from(SOURCE))?;
        info.SetDescription(&HSTRING::from(description))?;
        info.cast()
    }
}

#[cfg(test)]
mod tests {
    use windows::Win32::System::Com::GetErrorInfo;

    use super::*;
    use crate::HResult;

    /// The error object of this thread, as the system passes it to a caller.
    fn taken() -> Option<(GUID, String, String)> {
        // SAFETY: the call has no pointers, and the object is a counted reference.
        let info = unsafe { GetErrorInfo(0) }.ok()?;
        // SAFETY: the object is alive.
        let (interface, source, description) =
            unsafe { (info.GetGUID(), info.GetSource(), info.GetDescription()) };
        Some((interface.ok()?, source.ok()?.to_string(), description.ok()?.to_string()))
    }

    #[test]
    fn an_early_bound_caller_gets_the_description_of_the_last_error_only() {
        let error = |description: Option<&str>| MethodError {
            code: HResult::of(0x8100_031E),
            description: description.map(str::to_owned),
        };
        set_error_info(Guid(7), &error(Some("nobody is signed in")));
        let expected = (GUID::from_u128(7), SOURCE.to_owned(), "nobody is signed in".to_owned());
        assert_eq!(taken(), Some(expected));
        assert_eq!(taken(), None);
        set_error_info(Guid(7), &error(Some("the former error")));
        set_error_info(Guid(7), &error(None));
        assert_eq!(taken(), None);
    }
}

//! The program whose call is being executed.

use windows::Win32::System::Rpc::{I_RpcBindingInqLocalClientPID, RPC_S_OK};

/// The id of the process whose call this thread executes; `None` outside a call.
pub(super) fn calling_process() -> Option<u32> {
    let mut id = 0;
    // SAFETY: null is the binding of the call that this thread executes, and the result pointer is
    // valid.
    let status = unsafe { I_RpcBindingInqLocalClientPID(std::ptr::null_mut(), &raw mut id) };
    (status == RPC_S_OK && id != 0).then_some(id)
}

//! Completed asynchronous operations.

use std::sync::Arc;

use communicado_windows::Variant;
use communicado_windows::com::serve::{
    Interface, MethodCall, MethodError, ObjectImpl, ReturnValue,
};

use super::type_library::office_type_library;
use crate::server::{ComServer, NOT_IMPLEMENTED};
use crate::tables::office as table;

/// `IAsynchronousOperation`, already complete.
pub(super) struct AsyncOperation {
    server: Arc<ComServer>,
    /// The result code.
    code: i32,
}

impl AsyncOperation {
    pub(super) fn completed(server: &Arc<ComServer>, code: i32) -> Self {
        Self { server: Arc::clone(server), code }
    }
}

impl ObjectImpl for AsyncOperation {
    office_type_library!();

    fn interfaces(&self) -> &'static [&'static Interface] {
        const { &[&table::ASYNC_OPERATION] }
    }

    fn invoke(&self, call: &MethodCall<'_>) -> Result<ReturnValue, MethodError> {
        self.server.inject_faults()?;
        match call.id {
            0x6002_0000 => Ok(ReturnValue::Value(Variant::Empty)),
            0x6002_0001 => Ok(ReturnValue::number(self.code)),
            0x6002_0002 => Ok(ReturnValue::bool(true)),
            0x6002_0003 => Ok(ReturnValue::bool(self.code == 0)),
            0x6002_0004 => Ok(ReturnValue::bool(false)),
            0x6002_0005 => Ok(ReturnValue::number(0)),
            0x6002_0006 => Ok(ReturnValue::Nothing),
            _ => Err(NOT_IMPLEMENTED.into()),
        }
    }
}

//! The empty list of conversations. Office subscribes to its events.

use std::sync::Arc;

use communicado_windows::com::serve::{
    EventSource, Interface, MethodCall, MethodError, ObjectImpl, ReturnValue,
};

use super::type_library::office_type_library;
use crate::server::{ComServer, INVALID_ARGUMENT, NOT_IMPLEMENTED, method_error, return_object};
use crate::tables::office as table;

/// `ucConversationSummarizerNoSummarizedState`: no conversation rings or is on hold.
const NO_STATE: i32 = 0;

/// `IConversationManager`.
pub(super) struct ConversationManager {
    server: Arc<ComServer>,
}

impl ConversationManager {
    pub(super) fn of(server: &Arc<ComServer>) -> Self {
        Self { server: Arc::clone(server) }
    }
}

impl ObjectImpl for ConversationManager {
    office_type_library!();

    fn interfaces(&self) -> &'static [&'static Interface] {
        const { &[&table::CONVERSATION_MANAGER] }
    }

    fn events(&self) -> Option<&dyn EventSource> {
        Some(&self.server.conversation_manager)
    }

    fn invoke(&self, call: &MethodCall<'_>) -> Result<ReturnValue, MethodError> {
        self.server.inject_faults()?;
        match call.id {
            0x6002_0000 => Ok(ReturnValue::number(NO_STATE)),
            0x6002_0001 => {
                return_object(ConversationCollection { server: Arc::clone(&self.server) })
            }
            _ => Err(NOT_IMPLEMENTED.into()),
        }
    }
}

/// `IConversationCollection`, empty.
struct ConversationCollection {
    server: Arc<ComServer>,
}

impl ObjectImpl for ConversationCollection {
    office_type_library!();

    fn interfaces(&self) -> &'static [&'static Interface] {
        const { &[&table::CONVERSATION_COLLECTION] }
    }

    fn invoke(&self, call: &MethodCall<'_>) -> Result<ReturnValue, MethodError> {
        self.server.inject_faults()?;
        match call.id {
            0x6002_0000 => Ok(ReturnValue::number(0)),
            -4 => Ok(ReturnValue::Enumerator(Vec::new())),
            0x6002_0003 => Ok(ReturnValue::number(-1)),
            _ => Err(method_error(INVALID_ARGUMENT)),
        }
    }
}

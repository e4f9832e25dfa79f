//! The conversations that Office asks for, of which there are none: it listens for new ones.

use std::sync::Arc;

use communicado_windows::com::serve::{
    Interface, Listeners, MethodCall, MethodError, ObjectImpl, ReturnValue, TypeLibrary,
};

use super::described;
use crate::client::{Client, INVALID, NOT_IMPLEMENTED, give, said};
use crate::tables::office as table;

/// `ucConversationSummarizerNoSummarizedState`: no conversation rings, and none is held.
const NO_STATE: i32 = 0;

/// `IConversationManager`.
pub(super) struct ConversationManager {
    client: Arc<Client>,
}

impl ConversationManager {
    pub(super) fn of(client: &Arc<Client>) -> Self {
        Self { client: Arc::clone(client) }
    }
}

impl ObjectImpl for ConversationManager {
    described!();

    fn interfaces(&self) -> &'static [&'static Interface] {
        const { &[&table::CONVERSATION_MANAGER] }
    }

    fn listeners(&self) -> Option<&Listeners> {
        Some(&self.client.conversations)
    }

    fn invoke(&self, call: &MethodCall<'_>) -> Result<ReturnValue, MethodError> {
        self.client.admit()?;
        match call.id {
            0x6002_0000 => Ok(ReturnValue::number(NO_STATE)),
            0x6002_0001 => give(Conversations { client: Arc::clone(&self.client) }),
            _ => Err(NOT_IMPLEMENTED.into()),
        }
    }
}

/// `IConversationCollection`, in which there is nothing.
struct Conversations {
    client: Arc<Client>,
}

impl ObjectImpl for Conversations {
    described!();

    fn interfaces(&self) -> &'static [&'static Interface] {
        const { &[&table::CONVERSATIONS] }
    }

    fn invoke(&self, call: &MethodCall<'_>) -> Result<ReturnValue, MethodError> {
        self.client.admit()?;
        match call.id {
            0x6002_0000 => Ok(ReturnValue::number(0)),
            -4 => Ok(ReturnValue::Enumerator(Vec::new())),
            0x6002_0003 => Ok(ReturnValue::number(-1)),
            _ => Err(said(INVALID)),
        }
    }
}

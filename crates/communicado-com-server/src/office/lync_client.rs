//! The Lync client object and the user's own contact.

use std::sync::Arc;

use communicado_provider::ProviderCommand;
use communicado_windows::com::serve::{
    Argument, EventCall, EventSource, Interface, MethodCall, MethodError, ObjectImpl, ReturnValue,
};

use super::contacts::{ContactManager, LyncContact};
use super::conversations::ConversationManager;
use super::operation::AsyncOperation;
use super::type_library::office_type_library;
use crate::server::{ComServer, NOT_IMPLEMENTED, new_object, return_object};
use crate::tables::office as table;
use crate::vocabulary::client_state;

/// `ILyncClient`.
pub(crate) struct LyncClient {
    server: Arc<ComServer>,
}

impl LyncClient {
    pub(crate) fn of(server: &Arc<ComServer>) -> Self {
        Self { server: Arc::clone(server) }
    }

    /// Executes a command, and calls the caller's object when it is complete.
    fn operate(
        &self,
        command: ProviderCommand,
        callback: Option<&Argument>,
        id: i32,
    ) -> Result<ReturnValue, MethodError> {
        let code = match self.server.execute(command) {
            Ok(()) => 0,
            Err(error) => error.code.0,
        };
        let operation = new_object(AsyncOperation::completed(&self.server, code))?;
        if let Some(Argument::Object(Some(callback))) = callback {
            let source = new_object(Self::of(&self.server))?;
            let arguments =
                vec![ReturnValue::Object(source), ReturnValue::Object(operation.clone())];
            callback.clone().call(EventCall { id, arguments, coalesces: false });
        }
        Ok(ReturnValue::Object(operation))
    }
}

impl ObjectImpl for LyncClient {
    office_type_library!();

    fn interfaces(&self) -> &'static [&'static Interface] {
        const { &[&table::LYNC_CLIENT] }
    }

    fn events(&self) -> Option<&dyn EventSource> {
        Some(&self.server.lync_client)
    }

    fn invoke(&self, call: &MethodCall<'_>) -> Result<ReturnValue, MethodError> {
        let server = &self.server;
        server.inject_faults()?;
        match call.id {
            0x6002_0000 => Ok(ReturnValue::number(1)),
            0x6002_0001 => Ok(ReturnValue::number(client_state(&server.status()))),
            0x6002_0002 => {
                let uri = server.presence().map(|_| server.uri());
                Ok(ReturnValue::text(uri.unwrap_or_default()))
            }
            0x6002_0003 => return_object(LyncSelf { server: Arc::clone(server) }),
            0x6002_0004 => return_object(ContactManager::of(server)),
            0x6002_0005 => return_object(ConversationManager::of(server)),
            0x6003_0000 => self.operate(ProviderCommand::SIGN_IN, call.arguments.get(3), 150),
            0x6003_0001 => self.operate(ProviderCommand::SIGN_OUT, call.arguments.first(), 151),
            0x6003_0008 => Ok(ReturnValue::bool(false)),
            _ => Err(NOT_IMPLEMENTED.into()),
        }
    }
}

/// `ISelf`.
struct LyncSelf {
    server: Arc<ComServer>,
}

impl ObjectImpl for LyncSelf {
    office_type_library!();

    fn interfaces(&self) -> &'static [&'static Interface] {
        const { &[&table::LYNC_SELF] }
    }

    fn invoke(&self, call: &MethodCall<'_>) -> Result<ReturnValue, MethodError> {
        self.server.inject_faults()?;
        match call.id {
            0x6002_0001 => return_object(LyncContact::own(&self.server)),
            0x6002_0008 => Ok(ReturnValue::bool(false)),
            _ => Err(NOT_IMPLEMENTED.into()),
        }
    }
}

/// `IClientStateChangedEventData`.
pub(crate) struct ClientStateChangedEventData {
    server: Arc<ComServer>,
    old: i32,
    new: i32,
    code: i32,
}

impl ClientStateChangedEventData {
    pub(crate) fn new(server: &Arc<ComServer>, old: i32, new: i32, code: i32) -> Self {
        Self { server: Arc::clone(server), old, new, code }
    }
}

impl ObjectImpl for ClientStateChangedEventData {
    office_type_library!();

    fn interfaces(&self) -> &'static [&'static Interface] {
        const { &[&table::CLIENT_STATE_CHANGED] }
    }

    fn invoke(&self, call: &MethodCall<'_>) -> Result<ReturnValue, MethodError> {
        match call.id {
            0x6002_0000 => Ok(ReturnValue::number(self.new)),
            0x6002_0001 => Ok(ReturnValue::number(self.old)),
            _ => Ok(ReturnValue::number(self.code)),
        }
    }
}

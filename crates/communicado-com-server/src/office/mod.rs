//! What Office asks of a client (Microsoft, "Integrating IM applications with Office", "Required
//! interfaces and members"; Lync SDK, UCCollaborationLib).
//!
//! The minimum: the status of the user, contacts of whom nothing is known, and a list without a
//! conversation. A member that would need a window, a conversation or other people answers
//! `E_NOTIMPL`, as the document allows.

mod contacts;
mod conversations;

use std::sync::Arc;

use communicado_provider::ProviderCommand;
use communicado_windows::com::serve::{
    Argument, EventCall, Interface, Listeners, MethodCall, MethodError, ObjectImpl, ReturnValue,
    TypeLibrary,
};
use communicado_windows::{Guid, Variant};

use crate::server::{ComServer, INVALID, NOT_IMPLEMENTED, method_error, new_object, return_object};
use crate::tables::office as table;
use crate::vocabulary::client_state;

use contacts::ContactManager;
pub(crate) use contacts::{ContactInformationChangedEventData, LyncContact};
use conversations::ConversationManager;

/// The class of the root object, which is our own: every client has another.
pub(crate) const CLASS: Guid = Guid(0xB1A4_F1A6_5C0B_4E0B_9F0E_6C7C_0D1B_2A55);

/// The versions of the interface that are served.
const VERSIONS: [&str; 2] = ["15.0.0.0", "14.0.0.0"];
/// What the documents have a client answer, to the letter.
const AUTHENTICATION_INFO: &str = "<authenticationinfo>";
/// `oiFeatureNonBuddyPresence`: the status of people who are in no list.
const NON_BUDDY_PRESENCE: i32 = 4;
/// `OIInterface`.
const LYNC_CLIENT: i32 = 1;
const AUTOMATION: i32 = 2;
macro_rules! described {
    () => {
        fn library(&self) -> Option<&TypeLibrary> {
            self.server.libraries.office.as_ref()
        }
    };
}
pub(crate) use described;

/// The root: `IUCOfficeIntegration`.
pub(crate) struct OfficeIntegration {
    server: Arc<ComServer>,
}

impl OfficeIntegration {
    pub(crate) fn of(server: &Arc<ComServer>) -> Self {
        Self { server: Arc::clone(server) }
    }
}

impl ObjectImpl for OfficeIntegration {
    described!();

    fn interfaces(&self) -> &'static [&'static Interface] {
        const { &[&table::OFFICE_INTEGRATION] }
    }

    fn listeners(&self) -> Option<&Listeners> {
        Some(&self.server.root)
    }

    fn class(&self) -> Option<Guid> {
        Some(CLASS)
    }

    fn invoke(&self, call: &MethodCall<'_>) -> Result<ReturnValue, MethodError> {
        self.server.inject_faults()?;
        let version = call.arguments.first().and_then(Argument::text).unwrap_or_default();
        let is_served = VERSIONS.contains(&version);
        match (call.id, call.arguments) {
            (0x6002_0000, _) if is_served => Ok(ReturnValue::number(NON_BUDDY_PRESENCE)),
            // No text and no error: then Office asks for the next lower version.
            (0x6002_0001, _) => {
                Ok(ReturnValue::text(if is_served { AUTHENTICATION_INFO } else { "" }))
            }
            (0x6002_0002, [_, which]) if is_served => match which.number() {
                Some(LYNC_CLIENT) => return_object(LyncClient::of(&self.server)),
                Some(AUTOMATION) => {
                    return_object(LyncAutomation { server: Arc::clone(&self.server) })
                }
                _ => Err(NOT_IMPLEMENTED.into()),
            },
            _ => Err(method_error(INVALID)),
        }
    }
}

/// `ILyncClient`.
pub(crate) struct LyncClient {
    server: Arc<ComServer>,
}

impl LyncClient {
    pub(crate) fn of(server: &Arc<ComServer>) -> Self {
        Self { server: Arc::clone(server) }
    }

    /// Has the provider do something, and tells the caller's object that it is done.
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
        let operation = new_object(AsyncOperation::ended(&self.server, code))?;
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
    described!();

    fn interfaces(&self) -> &'static [&'static Interface] {
        const { &[&table::LYNC_CLIENT] }
    }

    fn listeners(&self) -> Option<&Listeners> {
        Some(&self.server.lync)
    }

    fn invoke(&self, call: &MethodCall<'_>) -> Result<ReturnValue, MethodError> {
        let server = &self.server;
        server.inject_faults()?;
        match call.id {
            0x6002_0000 => Ok(ReturnValue::number(1)),
            0x6002_0001 => Ok(ReturnValue::number(client_state(&server.status()))),
            0x6002_0002 => {
                let uri = server.presence().map(|_| uri(server));
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

fn uri(server: &ComServer) -> String {
    let name = server.account.name();
    if name.contains(':') { name.to_owned() } else { format!("sip:{name}") }
}

/// `ISelf`.
struct LyncSelf {
    server: Arc<ComServer>,
}

impl ObjectImpl for LyncSelf {
    described!();

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

/// `IAutomation`, which opens windows.
struct LyncAutomation {
    server: Arc<ComServer>,
}

impl ObjectImpl for LyncAutomation {
    described!();

    fn interfaces(&self) -> &'static [&'static Interface] {
        const { &[&table::AUTOMATION] }
    }

    fn invoke(&self, _: &MethodCall<'_>) -> Result<ReturnValue, MethodError> {
        self.server.inject_faults()?;
        Err(NOT_IMPLEMENTED.into())
    }
}

/// `IAsynchronousOperation`, which is done.
struct AsyncOperation {
    server: Arc<ComServer>,
    /// How it ended.
    code: i32,
}

impl AsyncOperation {
    fn ended(server: &Arc<ComServer>, code: i32) -> Self {
        Self { server: Arc::clone(server), code }
    }
}

impl ObjectImpl for AsyncOperation {
    described!();

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
    described!();

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

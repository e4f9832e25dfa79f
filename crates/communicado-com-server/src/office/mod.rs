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

use crate::client::{Client, INVALID, NOT_IMPLEMENTED, give, said, serve};
use crate::tables::office as table;
use crate::vocabulary::client_state;

use contacts::ContactManager;
pub(crate) use contacts::{Contact, InformationChange};
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
            self.client.libraries.office.as_ref()
        }
    };
}
pub(crate) use described;

/// The root: `IUCOfficeIntegration`.
pub(crate) struct Root {
    client: Arc<Client>,
}

impl Root {
    pub(crate) fn of(client: &Arc<Client>) -> Self {
        Self { client: Arc::clone(client) }
    }
}

impl ObjectImpl for Root {
    described!();

    fn interfaces(&self) -> &'static [&'static Interface] {
        const { &[&table::ROOT] }
    }

    fn listeners(&self) -> Option<&Listeners> {
        Some(&self.client.root)
    }

    fn class(&self) -> Option<Guid> {
        Some(CLASS)
    }

    fn invoke(&self, call: &MethodCall<'_>) -> Result<ReturnValue, MethodError> {
        self.client.admit()?;
        let version = call.arguments.first().and_then(Argument::text).unwrap_or_default();
        let is_served = VERSIONS.contains(&version);
        match (call.id, call.arguments) {
            (0x6002_0000, _) if is_served => Ok(ReturnValue::number(NON_BUDDY_PRESENCE)),
            // No text and no error: then Office asks for the next lower version.
            (0x6002_0001, _) => {
                Ok(ReturnValue::text(if is_served { AUTHENTICATION_INFO } else { "" }))
            }
            (0x6002_0002, [_, which]) if is_served => match which.number() {
                Some(LYNC_CLIENT) => give(Lync::of(&self.client)),
                Some(AUTOMATION) => give(Automation { client: Arc::clone(&self.client) }),
                _ => Err(NOT_IMPLEMENTED.into()),
            },
            _ => Err(said(INVALID)),
        }
    }
}

/// `ILyncClient`.
pub(crate) struct Lync {
    client: Arc<Client>,
}

impl Lync {
    pub(crate) fn of(client: &Arc<Client>) -> Self {
        Self { client: Arc::clone(client) }
    }

    /// Has the provider do something, and tells the caller's object that it is done.
    fn operate(
        &self,
        command: ProviderCommand,
        callback: Option<&Argument>,
        id: i32,
    ) -> Result<ReturnValue, MethodError> {
        let code = match self.client.execute(command) {
            Ok(()) => 0,
            Err(error) => error.code.0,
        };
        let operation = serve(Operation::ended(&self.client, code))?;
        if let Some(Argument::Object(Some(callback))) = callback {
            let source = serve(Self::of(&self.client))?;
            let arguments =
                vec![ReturnValue::Object(source), ReturnValue::Object(operation.clone())];
            callback.clone().call(EventCall { id, arguments, coalesces: false });
        }
        Ok(ReturnValue::Object(operation))
    }
}

impl ObjectImpl for Lync {
    described!();

    fn interfaces(&self) -> &'static [&'static Interface] {
        const { &[&table::CLIENT] }
    }

    fn listeners(&self) -> Option<&Listeners> {
        Some(&self.client.lync)
    }

    fn invoke(&self, call: &MethodCall<'_>) -> Result<ReturnValue, MethodError> {
        let client = &self.client;
        client.admit()?;
        match call.id {
            0x6002_0000 => Ok(ReturnValue::number(1)),
            0x6002_0001 => Ok(ReturnValue::number(client_state(&client.status()))),
            0x6002_0002 => {
                let uri = client.presence().map(|_| uri(client));
                Ok(ReturnValue::text(uri.unwrap_or_default()))
            }
            0x6002_0003 => give(Oneself { client: Arc::clone(client) }),
            0x6002_0004 => give(ContactManager::of(client)),
            0x6002_0005 => give(ConversationManager::of(client)),
            0x6003_0000 => self.operate(ProviderCommand::SIGN_IN, call.arguments.get(3), 150),
            0x6003_0001 => self.operate(ProviderCommand::SIGN_OUT, call.arguments.first(), 151),
            0x6003_0008 => Ok(ReturnValue::bool(false)),
            _ => Err(NOT_IMPLEMENTED.into()),
        }
    }
}

fn uri(client: &Client) -> String {
    let name = client.account.name();
    if name.contains(':') { name.to_owned() } else { format!("sip:{name}") }
}

/// `ISelf`.
struct Oneself {
    client: Arc<Client>,
}

impl ObjectImpl for Oneself {
    described!();

    fn interfaces(&self) -> &'static [&'static Interface] {
        const { &[&table::ONESELF] }
    }

    fn invoke(&self, call: &MethodCall<'_>) -> Result<ReturnValue, MethodError> {
        self.client.admit()?;
        match call.id {
            0x6002_0001 => give(Contact::own(&self.client)),
            0x6002_0008 => Ok(ReturnValue::bool(false)),
            _ => Err(NOT_IMPLEMENTED.into()),
        }
    }
}

/// `IAutomation`, which opens windows.
struct Automation {
    client: Arc<Client>,
}

impl ObjectImpl for Automation {
    described!();

    fn interfaces(&self) -> &'static [&'static Interface] {
        const { &[&table::AUTOMATION] }
    }

    fn invoke(&self, _: &MethodCall<'_>) -> Result<ReturnValue, MethodError> {
        self.client.admit()?;
        Err(NOT_IMPLEMENTED.into())
    }
}

/// `IAsynchronousOperation`, which is done.
struct Operation {
    client: Arc<Client>,
    /// How it ended.
    code: i32,
}

impl Operation {
    fn ended(client: &Arc<Client>, code: i32) -> Self {
        Self { client: Arc::clone(client), code }
    }
}

impl ObjectImpl for Operation {
    described!();

    fn interfaces(&self) -> &'static [&'static Interface] {
        const { &[&table::OPERATION] }
    }

    fn invoke(&self, call: &MethodCall<'_>) -> Result<ReturnValue, MethodError> {
        self.client.admit()?;
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
pub(crate) struct StateChange {
    client: Arc<Client>,
    old: i32,
    new: i32,
    code: i32,
}

impl StateChange {
    pub(crate) fn new(client: &Arc<Client>, old: i32, new: i32, code: i32) -> Self {
        Self { client: Arc::clone(client), old, new, code }
    }
}

impl ObjectImpl for StateChange {
    described!();

    fn interfaces(&self) -> &'static [&'static Interface] {
        const { &[&table::STATE_CHANGE] }
    }

    fn invoke(&self, call: &MethodCall<'_>) -> Result<ReturnValue, MethodError> {
        match call.id {
            0x6002_0000 => Ok(ReturnValue::number(self.new)),
            0x6002_0001 => Ok(ReturnValue::number(self.old)),
            _ => Ok(ReturnValue::number(self.code)),
        }
    }
}

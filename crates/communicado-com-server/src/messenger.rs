//! Communicator's objects (Microsoft, Office Communicator 2007 SDK).
//!
//! Every member that makes sense without a window works. The others answer as documented for a
//! client that cannot: `MSGR_E_NOT_LOGGED_ON` while nobody is signed in, and then `E_NOTIMPL`.

use std::sync::Arc;

use communicado_core::Activity;
use communicado_provider::{ProviderCommand, ProviderStatus};
use communicado_windows::com::serve::{
    Argument, Interface, InvokeKind, Listeners, MethodCall, MethodError, ObjectImpl, ReturnValue,
    TypeLibrary,
};
use communicado_windows::{Guid, HResult, Variant};

use crate::client::{Client, INVALID, NOT_IMPLEMENTED, NOT_LOGGED_ON, give, said};
use crate::tables::messenger as table;
use crate::vocabulary::{availability_class, mistatus, presence};

/// The class of the Messenger object.
pub(crate) const CLASS: Guid = Guid(0x8885_370D_B33E_44B7_875D_28E4_03CF_9270);
/// The one service of Communicator, which every client has.
const SERVICE_ID: &str = "{83D4679F-B6D7-11D2-BF36-00C04FB90A03}";
const SERVICE_NAME: &str = "Communications Service";

const USER_NOT_FOUND: HResult = HResult::of(0x8100_030A);
const GROUPS_NOT_ENABLED: HResult = HResult::of(0x8100_034A);

/// The Messenger object.
pub(crate) struct Messenger(pub(crate) Arc<Client>);

impl ObjectImpl for Messenger {
    fn interfaces(&self) -> &'static [&'static Interface] {
        const { &[&table::MESSENGER, &table::RESOLUTION] }
    }

    fn listeners(&self) -> Option<&Listeners> {
        Some(&self.0.messenger)
    }

    fn library(&self) -> Option<&TypeLibrary> {
        self.0.libraries.messenger.as_ref()
    }

    fn class(&self) -> Option<Guid> {
        Some(CLASS)
    }

    fn invoke(&self, call: &MethodCall<'_>) -> Result<ReturnValue, MethodError> {
        let client = &self.0;
        client.admit()?;
        if table::RESOLUTION.iids.contains(&call.interface) {
            return self.resolve(call.arguments);
        }
        let name = || client.account.name();
        match (call.id, call.invoke_kind, call.arguments) {
            (1304, _, _) => client.presence().map(|_| ReturnValue::text(name())),
            (1282, _, _) => {
                client.presence().map(|_| ReturnValue::text(client.account.friendly_name()))
            }
            (1305, InvokeKind::PropertyGet, _) => {
                Ok(ReturnValue::number(mistatus(&client.status())))
            }
            (1305, _, [number]) => {
                client.presence()?;
                let presence = number.number().and_then(presence).ok_or_else(|| said(INVALID))?;
                client
                    .execute(ProviderCommand::Set { presence, lasts: None })
                    .map(|()| ReturnValue::Nothing)
            }
            (1294, _, _) => Ok(ReturnValue::text(SERVICE_NAME)),
            (1307, _, _) => Ok(ReturnValue::text(SERVICE_ID)),
            (1308, _, _) => give(Services(Arc::clone(client))),
            (1303, _, _) => client.presence().and_then(|_| give(Contacts(Arc::clone(client)))),
            (1311, _, _) => client.presence().and_then(|_| give(Groups(Arc::clone(client)))),
            (1312, _, _) => Err(said(GROUPS_NOT_ENABLED)),
            (1286, _, [wanted, _]) => {
                client.presence()?;
                let is_own = is_name(name(), wanted.text().unwrap_or_default());
                if is_own { give(Contact::of(client)) } else { Err(said(USER_NOT_FOUND)) }
            }
            (1297 | 1299, _, _) => {
                client.execute(ProviderCommand::SIGN_IN).map(|()| ReturnValue::Nothing)
            }
            (1291, _, _) => {
                client.execute(ProviderCommand::SIGN_OUT).map(|()| ReturnValue::Nothing)
            }
            (1313, InvokeKind::PropertyGet, _) => Ok(ReturnValue::number(0)),
            (1314, InvokeKind::PropertyGet, [kind]) => match kind.number() {
                Some(0) => Ok(ReturnValue::text(env!("CARGO_PKG_VERSION"))),
                _ => Err(said(INVALID)),
            },
            (0x6005_0001, _, _) => Ok(ReturnValue::text("<authenticationinfo>")),
            _ => Err(windowless(client)),
        }
    }
}

impl Messenger {
    /// `ResolveContact`: who is meant by an address.
    fn resolve(&self, arguments: &[Argument]) -> Result<ReturnValue, MethodError> {
        self.0.presence()?;
        let address = arguments.last().and_then(Argument::text).unwrap_or_default();
        if is_name(self.0.account.name(), address) {
            return Ok(ReturnValue::text(self.0.account.name()));
        }
        Err(said(USER_NOT_FOUND))
    }
}

/// Whether an address is this name, with the scheme or without; case does not matter.
pub(crate) fn is_name(name: &str, address: &str) -> bool {
    let bare = |text: &str| {
        let text = text.trim().to_lowercase();
        let scheme = ["sip:", "mailto:"].into_iter().find_map(|it| text.strip_prefix(it));
        scheme.map_or(text.clone(), str::to_owned)
    };
    bare(name) == bare(address)
}

/// What a member answers that would need a window.
fn windowless(client: &Client) -> MethodError {
    match client.status() {
        ProviderStatus::SignedIn(_) => NOT_IMPLEMENTED.into(),
        _ => said(NOT_LOGGED_ON),
    }
}

/// The one service.
struct Service(Arc<Client>);

impl ObjectImpl for Service {
    fn interfaces(&self) -> &'static [&'static Interface] {
        const { &[&table::SERVICE] }
    }

    fn library(&self) -> Option<&TypeLibrary> {
        self.0.libraries.messenger.as_ref()
    }

    fn invoke(&self, call: &MethodCall<'_>) -> Result<ReturnValue, MethodError> {
        let client = &self.0;
        client.admit()?;
        match call.id {
            2178 => Ok(ReturnValue::text(SERVICE_NAME)),
            2183 => Ok(ReturnValue::text(SERVICE_ID)),
            2179 => client.presence().map(|_| ReturnValue::text(client.account.friendly_name())),
            2181 => Ok(ReturnValue::number(mistatus(&client.status()))),
            2184 => client.presence().map(|_| ReturnValue::text(client.account.name())),
            _ => Err(windowless(client)),
        }
    }
}

/// All services.
struct Services(Arc<Client>);

impl ObjectImpl for Services {
    fn interfaces(&self) -> &'static [&'static Interface] {
        const { &[&table::SERVICES] }
    }

    fn library(&self) -> Option<&TypeLibrary> {
        self.0.libraries.messenger.as_ref()
    }

    fn invoke(&self, call: &MethodCall<'_>) -> Result<ReturnValue, MethodError> {
        self.0.admit()?;
        let service = || Service(Arc::clone(&self.0));
        match (call.id, call.arguments) {
            (2176, _) => give(service()),
            (2177, _) => Ok(ReturnValue::number(1)),
            (0, [index]) if index.number() == Some(0) => give(service()),
            (0, _) => Err(said(INVALID)),
            (-4, _) => Ok(ReturnValue::Enumerator(vec![crate::client::serve(service())?])),
            _ => Err(NOT_IMPLEMENTED.into()),
        }
    }
}

/// The contact list, which is empty: the account is one that nobody else is in.
struct Contacts(Arc<Client>);

impl ObjectImpl for Contacts {
    fn interfaces(&self) -> &'static [&'static Interface] {
        const { &[&table::CONTACTS] }
    }

    fn library(&self) -> Option<&TypeLibrary> {
        self.0.libraries.messenger.as_ref()
    }

    fn invoke(&self, call: &MethodCall<'_>) -> Result<ReturnValue, MethodError> {
        self.0.admit()?;
        match call.id {
            1792 => Ok(ReturnValue::number(0)),
            0 => Err(said(INVALID)),
            1793 => Err(said(USER_NOT_FOUND)),
            -4 => Ok(ReturnValue::Enumerator(Vec::new())),
            _ => Err(NOT_IMPLEMENTED.into()),
        }
    }
}

/// The groups, of which there are none.
struct Groups(Arc<Client>);

impl ObjectImpl for Groups {
    fn interfaces(&self) -> &'static [&'static Interface] {
        const { &[&table::GROUPS] }
    }

    fn library(&self) -> Option<&TypeLibrary> {
        self.0.libraries.messenger.as_ref()
    }

    fn invoke(&self, call: &MethodCall<'_>) -> Result<ReturnValue, MethodError> {
        self.0.admit()?;
        match call.id {
            1666 => Ok(ReturnValue::number(0)),
            0 => Err(said(INVALID)),
            1665 => Err(said(GROUPS_NOT_ENABLED)),
            -4 => Ok(ReturnValue::Enumerator(Vec::new())),
            _ => Err(NOT_IMPLEMENTED.into()),
        }
    }
}

/// The user's own contact.
pub(crate) struct Contact(Arc<Client>);

impl Contact {
    pub(crate) fn of(client: &Arc<Client>) -> Self {
        Self(Arc::clone(client))
    }

    /// `PresenceProperties`, by the numbers of `PRESENCE_PROPERTY`.
    fn properties(&self) -> Vec<Variant> {
        let status = self.0.status();
        let presence = status.presence();
        let note = presence.and_then(|it| it.note()).unwrap_or_default();
        let is_out = presence.and_then(|it| it.activity) == Some(Activity::OutOfOffice);
        let text = |text: &str| Variant::Text(text.to_owned());
        vec![
            Variant::Number(mistatus(&status)),
            Variant::Number(availability_class(&status)),
            Variant::Bool(false),
            text(note),
            Variant::Bool(is_out),
            text(""),
            text(""),
            text(""),
            Variant::Number(0),
            Variant::Number(0),
            Variant::Empty,
        ]
    }
}

impl ObjectImpl for Contact {
    fn interfaces(&self) -> &'static [&'static Interface] {
        const { &[&table::CONTACT] }
    }

    fn library(&self) -> Option<&TypeLibrary> {
        self.0.libraries.messenger.as_ref()
    }

    fn invoke(&self, call: &MethodCall<'_>) -> Result<ReturnValue, MethodError> {
        let client = &self.0;
        client.admit()?;
        match (call.id, call.invoke_kind) {
            (1536, _) => Ok(ReturnValue::text(client.account.friendly_name())),
            (1537, _) => Ok(ReturnValue::number(mistatus(&client.status()))),
            (1538, _) => Ok(ReturnValue::text(client.account.name())),
            (1539, _) => Ok(ReturnValue::text(SERVICE_NAME)),
            (1545, _) => Ok(ReturnValue::text(SERVICE_ID)),
            (1540 | 0x6003_0000, InvokeKind::PropertyGet) | (1543, _) => {
                Ok(ReturnValue::bool(false))
            }
            (1541, _) => Ok(ReturnValue::bool(true)),
            (0x6003_0002, InvokeKind::PropertyGet) => Ok(ReturnValue::Array(self.properties())),
            _ => Err(NOT_IMPLEMENTED.into()),
        }
    }
}

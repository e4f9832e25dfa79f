//! Communicator's objects (Microsoft, Office Communicator 2007 SDK).
//!
//! Members that need no window work. The others return the documented errors:
//! `MSGR_E_NOT_LOGGED_ON` while nobody is signed in, else `E_NOTIMPL`.

use std::sync::Arc;

use communicado_core::Activity;
use communicado_provider::{ProviderCommand, ProviderStatus};
use communicado_windows::com::serve::{
    Argument, EventSource, Interface, InvokeKind, MethodCall, MethodError, ObjectImpl, ReturnValue,
    TypeLibrary,
};
use communicado_windows::{Guid, HResult, Variant};

use crate::server::{
    ComServer, INVALID_ARGUMENT, NOT_IMPLEMENTED, NOT_LOGGED_ON, method_error, return_object,
};
use crate::tables::messenger as table;
use crate::vocabulary::{availability_class, mistatus, presence};

/// The class of the Messenger object.
pub(crate) const CLASS: Guid = Guid(0x8885_370D_B33E_44B7_875D_28E4_03CF_9270);
/// The only service of Communicator, the same for all clients.
const SERVICE_ID: &str = "{83D4679F-B6D7-11D2-BF36-00C04FB90A03}";
const SERVICE_NAME: &str = "Communications Service";

const USER_NOT_FOUND: HResult = HResult::of(0x8100_030A);
const GROUPS_NOT_ENABLED: HResult = HResult::of(0x8100_034A);

/// `IMessengerAdvanced` and `IMessengerContactResolution`.
pub(crate) struct MessengerObject(pub(crate) Arc<ComServer>);

impl ObjectImpl for MessengerObject {
    fn interfaces(&self) -> &'static [&'static Interface] {
        const { &[&table::MESSENGER, &table::RESOLUTION] }
    }

    fn events(&self) -> Option<&dyn EventSource> {
        Some(&self.0.messenger)
    }

    fn type_library(&self) -> Option<&TypeLibrary> {
        self.0.libraries.messenger.as_ref()
    }

    fn class(&self) -> Option<Guid> {
        Some(CLASS)
    }

    fn invoke(&self, call: &MethodCall<'_>) -> Result<ReturnValue, MethodError> {
        let server = &self.0;
        server.inject_faults()?;
        if table::RESOLUTION.iids.contains(&call.interface) {
            return self.resolve(call.arguments);
        }
        let name = || server.account.name();
        match (call.id, call.invoke_kind, call.arguments) {
            (1304, _, _) => server.presence().map(|_| ReturnValue::text(name())),
            (1282, _, _) => {
                server.presence().map(|_| ReturnValue::text(server.account.friendly_name()))
            }
            (1305, InvokeKind::PropertyGet, _) => {
                Ok(ReturnValue::number(mistatus(&server.status())))
            }
            (1305, _, [number]) => {
                server.presence()?;
                let presence = number
                    .number()
                    .and_then(presence)
                    .ok_or_else(|| method_error(INVALID_ARGUMENT))?;
                server
                    .execute(ProviderCommand::Set { presence, lasts: None })
                    .map(|()| ReturnValue::Nothing)
            }
            (1294, _, _) => Ok(ReturnValue::text(SERVICE_NAME)),
            (1307, _, _) => Ok(ReturnValue::text(SERVICE_ID)),
            (1308, _, _) => return_object(MessengerServices(Arc::clone(server))),
            (1303, _, _) => {
                server.presence().and_then(|_| return_object(MessengerContacts(Arc::clone(server))))
            }
            (1311, _, _) => {
                server.presence().and_then(|_| return_object(MessengerGroups(Arc::clone(server))))
            }
            (1312, _, _) => Err(method_error(GROUPS_NOT_ENABLED)),
            (1286, _, [wanted, _]) => {
                server.presence()?;
                let is_own = is_name(name(), wanted.text().unwrap_or_default());
                if is_own {
                    return_object(MessengerContact::of(server))
                } else {
                    Err(method_error(USER_NOT_FOUND))
                }
            }
            (1297 | 1299, _, _) => {
                server.execute(ProviderCommand::SIGN_IN).map(|()| ReturnValue::Nothing)
            }
            (1291, _, _) => {
                server.execute(ProviderCommand::SIGN_OUT).map(|()| ReturnValue::Nothing)
            }
            (1313, InvokeKind::PropertyGet, _) => Ok(ReturnValue::number(0)),
            (1314, InvokeKind::PropertyGet, [kind]) => match kind.number() {
                Some(0) => Ok(ReturnValue::text(env!("CARGO_PKG_VERSION"))),
                _ => Err(method_error(INVALID_ARGUMENT)),
            },
            (0x6005_0001, _, _) => Ok(ReturnValue::text("<authenticationinfo>")),
            _ => Err(needs_window(server)),
        }
    }
}

impl MessengerObject {
    /// `ResolveContact`: finds the user for an address.
    fn resolve(&self, arguments: &[Argument]) -> Result<ReturnValue, MethodError> {
        self.0.presence()?;
        let address = arguments.last().and_then(Argument::text).unwrap_or_default();
        if is_name(self.0.account.name(), address) {
            return Ok(ReturnValue::text(self.0.account.name()));
        }
        Err(method_error(USER_NOT_FOUND))
    }
}

/// True if an address, with or without a scheme, is this name. Ignores letter case.
pub(crate) fn is_name(name: &str, address: &str) -> bool {
    let bare = |text: &str| {
        let text = text.trim().to_lowercase();
        let scheme = ["sip:", "mailto:"].into_iter().find_map(|it| text.strip_prefix(it));
        scheme.map_or(text.clone(), str::to_owned)
    };
    bare(name) == bare(address)
}

/// The error of a member that needs a window.
fn needs_window(server: &ComServer) -> MethodError {
    match server.status() {
        ProviderStatus::SignedIn(_) => NOT_IMPLEMENTED.into(),
        _ => method_error(NOT_LOGGED_ON),
    }
}

/// `IMessengerService`, the only service.
struct MessengerService(Arc<ComServer>);

impl ObjectImpl for MessengerService {
    fn interfaces(&self) -> &'static [&'static Interface] {
        const { &[&table::SERVICE] }
    }

    fn type_library(&self) -> Option<&TypeLibrary> {
        self.0.libraries.messenger.as_ref()
    }

    fn invoke(&self, call: &MethodCall<'_>) -> Result<ReturnValue, MethodError> {
        let server = &self.0;
        server.inject_faults()?;
        match call.id {
            2178 => Ok(ReturnValue::text(SERVICE_NAME)),
            2183 => Ok(ReturnValue::text(SERVICE_ID)),
            2179 => server.presence().map(|_| ReturnValue::text(server.account.friendly_name())),
            2181 => Ok(ReturnValue::number(mistatus(&server.status()))),
            2184 => server.presence().map(|_| ReturnValue::text(server.account.name())),
            _ => Err(needs_window(server)),
        }
    }
}

/// `IMessengerServices`.
struct MessengerServices(Arc<ComServer>);

impl ObjectImpl for MessengerServices {
    fn interfaces(&self) -> &'static [&'static Interface] {
        const { &[&table::SERVICES] }
    }

    fn type_library(&self) -> Option<&TypeLibrary> {
        self.0.libraries.messenger.as_ref()
    }

    fn invoke(&self, call: &MethodCall<'_>) -> Result<ReturnValue, MethodError> {
        self.0.inject_faults()?;
        let service = || MessengerService(Arc::clone(&self.0));
        match (call.id, call.arguments) {
            (2176, _) => return_object(service()),
            (2177, _) => Ok(ReturnValue::number(1)),
            (0, [index]) if index.number() == Some(0) => return_object(service()),
            (0, _) => Err(method_error(INVALID_ARGUMENT)),
            (-4, _) => Ok(ReturnValue::Enumerator(vec![crate::server::new_object(service())?])),
            _ => Err(NOT_IMPLEMENTED.into()),
        }
    }
}

/// `IMessengerContacts`, an empty contact list.
struct MessengerContacts(Arc<ComServer>);

impl ObjectImpl for MessengerContacts {
    fn interfaces(&self) -> &'static [&'static Interface] {
        const { &[&table::CONTACTS] }
    }

    fn type_library(&self) -> Option<&TypeLibrary> {
        self.0.libraries.messenger.as_ref()
    }

    fn invoke(&self, call: &MethodCall<'_>) -> Result<ReturnValue, MethodError> {
        self.0.inject_faults()?;
        match call.id {
            1792 => Ok(ReturnValue::number(0)),
            0 => Err(method_error(INVALID_ARGUMENT)),
            1793 => Err(method_error(USER_NOT_FOUND)),
            -4 => Ok(ReturnValue::Enumerator(Vec::new())),
            _ => Err(NOT_IMPLEMENTED.into()),
        }
    }
}

/// `IMessengerGroups`, an empty list of groups.
struct MessengerGroups(Arc<ComServer>);

impl ObjectImpl for MessengerGroups {
    fn interfaces(&self) -> &'static [&'static Interface] {
        const { &[&table::GROUPS] }
    }

    fn type_library(&self) -> Option<&TypeLibrary> {
        self.0.libraries.messenger.as_ref()
    }

    fn invoke(&self, call: &MethodCall<'_>) -> Result<ReturnValue, MethodError> {
        self.0.inject_faults()?;
        match call.id {
            1666 => Ok(ReturnValue::number(0)),
            0 => Err(method_error(INVALID_ARGUMENT)),
            1665 => Err(method_error(GROUPS_NOT_ENABLED)),
            -4 => Ok(ReturnValue::Enumerator(Vec::new())),
            _ => Err(NOT_IMPLEMENTED.into()),
        }
    }
}

/// `IMessengerContactAdvanced` of the user.
pub(crate) struct MessengerContact(Arc<ComServer>);

impl MessengerContact {
    pub(crate) fn of(server: &Arc<ComServer>) -> Self {
        Self(Arc::clone(server))
    }

    /// `PresenceProperties`, indexed by `PRESENCE_PROPERTY`.
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

impl ObjectImpl for MessengerContact {
    fn interfaces(&self) -> &'static [&'static Interface] {
        const { &[&table::CONTACT] }
    }

    fn type_library(&self) -> Option<&TypeLibrary> {
        self.0.libraries.messenger.as_ref()
    }

    fn invoke(&self, call: &MethodCall<'_>) -> Result<ReturnValue, MethodError> {
        let server = &self.0;
        server.inject_faults()?;
        match (call.id, call.invoke_kind) {
            (1536, _) => Ok(ReturnValue::text(server.account.friendly_name())),
            (1537, _) => Ok(ReturnValue::number(mistatus(&server.status()))),
            (1538, _) => Ok(ReturnValue::text(server.account.name())),
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

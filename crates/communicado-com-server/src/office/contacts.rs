//! Contacts: the user, and unknown people.

use std::sync::{Arc, Mutex, PoisonError};

use communicado_core::Activity;
use communicado_windows::Variant;
use communicado_windows::com::serve::{
    Argument, Callback, EventCall, EventSource, Interface, MethodCall, MethodError, ObjectImpl,
    ReturnValue,
};

use super::operation::AsyncOperation;
use super::type_library::office_type_library;
use crate::messenger::is_name;
use crate::server::{
    ComServer, INVALID_ARGUMENT, NOT_IMPLEMENTED, method_error, new_object, return_object,
};
use crate::tables::office as table;
use crate::vocabulary::{activity_id, lync_availability};

/// The status code of a lookup without a result.
const NOT_FOUND: i32 = 404;

/// `ContactInformationType`.
const AVAILABILITY: i32 = 0;
const ACTIVITY_ID: i32 = 1;
const ACTIVITY: i32 = 7;
const DISPLAY_NAME: i32 = 10;
const PRIMARY_EMAIL_ADDRESS: i32 = 12;
const PERSONAL_NOTE: i32 = 0x16;
const IS_OUT_OF_OFFICE: i32 = 0x33;
const KNOWN: [i32; 7] = [
    AVAILABILITY,
    ACTIVITY_ID,
    ACTIVITY,
    DISPLAY_NAME,
    PRIMARY_EMAIL_ADDRESS,
    PERSONAL_NOTE,
    IS_OUT_OF_OFFICE,
];

/// `IContactManager`.
pub(super) struct ContactManager {
    server: Arc<ComServer>,
}

impl ContactManager {
    pub(super) fn of(server: &Arc<ComServer>) -> Self {
        Self { server: Arc::clone(server) }
    }

    fn contact(&self, address: Option<&str>) -> Result<ReturnValue, MethodError> {
        let address = address
            .filter(|address| !address.is_empty())
            .ok_or_else(|| method_error(INVALID_ARGUMENT))?;
        let server = Arc::clone(&self.server);
        let is_own = is_name(server.account.name(), address);
        return_object(LyncContact {
            server,
            unknown_address: (!is_own).then(|| address.to_owned()),
        })
    }

    /// `Lookup`, which finds only the user.
    fn look_up(&self, arguments: &[Argument]) -> Result<ReturnValue, MethodError> {
        let address = arguments.first().and_then(Argument::text).unwrap_or_default();
        let is_own = is_name(self.server.account.name(), address);
        let code = if is_own { 0 } else { NOT_FOUND };
        let operation = new_object(AsyncOperation::completed(&self.server, code))?;
        if let Some(Argument::Object(Some(callback))) = arguments.get(1) {
            let source = new_object(Self { server: Arc::clone(&self.server) })?;
            let found = if is_own {
                ReturnValue::Object(new_object(LyncContact::own(&self.server))?)
            } else {
                ReturnValue::NullObject
            };
            let arguments =
                vec![ReturnValue::Object(source), found, ReturnValue::Object(operation.clone())];
            Callback::call(callback.clone(), EventCall { id: 251, arguments, coalesces: false });
        }
        Ok(ReturnValue::Object(operation))
    }
}

impl ObjectImpl for ContactManager {
    office_type_library!();

    fn interfaces(&self) -> &'static [&'static Interface] {
        const { &[&table::CONTACT_MANAGER] }
    }

    fn events(&self) -> Option<&dyn EventSource> {
        Some(&self.server.contact_manager)
    }

    fn invoke(&self, call: &MethodCall<'_>) -> Result<ReturnValue, MethodError> {
        let server = &self.server;
        server.inject_faults()?;
        match (call.id, call.arguments) {
            (0x6002_0000, _) => return_object(GroupCollection { server: Arc::clone(server) }),
            (0x6002_0001, [address]) => self.contact(address.text()),
            (0x6002_0002, arguments) => self.look_up(arguments),
            (0x6002_0003, _) => return_object(ContactSubscription::of(server)),
            (0x6002_000A | 0x6002_000B, _) => Ok(ReturnValue::Nothing),
            (0x6002_000F, _) => return_object(LyncContact::own(server)),
            _ => Err(NOT_IMPLEMENTED.into()),
        }
    }
}

/// `IContact`: the user, or an unknown person.
pub(crate) struct LyncContact {
    server: Arc<ComServer>,
    unknown_address: Option<String>,
}

impl LyncContact {
    pub(crate) fn own(server: &Arc<ComServer>) -> Self {
        Self { server: Arc::clone(server), unknown_address: None }
    }

    /// The information of one type, if there is any.
    fn information(&self, kind: i32) -> Option<Variant> {
        let text = |text: &str| Some(Variant::Text(text.to_owned()));
        if let Some(address) = &self.unknown_address {
            return match kind {
                AVAILABILITY => Some(Variant::Number(0)),
                DISPLAY_NAME => text(address),
                _ => None,
            };
        }
        let (account, status) = (&self.server.account, self.server.status());
        let presence = status.presence();
        match kind {
            AVAILABILITY => Some(Variant::Number(lync_availability(&status))),
            ACTIVITY_ID | ACTIVITY => text(activity_id(&status)),
            DISPLAY_NAME => text(account.friendly_name()),
            PRIMARY_EMAIL_ADDRESS => text(account.name()).filter(|_| account.name().contains('@')),
            PERSONAL_NOTE => text(presence?.note()?),
            IS_OUT_OF_OFFICE => {
                Some(Variant::Bool(presence?.activity == Some(Activity::OutOfOffice)))
            }
            _ => None,
        }
    }

    fn batch(&self, kinds: Option<&Argument>) -> Result<ReturnValue, MethodError> {
        let Some(Argument::Numbers(kinds)) = kinds else {
            return Err(method_error(INVALID_ARGUMENT));
        };
        let known = kinds.iter().filter_map(|kind| Some((*kind, self.information(*kind)?)));
        return_object(ContactInformation {
            server: Arc::clone(&self.server),
            known: known.collect(),
        })
    }
}

impl ObjectImpl for LyncContact {
    office_type_library!();

    fn interfaces(&self) -> &'static [&'static Interface] {
        const { &[&table::CONTACT] }
    }

    fn events(&self) -> Option<&dyn EventSource> {
        let contact: &dyn EventSource = &self.server.contact;
        Some(contact).filter(|_| self.unknown_address.is_none())
    }

    fn invoke(&self, call: &MethodCall<'_>) -> Result<ReturnValue, MethodError> {
        let server = &self.server;
        server.inject_faults()?;
        match (call.id, call.arguments) {
            (0x6002_0000, _) => {
                Ok(ReturnValue::text(self.unknown_address.clone().unwrap_or_else(|| server.uri())))
            }
            (0x6002_0001, [kind]) => {
                let known = kind.number().and_then(|kind| self.information(kind));
                known.map(ReturnValue::Value).ok_or_else(|| method_error(INVALID_ARGUMENT))
            }
            (0x6002_0002 | 0x6002_000E, arguments) => self.batch(arguments.first()),
            (0x6002_0003, _) => return_object(ContactSettings { server: Arc::clone(server) }),
            // The capabilities all need a window.
            (0x6002_0004 | 0x6002_0006 | 0x6002_000A, _) => Ok(ReturnValue::bool(false)),
            (0x6002_0007, _) => return_object(ContactManager { server: Arc::clone(server) }),
            (0x6002_0008, _) => return_object(GroupCollection { server: Arc::clone(server) }),
            _ => Err(NOT_IMPLEMENTED.into()),
        }
    }
}

/// `IContactSubscription`, without effect: listeners of the user's contact receive all events.
struct ContactSubscription {
    server: Arc<ComServer>,
    /// The requested refresh rate and information types.
    requested: Mutex<(i32, Vec<i32>)>,
}

impl ContactSubscription {
    fn of(server: &Arc<ComServer>) -> Self {
        Self { server: Arc::clone(server), requested: Mutex::default() }
    }
}

impl ObjectImpl for ContactSubscription {
    office_type_library!();

    fn interfaces(&self) -> &'static [&'static Interface] {
        const { &[&table::CONTACT_SUBSCRIPTION] }
    }

    fn invoke(&self, call: &MethodCall<'_>) -> Result<ReturnValue, MethodError> {
        self.server.inject_faults()?;
        let mut requested = self.requested.lock().unwrap_or_else(PoisonError::into_inner);
        match (call.id, call.arguments) {
            (0x6002_0000, [rate, Argument::Numbers(kinds)]) => {
                *requested = (rate.number().unwrap_or(0), kinds.clone());
                Ok(ReturnValue::Nothing)
            }
            (0x6002_0001..=0x6002_0003 | 0x6002_0007 | 0x6002_0008, _) => Ok(ReturnValue::Nothing),
            (0x6002_0004, _) => Ok(ReturnValue::number(requested.0)),
            (0x6002_0005, _) => Ok(ReturnValue::Numbers(requested.1.clone())),
            _ => Err(NOT_IMPLEMENTED.into()),
        }
    }
}

/// `IContactInformationDictionary`.
struct ContactInformation {
    server: Arc<ComServer>,
    known: Vec<(i32, Variant)>,
}

impl ContactInformation {
    fn find(&self, key: Option<&Argument>) -> Option<&Variant> {
        let key = key?.number()?;
        self.known.iter().find(|(kind, _)| *kind == key).map(|(_, value)| value)
    }

    fn at(&self, index: Option<&Argument>) -> Result<&(i32, Variant), MethodError> {
        let index = index.and_then(Argument::number);
        let index = index.and_then(|index| usize::try_from(index).ok());
        index.and_then(|index| self.known.get(index)).ok_or_else(|| method_error(INVALID_ARGUMENT))
    }
}

impl ObjectImpl for ContactInformation {
    office_type_library!();

    fn interfaces(&self) -> &'static [&'static Interface] {
        const { &[&table::CONTACT_INFORMATION] }
    }

    fn invoke(&self, call: &MethodCall<'_>) -> Result<ReturnValue, MethodError> {
        self.server.inject_faults()?;
        let first = call.arguments.first();
        let count = || i32::try_from(self.known.len()).unwrap_or(i32::MAX);
        match call.id {
            0x6002_0000 => {
                Ok(ReturnValue::Array(self.known.iter().map(|(_, value)| value.clone()).collect()))
            }
            0x6002_0001 => Ok(ReturnValue::number(count())),
            0 => self
                .find(first)
                .cloned()
                .map(ReturnValue::Value)
                .ok_or_else(|| method_error(INVALID_ARGUMENT)),
            0x6002_0003 => {
                Ok(ReturnValue::Numbers(self.known.iter().map(|(kind, _)| *kind).collect()))
            }
            0x6002_0004 => {
                let found = self.find(first);
                let value = found.cloned().unwrap_or(Variant::Empty);
                Ok(ReturnValue::WithOut(value, Variant::Bool(found.is_some())))
            }
            0x6002_0005 => self.at(first).map(|(kind, _)| ReturnValue::number(*kind)),
            0x6002_0006 => self.at(first).map(|(_, value)| ReturnValue::Value(value.clone())),
            0x6002_0007 => Ok(ReturnValue::bool(self.find(first).is_some())),
            _ => Err(NOT_IMPLEMENTED.into()),
        }
    }
}

/// `IContactSettingDictionary`, empty.
struct ContactSettings {
    server: Arc<ComServer>,
}

impl ObjectImpl for ContactSettings {
    office_type_library!();

    fn interfaces(&self) -> &'static [&'static Interface] {
        const { &[&table::CONTACT_SETTINGS] }
    }

    fn invoke(&self, call: &MethodCall<'_>) -> Result<ReturnValue, MethodError> {
        self.server.inject_faults()?;
        match call.id {
            0x6002_0000 => Ok(ReturnValue::Numbers(Vec::new())),
            0x6002_0001 => Ok(ReturnValue::Array(Vec::new())),
            0x6002_0002 => Ok(ReturnValue::WithOut(Variant::Empty, Variant::Bool(false))),
            0x6002_0006 => Ok(ReturnValue::bool(false)),
            0x6002_0007 => Ok(ReturnValue::number(0)),
            _ => Err(method_error(INVALID_ARGUMENT)),
        }
    }
}

/// `IGroupCollection`, empty.
struct GroupCollection {
    server: Arc<ComServer>,
}

impl ObjectImpl for GroupCollection {
    office_type_library!();

    fn interfaces(&self) -> &'static [&'static Interface] {
        const { &[&table::GROUP_COLLECTION] }
    }

    fn invoke(&self, call: &MethodCall<'_>) -> Result<ReturnValue, MethodError> {
        self.server.inject_faults()?;
        match call.id {
            -4 => Ok(ReturnValue::Enumerator(Vec::new())),
            0x6002_0001 => Ok(ReturnValue::number(0)),
            0x6002_0003 => Ok(ReturnValue::bool(false)),
            0x6002_0004 => return_object(Self { server: Arc::clone(&self.server) }),
            0x6002_0005 => Ok(ReturnValue::number(-1)),
            _ => Err(method_error(INVALID_ARGUMENT)),
        }
    }
}

/// `IContactInformationChangedEventData`.
pub(crate) struct ContactInformationChangedEventData {
    server: Arc<ComServer>,
}

impl ContactInformationChangedEventData {
    pub(crate) fn new(server: &Arc<ComServer>) -> Self {
        Self { server: Arc::clone(server) }
    }
}

impl ObjectImpl for ContactInformationChangedEventData {
    office_type_library!();

    fn interfaces(&self) -> &'static [&'static Interface] {
        const { &[&table::CONTACT_INFORMATION_CHANGED] }
    }

    fn invoke(&self, _: &MethodCall<'_>) -> Result<ReturnValue, MethodError> {
        Ok(ReturnValue::Numbers(KNOWN.to_vec()))
    }
}

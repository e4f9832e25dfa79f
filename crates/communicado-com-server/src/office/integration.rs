//! The root object, which Office creates.

use std::sync::Arc;

use communicado_windows::Guid;
use communicado_windows::com::serve::{
    Argument, EventSource, Interface, MethodCall, MethodError, ObjectImpl, ReturnValue,
};

use super::lync_client::LyncClient;
use super::type_library::office_type_library;
use crate::server::{ComServer, INVALID_ARGUMENT, NOT_IMPLEMENTED, method_error, return_object};
use crate::tables::office as table;

/// The class of the root object. Every client has its own.
pub(crate) const CLASS: Guid = Guid(0xB1A4_F1A6_5C0B_4E0B_9F0E_6C7C_0D1B_2A55);

/// The supported interface versions.
const VERSIONS: [&str; 2] = ["15.0.0.0", "14.0.0.0"];
/// The literal string that the document prescribes.
const AUTHENTICATION_INFO: &str = "<authenticationinfo>";
/// `oiFeatureNonBuddyPresence`: the presence of people outside the contact list.
const NON_BUDDY_PRESENCE: i32 = 4;
/// `OIInterface`.
const LYNC_CLIENT: i32 = 1;
const AUTOMATION: i32 = 2;

/// `IUCOfficeIntegration`.
pub(crate) struct OfficeIntegration {
    server: Arc<ComServer>,
}

impl OfficeIntegration {
    pub(crate) fn of(server: &Arc<ComServer>) -> Self {
        Self { server: Arc::clone(server) }
    }
}

impl ObjectImpl for OfficeIntegration {
    office_type_library!();

    fn interfaces(&self) -> &'static [&'static Interface] {
        const { &[&table::OFFICE_INTEGRATION] }
    }

    fn events(&self) -> Option<&dyn EventSource> {
        Some(&self.server.office_integration)
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
            // For an empty text without an error, Office asks for the next lower version.
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
            _ => Err(method_error(INVALID_ARGUMENT)),
        }
    }
}

/// `IAutomation`, which opens windows.
struct LyncAutomation {
    server: Arc<ComServer>,
}

impl ObjectImpl for LyncAutomation {
    office_type_library!();

    fn interfaces(&self) -> &'static [&'static Interface] {
        const { &[&table::AUTOMATION] }
    }

    fn invoke(&self, _: &MethodCall<'_>) -> Result<ReturnValue, MethodError> {
        self.server.inject_faults()?;
        Err(NOT_IMPLEMENTED.into())
    }
}

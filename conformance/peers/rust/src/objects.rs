//! The client's objects for late-bound callers.

use std::sync::Arc;

use communicado_windows::com::serve::{
    EventSource, Interface, Member, MethodCall, MethodError, ObjectImpl, ObjectRef, ReturnValue,
    ValueKind,
};
use communicado_windows::{Guid, HResult, Variant};

use crate::client::{Client, NOT_LOGGED_ON, State};

const NOT_IMPLEMENTED: HResult = HResult::of(0x8000_4001);
const INVALID: HResult = HResult::of(0x8007_0057);
const UNEXPECTED: HResult = HResult::of(0x8000_FFFF);

/// `ContactInformationType`.
const AVAILABILITY: i32 = 0;
const ACTIVITY_ID: i32 = 1;
const DISPLAY_NAME: i32 = 10;
const PERSONAL_NOTE: i32 = 22;

/// The kind of an object.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Part {
    Messenger,
    Services,
    Service,
    Root,
    Client,
    Oneself,
    Contact,
    StateChange,
}

/// One object of the client.
pub(crate) struct Object {
    client: Arc<Client>,
    part: Part,
}

/// The names differ from the SDK, because no caller is early-bound to them.
const fn late(number: u128) -> Guid {
    Guid(0x3C0E_5E0B_9A52_4C5B_8A4F_7A1D_0C91_0000 + number)
}

static MESSENGER: Interface = Interface::new(
    &[late(1)],
    &[
        Member::get::<7>("MyFriendlyName", 1282, &[], ValueKind::Text),
        Member::get::<8>("MySigninName", 1304, &[], ValueKind::Text),
        Member::get::<9>("MyStatus", 1305, &[], ValueKind::Number),
        Member::put::<10>("MyStatus", 1305, &[ValueKind::Number]),
        Member::get::<11>("MyServiceId", 1307, &[], ValueKind::Text),
        Member::get::<12>("Services", 1308, &[], ValueKind::Object),
        Member::call::<13>(
            "Signin",
            1297,
            &[ValueKind::Number, ValueKind::Text, ValueKind::Text],
            None,
        ),
        Member::call::<14>("AutoSignin", 1299, &[], None),
    ],
);
static SERVICES: Interface =
    Interface::new(&[late(2)], &[Member::get::<7>("PrimaryService", 2176, &[], ValueKind::Object)]);
static SERVICE: Interface = Interface::new(
    &[late(3)],
    &[
        Member::get::<7>("MyFriendlyName", 2179, &[], ValueKind::Text),
        Member::get::<8>("MyStatus", 2181, &[], ValueKind::Number),
        Member::get::<9>("MySigninName", 2184, &[], ValueKind::Text),
    ],
);
static ROOT: Interface = Interface::new(
    &[late(4)],
    &[
        Member::call::<7>(
            "GetAuthenticationInfo",
            0x6002_0001,
            &[ValueKind::Text],
            Some(ValueKind::Text),
        ),
        Member::call::<8>(
            "GetInterface",
            0x6002_0002,
            &[ValueKind::Text, ValueKind::Number],
            Some(ValueKind::Object),
        ),
    ],
);
static CLIENT: Interface = Interface::new(
    &[late(5)],
    &[
        Member::get::<7>("State", 0x6002_0001, &[], ValueKind::Number),
        Member::get::<8>("Uri", 0x6002_0002, &[], ValueKind::Text),
        Member::get::<9>("Self", 0x6002_0003, &[], ValueKind::Object),
    ],
);
static ONESELF: Interface =
    Interface::new(&[late(6)], &[Member::get::<7>("Contact", 0x6002_0001, &[], ValueKind::Object)]);
static CONTACT: Interface = Interface::new(
    &[late(7)],
    &[Member::call::<7>(
        "GetContactInformation",
        0x6002_0001,
        &[ValueKind::Number],
        Some(ValueKind::Variant),
    )],
);
static STATE_CHANGE: Interface = Interface::new(
    &[late(8)],
    &[
        Member::get::<7>("NewState", 0x6002_0000, &[], ValueKind::Number),
        Member::get::<8>("OldState", 0x6002_0001, &[], ValueKind::Number),
        Member::get::<9>("StatusCode", 0x6002_0002, &[], ValueKind::Number),
    ],
);

impl Object {
    pub(crate) fn serve(client: &Arc<Client>, part: Part) -> Result<ObjectRef, HResult> {
        let object = Self { client: Arc::clone(client), part };
        ObjectRef::new(Arc::new(object)).ok_or(UNEXPECTED)
    }

    fn give(&self, part: Part) -> Result<ReturnValue, MethodError> {
        Ok(ReturnValue::Object(Self::serve(&self.client, part)?))
    }
}

impl ObjectImpl for Object {
    fn interfaces(&self) -> &'static [&'static Interface] {
        match self.part {
            Part::Messenger => const { &[&MESSENGER] },
            Part::Services => const { &[&SERVICES] },
            Part::Service => const { &[&SERVICE] },
            Part::Root => const { &[&ROOT] },
            Part::Client => const { &[&CLIENT] },
            Part::Oneself => const { &[&ONESELF] },
            Part::Contact => const { &[&CONTACT] },
            Part::StateChange => const { &[&STATE_CHANGE] },
        }
    }

    fn events(&self) -> Option<&dyn EventSource> {
        match self.part {
            Part::Messenger => Some(&self.client.messenger),
            Part::Root => Some(&self.client.root),
            Part::Client => Some(&self.client.client),
            Part::Contact => Some(&self.client.contact),
            Part::Services | Part::Service | Part::Oneself | Part::StateChange => None,
        }
    }

    fn invoke(&self, call: &MethodCall<'_>) -> Result<ReturnValue, MethodError> {
        let mut state = self.client.called();
        match (self.part, call.id, call.arguments) {
            (Part::Messenger, 1305, [value]) => {
                state.status = value.number().unwrap_or(0);
                Ok(ReturnValue::Nothing)
            }
            (Part::Messenger, 1305, _) => {
                refused(&state, state.fails.status)?;
                Ok(ReturnValue::number(state.status))
            }
            (Part::Messenger, 1304, _) | (Part::Service, 2184, _) => {
                refused(&state, state.fails.name)?;
                let is_signed_in = state.status & 2 != 0;
                refused(&state, (!is_signed_in).then_some(NOT_LOGGED_ON))?;
                Ok(ReturnValue::text(state.signin_name.clone()))
            }
            (Part::Messenger, 1282, _) | (Part::Service, 2179, _) => {
                refused(&state, state.fails.friendly)?;
                Ok(ReturnValue::text(state.friendly_name.clone()))
            }
            (Part::Messenger, 1307, _) => {
                Ok(ReturnValue::text("{83D4679F-B6D7-11D2-BF36-00C04FB90A03}"))
            }
            (Part::Messenger, 1297 | 1299, _) => Err(state.signin()),
            (Part::Messenger, 1308, _) => self.give(Part::Services),
            (Part::Services, 2176, _) => self.give(Part::Service),
            (Part::Service, 2181, _) => {
                refused(&state, state.fails.service_status)?;
                Ok(ReturnValue::number(state.status))
            }
            (Part::Root, 0x6002_0001, [version]) => {
                let wanted = version.text().unwrap_or_default();
                let can = state.versions.split(',').any(|version| version == wanted);
                Ok(ReturnValue::text(if can { "<authenticationinfo>" } else { "" }))
            }
            (Part::Root, 0x6002_0002, [_, which]) if which.number() == Some(1) => {
                self.give(Part::Client)
            }
            (Part::Client, 0x6002_0001, _) => {
                refused(&state, state.fails.status)?;
                Ok(ReturnValue::number(state.state))
            }
            (Part::Client, 0x6002_0002, _) => Ok(ReturnValue::text(state.uri.clone())),
            (Part::Client, 0x6002_0003, _) => self.give(Part::Oneself),
            (Part::Oneself, 0x6002_0001, _) => self.give(Part::Contact),
            (Part::Contact, 0x6002_0001, [kind]) => match kind.number() {
                Some(AVAILABILITY) => Ok(ReturnValue::number(state.availability)),
                Some(ACTIVITY_ID) => Ok(ReturnValue::text(state.activity.clone())),
                Some(DISPLAY_NAME) => Ok(ReturnValue::text(state.friendly_name.clone())),
                Some(PERSONAL_NOTE) if !state.note.is_empty() => {
                    Ok(ReturnValue::text(state.note.clone()))
                }
                _ => Err(INVALID.into()),
            },
            (Part::StateChange, 0x6002_0000, _) => Ok(ReturnValue::number(state.state)),
            (Part::StateChange, 0x6002_0001, _) => Ok(ReturnValue::number(state.old_state)),
            (Part::StateChange, 0x6002_0002, _) => {
                Ok(ReturnValue::Value(Variant::Number(state.status_code)))
            }
            _ => Err(NOT_IMPLEMENTED.into()),
        }
    }
}

fn refused(state: &State, code: Option<HResult>) -> Result<(), MethodError> {
    code.map_or(Ok(()), |code| Err(state.refusal(code)))
}

//! How Lync is spoken to (Microsoft, "Integrating IM applications with Office"; Lync SDK,
//! UCCollaborationLib).

use communicado_windows::com::{AdvisoryConnection, Apartment, CallError, DispatchEvent, Object};
use communicado_windows::{Guid, HResult, Variant};

use super::reading::{Answer, Answers};
use crate::windows::conversation::Heard;
use crate::windows::desk::{Caller, Ears};
use crate::windows::reading::Reading;

/// `_IUCOfficeIntegrationEvents`, `_ILyncClientEvents` and `_IContactEvents`.
const ROOT_EVENTS: Guid = Guid(0x8C9B_6953_33CC_4A04_9DA4_F71A_E79D_A0C0);
const CLIENT_EVENTS: Guid = Guid(0x953A_E732_F53A_4116_AC1B_0321_B3FB_3DBA);
const CONTACT_EVENTS: Guid = Guid(0xB1C6_ECC3_1EA7_495D_9337_02FE_4FB7_23F0);
const ON_SHUTTING_DOWN: i32 = 50;

/// The versions that Office asks for, newest first.
const VERSIONS: [&str; 2] = ["15.0.0.0", "14.0.0.0"];
/// How often a presence is read that changes while it is read; its event has it read again.
const READINGS_MAX: usize = 4;
/// What a client answers that can do a version.
const AUTHENTICATION_INFO: &str = "<authenticationinfo>";
/// `oiInterfaceILyncClient`.
const LYNC_CLIENT: i32 = 1;
/// `ContactInformationType`.
const AVAILABILITY: i32 = 0;
const ACTIVITY_ID: i32 = 1;
const DISPLAY_NAME: i32 = 10;

const E_NOINTERFACE: HResult = HResult::of(0x8000_4002);

pub(super) struct Integration;

pub(super) struct Line<'a> {
    client: Object<'a>,
    /// One's own contact, while somebody is signed in.
    contact: Option<(Object<'a>, Option<AdvisoryConnection<'a>>)>,
    listening: Vec<AdvisoryConnection<'a>>,
}

impl Caller for Integration {
    type Line<'a> = Line<'a>;

    fn connect<'a>(
        apartment: &'a Apartment,
        class: Guid,
        ears: &Ears,
    ) -> Result<Line<'a>, CallError> {
        let root = Object::create(apartment, class)?;
        let client = client(&root)?;
        let mut listening = vec![client.advise(CLIENT_EVENTS, change(ears))?];
        let shutting_down = ears.clone();
        let hear = move |event: DispatchEvent| {
            if event.id == ON_SHUTTING_DOWN {
                shutting_down.hear(Heard::ShuttingDown);
            }
        };
        // A client may do without them: its state says so too, and so does its process.
        listening.extend(root.advise(ROOT_EVENTS, hear));
        Ok(Line { client, contact: None, listening })
    }

    fn read(line: &mut Line<'_>, ears: &Ears) -> Result<Reading, CallError> {
        let state = answer(&line.client, "State", &[])?;
        if !Answers::is_signed_in(&state) {
            line.contact = None;
            let none = || None;
            let answers = Answers {
                state,
                uri: none(),
                availability: none(),
                activity: none(),
                display_name: none(),
            };
            return Ok(answers.reading());
        }
        if line.contact.is_none() {
            line.contact = contact(&line.client)?.map(|contact| {
                // Without its events the presence is as old as the last check.
                let listening = contact.advise(CONTACT_EVENTS, change(ears)).ok();
                (contact, listening)
            });
        }
        let uri = Some(answer(&line.client, "Uri", &[])?);
        let information = |kind| {
            let (contact, _) = line.contact.as_ref()?;
            Some(answer(contact, "GetContactInformation", &[Variant::Number(kind)]))
        };
        // Two calls can see two presences: only what stands before and after is one.
        let mut availability = information(AVAILABILITY).transpose()?;
        let mut activity = None;
        for _ in 0..READINGS_MAX {
            activity = information(ACTIVITY_ID).transpose()?;
            let again = information(AVAILABILITY).transpose()?;
            if again == availability {
                break;
            }
            availability = again;
        }
        let answers = Answers {
            state,
            uri,
            availability,
            activity,
            display_name: information(DISPLAY_NAME).transpose()?,
        };
        Ok(answers.reading())
    }

    fn abandon(line: Line<'_>) {
        let contact = line.contact.and_then(|(_, listening)| listening);
        line.listening.into_iter().chain(contact).for_each(AdvisoryConnection::abandon);
    }
}

fn change(ears: &Ears) -> impl Fn(DispatchEvent) + Send + Sync + 'static {
    let ears = ears.clone();
    move |_| ears.hear(Heard::Change)
}

/// The client behind the root, by the newest version that it can do.
fn client<'a>(root: &Object<'a>) -> Result<Object<'a>, CallError> {
    for version in VERSIONS {
        let version = Variant::Text(version.to_owned());
        let information = answer(root, "GetAuthenticationInfo", std::slice::from_ref(&version))?;
        if information.as_ref().ok().and_then(Variant::text) != Some(AUTHENTICATION_INFO) {
            continue;
        }
        let id = root.id_of("GetInterface")?;
        if let Some(client) = root.get(id, &[version, Variant::Number(LYNC_CLIENT)])?.object {
            return Ok(client);
        }
    }
    Err(CallError::new("integrate with it as Office does", E_NOINTERFACE))
}

/// One's own contact, if the client gives it.
fn contact<'a>(client: &Object<'a>) -> Result<Option<Object<'a>>, CallError> {
    let mut object = client.clone();
    for name in ["Self", "Contact"] {
        match member(&object, name, &[]) {
            Ok(got) => match got.object {
                Some(next) => object = next,
                None => return Ok(None),
            },
            Err(error) if error.is_final() => return Err(error),
            Err(_) => return Ok(None),
        }
    }
    Ok(Some(object))
}

/// What a member answers; an error where the client cannot be asked at all.
fn answer(object: &Object<'_>, name: &str, arguments: &[Variant]) -> Result<Answer, CallError> {
    match member(object, name, arguments) {
        Ok(got) => Ok(Ok(got.value)),
        Err(error) if error.is_final() => Err(error),
        Err(error) => Ok(Err(error.code())),
    }
}

/// Calls a member by its name: its number differs between the versions of the library.
fn member<'a>(
    object: &Object<'a>,
    name: &str,
    arguments: &[Variant],
) -> Result<communicado_windows::com::InvokeResult<'a>, CallError> {
    object.get(object.id_of(name)?, arguments)
}

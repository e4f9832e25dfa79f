//! COM calls to Lync (Microsoft, "Integrating IM applications with Office"; Lync SDK,
//! UCCollaborationLib).

use communicado_windows::com::{AdvisoryConnection, Apartment, CallError, DispatchEvent, Object};
use communicado_windows::{Guid, HResult, Variant};

use super::reading::LyncMembers;
use crate::windows::com_worker::{ComClient, EventSender};
use crate::windows::reading::{ClientReading, MemberValue};
use crate::windows::registered_client::RegisteredClient;
use crate::windows::session::ClientEvent;

/// `_IUCOfficeIntegrationEvents`, `_ILyncClientEvents` and `_IContactEvents`.
const ROOT_EVENTS: Guid = Guid(0x8C9B_6953_33CC_4A04_9DA4_F71A_E79D_A0C0);
const CLIENT_EVENTS: Guid = Guid(0x953A_E732_F53A_4116_AC1B_0321_B3FB_3DBA);
const CONTACT_EVENTS: Guid = Guid(0xB1C6_ECC3_1EA7_495D_9337_02FE_4FB7_23F0);
const ON_SHUTTING_DOWN: i32 = 50;

/// The versions that Office requests, newest first.
const VERSIONS: [&str; 2] = ["15.0.0.0", "14.0.0.0"];
/// The maximum number of reads of a presence that changes meanwhile. Its event causes another read.
const READINGS_MAX: usize = 4;
/// The result for a version that the client supports.
const AUTHENTICATION_INFO: &str = "<authenticationinfo>";
/// `oiInterfaceILyncClient`.
const LYNC_CLIENT: i32 = 1;
/// `ContactInformationType`.
const AVAILABILITY: i32 = 0;
const ACTIVITY_ID: i32 = 1;
const DISPLAY_NAME: i32 = 10;

const E_NOINTERFACE: HResult = HResult::of(0x8000_4002);

/// Clients that serve `IUCOfficeIntegration`.
pub(super) struct OfficeIntegrationClient;

/// Connection to the objects of Lync.
pub(super) struct LyncSession<'a> {
    client: Object<'a>,
    /// The user's contact, while the user is signed in.
    contact: Option<(Object<'a>, Option<AdvisoryConnection<'a>>)>,
    listening: Vec<AdvisoryConnection<'a>>,
}

impl ComClient for OfficeIntegrationClient {
    type Session<'a> = LyncSession<'a>;

    /// All classes except Communicator's. The client itself shows whether it integrates with
    /// Office.
    fn includes(client: &RegisteredClient) -> bool {
        !client.is_messenger()
    }

    fn connect<'a>(
        apartment: &'a Apartment,
        class: Guid,
        events: &EventSender,
    ) -> Result<LyncSession<'a>, CallError> {
        let root = Object::create(apartment, class)?;
        let client = client(&root)?;
        let mut listening = vec![client.advise(CLIENT_EVENTS, change_sender(events))?];
        let shutdown_events = events.clone();
        let on_event = move |event: DispatchEvent| {
            if event.id == ON_SHUTTING_DOWN {
                shutdown_events.send(ClientEvent::ShuttingDown);
            }
        };
        // The subscription is optional: the state and the process show the shutdown too.
        listening.extend(root.advise(ROOT_EVENTS, on_event));
        Ok(LyncSession { client, contact: None, listening })
    }

    fn read(
        session: &mut LyncSession<'_>,
        events: &EventSender,
    ) -> Result<ClientReading, CallError> {
        let state = get(&session.client, "State", &[])?;
        if !LyncMembers::is_signed_in(&state) {
            session.contact = None;
            let none = || None;
            let members = LyncMembers {
                state,
                uri: none(),
                availability: none(),
                activity: none(),
                display_name: none(),
            };
            return Ok(members.reading());
        }
        if session.contact.is_none() {
            session.contact = contact(&session.client)?.map(|contact| {
                // Without events, the presence is as old as the last liveness check.
                let listening = contact.advise(CONTACT_EVENTS, change_sender(events)).ok();
                (contact, listening)
            });
        }
        let uri = Some(get(&session.client, "Uri", &[])?);
        let information = |kind| {
            let (contact, _) = session.contact.as_ref()?;
            Some(get(contact, "GetContactInformation", &[Variant::Number(kind)]))
        };
        // Two calls may read two presences. The same availability before and after shows one.
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
        let members = LyncMembers {
            state,
            uri,
            availability,
            activity,
            display_name: information(DISPLAY_NAME).transpose()?,
        };
        Ok(members.reading())
    }

    fn abandon(session: LyncSession<'_>) {
        let contact = session.contact.and_then(|(_, listening)| listening);
        session.listening.into_iter().chain(contact).for_each(AdvisoryConnection::abandon);
    }
}

fn change_sender(events: &EventSender) -> impl Fn(DispatchEvent) + Send + Sync + 'static {
    let events = events.clone();
    move |_| events.send(ClientEvent::Changed)
}

/// The client object behind the root, in the newest version that it supports.
fn client<'a>(root: &Object<'a>) -> Result<Object<'a>, CallError> {
    for version in VERSIONS {
        let version = Variant::Text(version.to_owned());
        let information = get(root, "GetAuthenticationInfo", std::slice::from_ref(&version))?;
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

/// The user's contact, if the client provides it.
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

/// The value of a member, or an error if the connection has failed.
fn get(object: &Object<'_>, name: &str, arguments: &[Variant]) -> Result<MemberValue, CallError> {
    match member(object, name, arguments) {
        Ok(got) => Ok(Ok(got.value)),
        Err(error) if error.is_final() => Err(error),
        Err(error) => Ok(Err(error.code())),
    }
}

/// Calls a member by its name: its number differs between versions of the library.
fn member<'a>(
    object: &Object<'a>,
    name: &str,
    arguments: &[Variant],
) -> Result<communicado_windows::com::InvokeResult<'a>, CallError> {
    object.get(object.id_of(name)?, arguments)
}

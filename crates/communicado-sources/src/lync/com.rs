//! COM calls to Lync (Microsoft, "Integrating IM applications with Office"; Lync SDK,
//! UCCollaborationLib).
//!
//! The calls are Office's, in its order: the version, the client, its contact manager, its state,
//! the user's contact, a subscription to that contact.

use communicado_windows::com::office::{
    GET_AUTHENTICATION_INFO, GET_CONTACT_INFORMATION, GET_CONTACT_MANAGER, GET_INTERFACE, STATE,
    URI,
};
use communicado_windows::com::{
    AdvisoryConnection, Apartment, CallArgument, CallError, DispatchEvent, Object,
};
use communicado_windows::{Guid, HResult, Variant};

use super::caller::Caller;
use super::own_contact::{ACTIVITY_ID, AVAILABILITY, OwnContact, PERSONAL_NOTE};
use super::reading::LyncMembers;
use crate::windows::com_worker::{ComClient, EventSender};
use crate::windows::reading::{ClientReading, MemberValue};
use crate::windows::registered_client::RegisteredClient;
use crate::windows::session::ClientEvent;

/// `_IUCOfficeIntegrationEvents` and `_ILyncClientEvents`.
const ROOT_EVENTS: Guid = Guid(0x8C9B_6953_33CC_4A04_9DA4_F71A_E79D_A0C0);
const CLIENT_EVENTS: Guid = Guid(0x953A_E732_F53A_4116_AC1B_0321_B3FB_3DBA);
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
const DISPLAY_NAME: i32 = 10;

const E_NOINTERFACE: HResult = HResult::of(0x8000_4002);

/// Clients that serve `IUCOfficeIntegration`.
pub(super) struct OfficeIntegrationClient;

/// Connection to the objects of Lync.
pub(super) struct LyncSession<'a> {
    caller: Caller,
    client: Object<'a>,
    /// The contact manager, if the client provides one. Office gets it before it reads anything.
    manager: Option<Object<'a>>,
    /// The user's contact, while the user is signed in.
    contact: Option<OwnContact<'a>>,
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
        let caller = Caller::new(events);
        let root = Object::create(apartment, class);
        caller.record("CoCreateInstance", &root);
        let root = root?;
        let client = client(&caller, &root)?;
        let advised = client.advise(CLIENT_EVENTS, events.on_change());
        caller.record("Advise(_ILyncClientEvents)", &advised);
        let mut listening = vec![advised?];
        let shutdown_events = events.clone();
        let on_event = move |event: DispatchEvent| {
            if event.id == ON_SHUTTING_DOWN {
                shutdown_events.send(ClientEvent::ShuttingDown);
            }
        };
        // The subscription is optional: the state and the process show the shutdown too.
        let advised = root.advise(ROOT_EVENTS, on_event);
        caller.record("Advise(_IUCOfficeIntegrationEvents)", &advised);
        listening.extend(advised);
        Ok(LyncSession { caller, client, manager: None, contact: None, listening })
    }

    fn read(
        session: &mut LyncSession<'_>,
        events: &EventSender,
    ) -> Result<ClientReading, CallError> {
        let LyncSession { caller, client, manager, contact, .. } = session;
        if manager.is_none() {
            *manager = caller.object(client, &GET_CONTACT_MANAGER, &[])?;
        }
        let state = caller.value(client, &STATE, &[])?;
        if !LyncMembers::is_signed_in(&state) {
            *contact = None;
            let none = || None;
            let members = LyncMembers {
                state,
                uri: none(),
                availability: none(),
                activity: none(),
                note: none(),
                display_name: none(),
            };
            return Ok(members.reading());
        }
        let uri = caller.value(client, &URI, &[])?;
        if contact.as_ref().is_some_and(|contact| !contact.is_of(&uri)) {
            *contact = None;
        }
        if contact.is_none() {
            *contact = OwnContact::find(caller, client, manager.as_ref(), &uri, events)?;
        }
        if let (Some(contact), Some(manager)) = (contact.as_mut(), manager.as_ref()) {
            contact.subscribe(caller, manager)?;
        }
        let contact = contact.as_ref();
        let information = |kind| -> Result<Option<MemberValue>, CallError> {
            let Some(contact) = contact else { return Ok(None) };
            let kind = [CallArgument::Number(kind)];
            caller.value(contact.object(), &GET_CONTACT_INFORMATION, &kind).map(Some)
        };
        // Two calls may read two presences. The same availability before and after shows one.
        let mut availability = information(AVAILABILITY)?;
        let mut activity = None;
        for _ in 0..READINGS_MAX {
            activity = information(ACTIVITY_ID)?;
            let again = information(AVAILABILITY)?;
            if again == availability {
                break;
            }
            availability = again;
        }
        let note = information(PERSONAL_NOTE)?;
        let display_name = information(DISPLAY_NAME)?;
        let uri = Some(uri);
        let members = LyncMembers { state, uri, availability, activity, note, display_name };
        Ok(members.reading())
    }

    fn abandon(session: LyncSession<'_>) {
        session.listening.into_iter().for_each(AdvisoryConnection::abandon);
        session.contact.into_iter().for_each(OwnContact::abandon);
    }
}

/// The client object behind the root, in the newest version that it supports.
fn client<'a>(caller: &Caller, root: &Object<'a>) -> Result<Object<'a>, CallError> {
    for version in VERSIONS {
        let version = CallArgument::Text(version);
        let information = caller.value(root, &GET_AUTHENTICATION_INFO, &[version])?;
        if information.as_ref().ok().and_then(Variant::text) != Some(AUTHENTICATION_INFO) {
            continue;
        }
        let arguments = [version, CallArgument::Number(LYNC_CLIENT)];
        if let Some(client) = caller.required(root, &GET_INTERFACE, &arguments)?.object {
            return Ok(client);
        }
    }
    Err(CallError::new("integrate with it as Office does", E_NOINTERFACE))
}

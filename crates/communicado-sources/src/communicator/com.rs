//! COM calls to Communicator (Microsoft, OC 2007 SDK).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use communicado_windows::com::{AdvisoryConnection, Apartment, CallError, DispatchEvent, Object};
use communicado_windows::{Guid, HResult, Variant};

use super::api::{EVENTS, event, member};
use super::reading::{MessengerMembers, event_presence};
use crate::windows::com_worker::{ComClient, EventSender};
use crate::windows::reading::{ClientReading, MemberValue, ReportedStatus};
use crate::windows::registered_client::RegisteredClient;
use crate::windows::session::ClientEvent;

/// Clients that serve the Messenger class.
pub(super) struct MessengerClient;

/// Connection to the Messenger object.
pub(super) struct MessengerSession<'a> {
    messenger: Object<'a>,
    connection: AdvisoryConnection<'a>,
    /// True if the names may have changed.
    may_be_renamed: Arc<AtomicBool>,
}

impl ComClient for MessengerClient {
    type Session<'a> = MessengerSession<'a>;

    fn includes(client: &RegisteredClient) -> bool {
        client.is_messenger()
    }

    fn connect<'a>(
        apartment: &'a Apartment,
        class: Guid,
        events: &EventSender,
    ) -> Result<MessengerSession<'a>, CallError> {
        let messenger = Object::create(apartment, class)?;
        let may_be_renamed = Arc::new(AtomicBool::new(true));
        let (events, renamed) = (events.clone(), Arc::clone(&may_be_renamed));
        let on_event = move |event: DispatchEvent| {
            let renames = [event::ON_SIGNIN, event::ON_SIGNOUT, event::ON_MY_FRIENDLY_NAME_CHANGE];
            if renames.contains(&event.id) {
                renamed.store(true, Ordering::Relaxed);
            }
            if let Some(event) = client_event(&event) {
                events.send(event);
            }
        };
        let connection = messenger.advise(EVENTS, on_event)?;
        Ok(MessengerSession { messenger, connection, may_be_renamed })
    }

    fn read(
        session: &mut MessengerSession<'_>,
        _: &EventSender,
    ) -> Result<ClientReading, CallError> {
        let messenger = &session.messenger;
        let status = get(messenger, member::MY_STATUS)?;
        let service_status = MessengerMembers::lacks_status(&status)
            .then(|| service_status(messenger))
            .transpose()?;
        let may_be_renamed = session.may_be_renamed.swap(false, Ordering::Relaxed);
        let none = || Ok(Variant::Empty);
        let mut members = MessengerMembers {
            status,
            signin_name: none(),
            friendly_name: none(),
            service_id: none(),
            service_status,
        };
        // The names are read once, and again if there is no status without them.
        if may_be_renamed || members.reading().status == ReportedStatus::NotReported {
            members.signin_name = get(messenger, member::MY_SIGNIN_NAME)?;
            members.friendly_name = get(messenger, member::MY_FRIENDLY_NAME)?;
            members.service_id = get(messenger, member::MY_SERVICE_ID)?;
            // A user who is signed out has a name later.
            let has_name = members.reading().account.is_some();
            session.may_be_renamed.fetch_or(!has_name, Ordering::Relaxed);
        }
        Ok(members.reading())
    }

    fn abandon(session: MessengerSession<'_>) {
        session.connection.abandon();
    }
}

fn client_event(event: &DispatchEvent) -> Option<ClientEvent> {
    match event.id {
        event::ON_SIGNIN => {
            let code = event.arguments.first().and_then(Variant::number);
            Some(ClientEvent::SignIn(HResult(code.unwrap_or(0))))
        }
        event::ON_SIGNOUT => Some(ClientEvent::SignOut),
        event::ON_APP_SHUTDOWN => Some(ClientEvent::ShuttingDown),
        event::ON_MY_STATUS_CHANGE => {
            let presence = event_presence(&event.arguments);
            Some(presence.map_or(ClientEvent::Changed, ClientEvent::Presence))
        }
        event::ON_MY_FRIENDLY_NAME_CHANGE
        | event::ON_MY_PROPERTY_CHANGE
        | event::ON_CONTACT_STATUS_CHANGE => Some(ClientEvent::Changed),
        _ => None,
    }
}

/// The status of the primary service, for a client without `MyStatus`.
fn service_status(messenger: &Object<'_>) -> Result<MemberValue, CallError> {
    let mut object = messenger.clone();
    for member in [member::SERVICES, member::PRIMARY_SERVICE] {
        match object.get(member, &[]) {
            Ok(got) => match got.object {
                Some(next) => object = next,
                None => return Ok(Ok(got.value)),
            },
            Err(error) if error.is_final() => return Err(error),
            Err(error) => return Ok(Err(error.code())),
        }
    }
    get(&object, member::SERVICE_MY_STATUS)
}

/// The value of a member, or an error if the connection has failed.
fn get(object: &Object<'_>, member: i32) -> Result<MemberValue, CallError> {
    match object.get(member, &[]) {
        Ok(got) => Ok(Ok(got.value)),
        Err(error) if error.is_final() => Err(error),
        Err(error) => Ok(Err(error.code())),
    }
}

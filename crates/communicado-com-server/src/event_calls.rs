//! Firing of the COM events for a status change.

use std::sync::Arc;

use communicado_provider::ProviderStatus;
use communicado_windows::HResult;
use communicado_windows::com::serve::{EventCall, ObjectRef, ReturnValue};

use crate::events::{CommunicatorEvent, LyncEvent, communicator_events, lync_events};
use crate::messenger::MessengerContact;
use crate::office::{
    ClientStateChangedEventData, ContactInformationChangedEventData, LyncClient, LyncContact,
};
use crate::server::{ComServer, new_object};

/// Sets the status, and queues its events for all listeners.
pub(crate) fn set_status(server: &Arc<ComServer>, status: ProviderStatus, until: Option<String>) {
    let before = server.replace_status(status.clone(), until);
    for event in communicator_events(&before, &status) {
        if let Some(call) = communicator_call(server, event) {
            server.messenger.fire(&call);
        }
    }
    for event in lync_events(&before, &status) {
        fire_lync(server, event);
    }
}

fn communicator_call(server: &Arc<ComServer>, event: CommunicatorEvent) -> Option<EventCall> {
    let call = |id, arguments, coalesces| Some(EventCall { id, arguments, coalesces });
    match event {
        CommunicatorEvent::SignIn(code) => call(1024, vec![ReturnValue::number(code)], false),
        CommunicatorEvent::SignOut => call(1025, Vec::new(), false),
        CommunicatorEvent::ContactStatus(number) => {
            let contact = new_object(MessengerContact::of(server)).ok()?;
            call(1030, vec![ReturnValue::Object(contact), ReturnValue::number(number)], true)
        }
        CommunicatorEvent::MyStatus(number) => {
            call(1031, vec![ReturnValue::number(0), ReturnValue::number(number)], true)
        }
        CommunicatorEvent::AppShutdown => call(1032, Vec::new(), false),
    }
}

fn fire_lync(server: &Arc<ComServer>, event: LyncEvent) {
    let both = |source: Result<ObjectRef, HResult>, data: Result<ObjectRef, HResult>| {
        Some(vec![ReturnValue::Object(source.ok()?), ReturnValue::Object(data.ok()?)])
    };
    let (listeners, id, arguments) = match event {
        LyncEvent::StateChanged { old, new, code } => {
            let data = ClientStateChangedEventData::new(server, old, new, code);
            let arguments = both(new_object(LyncClient::of(server)), new_object(data));
            (&server.lync_client, 100, arguments)
        }
        LyncEvent::ContactChanged => {
            let contact = new_object(LyncContact::own(server));
            let data = new_object(ContactInformationChangedEventData::new(server));
            (&server.contact, 400, both(contact, data))
        }
        LyncEvent::ShuttingDown => (&server.office_integration, 50, Some(Vec::new())),
    };
    if let Some(arguments) = arguments {
        listeners.fire(&EventCall { id, arguments, coalesces: false });
    }
}

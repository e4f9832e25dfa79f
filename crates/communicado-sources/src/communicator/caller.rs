//! How Communicator is spoken to (Microsoft, OC 2007 SDK).

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use communicado_windows::com::{AdvisoryConnection, Apartment, CallError, DispatchEvent, Object};
use communicado_windows::{Guid, HResult, Variant};

use super::api::{EVENTS, event, member};
use super::reading::{Answer, Answers};
use crate::windows::conversation::Heard;
use crate::windows::desk::{Caller, Ears};
use crate::windows::reading::{Reading, SignIn};

pub(super) struct Messenger;

pub(super) struct Line<'a> {
    messenger: Object<'a>,
    listening: AdvisoryConnection<'a>,
    /// Whether the names that are known may be others by now.
    renamed: Arc<AtomicBool>,
}

impl Caller for Messenger {
    type Line<'a> = Line<'a>;

    fn connect<'a>(
        apartment: &'a Apartment,
        class: Guid,
        ears: &Ears,
    ) -> Result<Line<'a>, CallError> {
        let messenger = Object::create(apartment, class)?;
        let renamed = Arc::new(AtomicBool::new(true));
        let (ears, named_anew) = (ears.clone(), Arc::clone(&renamed));
        let hear = move |event: DispatchEvent| {
            let renames = [event::ON_SIGNIN, event::ON_SIGNOUT, event::ON_MY_FRIENDLY_NAME_CHANGE];
            if renames.contains(&event.id) {
                named_anew.store(true, Ordering::Relaxed);
            }
            if let Some(heard) = heard(&event) {
                ears.hear(heard);
            }
        };
        let listening = messenger.advise(EVENTS, hear)?;
        Ok(Line { messenger, listening, renamed })
    }

    fn read(line: &mut Line<'_>, _: &Ears) -> Result<Reading, CallError> {
        let messenger = &line.messenger;
        let status = answer(messenger, member::MY_STATUS)?;
        let service_status =
            Answers::lacks_status(&status).then(|| service_status(messenger)).transpose()?;
        let is_named_anew = line.renamed.swap(false, Ordering::Relaxed);
        let none = || Ok(Variant::Empty);
        let mut answers = Answers {
            status,
            signin_name: none(),
            friendly_name: none(),
            service_id: none(),
            service_status,
        };
        // The names are asked for once, and without a status they are all that there is.
        if is_named_anew || answers.reading().sign_in == SignIn::Unseen {
            answers.signin_name = answer(messenger, member::MY_SIGNIN_NAME)?;
            answers.friendly_name = answer(messenger, member::MY_FRIENDLY_NAME)?;
            answers.service_id = answer(messenger, member::MY_SERVICE_ID)?;
            // One who is signed out has a name later.
            let has_name = answers.reading().account.is_some();
            line.renamed.fetch_or(!has_name, Ordering::Relaxed);
        }
        Ok(answers.reading())
    }

    fn abandon(line: Line<'_>) {
        line.listening.abandon();
    }
}

fn heard(event: &DispatchEvent) -> Option<Heard> {
    match event.id {
        event::ON_SIGNIN => {
            let code = event.arguments.first().and_then(Variant::number);
            Some(Heard::SignIn(HResult(code.unwrap_or(0))))
        }
        event::ON_SIGNOUT => Some(Heard::SignOut),
        event::ON_APP_SHUTDOWN => Some(Heard::ShuttingDown),
        event::ON_MY_STATUS_CHANGE
        | event::ON_MY_FRIENDLY_NAME_CHANGE
        | event::ON_MY_PROPERTY_CHANGE
        | event::ON_CONTACT_STATUS_CHANGE => Some(Heard::Change),
        _ => None,
    }
}

/// The status of the primary service, for a client that has none of its own.
fn service_status(messenger: &Object<'_>) -> Result<Answer, CallError> {
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
    answer(&object, member::SERVICE_MY_STATUS)
}

/// What a member answers; an error where the client cannot be asked at all.
fn answer(object: &Object<'_>, member: i32) -> Result<Answer, CallError> {
    match object.get(member, &[]) {
        Ok(got) => Ok(Ok(got.value)),
        Err(error) if error.is_final() => Err(error),
        Err(error) => Ok(Err(error.code())),
    }
}

//! The control class, by which `communicado provide` and late-bound scripts control a running
//! provider.

use std::sync::Arc;
use std::sync::mpsc::channel;
use std::time::Duration;

use communicado_provider::{Presence, ProviderCommand, words};
use communicado_windows::com::serve::ValueKind::{Number, Text};
use communicado_windows::com::serve::{
    Argument, Interface, Member, MethodCall, MethodError, ObjectImpl, ReturnValue,
};
use communicado_windows::com::{Apartment, CallError, Object};
use communicado_windows::{Guid, HResult, NamedMutex, Variant};

use crate::server::{ComServer, INVALID_ARGUMENT};

/// The control class. Clients create it only while a provider is running.
pub(crate) const CLASS: Guid = Guid(0x6E0D_0B57_3E2A_4C55_8D3C_1B8B_7B1E_90C1);
const INTERFACE: Guid = Guid(0x6E0D_0B57_3E2A_4C55_8D3C_1B8B_7B1E_90C2);

/// The mutex that a running provider holds, one per session.
pub(crate) const MUTEX_NAME: &str = "Communicado.Provider";

/// The timeout of a call.
const TIMEOUT: Duration = Duration::from_secs(5);

const SIGN_IN: i32 = 1;
const SIGN_OUT: i32 = 2;
const SET: i32 = 3;
const QUIT: i32 = 4;
const ACCOUNT: i32 = 5;
const FRIENDLY_NAME: i32 = 6;
const STATUS: i32 = 7;
const AVAILABILITY: i32 = 8;
const ACTIVITY: i32 = 9;
const NOTE: i32 = 10;
const REASON: i32 = 11;
const UNTIL: i32 = 12;

static TABLE: Interface = Interface::new(
    &[INTERFACE],
    &[
        Member::call::<7>("SignIn", SIGN_IN, &[], None),
        Member::call::<8>("SignOut", SIGN_OUT, &[], None),
        // Availability, optional activity, optional note, duration in seconds (0: permanent).
        Member::call::<9>("Set", SET, &[Text, Text, Text, Number], None),
        Member::call::<10>("Quit", QUIT, &[], None),
        Member::get::<11>("Account", ACCOUNT, &[], Text),
        Member::get::<12>("FriendlyName", FRIENDLY_NAME, &[], Text),
        Member::get::<13>("Status", STATUS, &[], Text),
        Member::get::<14>("Availability", AVAILABILITY, &[], Text),
        Member::get::<15>("Activity", ACTIVITY, &[], Text),
        Member::get::<16>("Note", NOTE, &[], Text),
        Member::get::<17>("Reason", REASON, &[], Text),
        Member::get::<18>("Until", UNTIL, &[], Text),
    ],
);

/// The control object.
pub(crate) struct ControlObject(pub(crate) Arc<ComServer>);

impl ObjectImpl for ControlObject {
    fn interfaces(&self) -> &'static [&'static Interface] {
        const { &[&TABLE] }
    }

    fn invoke(&self, call: &MethodCall<'_>) -> Result<ReturnValue, MethodError> {
        let server = &self.0;
        server.inject_faults()?;
        let status = server.status();
        let presence = status.presence();
        let done = |command| server.execute(command).map(|()| ReturnValue::Nothing);
        match call.id {
            SIGN_IN => done(ProviderCommand::SIGN_IN),
            SIGN_OUT => done(ProviderCommand::SIGN_OUT),
            SET => done(set(call.arguments)?),
            QUIT => done(ProviderCommand::Quit),
            ACCOUNT => Ok(ReturnValue::text(server.account.name())),
            FRIENDLY_NAME => Ok(ReturnValue::text(server.account.friendly_name())),
            STATUS => Ok(ReturnValue::text(status.word())),
            AVAILABILITY => Ok(ReturnValue::text(presence.map_or("", |it| it.availability.word()))),
            ACTIVITY => {
                let activity = presence.and_then(|it| it.activity);
                Ok(ReturnValue::text(activity.map_or("", |it| it.word())))
            }
            NOTE => Ok(ReturnValue::text(presence.and_then(|it| it.note()).unwrap_or_default())),
            REASON => {
                Ok(ReturnValue::text(status.reason().map(|it| it.word()).unwrap_or_default()))
            }
            _ => Ok(ReturnValue::text(server.until().unwrap_or_default())),
        }
    }
}

/// Converts the arguments of `Set` into a command.
fn set(arguments: &[Argument]) -> Result<ProviderCommand, MethodError> {
    let invalid = |description: String| MethodError {
        code: INVALID_ARGUMENT,
        description: Some(description),
    };
    let text = |at: usize| arguments.get(at).and_then(Argument::text).unwrap_or_default();
    let some = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let availability = words::availability(text(0)).map_err(|it| invalid(it.to_string()))?;
    let activity = some(text(1)).map(|word| words::activity(&word)).transpose();
    let presence = Presence::new(availability, activity.map_err(|it| invalid(it.to_string()))?);
    let presence = match some(text(2)) {
        None => presence,
        Some(note) => presence.with_note(&note).map_err(|it| invalid(it.to_string()))?,
    };
    let seconds = arguments.get(3).and_then(Argument::number).unwrap_or(0);
    let lasts = u64::try_from(seconds).ok().filter(|seconds| *seconds != 0);
    Ok(ProviderCommand::Set { presence, lasts: lasts.map(Duration::from_secs) })
}

/// A client of the provider that runs in this session.
#[derive(Debug)]
pub struct ControlClient {
    private: (),
}

/// The status of the provider, as texts. Inapplicable fields are empty.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[expect(missing_docs, reason = "the fields have the names of the properties")]
pub struct ControlStatus {
    pub account: String,
    pub friendly_name: String,
    pub status: String,
    pub availability: String,
    pub activity: String,
    pub note: String,
    pub reason: String,
    pub until: String,
}

/// The error of a control call.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ControlClientError {
    /// The provider does not respond.
    Timeout,
    /// The call failed, with a code and a description.
    Failed(HResult, String),
}

impl ControlClient {
    /// A client, or `None` if no provider is running in this session.
    #[must_use]
    pub fn open() -> Option<Self> {
        NamedMutex::exists(MUTEX_NAME).then_some(Self { private: () })
    }

    /// Executes a command.
    ///
    /// # Errors
    ///
    /// If the provider rejects the command or does not respond.
    pub fn execute(&self, command: &ProviderCommand) -> Result<(), ControlClientError> {
        let text = |text: &str| Variant::Text(text.to_owned());
        let (id, arguments) = match command {
            ProviderCommand::SignIn { .. } => (SIGN_IN, Vec::new()),
            ProviderCommand::SignOut { .. } => (SIGN_OUT, Vec::new()),
            ProviderCommand::Set { presence, lasts } => {
                let seconds = lasts.map_or(0, |it| i32::try_from(it.as_secs()).unwrap_or(i32::MAX));
                let activity = presence.activity.map_or("", |it| it.word());
                let note = presence.note().unwrap_or_default();
                let words = [presence.availability.word(), activity, note].map(text);
                (SET, words.into_iter().chain([Variant::Number(seconds)]).collect())
            }
            ProviderCommand::Quit
            | ProviderCommand::Started
            | ProviderCommand::SignedOutByServer(_) => (QUIT, Vec::new()),
        };
        self.call(move |object| object.get(id, &arguments).map(|_| ()))
    }

    /// Reads the status.
    ///
    /// # Errors
    ///
    /// If the call fails or the provider does not respond.
    pub fn status(&self) -> Result<ControlStatus, ControlClientError> {
        self.call(|object| {
            let text = |id| {
                let result = object.get(id, &[])?;
                Ok::<_, CallError>(result.value.text().unwrap_or_default().to_owned())
            };
            Ok(ControlStatus {
                account: text(ACCOUNT)?,
                friendly_name: text(FRIENDLY_NAME)?,
                status: text(STATUS)?,
                availability: text(AVAILABILITY)?,
                activity: text(ACTIVITY)?,
                note: text(NOTE)?,
                reason: text(REASON)?,
                until: text(UNTIL)?,
            })
        })
    }

    /// Calls the control object on another thread, which may hang.
    fn call<T: Send + 'static>(
        &self,
        call: impl FnOnce(&Object<'_>) -> Result<T, CallError> + Send + 'static,
    ) -> Result<T, ControlClientError> {
        let () = self.private;
        let (sender, receiver) = channel();
        let work = move || {
            let failed =
                |error: CallError| ControlClientError::Failed(error.code(), error.to_string());
            let done = Apartment::join()
                .map_err(|error| ControlClientError::Failed(error.code(), error.to_string()))
                .and_then(|apartment| {
                    let object = Object::create(&apartment, CLASS).map_err(failed)?;
                    call(&object).map_err(failed)
                });
            // The receiver is gone after the timeout.
            let _ = sender.send(done);
        };
        let spawned = std::thread::Builder::new().name("control".to_owned()).spawn(work);
        spawned.map_err(|_| ControlClientError::Timeout)?;
        receiver.recv_timeout(TIMEOUT).unwrap_or(Err(ControlClientError::Timeout))
    }
}

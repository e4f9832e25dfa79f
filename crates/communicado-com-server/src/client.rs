//! What every object of the provider speaks for: what is shown, who listens, and how to ask.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use communicado_provider::{
    Account, ActiveFaults, CommandError, Presence, ProviderCommand, ProviderStatus,
};
use communicado_windows::com::serve::{
    EventCall, Listeners, MethodError, ObjectImpl, ObjectRef, ReturnValue, TypeLibrary,
};
use communicado_windows::{Guid, HResult, uptime};

use crate::events::{self, CommunicatorEvent, LyncEvent};
use crate::messenger;
use crate::office;

/// `DMessengerEvents`, `_IUCOfficeIntegrationEvents`, `_ILyncClientEvents`, `_IContactEvents`,
/// `_IContactManagerEvents` and `_IConversationManagerEvents`.
const MESSENGER_EVENTS: Guid = Guid(0xC9A6_A6B6_9BC1_43A5_B06B_E588_74EE_BC96);
const ROOT_EVENTS: Guid = Guid(0x8C9B_6953_33CC_4A04_9DA4_F71A_E79D_A0C0);
const LYNC_EVENTS: Guid = Guid(0x953A_E732_F53A_4116_AC1B_0321_B3FB_3DBA);
const CONTACT_EVENTS: Guid = Guid(0xB1C6_ECC3_1EA7_495D_9337_02FE_4FB7_23F0);
const MANAGER_EVENTS: Guid = Guid(0x50D8_6EE2_288F_44F5_8144_69F6_E3B2_4B90);
const CONVERSATION_EVENTS: Guid = Guid(0x2502_5B1B_0084_44D1_B383_9FFC_9A99_ABCD);

pub(crate) const NOT_IMPLEMENTED: HResult = HResult::of(0x8000_4001);
pub(crate) const INVALID: HResult = HResult::of(0x8007_0057);
pub(crate) const NOT_LOGGED_ON: HResult = HResult::of(0x8100_031E);
/// `RPC_E_CALL_REJECTED`: what one answers that refuses.
const REJECTED: HResult = HResult::of(0x8001_0001);
const UNEXPECTED: HResult = HResult::of(0x8000_FFFF);

/// How long listeners may take to hear that it is the end.
const FAREWELL_MAX: Duration = Duration::from_secs(1);

/// Has the provider do something, and waits until it is done and told.
pub type CommandHandler = Box<dyn Fn(ProviderCommand) -> Result<(), CommandError> + Send + Sync>;

/// The provider, as its objects see it.
pub(crate) struct Client {
    pub(crate) account: Account,
    handler: CommandHandler,
    state: Mutex<State>,
    changed: Condvar,
    pub(crate) messenger: Listeners,
    pub(crate) root: Listeners,
    pub(crate) lync: Listeners,
    pub(crate) contact: Listeners,
    pub(crate) manager: Listeners,
    pub(crate) conversations: Listeners,
    pub(crate) libraries: Libraries,
}

/// What describes the classes to others; each is nothing where it cannot be loaded.
#[derive(Clone, Debug, Default)]
pub(crate) struct Libraries {
    pub(crate) messenger: Option<TypeLibrary>,
    pub(crate) office: Option<TypeLibrary>,
}

struct State {
    status: ProviderStatus,
    until: Option<String>,
    faults: ActiveFaults,
    hangs_until: Option<Duration>,
}

impl Client {
    pub(crate) fn new(account: Account, handler: CommandHandler, libraries: Libraries) -> Self {
        let state = State {
            status: ProviderStatus::Starting,
            until: None,
            faults: ActiveFaults::default(),
            hangs_until: None,
        };
        Self {
            account,
            handler,
            state: Mutex::new(state),
            changed: Condvar::new(),
            messenger: Listeners::new(MESSENGER_EVENTS),
            root: Listeners::new(ROOT_EVENTS),
            lync: Listeners::new(LYNC_EVENTS),
            contact: Listeners::new(CONTACT_EVENTS),
            manager: Listeners::new(MANAGER_EVENTS),
            conversations: Listeners::new(CONVERSATION_EVENTS),
            libraries,
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn status(&self) -> ProviderStatus {
        self.state().status.clone()
    }

    /// When what is shown ends by itself, as it is written.
    pub(crate) fn until(&self) -> Option<String> {
        self.state().until.clone()
    }

    /// The presence, of which there is one only while somebody is signed in.
    pub(crate) fn presence(&self) -> Result<Presence, MethodError> {
        let state = self.state();
        state.status.presence().cloned().ok_or_else(|| said(NOT_LOGGED_ON))
    }

    /// Holds a call back for as long as the provider is told to misbehave.
    pub(crate) fn admit(&self) -> Result<(), MethodError> {
        let state = self.state();
        let begun = uptime();
        let delay = state.faults.call_delay;
        let is_held = |state: &mut State| {
            let hangs = state.hangs_until.is_some_and(|until| uptime() < until);
            hangs || uptime() < begun + delay
        };
        let mut state = state;
        while is_held(&mut state) {
            let until = state.hangs_until.unwrap_or_default().max(begun + delay);
            let left = until.saturating_sub(uptime());
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        if state.faults.refuse_calls { Err(said(REJECTED)) } else { Ok(()) }
    }

    /// Has the provider do something.
    pub(crate) fn execute(&self, command: ProviderCommand) -> Result<(), MethodError> {
        (self.handler)(command).map_err(|error| MethodError {
            code: HResult::of(error.code()),
            description: Some(error.to_string()),
        })
    }

    pub(crate) fn set_faults(&self, faults: ActiveFaults) {
        self.state().faults = faults;
        self.changed.notify_all();
    }

    pub(crate) fn has_stale_flag(&self) -> bool {
        self.state().faults.stale_flag
    }

    /// Answers nobody for so long, and does nothing else either.
    pub(crate) fn hang(&self, span: Duration) {
        let until = uptime() + span;
        let mut state = self.state();
        state.hangs_until = Some(until);
        while uptime() < until {
            let waited = self.changed.wait_timeout(state, until.saturating_sub(uptime()));
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        state.hangs_until = None;
        drop(state);
        self.changed.notify_all();
    }

    /// Shows a status, and has everybody told who listens.
    pub(crate) fn show(self: &Arc<Self>, status: ProviderStatus, until: Option<String>) {
        let before = {
            let mut state = self.state();
            state.until = until;
            std::mem::replace(&mut state.status, status.clone())
        };
        for event in events::communicator_events(&before, &status) {
            if let Some(event_call) = self.event_call(event) {
                self.messenger.fire(&event_call);
            }
        }
        for event in events::lync_events(&before, &status) {
            self.fire_lync(event);
        }
    }

    /// Waits until the listeners have heard of the end, or the time for that is over.
    pub(crate) fn flush(&self) {
        for listeners in [&self.messenger, &self.lync, &self.root] {
            listeners.flush(FAREWELL_MAX);
        }
    }

    fn event_call(self: &Arc<Self>, event: CommunicatorEvent) -> Option<EventCall> {
        let call = |id, arguments, coalesces| Some(EventCall { id, arguments, coalesces });
        match event {
            CommunicatorEvent::SignIn(code) => call(1024, vec![ReturnValue::number(code)], false),
            CommunicatorEvent::SignOut => call(1025, Vec::new(), false),
            CommunicatorEvent::ContactStatus(number) => {
                let contact = serve(messenger::Contact::of(self)).ok()?;
                call(1030, vec![ReturnValue::Object(contact), ReturnValue::number(number)], true)
            }
            CommunicatorEvent::MyStatus(number) => {
                call(1031, vec![ReturnValue::number(0), ReturnValue::number(number)], true)
            }
            CommunicatorEvent::AppShutdown => call(1032, Vec::new(), false),
        }
    }

    fn fire_lync(self: &Arc<Self>, event: LyncEvent) {
        let both = |source: Result<ObjectRef, HResult>, data: Result<ObjectRef, HResult>| {
            Some(vec![ReturnValue::Object(source.ok()?), ReturnValue::Object(data.ok()?)])
        };
        let (listeners, id, arguments) = match event {
            LyncEvent::StateChanged { old, new, code } => {
                let data = office::StateChange::new(self, old, new, code);
                let arguments = both(serve(office::Lync::of(self)), serve(data));
                (&self.lync, 100, arguments)
            }
            LyncEvent::ContactChanged => {
                let contact = serve(office::Contact::own(self));
                let data = serve(office::InformationChange::new(self));
                (&self.contact, 400, both(contact, data))
            }
            LyncEvent::ShuttingDown => (&self.root, 50, Some(Vec::new())),
        };
        if let Some(arguments) = arguments {
            listeners.fire(&EventCall { id, arguments, coalesces: false });
        }
    }
}

/// A refusal with what the code means here, for callers that can be told.
pub(crate) fn said(code: HResult) -> MethodError {
    let known = communicado_codes::lookup(code.0.cast_unsigned()).next();
    MethodError { code, description: known.map(|known| known.meaning.to_owned()) }
}

/// An object for others.
pub(crate) fn serve(implementation: impl ObjectImpl) -> Result<ObjectRef, HResult> {
    ObjectRef::new(Arc::new(implementation)).ok_or(UNEXPECTED)
}

/// An object as an answer.
pub(crate) fn give(implementation: impl ObjectImpl) -> Result<ReturnValue, MethodError> {
    Ok(ReturnValue::Object(serve(implementation)?))
}

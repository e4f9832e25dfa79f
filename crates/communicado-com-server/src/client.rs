//! What every object of the provider speaks for: what is shown, who listens, and how to ask.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use communicado_provider::{
    Account, ActiveFaults, CommandError, Presence, ProviderCommand, ProviderStatus,
};
use communicado_windows::com::serve::{Given, Library, Listeners, Refusal, Servant, Served, Told};
use communicado_windows::{Guid, HResult, uptime};

use crate::events::{self, Event, OfficeEvent};
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
pub type Ask = Box<dyn Fn(ProviderCommand) -> Result<(), CommandError> + Send + Sync>;

/// The provider, as its objects see it.
pub(crate) struct Client {
    pub(crate) account: Account,
    ask: Ask,
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
    pub(crate) messenger: Option<Library>,
    pub(crate) office: Option<Library>,
}

struct State {
    status: ProviderStatus,
    until: Option<String>,
    faults: ActiveFaults,
    hangs_until: Option<Duration>,
}

impl Client {
    pub(crate) fn new(account: Account, ask: Ask, libraries: Libraries) -> Self {
        let state = State {
            status: ProviderStatus::Starting,
            until: None,
            faults: ActiveFaults::default(),
            hangs_until: None,
        };
        Self {
            account,
            ask,
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
    pub(crate) fn presence(&self) -> Result<Presence, Refusal> {
        let state = self.state();
        state.status.presence().cloned().ok_or_else(|| said(NOT_LOGGED_ON))
    }

    /// Holds a call back for as long as the provider is told to misbehave.
    pub(crate) fn admit(&self) -> Result<(), Refusal> {
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
    pub(crate) fn ask(&self, command: ProviderCommand) -> Result<(), Refusal> {
        (self.ask)(command).map_err(|error| Refusal {
            code: HResult::of(error.code()),
            said: Some(error.to_string()),
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
        for event in events::of(&before, &status) {
            if let Some(told) = self.told(event) {
                self.messenger.tell(&told);
            }
        }
        for event in events::of_office(&before, &status) {
            self.tell_office(event);
        }
    }

    /// Waits until the listeners have heard of the end, or the time for that is over.
    pub(crate) fn settle(&self) {
        for listeners in [&self.messenger, &self.lync, &self.root] {
            listeners.settle(FAREWELL_MAX);
        }
    }

    fn told(self: &Arc<Self>, event: Event) -> Option<Told> {
        let told = |id, arguments, replaces| Some(Told { id, arguments, replaces });
        match event {
            Event::SignIn(code) => told(1024, vec![Given::number(code)], false),
            Event::SignOut => told(1025, Vec::new(), false),
            Event::ContactStatus(number) => {
                let contact = serve(messenger::Contact::of(self)).ok()?;
                told(1030, vec![Given::Object(contact), Given::number(number)], true)
            }
            Event::MyStatus(number) => {
                told(1031, vec![Given::number(0), Given::number(number)], true)
            }
            Event::AppShutdown => told(1032, Vec::new(), false),
        }
    }

    fn tell_office(self: &Arc<Self>, event: OfficeEvent) {
        let both = |source: Result<Served, HResult>, data: Result<Served, HResult>| {
            Some(vec![Given::Object(source.ok()?), Given::Object(data.ok()?)])
        };
        let (listeners, id, arguments) = match event {
            OfficeEvent::State { old, new, code } => {
                let data = office::StateChange::new(self, old, new, code);
                let arguments = both(serve(office::Lync::of(self)), serve(data));
                (&self.lync, 100, arguments)
            }
            OfficeEvent::Contact => {
                let contact = serve(office::Contact::own(self));
                let data = serve(office::InformationChange::new(self));
                (&self.contact, 400, both(contact, data))
            }
            OfficeEvent::ShuttingDown => (&self.root, 50, Some(Vec::new())),
        };
        if let Some(arguments) = arguments {
            listeners.tell(&Told { id, arguments, replaces: false });
        }
    }
}

/// A refusal with what the code means here, for callers that can be told.
pub(crate) fn said(code: HResult) -> Refusal {
    let known = communicado_codes::lookup(code.0.cast_unsigned()).next();
    Refusal { code, said: known.map(|known| known.meaning.to_owned()) }
}

/// An object for others.
pub(crate) fn serve(servant: impl Servant) -> Result<Served, HResult> {
    Served::new(Arc::new(servant)).ok_or(UNEXPECTED)
}

/// An object as an answer.
pub(crate) fn give(servant: impl Servant) -> Result<Given, Refusal> {
    Ok(Given::Object(serve(servant)?))
}

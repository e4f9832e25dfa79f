//! The state that all COM objects of the provider share.

use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use communicado_provider::{
    Account, ActiveFaults, CommandError, Presence, ProviderCommand, ProviderStatus,
};
use communicado_windows::com::serve::{
    Listeners, MethodError, ObjectImpl, ObjectRef, ReturnValue, TypeLibrary,
};
use communicado_windows::{Guid, HResult, uptime};

/// `DMessengerEvents`.
const MESSENGER_EVENTS: Guid = Guid(0xC9A6_A6B6_9BC1_43A5_B06B_E588_74EE_BC96);
/// `_IUCOfficeIntegrationEvents`.
const OFFICE_INTEGRATION_EVENTS: Guid = Guid(0x8C9B_6953_33CC_4A04_9DA4_F71A_E79D_A0C0);
/// `_ILyncClientEvents`.
const LYNC_CLIENT_EVENTS: Guid = Guid(0x953A_E732_F53A_4116_AC1B_0321_B3FB_3DBA);
/// `_IContactEvents`.
const CONTACT_EVENTS: Guid = Guid(0xB1C6_ECC3_1EA7_495D_9337_02FE_4FB7_23F0);
/// `_IContactManagerEvents`.
const CONTACT_MANAGER_EVENTS: Guid = Guid(0x50D8_6EE2_288F_44F5_8144_69F6_E3B2_4B90);
/// `_IConversationManagerEvents`.
const CONVERSATION_MANAGER_EVENTS: Guid = Guid(0x2502_5B1B_0084_44D1_B383_9FFC_9A99_ABCD);

/// `E_NOTIMPL`.
pub(crate) const NOT_IMPLEMENTED: HResult = HResult::of(0x8000_4001);
/// `E_INVALIDARG`.
pub(crate) const INVALID_ARGUMENT: HResult = HResult::of(0x8007_0057);
/// `MSGR_E_NOT_LOGGED_ON`.
pub(crate) const NOT_LOGGED_ON: HResult = HResult::of(0x8100_031E);
/// `RPC_E_CALL_REJECTED`, the answer while the fault "refuse" is active.
const CALL_REJECTED: HResult = HResult::of(0x8001_0001);
/// `E_UNEXPECTED`.
const UNEXPECTED: HResult = HResult::of(0x8000_FFFF);

/// The time that listeners get to receive the last events. It is longer than the time after which
/// a listener that hangs no longer delays the others of its process.
const SHUTDOWN_TIMEOUT: Duration = Duration::from_secs(4);

/// Executes a command, and returns after its events have been sent.
pub type CommandHandler = Box<dyn Fn(ProviderCommand) -> Result<(), CommandError> + Send + Sync>;

/// The shared state.
pub(crate) struct ComServer {
    pub(crate) account: Account,
    handler: CommandHandler,
    state: Mutex<ServerState>,
    changed: Condvar,
    pub(crate) messenger: Listeners,
    pub(crate) office_integration: Listeners,
    pub(crate) lync_client: Listeners,
    pub(crate) contact: Listeners,
    pub(crate) contact_manager: Listeners,
    pub(crate) conversation_manager: Listeners,
    pub(crate) libraries: TypeLibraries,
}

/// The type libraries of the classes; `None` if one could not be loaded.
#[derive(Clone, Debug, Default)]
pub(crate) struct TypeLibraries {
    pub(crate) messenger: Option<TypeLibrary>,
    pub(crate) office: Option<TypeLibrary>,
}

struct ServerState {
    status: ProviderStatus,
    until: Option<String>,
    faults: ActiveFaults,
    hangs_until: Option<Duration>,
}

impl ComServer {
    pub(crate) fn new(account: Account, handler: CommandHandler, libraries: TypeLibraries) -> Self {
        let state = ServerState {
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
            office_integration: Listeners::new(OFFICE_INTEGRATION_EVENTS),
            lync_client: Listeners::new(LYNC_CLIENT_EVENTS),
            contact: Listeners::new(CONTACT_EVENTS),
            contact_manager: Listeners::new(CONTACT_MANAGER_EVENTS),
            conversation_manager: Listeners::new(CONVERSATION_MANAGER_EVENTS),
            libraries,
        }
    }

    fn state(&self) -> MutexGuard<'_, ServerState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn status(&self) -> ProviderStatus {
        self.state().status.clone()
    }

    /// Replaces the status, and returns the previous one. `until` is the end of a temporary
    /// presence.
    pub(crate) fn replace_status(
        &self,
        status: ProviderStatus,
        until: Option<String>,
    ) -> ProviderStatus {
        let mut state = self.state();
        state.until = until;
        std::mem::replace(&mut state.status, status)
    }

    /// The end of a temporary presence, as text.
    pub(crate) fn until(&self) -> Option<String> {
        self.state().until.clone()
    }

    /// The presence, or an error while no user is signed in.
    pub(crate) fn presence(&self) -> Result<Presence, MethodError> {
        let state = self.state();
        state.status.presence().cloned().ok_or_else(|| method_error(NOT_LOGGED_ON))
    }

    /// The user's URI: the account name, with the scheme `sip:` unless it has one.
    pub(crate) fn uri(&self) -> String {
        let name = self.account.name();
        if name.contains(':') { name.to_owned() } else { format!("sip:{name}") }
    }

    /// Delays or rejects a call while a fault demands it.
    pub(crate) fn inject_faults(&self) -> Result<(), MethodError> {
        let mut state = self.state();
        let begun = uptime();
        let delay = state.faults.call_delay;
        let is_blocked = |state: &ServerState| {
            let hangs = state.hangs_until.is_some_and(|until| uptime() < until);
            hangs || uptime() < begun + delay
        };
        while is_blocked(&state) {
            let until = state.hangs_until.unwrap_or_default().max(begun + delay);
            let left = until.saturating_sub(uptime());
            let waited = self.changed.wait_timeout(state, left);
            state = waited.unwrap_or_else(PoisonError::into_inner).0;
        }
        if state.faults.refuse_calls { Err(method_error(CALL_REJECTED)) } else { Ok(()) }
    }

    /// Executes a command.
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

    /// Blocks this thread and all calls for a time.
    pub(crate) fn hang(&self, duration: Duration) {
        let until = uptime() + duration;
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
}

/// Waits until the listeners have received the last events, or until a timeout.
pub(crate) fn flush() {
    Listeners::flush(SHUTDOWN_TIMEOUT);
}

/// An error with the meaning of its code as the description.
pub(crate) fn method_error(code: HResult) -> MethodError {
    let known = communicado_codes::lookup(code.0.cast_unsigned()).next();
    MethodError { code, description: known.map(|known| known.meaning.to_owned()) }
}

/// Creates a COM object.
pub(crate) fn new_object(implementation: impl ObjectImpl) -> Result<ObjectRef, HResult> {
    ObjectRef::new(Arc::new(implementation)).ok_or(UNEXPECTED)
}

/// Creates a COM object as a return value.
pub(crate) fn return_object(implementation: impl ObjectImpl) -> Result<ReturnValue, MethodError> {
    Ok(ReturnValue::Object(new_object(implementation)?))
}

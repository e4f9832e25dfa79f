//! The state of the client, and its answers.

use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use communicado_windows::com::serve::{Listeners, MethodError};
use communicado_windows::{Guid, HResult};

const MESSENGER_EVENTS: Guid = Guid(0xC9A6_A6B6_9BC1_43A5_B06B_E588_74EE_BC96);
const ROOT_EVENTS: Guid = Guid(0x8C9B_6953_33CC_4A04_9DA4_F71A_E79D_A0C0);
const CLIENT_EVENTS: Guid = Guid(0x953A_E732_F53A_4116_AC1B_0321_B3FB_3DBA);
const CONTACT_EVENTS: Guid = Guid(0xB1C6_ECC3_1EA7_495D_9337_02FE_4FB7_23F0);

pub(crate) const NOT_LOGGED_ON: HResult = HResult::of(0x8100_031E);
const FAILED: HResult = HResult::of(0x8000_4005);

/// The client.
pub(crate) struct Client {
    state: Mutex<State>,
    goes_on: Condvar,
    pub(crate) messenger: Listeners,
    pub(crate) root: Listeners,
    pub(crate) client: Listeners,
    pub(crate) contact: Listeners,
}

/// The state, which a test sets.
#[derive(Default)]
pub(crate) struct State {
    pub(crate) status: i32,
    pub(crate) state: i32,
    pub(crate) availability: i32,
    pub(crate) signin_name: String,
    pub(crate) friendly_name: String,
    pub(crate) note: String,
    pub(crate) activity: String,
    pub(crate) uri: String,
    pub(crate) versions: String,
    pub(crate) old_state: i32,
    pub(crate) status_code: i32,
    pub(crate) pause: Duration,
    pub(crate) hangs: bool,
    pub(crate) fails: Fails,
    pub(crate) calls: u32,
    pub(crate) signin_calls: u32,
}

/// Faults that replace the answers.
#[derive(Default)]
pub(crate) struct Fails {
    pub(crate) status: Option<HResult>,
    pub(crate) name: Option<HResult>,
    pub(crate) friendly: Option<HResult>,
    pub(crate) service_status: Option<HResult>,
    pub(crate) by_exception: bool,
}

impl Client {
    pub(crate) fn new() -> Self {
        let state = State {
            status: 1,
            state: 1,
            availability: 3500,
            versions: "14.0.0.0,15.0.0.0".to_owned(),
            ..State::default()
        };
        Self {
            state: Mutex::new(state),
            goes_on: Condvar::new(),
            messenger: Listeners::new(MESSENGER_EVENTS),
            root: Listeners::new(ROOT_EVENTS),
            client: Listeners::new(CLIENT_EVENTS),
            contact: Listeners::new(CONTACT_EVENTS),
        }
    }

    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The state for a call, after the delay that the test sets.
    pub(crate) fn called(&self) -> MutexGuard<'_, State> {
        let state = self.state();
        let pause = state.pause;
        let paused = self.goes_on.wait_timeout_while(state, pause, |_| true);
        let (state, _) = paused.unwrap_or_else(PoisonError::into_inner);
        let waited = self.goes_on.wait_while(state, |state| state.hangs);
        let mut state = waited.unwrap_or_else(PoisonError::into_inner);
        state.calls += 1;
        state
    }

    pub(crate) fn hang(&self, hangs: bool) {
        self.state().hangs = hangs;
        self.goes_on.notify_all();
    }
}

impl State {
    /// The error with this code, in the form that the test sets.
    pub(crate) fn refusal(&self, code: HResult) -> MethodError {
        MethodError {
            code,
            description: self.fails.by_exception.then(|| "as the test wants".to_owned()),
        }
    }

    pub(crate) fn signin(&mut self) -> MethodError {
        self.signin_calls += 1;
        FAILED.into()
    }
}

//! Reporter of sessions: opens a new client handle for each run of the client.

use std::time::Duration;

use communicado_core::Life;
use communicado_runtime::SourceHandle;

use super::session::{SessionAccount, SessionState};
use super::starting::report_starting;
use crate::client_reporter::{ClientDetails, ClientReporter};

/// The protocol of the clients' accounts.
const PROTOCOL: &str = "SIP";

/// Reporter of the session with one client.
#[derive(Default)]
pub(crate) struct SessionReporter {
    client: Option<ClientReporter>,
    state: Option<SessionState>,
}

impl SessionReporter {
    /// Reports the state of `client`. `lease` limits how long a running client stays so. A client
    /// that starts does so since `up_since`.
    pub(crate) fn report(
        &mut self,
        handle: &SourceHandle,
        client: &str,
        state: SessionState,
        lease: Duration,
        up_since: Option<i64>,
    ) {
        let before = self.state.as_ref().map(|state| state.life);
        let needs_handle = match (before, state.life) {
            (None, _) | (Some(Life::Running), Life::Starting) => true,
            (Some(Life::Starting | Life::Running), _) => false,
            // The runtime ignores a handle after the end of its run.
            (_, Life::Starting | Life::Running) => true,
            (_, Life::ShuttingDown | Life::Unknown(_) | Life::Absent) => false,
        };
        if needs_handle || self.is_another_account(&state) || self.client.is_none() {
            self.state = None;
            // If there are too many clients, the runtime notifies the user.
            self.client = handle.open(client).ok().map(ClientReporter::new);
        }
        let Some(client) = &mut self.client else { return };
        if state.life == Life::Running {
            client.report_details(&ClientDetails::default(), &details(&state));
        }
        if state.life == Life::Starting {
            report_starting(client.handle(), up_since);
        } else {
            client.report_life(state.life, (state.life == Life::Running).then_some(lease));
        }
        self.state = Some(state);
    }

    /// Returns whether the account has another name than before, or is gone. Through one handle,
    /// the two accounts would not be one change.
    fn is_another_account(&self, state: &SessionState) -> bool {
        let name = |state: &SessionState| Some(state.account.as_ref()?.account.clone());
        let before = self.state.as_ref().and_then(name);
        state.life == Life::Running && before.is_some() && before != name(state)
    }
}

fn details(state: &SessionState) -> ClientDetails {
    let mut details = ClientDetails::default();
    if let Some(SessionAccount { account, name, sign_in }) = &state.account {
        let key = (account.clone(), PROTOCOL.to_owned());
        details.names.extend(name.clone().map(|name| (key.clone(), name)));
        details.accounts.insert(key, sign_in.clone());
    }
    details
}

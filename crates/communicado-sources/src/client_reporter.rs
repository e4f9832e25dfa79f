//! Reporter of one instance of a client: turns names into the numbers of the runtime.

use std::collections::BTreeMap;
use std::time::Duration;

use communicado_core::{Fact, Life, StatusStart, UnknownReason};
use communicado_runtime::ClientHandle;
use communicado_wire::Timestamp;

use crate::sign_in::AccountSignIn;

/// Accounts and saved status of a client.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct ClientDetails {
    /// The accounts that are enabled or show an error, by name and protocol.
    pub(crate) accounts: BTreeMap<(String, String), AccountSignIn>,
    /// The display names of the accounts' users, where the client has them.
    pub(crate) names: BTreeMap<(String, String), String>,
    /// The starts of the accounts' statuses, where the client states them.
    pub(crate) starts: BTreeMap<(String, String), Timestamp>,
    /// The status that the user selected, as the client names it.
    pub(crate) saved: Option<String>,
}

/// Reporter of one instance of a client.
pub(crate) struct ClientReporter {
    client: ClientHandle,
    /// True if the runtime rejected an account. Without it the client's status is unknown.
    is_partial: bool,
    /// The starts by account, each with the civil time that stated it. The civil clock may be set
    /// later, so each is converted only once.
    starts: BTreeMap<(String, String), (Timestamp, Option<StatusStart>)>,
}

impl ClientReporter {
    pub(crate) const fn new(client: ClientHandle) -> Self {
        Self { client, is_partial: false, starts: BTreeMap::new() }
    }

    /// Reports the difference between `before` and `details`, and returns whether the life of a
    /// running client needs another report.
    pub(crate) fn report_details(
        &mut self,
        before: &ClientDetails,
        details: &ClientDetails,
    ) -> bool {
        let was_partial = self.is_partial;
        self.report_removed(before, details);
        // The runtime may accept now what it rejected before.
        let empty = ClientDetails::default();
        let before = if was_partial { &empty } else { before };
        self.convert_starts(details);
        self.is_partial = !self.report_changed(before, details);
        self.is_partial != was_partial
    }

    /// Reports whether the client runs, for as long as `lease`.
    pub(crate) fn report_life(&self, life: Life, lease: Option<Duration>) {
        if self.is_partial && life == Life::Running {
            self.client.report_life(Life::Unknown(UnknownReason::NotSupported), None);
        } else {
            self.client.report_life(life, lease);
        }
    }

    /// The handle of the client.
    #[cfg(windows)]
    pub(crate) const fn handle(&self) -> &ClientHandle {
        &self.client
    }

    /// Converts the stated starts that have changed.
    fn convert_starts(&mut self, details: &ClientDetails) {
        let known = std::mem::take(&mut self.starts);
        let convert = |(key, civil): (&(String, String), &Timestamp)| {
            let start = match known.get(key) {
                Some((same, start)) if same == civil => *start,
                Some(_) | None => self.client.status_start(*civil),
            };
            (key.clone(), (*civil, start))
        };
        self.starts = details.starts.iter().map(convert).collect();
    }

    fn report_removed(&self, before: &ClientDetails, details: &ClientDetails) {
        for key in before.accounts.keys() {
            let (name, protocol) = key;
            if !details.accounts.contains_key(key)
                && let Ok(account) = self.client.account(name, protocol)
            {
                self.client.report(Fact::Account(account, None));
            }
        }
    }

    /// Reports what `before` lacks, and returns whether the runtime accepted all accounts. The
    /// runtime itself notifies the user of a limit.
    fn report_changed(&self, before: &ClientDetails, details: &ClientDetails) -> bool {
        let mut is_complete = true;
        for (key, sign_in) in &details.accounts {
            let (name, protocol) = key;
            let Ok(account) = self.client.account(name, protocol) else {
                is_complete = false;
                continue;
            };
            if let Some(display_name) = details.names.get(key)
                && before.names.get(key) != Some(display_name)
            {
                // The account counts without its display name too.
                let _ = self.client.set_display_name(account, display_name);
            }
            if before.accounts.get(key) == Some(sign_in) {
                continue;
            }
            match sign_in.to_core(&self.client, account) {
                Ok(sign_in) => {
                    let began = self.starts.get(key).and_then(|(_, start)| *start);
                    self.client.report_with_start(Fact::Account(account, Some(sign_in)), began);
                }
                Err(_) => is_complete = false,
            }
        }
        if let Some(saved) = &details.saved
            && before.saved != details.saved
            && let Ok(symbol) = self.client.intern(saved)
        {
            self.client.report(Fact::Saved(symbol));
        }
        is_complete
    }
}

//! Between what a conversation tells and what the runtime takes: names become numbers.

use std::time::Duration;

use communicado_core::{self as core, Fact, Life, Presence, UnknownReason};
use communicado_runtime::{ClientHandle, LimitReached, SourceHandle};

use super::conversation::{Account, AccountSignIn, View};

/// The protocol of every client that keeps Office's contract and has one of its own to name.
const PROTOCOL: &str = "SIP";

/// What was told of one client.
#[derive(Default)]
pub(crate) struct Told {
    client: Option<ClientHandle>,
    view: Option<View>,
}

impl Told {
    /// Tells what is known of `client` now; a run that is believed to go on is, for `lease`.
    pub(crate) fn tell(
        &mut self,
        handle: &SourceHandle,
        client: &str,
        view: View,
        lease: Duration,
    ) {
        let before = self.view.as_ref().map(|view| view.life);
        let opens = match (before, view.life) {
            (None, _) | (Some(Life::Running), Life::Starting) => true,
            (Some(Life::Starting | Life::Running), _) => false,
            // A connection that was closed is closed for good.
            (_, Life::Starting | Life::Running) => true,
            (_, Life::ShuttingDown | Life::Unknown(_) | Life::Absent) => false,
        };
        if opens || self.is_another_account(&view) || self.client.is_none() {
            self.view = None;
            // Where there are too many clients, the runtime tells the person.
            self.client = handle.open(client).ok();
        }
        let Some(client) = &self.client else { return };
        let lease = (view.life == Life::Running).then_some(lease);
        let life = if view.life != Life::Running || Self::account(client, &view).is_ok() {
            view.life
        } else {
            // Without its account it cannot be judged.
            Life::Unknown(UnknownReason::NotSupported)
        };
        client.report_life(life, lease);
        self.view = Some(view);
    }

    /// Whether the account has another name than before, or is gone: told over one connection, the
    /// two would follow each other, and none would be there in between.
    fn is_another_account(&self, view: &View) -> bool {
        let name = |view: &View| view.account.as_ref().map(|account| account.account.clone());
        let before = self.view.as_ref().and_then(name);
        view.life == Life::Running && before.is_some() && before != name(view)
    }

    fn account(client: &ClientHandle, view: &View) -> Result<(), LimitReached> {
        if let Some(Account { account, name, sign_in }) = &view.account {
            let number = client.account(account, PROTOCOL)?;
            if let Some(name) = name {
                client.set_display_name(number, name)?;
            }
            client.report(Fact::Account(number, Some(in_numbers(client, sign_in)?)));
        }
        Ok(())
    }
}

fn in_numbers(
    client: &ClientHandle,
    sign_in: &AccountSignIn,
) -> Result<core::SignIn, LimitReached> {
    Ok(match sign_in {
        AccountSignIn::SignedIn { availability, activity, raw } => {
            let (availability, activity) = (*availability, *activity);
            let raw = client.intern(raw)?;
            core::SignIn::SignedIn(Presence { availability, activity, raw })
        }
        AccountSignIn::SigningIn => core::SignIn::SigningIn,
        AccountSignIn::SigningOut => core::SignIn::SigningOut,
        AccountSignIn::SignedOut(failure) => core::SignIn::SignedOut(*failure),
    })
}

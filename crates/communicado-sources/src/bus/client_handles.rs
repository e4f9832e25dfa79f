//! Between what a speaker tells and what the runtime takes: names become numbers.

use std::collections::BTreeMap;
use std::time::Duration;

use communicado_core::{self as core, Fact, Life, Presence, UnknownReason};
use communicado_runtime::{ClientHandle, LimitReached, SourceHandle};

use super::effects::{SignIn, Tell, View};

/// The connections to clients, by the speaker's numbers.
pub(crate) struct ClientHandles {
    handle: SourceHandle,
    lease: Duration,
    open: BTreeMap<u32, Open>,
}

struct Open {
    instance: ClientHandle,
    /// Whether an account could not be told. Without it the client cannot be judged.
    is_partial: bool,
}

impl ClientHandles {
    pub(crate) const fn new(handle: SourceHandle, lease: Duration) -> Self {
        Self { handle, lease, open: BTreeMap::new() }
    }

    /// Tells all of it, in order; returns whether the first look is complete.
    pub(crate) fn tell(&mut self, todo: &mut Vec<Tell>) -> bool {
        let mut looked = false;
        for tell in todo.drain(..) {
            match tell {
                Tell::Looked => looked = true,
                Tell::Open { instance, client } => {
                    // Where there are too many clients, the runtime tells the person.
                    if let Ok(opened) = self.handle.open(&client) {
                        self.open.insert(instance, Open { instance: opened, is_partial: false });
                    }
                }
                Tell::View { instance, before, view } => {
                    if let Some(open) = self.open.get_mut(&instance) {
                        open.view(&before.unwrap_or_default(), &view, self.lease);
                    }
                }
                Tell::Life { instance, life } => {
                    if let Some(open) = self.open.get(&instance) {
                        open.life(life, self.lease);
                    }
                    if life == Life::Absent {
                        self.open.remove(&instance);
                    }
                }
            }
        }
        looked
    }

    /// Says one thing about a client to which there is no connection.
    pub(crate) fn life_of(&self, client: &str, life: Life) {
        if let Ok(open) = self.handle.open(client) {
            open.report_life(life, lease(life, self.lease));
        }
    }

    /// Says of the clients that are told of in any case that they are absent, but for `running`.
    pub(crate) fn rest_is_absent<'a>(&self, running: impl Iterator<Item = &'a str> + Clone) {
        for client in self.handle.expected() {
            if !running.clone().any(|name| name == client) {
                self.life_of(&client, Life::Absent);
            }
        }
    }
}

impl Open {
    fn view(&mut self, before: &View, view: &View, lease: Duration) {
        let was_partial = self.is_partial;
        // What could not be told before may be told by now.
        let told = if was_partial { &View::default() } else { before };
        gone(&self.instance, before, view);
        self.is_partial = !news(&self.instance, told, view);
        if self.is_partial != was_partial {
            self.life(Life::Running, lease);
        }
    }

    fn life(&self, life: Life, span: Duration) {
        let reason = self.is_partial && life == Life::Running;
        let life = if reason { Life::Unknown(UnknownReason::NotSupported) } else { life };
        self.instance.report_life(life, lease(life, span));
    }
}

/// What can still be told from the bus needs no lease; what depends on the client does.
const fn lease(life: Life, lease: Duration) -> Option<Duration> {
    match life {
        Life::Starting | Life::Running | Life::ShuttingDown => Some(lease),
        Life::Unknown(_) | Life::Absent => None,
    }
}

/// Tells which accounts of `before` are gone.
fn gone(open: &ClientHandle, before: &View, view: &View) {
    for (name, protocol) in before.accounts.keys() {
        if !view.accounts.contains_key(&(name.clone(), protocol.clone()))
            && let Ok(account) = open.account(name, protocol)
        {
            open.report(Fact::Account(account, None));
        }
    }
}

/// Tells what is new in `view`, and returns whether all of it could be told. Where a name is one
/// too many, the runtime tells the person.
fn news(open: &ClientHandle, before: &View, view: &View) -> bool {
    let mut whole = true;
    for ((name, protocol), sign_in) in &view.accounts {
        let Ok(account) = open.account(name, protocol) else {
            whole = false;
            continue;
        };
        let key = (name.clone(), protocol.clone());
        if let Some(shown) = view.names.get(&key)
            && before.names.get(&key) != Some(shown)
        {
            // Without it the account is told all the same, and the runtime tells the person.
            let _ = open.set_display_name(account, shown);
        }
        if before.accounts.get(&key) == Some(sign_in) {
            continue;
        }
        match in_numbers(open, sign_in) {
            Ok(sign_in) => open.report(Fact::Account(account, Some(sign_in))),
            Err(LimitReached { .. }) => whole = false,
        }
    }
    if let Some(saved) = &view.saved
        && before.saved != view.saved
        && let Ok(token) = open.intern(saved)
    {
        open.report(Fact::Saved(token));
    }
    whole
}

fn in_numbers(open: &ClientHandle, sign_in: &SignIn) -> Result<core::SignIn, LimitReached> {
    Ok(match sign_in {
        SignIn::SignedIn { availability, activity, raw } => {
            let (availability, activity, raw) = (*availability, *activity, open.intern(raw)?);
            core::SignIn::SignedIn(Presence { availability, activity, raw })
        }
        SignIn::SigningIn => core::SignIn::SigningIn,
        SignIn::SigningOut => core::SignIn::SigningOut,
        SignIn::SignedOut(failure) => core::SignIn::SignedOut(*failure),
    })
}

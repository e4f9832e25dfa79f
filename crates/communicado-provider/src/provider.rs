//! The state machine of the provider: commands and time go in, events come out.

use alloc::vec::Vec;

use communicado_core::Moment;

use crate::{
    Account, CommandError, DesiredState, ProviderCommand, ProviderEvent, ProviderStatus, Reason,
    TemporaryPresence,
};

/// A headless client with one account.
#[derive(Clone, Debug)]
pub struct Provider {
    account: Account,
    status: ProviderStatus,
    desired: DesiredState,
    /// The pending sign-in or sign-out.
    transition: Option<Transition>,
    now: Moment,
}

#[derive(Clone, Copy, Debug)]
struct Transition {
    ends_at: Moment,
    /// The reason, if the sign-in will fail.
    fails: Option<Reason>,
}

/// The result of a command.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "listeners never receive events that are dropped"]
pub struct CommandOutcome {
    /// The events, oldest first. Events that were due before the command come first, even if the
    /// command was rejected.
    pub events: Vec<ProviderEvent>,
    /// The error, if the command was rejected.
    pub error: Option<CommandError>,
}

impl Provider {
    /// A starting provider.
    #[must_use]
    pub const fn new(account: Account) -> Self {
        Self::with_desired_state(account, DesiredState::INITIAL)
    }

    /// A starting provider with the desired state of an earlier run. It does not sign in
    /// automatically.
    #[must_use]
    pub const fn with_desired_state(account: Account, desired: DesiredState) -> Self {
        Self {
            account,
            status: ProviderStatus::Starting,
            desired,
            transition: None,
            now: Moment::START,
        }
    }

    /// The account.
    #[must_use]
    pub const fn account(&self) -> &Account {
        &self.account
    }

    /// The current status.
    #[must_use]
    pub const fn status(&self) -> &ProviderStatus {
        &self.status
    }

    /// The state that the user wants.
    #[must_use]
    pub const fn desired(&self) -> &DesiredState {
        &self.desired
    }

    /// The time of the next automatic event. Only [`handle`](Self::handle) and
    /// [`advance`](Self::advance) change it.
    #[must_use]
    pub fn next_deadline(&self) -> Option<Moment> {
        if self.status == ProviderStatus::ShuttingDown {
            return None;
        }
        let temporary = self.desired.temporary.as_ref().map(|it| it.until);
        let transition = self.transition.as_ref().map(|it| it.ends_at);
        temporary.into_iter().chain(transition).min()
    }

    /// Executes a command at the time `at`.
    ///
    /// Due events happen first. If `at` is earlier than a previous time, the previous time applies:
    /// time never decreases.
    pub fn handle(&mut self, at: Moment, command: ProviderCommand) -> CommandOutcome {
        let mut events = self.advance(at);
        let error = self.command(command, &mut events).err();
        // A transition without a duration completes with the command.
        events.extend(self.advance(self.now));
        CommandOutcome { events, error }
    }

    /// Advances the time to `to`, and returns the events that are due.
    #[must_use = "listeners never receive events that are dropped"]
    pub fn advance(&mut self, to: Moment) -> Vec<ProviderEvent> {
        let mut events = Vec::new();
        let to = to.max(self.now);
        while let Some(due) = self.next_deadline().filter(|due| *due <= to) {
            self.now = self.now.max(due);
            if self.transition.is_some_and(|it| it.ends_at <= due) {
                self.complete_transition(&mut events);
            } else {
                self.end_temporary(&mut events);
            }
        }
        self.now = to;
        events
    }

    fn command(
        &mut self,
        command: ProviderCommand,
        events: &mut Vec<ProviderEvent>,
    ) -> Result<(), CommandError> {
        match (command, &self.status) {
            (_, ProviderStatus::ShuttingDown) => return Err(CommandError::ShuttingDown),
            (ProviderCommand::Quit, _) => self.quit(events),
            (ProviderCommand::Started, ProviderStatus::Starting) => {
                self.emit(ProviderEvent::Running, events)
            }
            (_, ProviderStatus::Starting) => return Err(CommandError::Starting),
            (ProviderCommand::Started, _) => return Err(CommandError::Running),

            (ProviderCommand::SignIn { takes, fails }, ProviderStatus::SignedOut(_)) => {
                self.desired.signed_in = true;
                self.transition = Some(Transition { ends_at: self.now.after(takes), fails });
                self.emit(ProviderEvent::SigningIn, events);
            }
            (ProviderCommand::SignIn { .. }, ProviderStatus::SigningOut) => {
                return Err(CommandError::SigningOut);
            }
            (ProviderCommand::SignIn { .. }, _) => return Err(CommandError::AlreadySignedIn),

            (
                ProviderCommand::SignOut { takes },
                ProviderStatus::SignedIn(_) | ProviderStatus::SigningIn,
            ) => {
                (self.desired.signed_in, self.desired.temporary) = (false, None);
                self.transition = Some(Transition { ends_at: self.now.after(takes), fails: None });
                self.emit(ProviderEvent::SigningOut, events);
            }
            (ProviderCommand::SignOut { .. }, ProviderStatus::SigningOut) => {
                return Err(CommandError::SigningOut);
            }
            (ProviderCommand::SignOut { .. }, _) => return Err(CommandError::NotSignedIn),

            (
                ProviderCommand::SignedOutByServer(reason),
                ProviderStatus::SignedIn(_)
                | ProviderStatus::SigningIn
                | ProviderStatus::SigningOut,
            ) => {
                self.transition = None;
                self.emit(ProviderEvent::SignedOut(Some(reason)), events);
            }
            (ProviderCommand::SignedOutByServer(_), _) => return Err(CommandError::NotSignedIn),

            (ProviderCommand::Set { presence, lasts }, ProviderStatus::SignedIn(_)) => {
                match lasts {
                    Some(lasts) => {
                        let until = self.now.after(lasts);
                        self.desired.temporary = Some(TemporaryPresence { presence, until });
                    }
                    None => (self.desired.presence, self.desired.temporary) = (presence, None),
                }
                self.emit_presence(events);
            }
            (ProviderCommand::Set { .. }, _) => return Err(CommandError::NotSignedIn),
        }
        Ok(())
    }

    /// Signs out before the shutdown, so that a listener needs only the sign-out event.
    fn quit(&mut self, events: &mut Vec<ProviderEvent>) {
        self.transition = None;
        match self.status {
            ProviderStatus::SignedIn(_) => {
                self.emit(ProviderEvent::SigningOut, events);
                self.emit(ProviderEvent::SignedOut(None), events);
            }
            ProviderStatus::SigningIn | ProviderStatus::SigningOut => {
                self.emit(ProviderEvent::SignedOut(None), events)
            }
            ProviderStatus::Starting
            | ProviderStatus::SignedOut(_)
            | ProviderStatus::ShuttingDown => {}
        }
        self.emit(ProviderEvent::ShuttingDown, events);
    }

    /// Completes the pending sign-in or sign-out.
    fn complete_transition(&mut self, events: &mut Vec<ProviderEvent>) {
        let Some(Transition { fails, .. }) = self.transition.take() else { return };
        let event = match (&self.status, fails) {
            (ProviderStatus::SigningIn, Some(reason)) => ProviderEvent::SignInFailed(reason),
            (ProviderStatus::SigningIn, None) => {
                ProviderEvent::SignedIn(self.desired.effective().clone())
            }
            _ => ProviderEvent::SignedOut(None),
        };
        self.emit(event, events);
    }

    fn end_temporary(&mut self, events: &mut Vec<ProviderEvent>) {
        self.desired.temporary = None;
        self.emit_presence(events);
    }

    /// Emits the effective presence if it has changed.
    fn emit_presence(&mut self, events: &mut Vec<ProviderEvent>) {
        let effective = self.desired.effective();
        if self.status.presence().is_some_and(|presence| presence != effective) {
            let effective = effective.clone();
            self.emit(ProviderEvent::PresenceChanged(effective), events);
        }
    }

    fn emit(&mut self, event: ProviderEvent, events: &mut Vec<ProviderEvent>) {
        self.status = event.status();
        events.push(event);
    }
}

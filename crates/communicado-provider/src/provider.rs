//! The client without a window. Pure: commands and the time go in, what to tell comes out.

use alloc::vec::Vec;

use communicado_core::Moment;

use crate::{
    Account, CommandError, DesiredState, ProviderCommand, ProviderEvent, ProviderStatus, Reason,
    TemporaryPresence,
};

/// A client without a window, with one account.
#[derive(Clone, Debug)]
pub struct Provider {
    account: Account,
    status: ProviderStatus,
    desired: DesiredState,
    /// What ends by itself: a sign-in or a sign-out under way.
    transition: Option<Transition>,
    now: Moment,
}

#[derive(Clone, Copy, Debug)]
struct Transition {
    ends_at: Moment,
    /// Why a sign-in will fail.
    fails: Option<Reason>,
}

/// What came of a command.
#[derive(Debug, PartialEq, Eq)]
#[must_use = "what is dropped here is never told to a listener"]
pub struct CommandOutcome {
    /// What to tell, oldest first. What fell due before the command comes first, also when the
    /// command was refused.
    pub events: Vec<ProviderEvent>,
    /// Why the command was not done, if it was not.
    pub error: Option<CommandError>,
}

impl Provider {
    /// A provider that is starting.
    #[must_use]
    pub const fn new(account: Account) -> Self {
        Self::with_desired_state(account, DesiredState::INITIAL)
    }

    /// A provider that is starting, of which this was chosen in an earlier run. It does not sign
    /// in by itself.
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

    /// Its account.
    #[must_use]
    pub const fn account(&self) -> &Account {
        &self.account
    }

    /// What it is now.
    #[must_use]
    pub const fn status(&self) -> &ProviderStatus {
        &self.status
    }

    /// What its user has chosen.
    #[must_use]
    pub const fn desired(&self) -> &DesiredState {
        &self.desired
    }

    /// When something ends by itself. Moves only by [`handle`](Self::handle) and
    /// [`advance`](Self::advance).
    #[must_use]
    pub fn next_deadline(&self) -> Option<Moment> {
        if self.status == ProviderStatus::ShuttingDown {
            return None;
        }
        let temporary = self.desired.temporary.as_ref().map(|it| it.until);
        let transition = self.transition.as_ref().map(|it| it.ends_at);
        temporary.into_iter().chain(transition).min()
    }

    /// Does what is commanded at `at`, and says what to tell.
    ///
    /// Whatever fell due before happens first. An `at` earlier than one already seen counts as
    /// that later one: the provider never goes back.
    pub fn handle(&mut self, at: Moment, command: ProviderCommand) -> CommandOutcome {
        let mut events = self.advance(at);
        let error = self.command(command, &mut events).err();
        // What takes no time is done with the command.
        events.extend(self.advance(self.now));
        CommandOutcome { events, error }
    }

    /// Ends what ends by `to`, each at its own moment, and says what to tell.
    #[must_use = "what is dropped here is never told to a listener"]
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

    /// Signs out first, whatever is under way: a listener that hears of the sign-out alone has
    /// heard enough.
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

    /// What was under way is done.
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

    /// Tells the presence that is chosen now, if it is another one.
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

//! The only way in for a source.

use std::sync::Arc;
use std::time::Duration;

use communicado_core::{AccountId, ClientId, Fact, Generation, Life, Moment, SourceId, Symbol};

use crate::{Clock, Hub, LimitReached};

/// What a source says that it sees.
///
/// It belongs to one run of the source: once the supervisor has declared that run lost, nothing
/// that is said through it counts any more.
#[derive(Clone)]
pub struct SourceHandle {
    pub(crate) hub: Arc<Hub>,
    pub(crate) source: SourceId,
    pub(crate) run: u64,
}

/// One connection of a source to one run of a client.
pub struct ClientHandle {
    handle: SourceHandle,
    client: ClientId,
    generation: Generation,
}

impl SourceHandle {
    /// The clock that observations are dated by.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        self.hub.clock()
    }

    /// The moment it is.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.hub.clock().now()
    }

    /// Begins a connection to a client; whatever older connections to it still say counts no
    /// more once this one has said whether the client runs.
    ///
    /// # Errors
    ///
    /// If there are too many clients. The person who runs communicado is told.
    pub fn open(&self, client: &str) -> Result<ClientHandle, LimitReached> {
        let (client, generation) = self.hub.open(self.source, client)?;
        Ok(ClientHandle { handle: self.clone(), client, generation })
    }

    /// Says that the first look is complete: what was not seen is not there.
    pub fn ready(&self) {
        self.hub.ready(self.source, self.run);
    }

    /// The names of the clients that are told of even while nothing is seen of them.
    #[must_use]
    pub fn expected(&self) -> Vec<String> {
        self.hub.expected(self.source)
    }
}

impl ClientHandle {
    /// Says whether the client runs, and for how long that holds without being said again.
    ///
    /// Say what its accounts are first: they count from the moment at which the client is said
    /// to be running, and so all is told as one change.
    pub fn report_life(&self, life: Life, lease: Option<Duration>) {
        self.report(Fact::Life(life, lease));
    }

    /// Says something about the client.
    pub fn report(&self, fact: Fact) {
        let SourceHandle { hub, source, run } = &self.handle;
        hub.observe((*source, *run), self.client, self.generation, fact);
    }

    /// The number that stands for an account of this client.
    ///
    /// # Errors
    ///
    /// If there are too many accounts. The person who runs communicado is told.
    pub fn account(&self, name: &str, protocol: &str) -> Result<AccountId, LimitReached> {
        self.handle.hub.account(self.handle.source, self.client, name, protocol)
    }

    /// Says by which name the client shows the user of an account. Listeners get it with the next
    /// change: a new name alone is none.
    ///
    /// # Errors
    ///
    /// If the name is too long. The person who runs communicado is told.
    pub fn set_display_name(&self, account: AccountId, name: &str) -> Result<(), LimitReached> {
        self.handle.hub.set_display_name(self.handle.source, account, name)
    }

    /// The number that stands for one of the client's own words.
    ///
    /// # Errors
    ///
    /// If there are too many words. The person who runs communicado is told.
    pub fn token(&self, text: &str) -> Result<Symbol, LimitReached> {
        self.handle.hub.token(self.handle.source, text)
    }
}

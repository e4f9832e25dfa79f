//! The handles through which a source reports.

use std::sync::Arc;
use std::time::Duration;

use communicado_core::{
    AccountId, ClientId, Fact, Generation, Life, Moment, NoteId, SourceId, StatusStart, Symbol,
};
use communicado_wire::Timestamp;

use crate::{Clock, Hub, LimitReached, Notice, SourceError};

/// The handle through which a source reports.
///
/// It belongs to one run of the source. Once that run has ended, its reports are ignored.
#[derive(Clone)]
pub struct SourceHandle {
    hub: Arc<Hub>,
    source: SourceId,
    run: u64,
}

/// The handle for one connection of a source to one run of a client.
pub struct ClientHandle {
    handle: SourceHandle,
    client: ClientId,
    generation: Generation,
}

impl Hub {
    /// Adds a source that runs without the supervisor. Its reports count until the hub is dropped.
    #[must_use]
    pub fn attach(self: &Arc<Self>, name: &str, clients: Vec<String>) -> SourceHandle {
        SourceHandle::start_run(self, self.add_source(name, clients))
    }
}

impl SourceHandle {
    /// A handle for a new run of a source.
    pub(crate) fn start_run(hub: &Arc<Hub>, source: SourceId) -> Self {
        Self { hub: Arc::clone(hub), source, run: hub.start_run(source) }
    }

    /// The clock of observations.
    #[must_use]
    pub fn clock(&self) -> &dyn Clock {
        self.hub.clock()
    }

    /// The current moment.
    #[must_use]
    pub fn now(&self) -> Moment {
        self.hub.clock().now()
    }

    /// Opens a connection to a client.
    ///
    /// Once this connection has reported whether the client runs, reports of older connections are
    /// ignored.
    ///
    /// # Errors
    ///
    /// If there are too many clients. The user gets a notice.
    pub fn open(&self, client: &str) -> Result<ClientHandle, LimitReached> {
        let (client, generation) = self.hub.open(self.source, client)?;
        Ok(ClientHandle { handle: self.clone(), client, generation })
    }

    /// Reports that the first snapshot is complete: any other client does not run.
    pub fn ready(&self) {
        self.hub.ready(self.source, self.run);
    }

    /// Notifies the user of a problem, while the source goes on.
    pub fn warn(&self, warning: SourceError) {
        let source = self.hub.source_name(self.source);
        self.hub.notify(&Notice::Warning { source, warning });
    }

    /// Passes on a message from a program that the source runs.
    pub fn pass_on(&self, text: String) {
        let source = self.hub.source_name(self.source);
        self.hub.notify(&Notice::Message { source, text });
    }

    /// The names of the clients to report even if the source has not seen them.
    #[must_use]
    pub fn expected(&self) -> Vec<String> {
        self.hub.expected(self.source)
    }
}

impl ClientHandle {
    /// Reports whether the client runs, and the lease of this report.
    ///
    /// Report the accounts first: they count from this report on, so everything is one change.
    pub fn report_life(&self, life: Life, lease: Option<Duration>) {
        self.report(Fact::Life(life, lease));
    }

    /// Reports a fact about the client.
    pub fn report(&self, fact: Fact) {
        self.report_with_start(fact, None);
    }

    /// Reports a fact about the client, with the start of its status if the source knows it.
    pub fn report_with_start(&self, fact: Fact, began: Option<StatusStart>) {
        let SourceHandle { hub, source, run } = &self.handle;
        hub.observe((*source, *run), self.client, self.generation, fact, began);
    }

    /// The start of a status that the client states as a civil time.
    ///
    /// `None` if it lies in the future or before the start of the machine, for example because the
    /// civil clock was set meanwhile.
    #[must_use]
    pub fn status_start(&self, civil: Timestamp) -> Option<StatusStart> {
        self.handle.hub.status_start(civil)
    }

    /// The number of an account of this client.
    ///
    /// # Errors
    ///
    /// If there are too many accounts. The user gets a notice.
    pub fn account(&self, name: &str, protocol: &str) -> Result<AccountId, LimitReached> {
        self.handle.hub.account(self.handle.source, self.client, name, protocol)
    }

    /// Sets the display name of an account's user.
    ///
    /// A new name alone is no change; readers get it with the next one.
    ///
    /// # Errors
    ///
    /// If the name is too long. The user gets a notice.
    pub fn set_display_name(&self, account: AccountId, name: &str) -> Result<(), LimitReached> {
        self.handle.hub.set_display_name(self.handle.source, account, name)
    }

    /// The number of a note of an account's user: another one for each text.
    ///
    /// The runtime keeps the text only until the account's next but one note.
    ///
    /// # Errors
    ///
    /// If the note is too long. The user gets a notice.
    pub fn note(&self, account: AccountId, text: &str) -> Result<NoteId, LimitReached> {
        self.handle.hub.note(self.handle.source, account, text)
    }

    /// Interns one of the client's own words.
    ///
    /// # Errors
    ///
    /// If there are too many words. The user gets a notice.
    pub fn intern(&self, text: &str) -> Result<Symbol, LimitReached> {
        self.handle.hub.intern(self.handle.source, text)
    }
}

//! The sink of all forms: it keeps a listener level with its feed, a line at a time.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use communicado_runtime::{Feed, Sink, SinkError, Telling, Update};
use communicado_wire::{Client, Timestamp};

use crate::{Form, Line, Output, Scope};

/// Writes lines of one form to an output.
pub struct Lines {
    form: Box<dyn Form>,
    output: Output,
    only: Vec<String>,
    clock: Box<dyn Fn() -> Timestamp + Send>,
    clients: BTreeMap<Arc<str>, Arc<Client>>,
}

impl Lines {
    /// Lines of `form` on `output`, about the clients named in `only`, or about all if that is
    /// empty. `clock` tells the civil time.
    #[must_use]
    pub fn new(
        form: Box<dyn Form>,
        output: Output,
        only: Vec<String>,
        clock: impl Fn() -> Timestamp + Send + 'static,
    ) -> Self {
        Self { form, output, only, clock: Box::new(clock), clients: BTreeMap::new() }
    }

    async fn run(mut self, mut feed: Feed) -> Result<(), SinkError> {
        let mut text = String::new();
        while let Some(update) = self.output.unless_closed(feed.next()).await.flatten() {
            text.clear();
            self.add(&update, &mut text)?;
            match self.output.write(text.as_bytes()).await {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                Err(error) => return Err(cannot_write(&error)),
            }
        }
        Ok(())
    }

    /// Takes in an update and adds its lines to `text`.
    ///
    /// # Errors
    ///
    /// If the form cannot write it.
    pub fn add(&mut self, update: &Update, text: &mut String) -> Result<(), SinkError> {
        let told: Vec<&Arc<Client>> = match update {
            Update::Snapshot { clients, .. } => {
                self.clients.clear();
                clients.iter().filter(|client| self.is_asked(client)).collect()
            }
            Update::Change(client) => {
                std::iter::once(client).filter(|client| self.is_asked(client)).collect()
            }
        };
        let is_change = matches!(update, Update::Change(_));
        if is_change && told.is_empty() {
            return Ok(());
        }
        for client in &told {
            self.clients.insert(Arc::clone(&client.client), Arc::clone(client));
        }
        let all: Vec<Arc<Client>> = self.clients.values().cloned().collect();
        let now = (self.clock)();
        let line = |client| Line { client, all: &all, is_change, now };
        match self.form.scope() {
            Scope::Whole => self.form.write(&line(told.last().copied()), text),
            Scope::Client => {
                told.into_iter().try_for_each(|client| self.form.write(&line(Some(client)), text))
            }
        }
    }

    fn is_asked(&self, client: &Client) -> bool {
        self.only.is_empty() || self.only.iter().any(|name| **name == *client.client)
    }
}

impl Sink for Lines {
    fn tell(self: Box<Self>, feed: Feed) -> Telling {
        Box::pin(self.run(feed))
    }
}

fn cannot_write(error: &io::Error) -> SinkError {
    SinkError {
        because: format!("standard output cannot be written: {error}"),
        help: "make room where the output goes, or send it elsewhere".to_owned(),
    }
}

//! The sink of all forms: it keeps a listener level with its feed, a line at a time.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use communicado_runtime::{Feed, Sink, SinkError, SinkFuture, Update};
use communicado_wire::{Client, Timestamp};

use crate::{Form, Line, Output, Scope};

/// Turns updates into lines of one form.
pub struct Writer {
    form: Box<dyn Form>,
    only: Vec<String>,
    clock: fn() -> Timestamp,
    clients: BTreeMap<Arc<str>, Arc<Client>>,
}

/// Writes lines to an output.
pub struct Lines {
    writer: Writer,
    output: Output,
}

impl Writer {
    /// Lines of `form` about the clients named in `only`, or about all if that is empty. `clock`
    /// tells the civil time.
    #[must_use]
    pub fn new(form: Box<dyn Form>, only: Vec<String>, clock: fn() -> Timestamp) -> Self {
        Self { form, only, clock, clients: BTreeMap::new() }
    }

    /// Takes in an update and adds its lines to `text`.
    ///
    /// # Errors
    ///
    /// If the form cannot write it.
    pub fn add(&mut self, update: &Update, text: &mut String) -> Result<(), SinkError> {
        let (told, is_change) = match update {
            Update::Snapshot { clients, .. } => (clients.as_slice(), false),
            Update::Change(client) => (std::slice::from_ref(client), true),
        };
        if !is_change {
            self.clients.clear();
        }
        let asked = |client: &&Arc<Client>| {
            self.only.is_empty() || self.only.iter().any(|name| **name == *client.client)
        };
        let told: Vec<&Arc<Client>> = told.iter().filter(asked).collect();
        for client in &told {
            self.clients.insert(Arc::clone(&client.client), Arc::clone(client));
        }
        if is_change && told.is_empty() {
            return Ok(());
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
}

impl Lines {
    /// The lines of `writer` on `output`.
    #[must_use]
    pub const fn new(writer: Writer, output: Output) -> Self {
        Self { writer, output }
    }

    async fn run(mut self, mut feed: Feed) -> Result<(), SinkError> {
        let mut text = String::new();
        while let Some(update) = self.output.unless_closed(feed.next()).await.flatten() {
            text.clear();
            self.writer.add(&update, &mut text)?;
            match self.output.write(text.as_bytes()).await {
                Ok(()) => {}
                Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
                Err(error) => return Err(cannot_write(&error)),
            }
        }
        Ok(())
    }
}

impl Sink for Lines {
    fn deliver(self: Box<Self>, feed: Feed) -> SinkFuture {
        Box::pin(self.run(feed))
    }
}

fn cannot_write(error: &io::Error) -> SinkError {
    SinkError {
        cause: format!("standard output cannot be written: {error}"),
        help: "make room where the output goes, or send it elsewhere".to_owned(),
    }
}

//! The sink that writes the lines of a form.

use std::collections::BTreeMap;
use std::io;
use std::sync::Arc;

use communicado_runtime::{Feed, Sink, SinkError, SinkFuture, Update};
use communicado_wire::{Client, Timestamp};

use crate::{Form, Line, LineScope, Output};

/// A writer of lines: it turns updates into lines of one form.
pub struct Writer {
    form: Box<dyn Form>,
    only: Vec<String>,
    clock: fn() -> Timestamp,
    clients: BTreeMap<Arc<str>, Arc<Client>>,
}

/// The sink that writes lines to an output.
pub struct Lines {
    writer: Writer,
    output: Output,
}

impl Writer {
    /// A writer for the clients in `only`, or for all clients if it is empty. `clock` returns the
    /// civil time.
    #[must_use]
    pub fn new(form: Box<dyn Form>, only: Vec<String>, clock: fn() -> Timestamp) -> Self {
        Self { form, only, clock, clients: BTreeMap::new() }
    }

    /// Applies an update and adds its lines to `text`.
    ///
    /// # Errors
    ///
    /// If the form cannot write it.
    pub fn add(&mut self, update: &Update, text: &mut String) -> Result<(), SinkError> {
        let (updated, is_change) = match update {
            Update::Snapshot { clients, .. } => (clients.as_slice(), false),
            Update::Change(client) => (std::slice::from_ref(client), true),
        };
        if !is_change {
            self.clients.clear();
        }
        let is_selected = |client: &&Arc<Client>| {
            self.only.is_empty() || self.only.iter().any(|name| **name == *client.client)
        };
        let updated: Vec<&Arc<Client>> = updated.iter().filter(is_selected).collect();
        for client in &updated {
            self.clients.insert(Arc::clone(&client.client), Arc::clone(client));
        }
        if is_change && updated.is_empty() {
            return Ok(());
        }
        let all: Vec<Arc<Client>> = self.clients.values().cloned().collect();
        let now = (self.clock)();
        let line = |client| Line { client, all: &all, is_change, now };
        match self.form.scope() {
            LineScope::All => self.form.write(&line(updated.last().copied()), text),
            LineScope::Client => updated
                .into_iter()
                .try_for_each(|client| self.form.write(&line(Some(client)), text)),
        }
    }
}

impl Lines {
    /// A sink that writes the lines of `writer` to `output`.
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
        cause: format!("cannot write to standard output: {error}"),
        help: "free disk space, or redirect the output".to_owned(),
    }
}

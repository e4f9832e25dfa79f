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
    /// The line that was written last.
    last_line: String,
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
        Self { form, only, clock, clients: BTreeMap::new(), last_line: String::new() }
    }

    /// Applies an update and adds its lines to `text`.
    ///
    /// A change whose line is the same as the last one adds nothing, and neither does an update of
    /// a form about all clients. A snapshot has a line for each client, also if two are the same.
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
        let scope = self.form.scope();
        let subjects = match scope {
            LineScope::All => vec![updated.last().copied()],
            LineScope::Client => updated.into_iter().map(Some).collect(),
        };
        for client in subjects {
            let begin = text.len();
            self.form.write(&Line { client, all: &all, is_change, now }, text)?;
            let Some(line) = text.get(begin..).filter(|line| !line.is_empty()) else { continue };
            if line != self.last_line {
                line.clone_into(&mut self.last_line);
            } else if is_change || scope == LineScope::All {
                text.truncate(begin);
            }
        }
        Ok(())
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Template, polybar};

    fn client(name: &str, status: &str) -> Arc<Client> {
        let line = format!(
            r#"{{"v":1,"revision":1,"at":"2026-11-22T21:00:00Z","client":"{name}",
            "status":"{status}","availability":null,"activity":null,"raw":null,"reason":null,
            "since":"2026-11-22T21:00:00Z","source":"purple","saved":null,"accounts":[]}}"#
        );
        Arc::new(Client::from_json(&line).unwrap())
    }

    fn write(form: Box<dyn Form>, updates: &[Update]) -> String {
        let mut writer = Writer::new(form, Vec::new(), || Timestamp::EPOCH);
        let mut text = String::new();
        for update in updates {
            writer.add(update, &mut text).unwrap();
        }
        text
    }

    #[test]
    fn a_change_is_written_only_if_its_line_differs_from_the_last_one() {
        let absent = [client("finch", "absent"), client("pidgin", "absent")];
        let updates = [
            Update::Snapshot { clients: absent.to_vec(), missed: 0 },
            Update::Change(client("pidgin", "absent")),
            Update::Change(client("pidgin", "starting")),
            Update::Change(client("pidgin", "starting")),
            Update::Change(client("pidgin", "absent")),
        ];
        let template = Template::new("{{status}}").unwrap();
        let written = write(Box::new(template), &updates);
        assert_eq!(written, "absent\nabsent\nstarting\nabsent\n");
        assert_eq!(write(Box::new(polybar()), &updates).lines().count(), 3);
    }
}

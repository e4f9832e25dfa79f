//! The trait of output forms.

use std::sync::Arc;

use communicado_runtime::SinkError;
use communicado_wire::{Client, Timestamp};

/// An output form: it writes the state of one client, or of all clients, as a line.
pub trait Form: Send {
    /// The subject of a line.
    fn scope(&self) -> LineScope;

    /// Adds the line, with its line break, to `out`.
    ///
    /// # Errors
    ///
    /// If the form cannot write this, such as a template that fails. `out` stays unchanged.
    fn write(&mut self, line: &Line<'_>, out: &mut String) -> Result<(), SinkError>;
}

/// The subject of a line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LineScope {
    /// One client.
    Client,
    /// All clients.
    All,
}

/// The content of a line.
#[derive(Debug)]
pub struct Line<'a> {
    /// The client of the line. In a line about all clients, the one that changed, if one did.
    pub client: Option<&'a Arc<Client>>,
    /// Every client, by name.
    pub all: &'a [Arc<Client>],
    /// `true` if the line is about a change.
    pub is_change: bool,
    /// The civil time.
    pub now: Timestamp,
}

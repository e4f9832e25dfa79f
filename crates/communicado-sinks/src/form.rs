//! What a form is.

use std::sync::Arc;

use communicado_runtime::SinkError;
use communicado_wire::{Client, Timestamp};

/// Writes what a client is, or what all of them are, as a line.
pub trait Form: Send {
    /// What a line is about.
    fn scope(&self) -> Scope;

    /// Adds the line, with its line break, to `out`.
    ///
    /// # Errors
    ///
    /// If the form cannot write this, as a template may not. Nothing is added then.
    fn write(&mut self, line: &Line<'_>, out: &mut String) -> Result<(), SinkError>;
}

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One client.
    Client,
    /// All of them.
    Whole,
}

/// What there is to write.
#[derive(Debug)]
pub struct Line<'a> {
    /// The client that the line is about; in a line about all, the one that changed, if one did.
    pub client: Option<&'a Arc<Client>>,
    /// Every client, by name.
    pub all: &'a [Arc<Client>],
    /// Whether the line tells of a change.
    pub is_change: bool,
    /// The civil time.
    pub now: Timestamp,
}

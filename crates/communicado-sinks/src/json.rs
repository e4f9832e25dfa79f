//! JSON lines: the object that every listener gets, as it is.

use communicado_runtime::SinkError;
use communicado_wire::Client;

use crate::{Form, Line, Scope};

/// One JSON object a line.
#[derive(Clone, Copy, Debug)]
pub struct Json {
    /// Whether `before` is written; a snapshot that was asked for once has none.
    pub with_before: bool,
}

impl Form for Json {
    fn scope(&self) -> Scope {
        Scope::Client
    }

    fn write(&mut self, line: &Line<'_>, out: &mut String) -> Result<(), SinkError> {
        if let Some(client) = line.client {
            out.push_str(&if self.with_before {
                client.to_json()
            } else {
                Client { before: None, ..(**client).clone() }.to_json()
            });
            out.push('\n');
        }
        Ok(())
    }
}

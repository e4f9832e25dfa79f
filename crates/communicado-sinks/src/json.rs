//! The JSON form: one JSON object for each line.

use communicado_runtime::SinkError;
use communicado_wire::Client;

use crate::{Form, Line, LineScope};

/// One JSON object for each line.
#[derive(Clone, Copy, Debug)]
pub struct Json {
    /// Whether to write `before`, which a one-time snapshot does not have.
    pub with_before: bool,
}

impl Form for Json {
    fn scope(&self) -> LineScope {
        LineScope::Client
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

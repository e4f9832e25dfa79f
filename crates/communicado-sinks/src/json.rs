//! The JSON form: one JSON object for each line.

use std::sync::Arc;

use communicado_runtime::SinkError;

use crate::{Form, Line, LineScope};

/// One JSON object for each line.
#[derive(Clone, Copy, Debug)]
pub struct Json {
    /// `true` to write `before`, which a one-time snapshot does not have.
    pub with_before: bool,
}

impl Form for Json {
    fn scope(&self) -> LineScope {
        LineScope::Client
    }

    fn write(&mut self, line: &Line<'_>, out: &mut String) -> Result<(), SinkError> {
        if let Some(client) = line.client {
            let mut client = Arc::clone(client);
            if !self.with_before {
                Arc::make_mut(&mut client).before = None;
            }
            out.push_str(&client.to_json());
            out.push('\n');
        }
        Ok(())
    }
}

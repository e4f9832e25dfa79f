//! The recorder, which writes each input to the journal before the roster handles it.

use std::io::{self, Write};

use communicado_core::{Moment, RosterInput};
use communicado_wire::Timestamp;
use communicado_wire::journal::{Entry, VERSION};

pub(crate) struct Recorder {
    out: Box<dyn Write + Send>,
    with_names: bool,
}

impl Recorder {
    /// Writes the first line to `out`. `began` is the civil time at moment 0.
    pub(crate) fn begin(
        out: Box<dyn Write + Send>,
        with_names: bool,
        began: Timestamp,
    ) -> io::Result<Self> {
        let mut recorder = Self { out, with_names };
        let by = format!("communicado {}", env!("CARGO_PKG_VERSION"));
        recorder.write(&Entry::Journal { version: VERSION, began, by })?;
        Ok(recorder)
    }

    pub(crate) fn name(&mut self, mut entry: Entry) -> io::Result<()> {
        if !self.with_names {
            if let Entry::DisplayName { .. } | Entry::Note { .. } = entry {
                return Ok(());
            }
            if let Entry::Account { name, .. } = &mut entry {
                *name = None;
            }
        }
        self.write(&entry)
    }

    pub(crate) fn input(&mut self, at: Moment, input: RosterInput) -> io::Result<()> {
        self.write(&Entry::of(at, input))
    }

    fn write(&mut self, entry: &Entry) -> io::Result<()> {
        let mut line = entry.to_json();
        line.push('\n');
        self.out.write_all(line.as_bytes())?;
        self.out.flush()
    }
}

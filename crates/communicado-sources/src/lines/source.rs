//! The source: starts the program and reads its lines.

use std::collections::BTreeSet;
use std::time::Duration;

use communicado_runtime::{
    Check, CheckHealth, Clock, ProbeFuture, Source, SourceError, SourceHandle, WatchFuture,
    timeout_at,
};

use super::line::{LineError, ReportedClient, parse};
use super::line_buffer::{LINE_MAX, LineBuffer};
use super::program::{ProgramCommand, ProgramEvent, RunningProgram};
use super::{DESCRIPTOR, RUN};
use crate::client_names::ClientNames;
use crate::descriptor::{OptionError, ValidatedOptions};
use crate::state_reporter::StateReporter;

/// The longest message of the program that is passed on, in bytes.
const MESSAGE_MAX: usize = 500;
/// The most messages that one run of the program passes on.
const MESSAGES_MAX: usize = 20;
/// The time for a program without standard output to exit, so that the error has its exit status.
const EXIT_TIME: Duration = Duration::from_secs(1);

struct LinesSource {
    name: String,
    command: ProgramCommand,
    names: ClientNames,
    /// The problems of the program that the user knows of.
    warned: BTreeSet<LineError>,
}

/// One run of the program.
struct ProgramRun<'a> {
    program: RunningProgram,
    reporter: StateReporter,
    handle: &'a SourceHandle,
    lines: LineBuffer,
    messages: Messages,
}

/// The messages of one run of the program.
struct Messages {
    buffer: LineBuffer,
    count: usize,
}

pub(super) fn make(options: &ValidatedOptions<'_>) -> Result<Box<dyn Source>, OptionError> {
    let command = ProgramCommand::new(options.list(RUN)?, options.guard().to_vec());
    let name = options.source().to_owned();
    let names = options.client_names()?;
    Ok(Box::new(LinesSource { name, command, names, warned: BTreeSet::new() }))
}

impl LinesSource {
    async fn run(&mut self, handle: &SourceHandle) -> SourceError {
        let program = self.command.name();
        if self.command.find().is_none() {
            let cause = format!("`{program}` is not a program");
            return SourceError { cause: cause.into(), help: self.correct_run().into() };
        }
        let program = match RunningProgram::start(&self.command) {
            Ok(program) => program,
            Err(error) => {
                let cause = format!("cannot start `{program}`: {error}");
                return SourceError { cause: cause.into(), help: self.correct_run().into() };
            }
        };
        let reporter = StateReporter::new(handle.clone(), self.names.clone());
        let lines = LineBuffer::new(LINE_MAX);
        let messages = Messages { buffer: LineBuffer::new(MESSAGE_MAX), count: 0 };
        let mut run = ProgramRun { program, reporter, handle, lines, messages };
        let ended = run.read(&mut self.warned).await;
        let cause = format!("`{}` {ended}", self.command.name());
        let help = format!("run it in a terminal and read its messages: {}", self.command.name());
        SourceError { cause: cause.into(), help: help.into() }
    }

    fn correct_run(&self) -> String {
        format!("below [sources.{}], set `run` to a program and its arguments", self.name)
    }
}

impl ProgramRun<'_> {
    /// Reads until the program ends, and returns how it ended.
    async fn read(&mut self, warned: &mut BTreeSet<LineError>) -> String {
        let mut has_messages = true;
        loop {
            match self.program.next(has_messages).await {
                ProgramEvent::Output(bytes) => self.report(&bytes, warned),
                ProgramEvent::Message(bytes) => {
                    has_messages = !bytes.is_empty();
                    self.messages.pass_on(&bytes, self.handle);
                }
                ProgramEvent::Ended => break,
            }
        }
        self.reporter.withdraw();
        let clock = self.handle.clock();
        let end = clock.now().after(EXIT_TIME);
        let ended = timeout_at(clock, end, self.program.ended()).await;
        let (program, messages) = (&mut self.program, &mut self.messages);
        let last_messages = async {
            while has_messages {
                let bytes = program.next_message().await;
                has_messages = !bytes.is_empty();
                messages.pass_on(&bytes, self.handle);
            }
        };
        // A process that the program left behind may keep standard error open.
        let _ = timeout_at(clock, end, last_messages).await;
        ended.map_or_else(
            || "closed its standard output".to_owned(),
            |status| format!("ended ({status})"),
        )
    }

    fn report(&mut self, bytes: &[u8], warned: &mut BTreeSet<LineError>) {
        self.lines.push(bytes, |line| match line.map_err(|_| LineError::TooLong).and_then(parse) {
            Ok(ReportedClient { client, life, details }) => {
                self.reporter.report(&client, life, details);
            }
            Err(error) if warned.insert(error) => self
                .handle
                .warn(SourceError { cause: error.to_string().into(), help: error.help().into() }),
            Err(_) => {}
        });
        self.reporter.update_ready();
    }
}

impl Messages {
    fn pass_on(&mut self, bytes: &[u8], handle: &SourceHandle) {
        self.buffer.push(bytes, |line| {
            self.count += 1;
            if self.count > MESSAGES_MAX {
                return;
            }
            let text = match line {
                Ok(line) => String::from_utf8_lossy(line)
                    .chars()
                    .filter(|character| communicado_wire::is_printable(*character))
                    .collect(),
                Err(_) => "the program wrote a long message, which is not shown".to_owned(),
            };
            handle.pass_on(text);
            if self.count == MESSAGES_MAX {
                handle.pass_on("further messages of the program are not shown".to_owned());
            }
        });
    }
}

impl Source for LinesSource {
    fn watch(&mut self, handle: SourceHandle) -> WatchFuture<'_> {
        Box::pin(async move { self.run(&handle).await })
    }

    fn probe<'a>(&'a mut self, _: &'a dyn Clock) -> ProbeFuture<'a> {
        let found = self.command.find();
        let (health, found, action) = match found {
            Some(file) => (CheckHealth::Good, format!("it runs {}", file.display()), None),
            None => {
                let found = format!("`{}` is not a program", self.command.name());
                (CheckHealth::Bad, found, Some(self.correct_run().into()))
            }
        };
        let what = format!("source {} ({})", self.name, DESCRIPTOR.name);
        let check = Check { what: what.into(), health, found: found.into(), action };
        Box::pin(async { vec![check] })
    }
}

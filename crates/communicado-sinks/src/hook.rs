//! `hook`: runs a command for each change.
//!
//! The command gets the client as JSON on standard input, and its main values in variables. One
//! command runs at a time, and the newest change waits. The command ends with the agent.

use std::time::Duration;

use communicado_core::{Activity, Availability};
use communicado_wire::{Client, Status};

use crate::agent::{
    AgentSink, Launch, Outbox, Signal, SinkContext, SinkDescriptor, SinkEvent, SinkEvents,
    SinkInput, SinkOption, SinkOptionKind, SinkOptions, SinkRun, SinkTry, Work,
};
use crate::publish::PublishError;

const RUN: SinkOption = SinkOption {
    name: "run",
    kind: SinkOptionKind::List,
    default: None,
    help: "The program and its arguments. No shell interprets them.",
};
const TIMEOUT: SinkOption = SinkOption {
    name: "timeout",
    kind: SinkOptionKind::Duration,
    default: Some("30s"),
    help: "Time for the command to exit before it is ended.",
};
const ON_START: SinkOption = SinkOption {
    name: "on-start",
    kind: SinkOptionKind::Bool,
    default: Some("true"),
    help: "Whether to run the command for the status at the start of the agent.",
};

/// The kind `hook`.
pub(crate) const DESCRIPTOR: SinkDescriptor = SinkDescriptor {
    kind: "hook",
    about: "A command that runs for each change",
    capabilities: &["status, availability and activity of each client", "JSON on standard input"],
    limitations: &[
        "One command runs at a time, and only the newest change of each client waits.",
        "A failed command is reported and not repeated.",
        "Processes that the command leaves behind are ended.",
    ],
    leaves_machine: false,
    options: &[RUN, TIMEOUT, ON_START],
    destination: |_, options| options.list(&RUN).first().cloned().unwrap_or_default(),
    open: |context, options| Ok(Box::new(HookSink::new(context, options))),
};

struct HookSink {
    context: SinkContext,
    command: Vec<String>,
    timeout: Duration,
    on_start: bool,
    outbox: Outbox,
}

impl HookSink {
    fn new(context: &SinkContext, options: &SinkOptions) -> Self {
        Self {
            context: context.clone(),
            command: options.list(&RUN),
            timeout: options.duration(&TIMEOUT),
            on_start: options.bool(&ON_START),
            outbox: Outbox::new(context.has_condition),
        }
    }

    fn launch(&self, client: &Client) -> Launch {
        Launch {
            command: self.command.clone(),
            variables: variables(client),
            input: format!("{}\n", client.to_json()),
            timeout: self.timeout,
        }
    }

    async fn deliver(
        &mut self,
        input: &mut SinkInput,
        events: &SinkEvents,
    ) -> Result<(), PublishError> {
        loop {
            let Some(client) = self.outbox.next() else {
                match input.next().await {
                    Signal::Clients => self.take_current(input),
                    Signal::Paused => {}
                    Signal::End => return Ok(()),
                }
                continue;
            };
            let mut running = self.context.launcher.run(self.launch(&client));
            let result = loop {
                match input.next_or(&mut running).await {
                    Work::Done(result) => break result,
                    Work::Signal(Signal::Clients) => self.outbox.set_current(input.clients()),
                    Work::Signal(Signal::Paused) => {}
                    Work::Signal(Signal::End) => return Ok(()),
                }
            };
            // A failed command is not repeated: its effect may be half done.
            self.outbox.mark_delivered(&client);
            match result {
                Ok(()) => events.report(&SinkEvent::Delivered),
                Err(error) => events.report(&SinkEvent::Refused(error)),
            }
        }
    }

    fn take_current(&mut self, input: &SinkInput) {
        self.outbox.set_current(input.clients());
        if !std::mem::replace(&mut self.on_start, true) {
            self.outbox.skip_current();
        }
    }
}

impl AgentSink for HookSink {
    fn run<'a>(&'a mut self, input: &'a mut SinkInput, events: &'a SinkEvents) -> SinkRun<'a> {
        Box::pin(self.deliver(input, events))
    }

    fn try_once(&mut self, clients: Vec<Client>) -> SinkTry<'_> {
        Box::pin(async move {
            let Some(client) = clients.first() else {
                return Ok("no client is selected, so the command was not run".to_owned());
            };
            self.context.launcher.run(self.launch(client)).await?;
            Ok(format!("the command ended with success for `{}`", client.client))
        })
    }
}

/// The variables for a command. A value that is not known is empty.
fn variables(client: &Client) -> Vec<(&'static str, String)> {
    let word = |word: Option<&str>| word.unwrap_or_default().to_owned();
    vec![
        ("COMMUNICADO_CLIENT", client.client.to_string()),
        ("COMMUNICADO_STATUS", client.status.word().to_owned()),
        ("COMMUNICADO_AVAILABILITY", word(client.availability.map(Availability::word))),
        ("COMMUNICADO_ACTIVITY", word(client.activity.map(Activity::word))),
        ("COMMUNICADO_REASON", word(client.reason.as_deref())),
        ("COMMUNICADO_BEFORE", word(client.before.flatten().map(Status::word))),
        ("COMMUNICADO_REVISION", client.revision.to_string()),
    ]
}

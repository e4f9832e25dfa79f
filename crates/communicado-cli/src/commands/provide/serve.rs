//! The loop of the provider. It feeds commands, script steps and timers to the provider, and
//! publishes and prints the resulting changes.

use std::future::poll_fn;
use std::pin::pin;
use std::slice::Iter;

use communicado::Timestamp;
use communicado_cli_support::{Failure, Outcome, note};
use communicado_core::Moment;
use communicado_provider::script::{Script, ScriptAction, ScriptStep};
use communicado_provider::{
    Account, ActiveFaults, CommandError, DesiredState, Fault, Provider, ProviderCommand,
    ProviderEvent, ProviderStatus,
};
use communicado_runtime::{Clock as _, SystemClock, Timer};
use futures_util::future::{Either, select};
use tokio::sync::mpsc;

use super::frontend::{CommandRequest, CommandSender, Frontend, FrontendArgs, crash};
use super::line_queue::{self, LineQueue};
use super::report::ProviderReport;
use super::saved_state::SavedState;
use super::state::ProviderState;
use crate::runtime::shutdown_signal;

/// The options of a run.
pub(super) struct RunOptions {
    pub(super) account: Account,
    pub(super) frontend: FrontendArgs,
    pub(super) script: Script,
    /// True to sign in at the start.
    pub(super) sign_in: bool,
    /// True to print JSON objects.
    pub(super) json: bool,
    pub(super) saved_state: Option<SavedState>,
    pub(super) desired: Option<DesiredState>,
}

/// A running provider.
struct ProviderLoop<'a> {
    options: &'a mut RunOptions,
    clock: SystemClock,
    provider: Provider,
    frontend: Frontend,
    lines: LineQueue,
    faults: ActiveFaults,
    /// The end of the temporary presence: as a moment, and in civil time.
    until: Option<(Moment, Timestamp)>,
    save_failed: bool,
}

/// An event of the loop.
enum LoopEvent {
    Command(Option<CommandRequest>),
    TimerExpired,
    Shutdown,
    Lost(Failure),
}

/// Runs until a command or signal ends the provider, or other programs can no longer see it.
pub(super) async fn serve(options: RunOptions, clock: SystemClock) -> Result<Outcome, Failure> {
    let (lines, writer) = line_queue::standard(options.json)?;
    let mut writer = pin!(writer.write());
    // `select` polls the provider first: other programs come before the reader of the output.
    match select(pin!(run(options, clock, lines)), writer.as_mut()).await {
        Either::Left((done, _)) => {
            line_queue::flush(writer).await;
            done
        }
        Either::Right(((), running)) => running.await,
    }
}

async fn run(
    mut options: RunOptions,
    clock: SystemClock,
    lines: LineQueue,
) -> Result<Outcome, Failure> {
    let script = options.script.clone();
    let desired = options.desired.clone().unwrap_or(DesiredState::INITIAL);
    let sign_in = options.sign_in || desired.signed_in;
    let (sender, mut commands) = CommandSender::new();
    let mut end = pin!(shutdown_signal());
    // Polled once, which installs the signal handlers before the frontend opens.
    let _ = futures_util::poll!(end.as_mut());
    let frontend = Frontend::open(options.account.clone(), sender, &options.frontend).await?;
    let provider = Provider::with_desired_state(options.account.clone(), desired);
    let mut timer = clock
        .timer()
        .map_err(|error| Failure::new(Outcome::Failed, "cannot create a timer").cause(error))?;
    let (faults, until) = (ActiveFaults::default(), None);
    let options = &mut options;
    let mut run = ProviderLoop {
        options,
        clock,
        provider,
        frontend,
        lines,
        faults,
        until,
        save_failed: false,
    };
    run.start(!script.starts()).await?;
    let began = clock.now();
    let mut steps = script.steps.iter();
    // A script with the action `running` also decides when to sign in.
    if sign_in && !script.starts() {
        let _ = run.command(ProviderCommand::SIGN_IN).await?;
    }
    loop {
        let next = run.play(&mut steps, began).await?;
        if *run.provider.status() == ProviderStatus::ShuttingDown {
            break;
        }
        let deadline = run.provider.next_deadline().into_iter().chain(next).min();
        timer.set(deadline);
        match run.wait(&mut commands, &mut *timer, end.as_mut()).await {
            LoopEvent::TimerExpired => {
                let events = run.provider.advance(clock.now());
                run.publish(events).await?;
            }
            LoopEvent::Command(Some(CommandRequest { command, reply })) => {
                let done = run.command(command).await?;
                // The caller may be gone.
                let _ = reply.send(done);
            }
            // Never happens: the frontend holds a sender.
            LoopEvent::Command(None) => {}
            LoopEvent::Shutdown => {
                let _ = run.command(ProviderCommand::Quit).await?;
            }
            LoopEvent::Lost(failure) => return Err(failure),
        }
    }
    run.frontend.close().await;
    Ok(Outcome::Yes)
}

impl ProviderLoop<'_> {
    /// Announces the provider: already running if `started`, or else as starting.
    async fn start(&mut self, started: bool) -> Result<(), Failure> {
        let mut state = vec![ProviderState::new(ProviderStatus::Starting, None)];
        if started {
            let handled = self.provider.handle(self.clock.now(), ProviderCommand::Started);
            state.extend(
                handled.events.iter().map(|event| ProviderState::new(event.status(), None)),
            );
            for state in &state {
                self.frontend.publish(state).await?;
            }
        }
        self.frontend.announce().await?;
        let (name, address) = (self.options.account.name(), self.frontend.address());
        note(&format!("the provider of {name} is {address}; press Ctrl-C to end it"));
        let at = self.clock.civil();
        state.iter().for_each(|state| self.print_line(state, at));
        Ok(())
    }

    async fn wait(
        &self,
        commands: &mut mpsc::Receiver<CommandRequest>,
        timer: &mut dyn Timer,
        end: std::pin::Pin<&mut impl Future<Output = ()>>,
    ) -> LoopEvent {
        tokio::select! {
            biased;
            () = end => LoopEvent::Shutdown,
            failure = self.frontend.lost() => LoopEvent::Lost(failure),
            () = poll_fn(|cx| timer.poll_due(cx)) => LoopEvent::TimerExpired,
            request = commands.recv() => LoopEvent::Command(request),
        }
    }

    /// Plays the script up to now, and returns the time of its next step.
    async fn play(
        &mut self,
        steps: &mut Iter<'_, ScriptStep>,
        began: Moment,
    ) -> Result<Option<Moment>, Failure> {
        loop {
            let Some(step) = steps.as_slice().first() else { return Ok(None) };
            let at = began.after(step.after);
            if at > self.clock.now() || *self.provider.status() == ProviderStatus::ShuttingDown {
                return Ok(Some(at));
            }
            steps.next();
            match &step.action {
                ScriptAction::Command(command) => {
                    if let Err(error) = self.command(command.clone()).await? {
                        note(&format!("script line {}: {error}", step.line));
                    }
                }
                ScriptAction::Fault(Fault::Crash) => {
                    // The writer gets a chance to print the last lines.
                    tokio::task::yield_now().await;
                    crash();
                }
                ScriptAction::Fault(Fault::Hang(duration)) => self.frontend.hang(*duration),
                ScriptAction::Fault(fault) => {
                    self.faults.apply(*fault);
                    self.frontend.set_faults(self.faults);
                }
            }
        }
    }

    async fn command(
        &mut self,
        command: ProviderCommand,
    ) -> Result<Result<(), CommandError>, Failure> {
        let handled = self.provider.handle(self.clock.now(), command);
        self.publish(handled.events).await?;
        Ok(handled.error.map_or(Ok(()), Err))
    }

    /// Publishes and prints the events in order, and saves the desired state.
    async fn publish(&mut self, events: Vec<ProviderEvent>) -> Result<(), Failure> {
        let until = self.until();
        for event in events {
            let state = ProviderState::new(event.status(), until);
            let at = self.clock.civil();
            self.frontend.publish(&state).await?;
            self.print_line(&state, at);
        }
        // The end of a temporary presence may change alone.
        let state = ProviderState::new(self.provider.status().clone(), until);
        self.frontend.publish(&state).await?;
        self.save(until);
        Ok(())
    }

    /// The end of the temporary presence in civil time. Computed once, so that it is stable when
    /// the clock changes.
    fn until(&mut self) -> Option<Timestamp> {
        let moment = self.provider.desired().temporary.as_ref().map(|it| it.until);
        if self.until.map(|(known, _)| known) != moment {
            let left = |moment: Moment| moment.since(self.clock.now());
            self.until = moment.map(|it| (it, self.clock.civil().after(left(it))));
        }
        self.until.map(|(_, civil)| civil)
    }

    fn print_line(&self, state: &ProviderState, at: Timestamp) {
        self.lines.push(&ProviderReport::of(&self.options.account, state), at);
    }

    fn save(&mut self, until: Option<Timestamp>) {
        let Some(saved_state) = &mut self.options.saved_state else { return };
        let saved = saved_state.save(self.provider.desired(), until);
        if let Err(error) = saved
            && !std::mem::replace(&mut self.save_failed, true)
        {
            let failure = Failure::new(Outcome::Failed, "cannot save the state for the next run")
                .cause(format!("cannot write `{}`: {error}", saved_state.file().display()))
                .help("free disk space, or make the folder writable");
            failure.print();
        }
    }
}

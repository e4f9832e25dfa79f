//! The provider at work: what is asked, what the script says and what falls due goes in, what
//! comes out is told by the face and printed.

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

use super::frontend::{CommandRequest, CommandSender, Frontend, Options, ProviderState, crash};
use super::line_queue::{self, LineQueue};
use super::report::ProviderReport;
use super::saved_state::SavedState;
use crate::runtime::shutdown_signal;

/// How a provider is to run.
pub(super) struct RunOptions {
    pub(super) account: Account,
    pub(super) frontend: Options,
    pub(super) script: Script,
    /// Whether to sign in as soon as it runs.
    pub(super) sign_in: bool,
    /// Whether to print objects for programs.
    pub(super) json: bool,
    pub(super) saved_state: Option<SavedState>,
    pub(super) desired: Option<DesiredState>,
}

/// A provider that runs.
struct ProviderLoop<'a> {
    options: &'a mut RunOptions,
    clock: SystemClock,
    provider: Provider,
    frontend: Frontend,
    lines: LineQueue,
    faults: ActiveFaults,
    /// When the override that is shown ends: on our clock, and in civil time.
    until: Option<(Moment, Timestamp)>,
    save_failed: bool,
}

/// Something that happened.
enum LoopEvent {
    Command(Option<CommandRequest>),
    TimerExpired,
    Shutdown,
    Lost(Failure),
}

/// Runs until it is told to end, or can be seen no longer.
pub(super) async fn serve(options: RunOptions, clock: SystemClock) -> Result<Outcome, Failure> {
    let (lines, writer) = line_queue::standard(options.json)?;
    let mut writer = pin!(writer.write());
    // Writing comes second: who watches goes before who reads.
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
    // Listened for first: what begins here is to be ended in order from its beginning.
    let _ = futures_util::poll!(end.as_mut());
    let frontend = Frontend::open(options.account.clone(), sender, &options.frontend).await?;
    let provider = Provider::with_desired_state(options.account.clone(), desired);
    let mut timer = clock
        .timer()
        .map_err(|error| Failure::new(Outcome::Failed, "the system gives no timer").cause(error))?;
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
    // A script that starts the provider says itself when to sign in.
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
            LoopEvent::Command(Some(CommandRequest { command, answer })) => {
                let done = run.command(command).await?;
                // Whoever asked may have gone.
                let _ = answer.send(done);
            }
            // The face holds the other end, so this is not the end of it.
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
    /// Is there, and can be asked from its first moment unless it is to be seen starting.
    async fn start(&mut self, started: bool) -> Result<(), Failure> {
        let mut shown = vec![ProviderState { status: ProviderStatus::Starting, until: None }];
        if started {
            let handled = self.provider.handle(self.clock.now(), ProviderCommand::Started);
            shown.extend(
                handled
                    .events
                    .iter()
                    .map(|event| ProviderState { status: event.status(), until: None }),
            );
            for shown in &shown {
                self.frontend.publish(shown).await?;
            }
        }
        self.frontend.announce().await?;
        let (name, address) = (self.options.account.name(), self.frontend.address());
        note(&format!("the provider of {name} is {address}; end it with Ctrl-C"));
        let at = self.clock.civil();
        shown.iter().for_each(|shown| self.print_line(shown, at));
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

    /// Does what the script says up to now, and returns when it says more.
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
                        note(&format!("line {} of the script: {error}", step.line));
                    }
                }
                ScriptAction::Fault(Fault::Crash) => {
                    // What was said before is written, if its reader takes it.
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

    /// Tells all of it, in order, and keeps what is chosen.
    async fn publish(&mut self, events: Vec<ProviderEvent>) -> Result<(), Failure> {
        let until = self.until();
        for event in events {
            let shown = ProviderState { status: event.status(), until };
            let at = self.clock.civil();
            self.frontend.publish(&shown).await?;
            self.print_line(&shown, at);
        }
        // The end of an override may be another one though nothing else is.
        let shown = ProviderState { status: self.provider.status().clone(), until };
        self.frontend.publish(&shown).await?;
        self.save(until);
        Ok(())
    }

    /// When the override that is shown ends, in civil time: worked out once, so that it does not
    /// wander with the clock.
    fn until(&mut self) -> Option<Timestamp> {
        let moment = self.provider.desired().temporary.as_ref().map(|it| it.until);
        if self.until.map(|(known, _)| known) != moment {
            let left = |moment: Moment| moment.since(self.clock.now());
            self.until = moment.map(|it| (it, self.clock.civil().after(left(it))));
        }
        self.until.map(|(_, civil)| civil)
    }

    fn print_line(&self, shown: &ProviderState, at: Timestamp) {
        self.lines.push(&ProviderReport::of(&self.options.account, shown), at);
    }

    fn save(&mut self, until: Option<Timestamp>) {
        let Some(saved_state) = &mut self.options.saved_state else { return };
        let saved = saved_state.save(self.provider.desired(), until);
        if let Err(error) = saved
            && !std::mem::replace(&mut self.save_failed, true)
        {
            let failure = Failure::new(Outcome::Failed, "what is set will not be remembered")
                .cause(format!("`{}` cannot be written: {error}", saved_state.file().display()))
                .help("make room there, or make its folder writable");
            failure.print();
        }
    }
}

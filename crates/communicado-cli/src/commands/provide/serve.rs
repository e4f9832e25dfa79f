//! The provider at work: what is asked, what the script says and what falls due goes in, what
//! comes out is told by the face and printed.

use std::future::poll_fn;
use std::pin::pin;
use std::slice::Iter;

use communicado::Timestamp;
use communicado_core::Moment;
use communicado_provider::script::{Script, ScriptAction, ScriptStep};
use communicado_provider::{
    Account, ActiveFaults, Command, CommandError, DesiredState, Fault, Provider, ProviderEvent,
    Status,
};
use communicado_runtime::{Clock as _, SystemClock, Timer};
use futures_util::future::{Either, select};
use tokio::sync::mpsc;

use super::face::{Ask, Asks, Face, Options, Shown, crash};
use super::memory::Memory;
use super::report::Report;
use super::said::{self, Said};
use crate::commands::tell;
use crate::failure::{Failure, Outcome};
use crate::live::asked_to_end;

/// How a provider is to run.
pub(super) struct Plan {
    pub(super) account: Account,
    pub(super) face: Options,
    pub(super) script: Script,
    /// Whether to sign in as soon as it runs.
    pub(super) sign_in: bool,
    /// Whether to print objects for programs.
    pub(super) json: bool,
    pub(super) memory: Option<Memory>,
    pub(super) chosen: Option<DesiredState>,
}

/// A provider that runs.
struct Run<'a> {
    plan: &'a mut Plan,
    clock: SystemClock,
    provider: Provider,
    face: Face,
    said: Said,
    faults: ActiveFaults,
    /// When the override that is shown ends: on our clock, and in civil time.
    until: Option<(Moment, Timestamp)>,
    forgets: bool,
}

/// Something that happened.
enum Happened {
    Asked(Option<Ask>),
    Due,
    AskedToEnd,
    Lost(Failure),
}

/// Runs until it is told to end, or can be seen no longer.
pub(super) async fn serve(plan: Plan, clock: SystemClock) -> Result<Outcome, Failure> {
    let (said, writing) = said::standard(plan.json)?;
    let mut writing = pin!(writing.write());
    // Writing comes second: who watches goes before who reads.
    match select(pin!(run(plan, clock, said)), writing.as_mut()).await {
        Either::Left((done, _)) => {
            said::last(writing).await;
            done
        }
        Either::Right(((), running)) => running.await,
    }
}

async fn run(mut plan: Plan, clock: SystemClock, said: Said) -> Result<Outcome, Failure> {
    let script = plan.script.clone();
    let chosen = plan.chosen.clone().unwrap_or(DesiredState::INITIAL);
    let sign_in = plan.sign_in || chosen.signed_in;
    let (asks, mut asked) = Asks::new();
    let mut end = pin!(asked_to_end());
    // Listened for first: what begins here is to be ended in order from its beginning.
    let _ = futures_util::poll!(end.as_mut());
    let face = Face::open(plan.account.clone(), asks, &plan.face).await?;
    let provider = Provider::with_desired_state(plan.account.clone(), chosen);
    let mut timer = clock
        .timer()
        .map_err(|error| Failure::new(Outcome::Failed, "the system gives no timer").cause(error))?;
    let (faults, until) = (ActiveFaults::default(), None);
    let plan = &mut plan;
    let mut run = Run { plan, clock, provider, face, said, faults, until, forgets: false };
    run.appear(!script.starts()).await?;
    let began = clock.now();
    let mut steps = script.steps.iter();
    // A script that starts the provider says itself when to sign in.
    if sign_in && !script.starts() {
        let _ = run.command(Command::SIGN_IN).await?;
    }
    loop {
        let next = run.play(&mut steps, began).await?;
        if *run.provider.status() == Status::ShuttingDown {
            break;
        }
        let deadline = run.provider.next_deadline().into_iter().chain(next).min();
        timer.set(deadline);
        match run.wait(&mut asked, &mut *timer, end.as_mut()).await {
            Happened::Due => {
                let events = run.provider.advance(clock.now());
                run.publish(events).await?;
            }
            Happened::Asked(Some(Ask { command, answer })) => {
                let done = run.command(command).await?;
                // Whoever asked may have gone.
                let _ = answer.send(done);
            }
            // The face holds the other end, so this is not the end of it.
            Happened::Asked(None) => {}
            Happened::AskedToEnd => {
                let _ = run.command(Command::Quit).await?;
            }
            Happened::Lost(failure) => return Err(failure),
        }
    }
    run.face.close().await;
    Ok(Outcome::Yes)
}

impl Run<'_> {
    /// Is there, and can be asked from its first moment unless it is to be seen starting.
    async fn appear(&mut self, started: bool) -> Result<(), Failure> {
        let mut shown = vec![Shown { status: Status::Starting, until: None }];
        if started {
            let handled = self.provider.handle(self.clock.now(), Command::Started);
            shown.extend(
                handled.events.iter().map(|event| Shown { status: event.status(), until: None }),
            );
            for shown in &shown {
                self.face.tell(shown).await?;
            }
        }
        self.face.appear().await?;
        let (name, place) = (self.plan.account.name(), self.face.place());
        tell(&format!("note: the provider of {name} is {place}; end it with Ctrl-C\n"));
        let at = self.clock.civil();
        shown.iter().for_each(|shown| self.say(shown, at));
        Ok(())
    }

    async fn wait(
        &self,
        asked: &mut mpsc::Receiver<Ask>,
        timer: &mut dyn Timer,
        end: std::pin::Pin<&mut impl Future<Output = ()>>,
    ) -> Happened {
        tokio::select! {
            biased;
            () = end => Happened::AskedToEnd,
            failure = self.face.lost() => Happened::Lost(failure),
            () = poll_fn(|cx| timer.poll_due(cx)) => Happened::Due,
            ask = asked.recv() => Happened::Asked(ask),
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
            if at > self.clock.now() || *self.provider.status() == Status::ShuttingDown {
                return Ok(Some(at));
            }
            steps.next();
            match &step.action {
                ScriptAction::Command(command) => {
                    if let Err(error) = self.command(command.clone()).await? {
                        tell(&format!("note: line {} of the script: {error}\n", step.line));
                    }
                }
                ScriptAction::Fault(Fault::Crash) => {
                    // What was said before is written, if its reader takes it.
                    tokio::task::yield_now().await;
                    crash();
                }
                ScriptAction::Fault(Fault::Hang(span)) => self.face.hang(*span),
                ScriptAction::Fault(fault) => {
                    self.faults.apply(*fault);
                    self.face.set_faults(self.faults);
                }
            }
        }
    }

    async fn command(&mut self, command: Command) -> Result<Result<(), CommandError>, Failure> {
        let handled = self.provider.handle(self.clock.now(), command);
        self.publish(handled.events).await?;
        Ok(handled.error.map_or(Ok(()), Err))
    }

    /// Tells all of it, in order, and keeps what is chosen.
    async fn publish(&mut self, events: Vec<ProviderEvent>) -> Result<(), Failure> {
        let until = self.until();
        for event in events {
            let shown = Shown { status: event.status(), until };
            let at = self.clock.civil();
            self.face.tell(&shown).await?;
            self.say(&shown, at);
        }
        // The end of an override may be another one though nothing else is.
        let shown = Shown { status: self.provider.status().clone(), until };
        self.face.tell(&shown).await?;
        self.keep(until);
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

    fn say(&self, shown: &Shown, at: Timestamp) {
        self.said.say(&Report::of(&self.plan.account, shown), at);
    }

    fn keep(&mut self, until: Option<Timestamp>) {
        let Some(memory) = &mut self.plan.memory else { return };
        let kept = memory.keep(self.provider.desired(), until);
        if let Err(error) = kept
            && !std::mem::replace(&mut self.forgets, true)
        {
            let failure = Failure::new(Outcome::Failed, "what is set will not be remembered")
                .cause(format!("`{}` cannot be written: {error}", memory.file().display()))
                .help("make room there, or make its folder writable");
            failure.tell();
        }
    }
}

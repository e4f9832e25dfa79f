//! `agent` itself: publishes until it is stopped or the permission is taken back.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use communicado::Monitor;
use communicado_runtime::{Clock, Sink as _, SystemClock, sleep_until};
use communicado_sinks::gateway::GatewayClient;
use communicado_sinks::publish::{Permission, RemoteSink};
use futures_util::FutureExt as _;
use futures_util::future::{Either, select};
use tokio::sync::watch;

use super::board::Board;
use super::consent::Consent;
use super::notice::Folder;
use super::place::Place;
use super::rule::Rule;
use super::service;
use super::when::local;
use crate::commands::tell;
use crate::failure::{Failure, Outcome};
use crate::live::{asked_to_end, beside_monitor, input_ended, now, on_runtime};
use crate::settings::Settings;

/// For so long the right to be the one agent is tried for: a `status` may hold it for an instant.
const LOCK_PATIENCE: Duration = Duration::from_millis(500);
/// Who ends the agent waits no longer for its goodbye.
const GOODBYE_MAX: Duration = Duration::from_secs(3);
/// Who forbids waits until what is under way was answered, so that nothing comes after the goodbye.
const ANSWER_MAX: Duration = Duration::from_secs(12);
/// The time of the day is looked at so often at least, since somebody may set it.
const LOOK_AGAIN: Duration = Duration::from_secs(15 * 60);

/// Why publishing came to an end, or to another beginning.
enum Cause {
    /// The permission was taken back.
    Forbidden,
    /// Something else is allowed now.
    AllowedAnew,
    /// The program is asked to end.
    Asked,
}

pub(super) fn run(
    place: &Place,
    settings: &Settings,
    exit_on_stdin_eof: bool,
) -> Result<Outcome, Failure> {
    place.needed_consent()?;
    let clock = Arc::new(SystemClock::start());
    let held = on_runtime(place.hold(&*clock, LOCK_PATIENCE))?;
    let Some(_held) = held else {
        return Err(Failure::new(Outcome::No, "another agent of yours runs already")
            .cause("one device is told of by one agent")
            .help("see what it does with `communicado agent status`"));
    };
    beside_monitor(settings.builder()?, async |monitor| {
        // Before the first look, so that no change is missed.
        let mut folder = Folder::watch(place.folder())?;
        // Once for all, so that no request to end is lost between two permissions.
        let input = exit_on_stdin_eof.then(input_ended).transpose()?;
        let asked = async {
            match input {
                Some(input) => drop(select(pin!(asked_to_end()), input).await),
                None => asked_to_end().await,
            }
        };
        let asked = asked.boxed_local().shared();
        service::notify("READY=1\n");
        while let Some(consent) = place.consent()? {
            let desk = Desk { place, settings, clock: &clock, monitor: &monitor };
            match desk.publish(&consent, &mut folder, asked.clone()).await? {
                Cause::AllowedAnew => {}
                Cause::Forbidden => {
                    tell("note: the permission was taken back; nothing is published any more\n");
                    break;
                }
                Cause::Asked => break,
            }
        }
        place.forget_standing()?;
        Ok(Outcome::Yes)
    })
}

/// What every permission is followed with.
struct Desk<'a> {
    place: &'a Place,
    settings: &'a Settings,
    clock: &'a Arc<SystemClock>,
    monitor: &'a Monitor,
}

impl Desk<'_> {
    /// Publishes as `consent` has it, until something ends that.
    async fn publish(
        &self,
        consent: &Consent,
        folder: &mut Folder,
        asked: impl Future<Output = ()> + Unpin,
    ) -> Result<Cause, Failure> {
        let Self { place, settings, clock, monitor } = *self;
        let access = consent.access()?;
        let token = access.token.clone();
        let Consent { gateway, person, device, .. } = consent;
        tell(&format!("note: for {gateway}, as `{person}`, of the device `{device}`\n"));
        let board = Arc::new(Board::new(place));
        let (permit, permission) = watch::channel(Permission::Withheld);
        let sink = RemoteSink {
            transport: GatewayClient::new(access, Arc::clone(clock) as Arc<dyn Clock>),
            lease: settings.agent.lease,
            detail: consent.detail,
            only: settings.clients.clone(),
            permission,
            clock: Arc::clone(clock) as Arc<dyn Clock>,
            on_event: {
                let board = Arc::clone(&board);
                Box::new(move |report| board.report(report))
            },
        };
        let telling = Box::new(sink).deliver(monitor.changes().into_feed());
        // The right to permit ends with this future, and with it what it permits.
        let ruling = self.rule(consent, permit, &board, folder);
        let ruling = async {
            match select(asked, pin!(ruling)).await {
                Either::Left(_) => Ok(Cause::Asked),
                Either::Right((cause, _)) => cause,
            }
        };
        match select(telling, Box::pin(ruling)).await {
            Either::Left((Ok(()), _)) => Ok(Cause::Asked),
            // Another token may have taken the place of the one that was revoked.
            Either::Left((Err(_), _)) if consent.access().is_ok_and(|it| it.token != token) => {
                Ok(Cause::AllowedAnew)
            }
            Either::Left((Err(error), _)) => Err(no_more(error.into())),
            Either::Right((cause, telling)) => {
                if !matches!(cause, Ok(Cause::AllowedAnew)) {
                    service::notify("STOPPING=1\n");
                }
                let patience = match cause {
                    Ok(Cause::Forbidden) => ANSWER_MAX,
                    Ok(Cause::AllowedAnew | Cause::Asked) | Err(_) => GOODBYE_MAX,
                };
                let time = sleep_until(&**clock, clock.now().after(patience));
                // Who is not reached learns it when the lease ends.
                let _ = select(telling, pin!(time)).await;
                cause
            }
        }
    }

    /// Permits what the person wants, as it changes.
    async fn rule(
        &self,
        consent: &Consent,
        permit: watch::Sender<Permission>,
        board: &Board,
        folder: &mut Folder,
    ) -> Result<Cause, Failure> {
        let Self { place, settings, clock, .. } = *self;
        loop {
            match place.consent() {
                Ok(Some(kept)) if kept == *consent => {}
                Ok(Some(_)) => return Ok(Cause::AllowedAnew),
                // What cannot be read permits nothing.
                Ok(None) | Err(_) => {
                    permit.send_replace(Permission::Withheld);
                    return Ok(Cause::Forbidden);
                }
            }
            let civil = now();
            let rule = Rule::at(&local(civil), place.pause()?, &settings.agent.hours);
            permit.send_if_modified(|held| {
                std::mem::replace(held, rule.permission()) != rule.permission()
            });
            board.rule(rule.silence);
            let wait = rule.until.map_or(Duration::MAX, |until| until.since(civil));
            let wait = if rule.until.is_some() { wait.min(LOOK_AGAIN) } else { wait };
            let time = sleep_until(&**clock, clock.now().after(wait));
            match select(pin!(folder.changed()), pin!(time)).await {
                Either::Left((changed, _)) => changed?,
                Either::Right((slept, _)) => slept.map_err(|error| {
                    Failure::new(Outcome::Failed, "the system gives no timer").cause(error)
                })?,
            }
        }
    }
}

/// The failure after which no other attempt makes sense; the exit status is that of a no, so that
/// a service manager does not begin again.
fn no_more(failure: Failure) -> Failure {
    let mut failure = failure.about("nothing is published any more");
    failure.outcome = Outcome::No;
    failure
}

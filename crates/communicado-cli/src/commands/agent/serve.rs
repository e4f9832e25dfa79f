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

use super::consent::Consent;
use super::dir_watcher::StateDirWatcher;
use super::policy::PublishPolicy;
use super::service_manager;
use super::state_dir::StateDir;
use super::status_reporter::StatusReporter;
use super::times::to_local;
use crate::commands::tell;
use crate::failure::{Failure, Outcome};
use crate::runtime::{block_on, now, shutdown_signal, stdin_eof, with_monitor};
use crate::settings::Settings;

/// For so long the right to be the one agent is tried for: a `status` may hold it for an instant.
const LOCK_TIMEOUT: Duration = Duration::from_millis(500);
/// Who ends the agent waits no longer for its goodbye.
const GOODBYE_MAX: Duration = Duration::from_secs(3);
/// Who forbids waits until what is under way was answered, so that nothing comes after the goodbye.
const ANSWER_MAX: Duration = Duration::from_secs(12);
/// The time of the day is looked at so often at least, since somebody may set it.
const POLICY_RECHECK: Duration = Duration::from_secs(15 * 60);

/// Why publishing came to an end, or to another beginning.
enum StopReason {
    /// The permission was taken back.
    ConsentRevoked,
    /// Something else is allowed now.
    ConsentChanged,
    /// The program is asked to end.
    Shutdown,
}

pub(super) fn run(
    state_dir: &StateDir,
    settings: &Settings,
    exit_on_stdin_eof: bool,
) -> Result<Outcome, Failure> {
    state_dir.require_consent()?;
    let clock = Arc::new(SystemClock::start());
    let held = block_on(state_dir.lock(&*clock, LOCK_TIMEOUT))?;
    let Some(_held) = held else {
        return Err(Failure::new(Outcome::No, "another agent of yours runs already")
            .cause("one device is told of by one agent")
            .help("see what it does with `communicado agent status`"));
    };
    with_monitor(settings.builder()?, async |monitor| {
        // Before the first look, so that no change is missed.
        let mut watcher = StateDirWatcher::watch(state_dir.dir())?;
        // Once for all, so that no request to end is lost between two permissions.
        let input = exit_on_stdin_eof.then(stdin_eof).transpose()?;
        let asked = async {
            match input {
                Some(input) => drop(select(pin!(shutdown_signal()), input).await),
                None => shutdown_signal().await,
            }
        };
        let asked = asked.boxed_local().shared();
        service_manager::notify("READY=1\n");
        while let Some(consent) = state_dir.consent()? {
            let session = AgentSession { state_dir, settings, clock: &clock, monitor: &monitor };
            match session.publish(&consent, &mut watcher, asked.clone()).await? {
                StopReason::ConsentChanged => {}
                StopReason::ConsentRevoked => {
                    tell("note: the permission was taken back; nothing is published any more\n");
                    break;
                }
                StopReason::Shutdown => break,
            }
        }
        state_dir.remove_status()?;
        Ok(Outcome::Yes)
    })
}

/// What every permission is followed with.
struct AgentSession<'a> {
    state_dir: &'a StateDir,
    settings: &'a Settings,
    clock: &'a Arc<SystemClock>,
    monitor: &'a Monitor,
}

impl AgentSession<'_> {
    /// Publishes as `consent` has it, until something ends that.
    async fn publish(
        &self,
        consent: &Consent,
        watcher: &mut StateDirWatcher,
        asked: impl Future<Output = ()> + Unpin,
    ) -> Result<StopReason, Failure> {
        let Self { state_dir, settings, clock, monitor } = *self;
        let access = consent.access()?;
        let token = access.token.clone();
        let Consent { gateway, person, device, .. } = consent;
        tell(&format!("note: for {gateway}, as `{person}`, of the device `{device}`\n"));
        let status_reporter = Arc::new(StatusReporter::new(state_dir));
        let (permit, permission) = watch::channel(Permission::Withheld);
        let sink = RemoteSink {
            transport: GatewayClient::new(access, Arc::clone(clock) as Arc<dyn Clock>),
            lease: settings.agent.lease,
            detail: consent.detail,
            only: settings.clients.clone(),
            permission,
            clock: Arc::clone(clock) as Arc<dyn Clock>,
            on_event: {
                let status_reporter = Arc::clone(&status_reporter);
                Box::new(move |report| status_reporter.report(report))
            },
        };
        let telling = Box::new(sink).deliver(monitor.changes().into_feed());
        // The right to permit ends with this future, and with it what it permits.
        let watching_policy = self.apply_policy(consent, permit, &status_reporter, watcher);
        let watching_policy = async {
            match select(asked, pin!(watching_policy)).await {
                Either::Left(_) => Ok(StopReason::Shutdown),
                Either::Right((stop_reason, _)) => stop_reason,
            }
        };
        match select(telling, Box::pin(watching_policy)).await {
            Either::Left((Ok(()), _)) => Ok(StopReason::Shutdown),
            // Another token may have taken the place of the one that was revoked.
            Either::Left((Err(_), _)) if consent.access().is_ok_and(|it| it.token != token) => {
                Ok(StopReason::ConsentChanged)
            }
            Either::Left((Err(error), _)) => Err(stopped(error.into())),
            Either::Right((stop_reason, telling)) => {
                if !matches!(stop_reason, Ok(StopReason::ConsentChanged)) {
                    service_manager::notify("STOPPING=1\n");
                }
                let patience = match stop_reason {
                    Ok(StopReason::ConsentRevoked) => ANSWER_MAX,
                    Ok(StopReason::ConsentChanged | StopReason::Shutdown) | Err(_) => GOODBYE_MAX,
                };
                let time = sleep_until(&**clock, clock.now().after(patience));
                // Who is not reached learns it when the lease ends.
                let _ = select(telling, pin!(time)).await;
                stop_reason
            }
        }
    }

    /// Permits what the person wants, as it changes.
    async fn apply_policy(
        &self,
        consent: &Consent,
        permit: watch::Sender<Permission>,
        status_reporter: &StatusReporter,
        watcher: &mut StateDirWatcher,
    ) -> Result<StopReason, Failure> {
        let Self { state_dir, settings, clock, .. } = *self;
        loop {
            match state_dir.consent() {
                Ok(Some(kept)) if kept == *consent => {}
                Ok(Some(_)) => return Ok(StopReason::ConsentChanged),
                // What cannot be read permits nothing.
                Ok(None) | Err(_) => {
                    permit.send_replace(Permission::Withheld);
                    return Ok(StopReason::ConsentRevoked);
                }
            }
            let civil = now();
            let policy =
                PublishPolicy::at(&to_local(civil), state_dir.pause()?, &settings.agent.hours);
            permit.send_if_modified(|held| {
                std::mem::replace(held, policy.permission()) != policy.permission()
            });
            status_reporter.set_pause_reason(policy.pause_reason);
            let wait = policy.until.map_or(Duration::MAX, |until| until.since(civil));
            let wait = if policy.until.is_some() { wait.min(POLICY_RECHECK) } else { wait };
            let time = sleep_until(&**clock, clock.now().after(wait));
            match select(pin!(watcher.changed()), pin!(time)).await {
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
fn stopped(failure: Failure) -> Failure {
    let mut failure = failure.about("nothing is published any more");
    failure.outcome = Outcome::No;
    failure
}

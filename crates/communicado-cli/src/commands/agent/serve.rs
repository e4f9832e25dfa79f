//! The agent: publishes until it is stopped or the user revokes the consent.

use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use communicado::Monitor;
use communicado_cli_support::{Failure, Outcome, note};
use communicado_runtime::{Clock, Sink as _, SystemClock, sleep_until};
use communicado_sinks::gateway::GatewayClient;
use communicado_sinks::publish::{Permission, RemoteSink};
use futures_util::FutureExt as _;
use futures_util::future::{Either, select};
use tokio::sync::watch;

use super::consent::Consent;
use super::dir_watcher::StateDirWatcher;
use super::policy::PublishPolicy;
use super::recheck::until_recheck;
use super::service_manager;
use super::sinks;
use super::state_dir::StateDir;
use super::status_reporter::StatusReporter;
use super::time_watcher::{TimeWatcher, local_zone};
use crate::runtime::{block_on, now, patient_builder, shutdown_signal, stdin_eof, with_monitor};
use crate::settings::Settings;

/// The time limit for taking the lock, which `agent status` holds for a moment.
const LOCK_TIMEOUT: Duration = Duration::from_millis(500);
/// The maximum delay of the agent's end by its goodbye.
const GOODBYE_MAX: Duration = Duration::from_secs(3);
/// The time limit for a request in progress after `agent forbid`, so that none follows the goodbye.
const ANSWER_MAX: Duration = Duration::from_secs(12);

/// The reason why a session ends.
enum StopReason {
    /// The user revoked the consent.
    ConsentRevoked,
    /// The user changed the consent.
    ConsentChanged,
    /// A shutdown signal came, or standard input ended.
    Shutdown,
}

/// True if the configuration has a sink. Fails if the agent has neither a sink nor a gateway.
pub(super) fn require_listener(state_dir: &StateDir, settings: &Settings) -> Result<bool, Failure> {
    let has_sinks = sinks::enabled(settings).next().is_some();
    if !has_sinks {
        state_dir.require_consent()?;
    }
    Ok(has_sinks)
}

pub(super) fn run(
    state_dir: &StateDir,
    settings: &Settings,
    exit_on_stdin_eof: bool,
) -> Result<Outcome, Failure> {
    let has_sinks = require_listener(state_dir, settings)?;
    let clock = Arc::new(SystemClock::start());
    let held = block_on(state_dir.lock(&*clock, LOCK_TIMEOUT))?;
    let Some(_held) = held else {
        return Err(Failure::new(Outcome::No, "your agent is already running")
            .cause("each device has one agent")
            .help("run: communicado agent status"));
    };
    with_monitor(patient_builder(settings)?, async |monitor| {
        // The watch starts before the first read, so that no change is missed.
        let mut watcher = StateDirWatcher::watch(state_dir.dir())?;
        // Shared by all sessions, so that no signal is lost between two of them.
        let input = exit_on_stdin_eof.then(stdin_eof).transpose()?;
        let shutdown = async {
            match input {
                Some(input) => drop(select(pin!(shutdown_signal()), input).await),
                None => shutdown_signal().await,
            }
        };
        let shutdown = shutdown.boxed_local().shared();
        service_manager::notify("READY=1\n");
        let session = AgentSession { state_dir, settings, clock: &clock, monitor: &monitor };
        let gateway = session.serve(&mut watcher, shutdown.clone(), has_sinks);
        let sinks = sinks::run(state_dir, settings, &clock, &monitor, shutdown.clone());
        let ended = futures_util::future::try_join(gateway, sinks).await;
        // After a failure, `agent status` shows the last error.
        ended?;
        state_dir.remove_status()?;
        Ok(Outcome::Yes)
    })
}

/// The parts that all sessions share.
struct AgentSession<'a> {
    state_dir: &'a StateDir,
    settings: &'a Settings,
    clock: &'a Arc<SystemClock>,
    monitor: &'a Monitor,
}

impl AgentSession<'_> {
    /// Publishes to the gateway while the user consents, until `shutdown`. Beside sinks, it waits
    /// for a consent, and a failure does not end the agent.
    async fn serve(
        &self,
        watcher: &mut StateDirWatcher,
        mut shutdown: impl Future<Output = ()> + Unpin + Clone,
        has_sinks: bool,
    ) -> Result<(), Failure> {
        loop {
            let ended = match self.state_dir.consent() {
                Ok(Some(consent)) => self.publish(&consent, watcher, shutdown.clone()).await,
                Ok(None) if has_sinks => Ok(StopReason::ConsentRevoked),
                Ok(None) => return Ok(()),
                Err(failure) => Err(failure),
            };
            match ended {
                Ok(StopReason::ConsentChanged) => continue,
                Ok(StopReason::Shutdown) => return Ok(()),
                Ok(StopReason::ConsentRevoked) if !has_sinks => {
                    note("publishing is disabled");
                    return Ok(());
                }
                Ok(StopReason::ConsentRevoked) => {}
                Err(failure) if has_sinks => failure.print(),
                Err(failure) => return Err(failure),
            }
            match select(&mut shutdown, pin!(watcher.changed())).await {
                Either::Left(_) => return Ok(()),
                Either::Right((changed, _)) => changed?,
            }
        }
    }

    /// Publishes under `consent` until the session ends.
    async fn publish(
        &self,
        consent: &Consent,
        watcher: &mut StateDirWatcher,
        shutdown: impl Future<Output = ()> + Unpin,
    ) -> Result<StopReason, Failure> {
        let Self { state_dir, settings, clock, monitor } = *self;
        let access = consent.access()?;
        let token = access.token.clone();
        let Consent { gateway, person, device, .. } = consent;
        note(&format!("publishing to {gateway} as `{person}`, device `{device}`"));
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
        let delivery = Box::new(sink).deliver(monitor.changes().into_feed());
        // The permission ends with this future, because the future owns the sender.
        let watching_policy = self.apply_policy(consent, permit, &status_reporter, watcher);
        let watching_policy = async {
            match select(shutdown, pin!(watching_policy)).await {
                Either::Left(_) => Ok(StopReason::Shutdown),
                Either::Right((stop_reason, _)) => stop_reason,
            }
        };
        match select(delivery, Box::pin(watching_policy)).await {
            Either::Left((Ok(()), _)) => Ok(StopReason::Shutdown),
            // The user may have replaced a revoked token.
            Either::Left((Err(_), _)) if consent.access().is_ok_and(|it| it.token != token) => {
                Ok(StopReason::ConsentChanged)
            }
            Either::Left((Err(error), _)) => Err(stopped(error.into())),
            Either::Right((stop_reason, delivery)) => {
                if !matches!(stop_reason, Ok(StopReason::ConsentChanged)) {
                    service_manager::notify("STOPPING=1\n");
                }
                let patience = match stop_reason {
                    Ok(StopReason::ConsentRevoked) => ANSWER_MAX,
                    Ok(StopReason::ConsentChanged | StopReason::Shutdown) | Err(_) => GOODBYE_MAX,
                };
                let time = sleep_until(&**clock, clock.now().after(patience));
                // A gateway that is not reached removes the device when the lease expires.
                let _ = select(delivery, pin!(time)).await;
                stop_reason
            }
        }
    }

    /// Applies the consent and the policy as they change.
    async fn apply_policy(
        &self,
        consent: &Consent,
        permit: watch::Sender<Permission>,
        status_reporter: &StatusReporter,
        watcher: &mut StateDirWatcher,
    ) -> Result<StopReason, Failure> {
        let Self { state_dir, settings, clock, .. } = *self;
        let mut time_watcher = TimeWatcher::start()?;
        loop {
            match state_dir.consent() {
                Ok(Some(stored)) if stored == *consent => {}
                Ok(Some(_)) => return Ok(StopReason::ConsentChanged),
                // An unreadable consent permits nothing.
                Ok(None) | Err(_) => {
                    permit.send_replace(Permission::Withheld);
                    return Ok(StopReason::ConsentRevoked);
                }
            }
            time_watcher.refresh();
            let civil = now();
            let pause = state_dir.pause()?;
            let policy =
                PublishPolicy::at(civil, local_zone().as_ref(), pause, &settings.agent.hours);
            permit.send_if_modified(|held| {
                std::mem::replace(held, policy.permission()) != policy.permission()
            });
            status_reporter.set_pause_reason(policy.pause_reason);
            until_recheck(policy.recheck_after(civil), clock, watcher, &mut time_watcher).await?;
        }
    }
}

/// A failure that a retry cannot fix. Its exit status keeps a service manager from a restart.
fn stopped(failure: Failure) -> Failure {
    failure.context("publishing has stopped").with_outcome(Outcome::No)
}

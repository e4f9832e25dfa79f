//! The sinks of a running agent: each has its own input, permission and supervisor.

use std::collections::BTreeMap;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::time::Duration;

use communicado::Monitor;
use communicado_cli_support::Failure;
use communicado_runtime::{Clock as _, SystemClock, sleep_until};
use communicado_sinks::agent::{SinkEvent, SinkEvents, SinkInput, supervise};
use communicado_sinks::publish::Permission;
use futures_util::future::{Either, join_all, select};
use tokio::sync::watch;

use super::dir_watcher::StateDirWatcher;
use super::policy::PublishPolicy;
use super::recheck::until_recheck;
use super::service_manager;
use super::sink_consent::SinkConsent;
use super::sink_context::sink_context;
use super::sink_reporter::SinkReporter;
use super::sink_status::SinkState;
use super::state_dir::StateDir;
use super::time_watcher::{TimeWatcher, local_zone};
use crate::runtime::now;
use crate::settings::Settings;
use crate::sink_settings::SinkSettings;
use crate::working_hours::WorkingHours;

/// The maximum delay of the agent's end by the goodbyes.
const GOODBYE_MAX: Duration = Duration::from_secs(3);

/// The enabled sinks of the configuration.
pub(super) fn enabled(settings: &Settings) -> impl Iterator<Item = (&String, &SinkSettings)> {
    settings.sinks.iter().filter(|(_, sink)| sink.enabled)
}

/// Runs all enabled sinks until `shutdown`.
pub(super) async fn run(
    state_dir: &StateDir,
    settings: &Settings,
    clock: &Arc<SystemClock>,
    monitor: &Monitor,
    shutdown: impl Future<Output = ()> + Unpin,
) -> Result<(), Failure> {
    if enabled(settings).next().is_none() {
        return Ok(());
    }
    // The watch starts before the first read, so that no change is missed.
    let watcher = StateDirWatcher::watch(state_dir.dir())?;
    let names = enabled(settings).map(|(name, _)| name.clone());
    let reporter = Arc::new(SinkReporter::new(state_dir, names));
    let mut permits = BTreeMap::new();
    let mut running = Vec::new();
    for (index, (name, sink)) in enabled(settings).enumerate() {
        let (permit, permission) = watch::channel(Permission::Withheld);
        permits.insert(name.as_str(), permit);
        let selection = sink.selection(&settings.clients);
        let input = SinkInput::new(monitor.changes().into_feed(), selection, permission);
        let seed = u64::try_from(index).unwrap_or(0) + 1;
        running.push(run_sink(name, sink, settings, clock, input, Arc::clone(&reporter), seed));
    }
    let running = join_all(running);
    let policy = apply_policy(state_dir, settings, clock, permits, &reporter, watcher);
    // The permissions end with the policy, and the sinks say goodbye then.
    let policy = async {
        match select(shutdown, pin!(policy)).await {
            Either::Left(_) => Ok(()),
            Either::Right((failed, _)) => failed,
        }
    };
    match select(running, Box::pin(policy)).await {
        Either::Left((_, policy)) => policy.await,
        Either::Right((ended, running)) => {
            service_manager::notify("STOPPING=1\n");
            let time = sleep_until(&**clock, clock.now().after(GOODBYE_MAX));
            let _ = select(running, pin!(time)).await;
            ended
        }
    }
}

/// Runs one sink until its input ends, or no retry can succeed.
async fn run_sink(
    name: &str,
    sink: &SinkSettings,
    settings: &Settings,
    clock: &Arc<SystemClock>,
    mut input: SinkInput,
    reporter: Arc<SinkReporter>,
    seed: u64,
) {
    let context = sink_context(name, sink, settings, clock);
    let mut opened = match (sink.descriptor.open)(&context, &sink.options) {
        Ok(opened) => opened,
        Err(error) => return reporter.report(name, &SinkEvent::Failed(error, None)),
    };
    let events = {
        let name = name.to_owned();
        SinkEvents::new(move |event| reporter.report(&name, event))
    };
    // The events have the error of a sink that ended for good.
    let _ = supervise(&mut *opened, &mut input, &events, &**clock, seed).await;
}

/// Applies the consents, the pause and the working hours as they change.
async fn apply_policy(
    state_dir: &StateDir,
    settings: &Settings,
    clock: &Arc<SystemClock>,
    permits: BTreeMap<&str, watch::Sender<Permission>>,
    reporter: &SinkReporter,
    mut watcher: StateDirWatcher,
) -> Result<(), Failure> {
    let mut time_watcher = TimeWatcher::start()?;
    loop {
        time_watcher.refresh();
        let at = now();
        // An unreadable consent permits nothing.
        let consents = state_dir.sink_consents().unwrap_or_default();
        let pause = state_dir.pause()?;
        let zone = local_zone();
        let mut recheck: Option<Duration> = None;
        for (name, sink) in enabled(settings) {
            let leaves = sink.descriptor.leaves_machine;
            let always = WorkingHours::default();
            let own = sink.hours.as_ref();
            let hours = own.unwrap_or(if leaves { &settings.agent.hours } else { &always });
            let policy = PublishPolicy::at(at, zone.as_ref(), pause.filter(|_| leaves), hours);
            let needed = SinkConsent::needed(sink, &sink_context(name, sink, settings, clock), at);
            let is_allowed = !leaves || consents.get(name).is_some_and(|it| it.covers(&needed));
            let held = match policy.pause_reason {
                _ if !is_allowed => Some(SinkState::NotAllowed),
                Some(_) => Some(SinkState::Paused),
                None => None,
            };
            reporter.hold(name, held);
            let permission = match held {
                None => Permission::Granted,
                Some(SinkState::Paused) => Permission::Paused,
                Some(_) => Permission::Withheld,
            };
            if let Some(permit) = permits.get(name.as_str()) {
                permit.send_if_modified(|held| std::mem::replace(held, permission) != permission);
            }
            recheck = [recheck, policy.recheck_after(at)].into_iter().flatten().min();
        }
        until_recheck(recheck, clock, &mut watcher, &mut time_watcher).await?;
    }
}

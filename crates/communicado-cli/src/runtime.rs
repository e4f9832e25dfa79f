//! The runtime of a command: a monitor on this thread, signals, and standard streams.

use std::collections::BTreeSet;
use std::future::Future;
use std::io::{self, IsTerminal as _};
use std::pin::pin;
use std::sync::Mutex;
use std::time::Duration;

use communicado::{Monitor, MonitorBuilder, Notice, SOURCES, Snapshot, Timestamp};
use communicado_cli_support::{Failure, Outcome, note, print_message};
use communicado_runtime::{Clock as _, SystemClock, desktop_executor, on_stdin_eof};
use communicado_sinks::Output;
use futures_util::FutureExt as _;
use futures_util::future::{Either, LocalBoxFuture, select};
use tokio::sync::oneshot;

use crate::errors::sdk_failure;
use crate::options::ColorChoice;
use crate::settings::Settings;
use crate::suggestion::closest;

/// Longer than the timeout of a source, so that a client that does not answer is reported as such.
const LONG_PATIENCE: Duration = Duration::from_secs(6);

/// Runs `work` with a monitor on this thread, until the work is done.
pub(crate) fn with_monitor<W, F, T>(builder: MonitorBuilder, work: W) -> Result<T, Failure>
where
    W: FnOnce(Monitor) -> F,
    F: Future<Output = Result<T, Failure>>,
{
    with_monitor_and_notices(|notice| Some(notice.to_string()), builder, work)
}

/// A builder for a monitor whose first answer waits for a client that does not answer.
pub(crate) fn patient_builder(settings: &Settings) -> Result<MonitorBuilder, Failure> {
    let builder = settings.builder()?;
    Ok(if settings.patience.is_some() { builder } else { builder.patience(LONG_PATIENCE) })
}

/// Reads the current status of every client.
pub(crate) fn read_snapshot(builder: MonitorBuilder) -> Result<Snapshot, Failure> {
    let describe = |notice: &Notice| match notice {
        // The text of the notice announces a retry, which this command does not wait for.
        Notice::Lost { source, error, .. } => {
            let message = format!("source `{source}` failed");
            Some(Failure::from(error.clone()).context(message).to_string())
        }
        _ => Some(notice.to_string()),
    };
    with_monitor_and_notices(describe, builder, async |monitor| Ok(monitor.snapshot().await))
}

/// Runs `work` with a monitor on this thread, and prints each notice as `describe` returns it.
pub(crate) fn with_monitor_and_notices<W, F, T>(
    describe: impl Fn(&Notice) -> Option<String> + Send + Sync + 'static,
    builder: MonitorBuilder,
    work: W,
) -> Result<T, Failure>
where
    W: FnOnce(Monitor) -> F,
    F: Future<Output = Result<T, Failure>>,
{
    block_on(async {
        let opened = builder.notify(notice_printer(describe)).open();
        let (monitor, watching) = opened.map_err(sdk_failure)?;
        // `select` polls the work first, so it prints a change before the sources continue.
        match select(pin!(work(monitor)), pin!(watching)).await {
            Either::Left((result, _)) => result,
            Either::Right((error, _)) => {
                Err(Failure::new(Outcome::Failed, "cannot create a timer").cause(error))
            }
        }
    })
}

/// Runs `work` on a tokio runtime on this thread.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = desktop_executor().map_err(|error| {
        Failure::new(Outcome::Failed, "cannot create the async runtime").cause(error)
    })?;
    let result = runtime.block_on(work);
    // A running DNS lookup cannot be cancelled, and its result is no longer needed.
    runtime.shutdown_background();
    result
}

/// Completes on SIGINT (Ctrl-C), SIGTERM or SIGHUP.
#[cfg(target_os = "linux")]
pub(crate) async fn shutdown_signal() {
    use tokio::signal::unix::{SignalKind, signal};

    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let mut signals: Vec<_> = kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect();
    first_of(signals.iter_mut().map(|signal| signal.recv().boxed_local())).await;
}

/// Completes on Ctrl-C or Ctrl-Break, or when the console closes or the session ends.
#[cfg(windows)]
pub(crate) async fn shutdown_signal() {
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown};

    let kinds = [
        ctrl_c().ok().map(|mut signal| async move { signal.recv().await }.boxed_local()),
        ctrl_break().ok().map(|mut signal| async move { signal.recv().await }.boxed_local()),
        ctrl_close().ok().map(|mut signal| async move { signal.recv().await }.boxed_local()),
        ctrl_shutdown().ok().map(|mut signal| async move { signal.recv().await }.boxed_local()),
    ];
    first_of(kinds.into_iter().flatten()).await;
}

async fn first_of<'a>(signals: impl Iterator<Item = LocalBoxFuture<'a, Option<()>>>) {
    // Without any signal handler, the system ends the program by default.
    let never = std::future::pending().boxed_local();
    futures_util::future::select_all(signals.chain([never])).await;
}

/// A receiver that completes when standard input ends.
pub(crate) fn stdin_eof() -> Result<oneshot::Receiver<()>, Failure> {
    let (sender, receiver) = oneshot::channel();
    let started = on_stdin_eof(move || {
        let _ = sender.send(());
    });
    started.map_err(|error| {
        Failure::new(Outcome::Failed, "cannot watch standard input").cause(error)
    })?;
    Ok(receiver)
}

/// The result of `work`, or `otherwise` if a shutdown signal comes first.
pub(crate) async fn or_shutdown<T>(work: impl Future<Output = T>, otherwise: T) -> T {
    // The signal handler is installed before the work starts.
    match select(pin!(shutdown_signal()), pin!(work)).await {
        Either::Left(_) => otherwise,
        Either::Right((result, _)) => result,
    }
}

/// Standard output, for a sink.
pub(crate) fn open_stdout() -> Result<Output, Failure> {
    Output::standard()
        .map_err(|error| Failure::new(Outcome::Failed, "cannot open standard output").cause(error))
}

/// Decides whether to use colours on standard output (no-color.org).
pub(crate) fn use_color(color: ColorChoice) -> bool {
    let is_set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    match color {
        ColorChoice::Always => true,
        ColorChoice::Never => false,
        ColorChoice::Auto => {
            let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
            io::stdout().is_terminal() && !is_set("NO_COLOR") && !is_dumb
        }
    }
}

/// The current civil time.
pub(crate) fn now() -> Timestamp {
    SystemClock::start().civil()
}

/// Prints a note for each selected client that no source reports.
pub(crate) fn warn_unknown_clients(settings: &Settings, snapshot: &Snapshot) {
    for name in &settings.clients {
        if snapshot.get(name).is_some() {
            continue;
        }
        let expected = SOURCES.iter().flat_map(|descriptor| descriptor.clients.iter().copied());
        let found = snapshot.iter().map(|client| &*client.client);
        let suggestion = closest(name, expected.chain(found));
        let suggestion =
            suggestion.map_or_else(String::new, |name| format!("; did you mean `{name}`?"));
        note(&format!("no source reports a client `{name}`{suggestion}"));
    }
}

/// A function that prints notices to standard error, each repeated loss and limit only once.
fn notice_printer(
    describe: impl Fn(&Notice) -> Option<String> + Send + Sync,
) -> impl Fn(&Notice) + Send + Sync {
    let printed = Mutex::new((None, BTreeSet::new()));
    move |notice| {
        let Ok(mut printed) = printed.lock() else { return };
        let (last_loss, limits) = &mut *printed;
        match notice {
            Notice::Lost { error, .. } if last_loss.as_ref() == Some(error) => return,
            Notice::Lost { error, .. } => *last_loss = Some(error.clone()),
            Notice::Recovered { .. } => *last_loss = None,
            Notice::Limit { limit, .. } if !limits.insert(limit.what) => return,
            _ => {}
        }
        if let Some(text) = describe(notice) {
            print_message(&format!("{}\n", text.trim_end()));
        }
    }
}

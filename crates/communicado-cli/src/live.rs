//! The monitor on this thread, and what every command that watches needs.

use std::collections::BTreeSet;
use std::future::Future;
use std::io::{self, IsTerminal as _};
use std::pin::pin;
use std::sync::Mutex;

use communicado::{Monitor, MonitorBuilder, Notice, SOURCES, Snapshot, Timestamp};
use communicado_runtime::{Clock as _, SystemClock, desktop_executor, on_stdin_eof};
use communicado_sinks::Output;
use futures_util::FutureExt as _;
use futures_util::future::{Either, LocalBoxFuture, select};
use tokio::sync::oneshot;

use crate::arguments::Color;
use crate::commands::tell;
use crate::failure::{Failure, Outcome};
use crate::nearest::nearest;
use crate::settings::Settings;

/// Does `work` beside a monitor, all on this thread, until the work is done.
pub(crate) fn beside_monitor<W, F, T>(builder: MonitorBuilder, work: W) -> Result<T, Failure>
where
    W: FnOnce(Monitor) -> F,
    F: Future<Output = Result<T, Failure>>,
{
    beside_monitor_saying(|notice| Some(notice.to_string()), builder, work)
}

/// What is believed of every client now.
pub(crate) fn look(builder: MonitorBuilder) -> Result<Snapshot, Failure> {
    let say = |notice: &Notice| match notice {
        // There is no next time.
        Notice::Lost { source, error, .. } => {
            let failure = Failure::from(error.clone()).about(format!("source `{source}` failed"));
            Some(failure.to_string())
        }
        _ => Some(notice.to_string()),
    };
    beside_monitor_saying(say, builder, async |monitor| Ok(monitor.snapshot().await))
}

/// The same, and puts what the person should know as `say` does, or keeps it back.
pub(crate) fn beside_monitor_saying<W, F, T>(
    say: impl Fn(&Notice) -> Option<String> + Send + Sync + 'static,
    builder: MonitorBuilder,
    work: W,
) -> Result<T, Failure>
where
    W: FnOnce(Monitor) -> F,
    F: Future<Output = Result<T, Failure>>,
{
    on_runtime(async {
        let (monitor, watching) = builder.notify(notify(say)).open()?;
        // Watching comes second, so that what it tells is written before it goes on.
        match select(pin!(work(monitor)), pin!(watching)).await {
            Either::Left((done, _)) => done,
            Either::Right((error, _)) => {
                let what = "the system gives no timer, without which nothing can be promised";
                Err(Failure::new(Outcome::Failed, what).cause(error))
            }
        }
    })
}

/// Runs `work` on a tokio runtime on this thread.
pub(crate) fn on_runtime<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = desktop_executor().map_err(|error| {
        Failure::new(Outcome::Failed, "the system gives no way to wait").cause(error)
    })?;
    let done = runtime.block_on(work);
    // Looking a name up cannot be ended, and nobody waits for it any more.
    runtime.shutdown_background();
    done
}

/// Ends when the program is asked to: by Ctrl-C, by a service manager, or with its terminal.
#[cfg(target_os = "linux")]
pub(crate) async fn asked_to_end() {
    use tokio::signal::unix::{SignalKind, signal};

    let kinds = [SignalKind::interrupt(), SignalKind::terminate(), SignalKind::hangup()];
    let mut signals: Vec<_> = kinds.into_iter().filter_map(|kind| signal(kind).ok()).collect();
    one_of(signals.iter_mut().map(|signal| signal.recv().boxed_local())).await;
}

/// Ends when the program is asked to: by Ctrl-C or Ctrl-Break, with its console, or at the end of
/// the session.
#[cfg(windows)]
pub(crate) async fn asked_to_end() {
    use tokio::signal::windows::{ctrl_break, ctrl_c, ctrl_close, ctrl_shutdown};

    let kinds = [
        ctrl_c().ok().map(|mut signal| async move { signal.recv().await }.boxed_local()),
        ctrl_break().ok().map(|mut signal| async move { signal.recv().await }.boxed_local()),
        ctrl_close().ok().map(|mut signal| async move { signal.recv().await }.boxed_local()),
        ctrl_shutdown().ok().map(|mut signal| async move { signal.recv().await }.boxed_local()),
    ];
    one_of(kinds.into_iter().flatten()).await;
}

async fn one_of<'a>(received: impl Iterator<Item = LocalBoxFuture<'a, Option<()>>>) {
    // Where none can be had, the system ends the program as it always does.
    let never = std::future::pending().boxed_local();
    futures_util::future::select_all(received.chain([never])).await;
}

/// Is told when standard input ends.
pub(crate) fn input_ended() -> Result<oneshot::Receiver<()>, Failure> {
    let (end, ended) = oneshot::channel();
    let listens = on_stdin_eof(move || {
        let _ = end.send(());
    });
    listens.map_err(|error| {
        Failure::new(Outcome::Failed, "standard input cannot be listened to").cause(error)
    })?;
    Ok(ended)
}

/// What `work` gives, or `otherwise` if the program is asked to end before.
pub(crate) async fn unless_asked_to_end<T>(work: impl Future<Output = T>, otherwise: T) -> T {
    // Listened for first: what the work begins is to be ended from its beginning.
    match select(pin!(asked_to_end()), pin!(work)).await {
        Either::Left(_) => otherwise,
        Either::Right((done, _)) => done,
    }
}

/// Standard output, for a sink.
pub(crate) fn standard_output() -> Result<Output, Failure> {
    Output::standard().map_err(|error| {
        Failure::new(Outcome::Failed, "standard output cannot be used").cause(error)
    })
}

/// Whether colours go to standard output (no-color.org).
pub(crate) fn coloured(color: Color) -> bool {
    let set = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    match color {
        Color::Always => true,
        Color::Never => false,
        Color::Auto => {
            let dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
            io::stdout().is_terminal() && !set("NO_COLOR") && !dumb
        }
    }
}

/// The civil time.
pub(crate) fn now() -> Timestamp {
    SystemClock::start().civil()
}

/// Tells on standard error of clients that were asked for and that nothing here knows.
pub(crate) fn tell_unknown_clients(settings: &Settings, snapshot: &Snapshot) {
    for name in &settings.clients {
        if snapshot.get(name).is_some() {
            continue;
        }
        let expected = SOURCES.iter().flat_map(|descriptor| descriptor.clients.iter().copied());
        let found = snapshot.iter().map(|client| &*client.client);
        let meant = nearest(name, expected.chain(found));
        let meant = meant.map_or_else(String::new, |near| format!("; did you mean `{near}`?"));
        tell(&format!("note: no source here sees a client `{name}` now{meant}\n"));
    }
}

/// Tells on standard error what the person should know; the same loss and the same limit once.
fn notify(say: impl Fn(&Notice) -> Option<String> + Send + Sync) -> impl Fn(&Notice) + Send + Sync {
    let told = Mutex::new((None, BTreeSet::new()));
    move |notice| {
        let Ok(mut told) = told.lock() else { return };
        let (last_loss, limits) = &mut *told;
        match notice {
            Notice::Lost { error, .. } if last_loss.as_ref() == Some(error) => return,
            Notice::Lost { error, .. } => *last_loss = Some(error.clone()),
            Notice::Recovered { .. } => *last_loss = None,
            Notice::Limit { limit, .. } if !limits.insert(limit.what) => return,
            _ => {}
        }
        if let Some(said) = say(notice) {
            tell(&format!("{}\n", said.trim_end()));
        }
    }
}

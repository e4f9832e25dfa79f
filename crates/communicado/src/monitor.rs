//! The monitor for programs with an async runtime.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::future::Future;
use std::io::{self, Write};
use std::pin::{Pin, pin};
use std::sync::Arc;
use std::task::{Context, Poll};
use std::thread::JoinHandle;
use std::time::Duration;

use communicado_runtime::{Feed, Hub, Notice, SystemClock, Update, desktop_executor, run};
use communicado_sources::{OptionError, SOURCES, SourceOptions};
use futures_util::Stream;
use futures_util::future::{Either, select};
use tokio::sync::oneshot;

use crate::{Condition, Snapshot};

/// The default time for which a first snapshot waits for slow sources.
const PATIENCE: Duration = Duration::from_secs(1);

/// A monitor of the state of every client.
///
/// It runs on its own thread, and you can use it from any async runtime. Dropping it ends the
/// thread and closes all connections.
///
/// ```
/// use communicado::{Monitor, Update};
///
/// #[tokio::main(flavor = "current_thread")]
/// async fn main() -> Result<(), communicado::Error> {
///     let monitor = Monitor::start()?;
///     let mut changes = monitor.changes();
///     // The first update is a snapshot, so there is no gap between query and subscription.
///     let first = changes.next().await;
///     assert!(matches!(first, Some(Update::Snapshot { missed: 0, .. })));
///     Ok(())
/// }
/// ```
pub struct Monitor {
    hub: Arc<Hub>,
    thread: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

type Notify = Box<dyn Fn(&Notice) + Send + Sync>;

/// The options of a monitor.
#[derive(Default)]
pub struct MonitorBuilder {
    patience: Option<Duration>,
    options: BTreeMap<String, SourceOptions>,
    without: BTreeSet<String>,
    ranks: Vec<String>,
    notify: Option<Notify>,
    journal: Option<(Box<dyn Write + Send>, bool)>,
}

/// A stream of updates. The first update is a snapshot.
pub struct Changes(Feed);

/// An error of a monitor.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// An option of a source is unknown or has an invalid value.
    Option(OptionError),
    /// There is no source with this name.
    NoSuchSource(String),
    /// The system cannot create a thread or an async runtime.
    System(io::Error),
    /// The journal cannot be written.
    Journal(io::Error),
    /// The monitor has ended.
    Ended,
}

impl Monitor {
    /// Starts a monitor with the default options.
    ///
    /// # Errors
    ///
    /// If the system cannot create a thread or an async runtime.
    pub fn start() -> Result<Self, Error> {
        Self::builder().start()
    }

    /// A builder with the default options.
    #[must_use]
    pub fn builder() -> MonitorBuilder {
        MonitorBuilder::default()
    }

    /// The current state of every client, once every source has taken its first snapshot.
    pub async fn snapshot(&self) -> Snapshot {
        let mut snapshot = Snapshot::default();
        if let Some(update) = self.hub.feed().next().await {
            snapshot.apply(&update);
        }
        snapshot
    }

    /// A stream of all updates from now on. The first is a snapshot, so there is no gap.
    #[must_use]
    pub fn changes(&self) -> Changes {
        Changes(self.hub.feed())
    }

    /// Waits until `condition` is true, and returns the snapshot in which it is.
    ///
    /// # Errors
    ///
    /// If the monitor has ended.
    pub async fn wait_until(&self, condition: &Condition) -> Result<Snapshot, Error> {
        LiveSnapshot::new(self.hub.feed())
            .until(|snapshot| condition.evaluate(snapshot) == Some(true))
            .await
    }

    /// Waits until a user is signed in, and runs `work` until the sign-out.
    ///
    /// Returns after the sign-out, so a loop around it does not spin if `work` ends early. The
    /// result is the output of `work`, or `None` if `work` was dropped at the sign-out. "Unknown"
    /// counts as signed out.
    ///
    /// # Errors
    ///
    /// If the monitor has ended.
    pub async fn while_signed_in<W, F>(&self, work: W) -> Result<Option<F::Output>, Error>
    where
        W: FnOnce(Snapshot) -> F,
        F: Future,
    {
        let mut snapshot = self.live_snapshot();
        let signed_in = snapshot.until(is_signed_in).await?;
        let work = pin!(work(signed_in));
        match select(work, pin!(snapshot.until(|snapshot| !is_signed_in(snapshot)))).await {
            Either::Left((output, signed_out)) => signed_out.await.map(|_| Some(output)),
            Either::Right((signed_out, _)) => signed_out.map(|_| None),
        }
    }

    /// A snapshot that follows the changes, to wait for several conditions in a row.
    #[must_use]
    pub fn live_snapshot(&self) -> LiveSnapshot {
        LiveSnapshot::new(self.hub.feed())
    }

    pub(crate) fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }
}

/// Returns whether a user is signed in; unknown counts as no.
pub(crate) fn is_signed_in(snapshot: &Snapshot) -> bool {
    Condition::SIGNED_IN.evaluate(snapshot) == Some(true)
}

impl Drop for Monitor {
    fn drop(&mut self) {
        self.hub.close();
        if let Some((stop, thread)) = self.thread.take() {
            // An error means that the thread has already ended.
            let _ = stop.send(());
            let _ = thread.join();
        }
    }
}

impl MonitorBuilder {
    /// Sets how long a first snapshot waits for slow sources.
    #[must_use]
    pub const fn patience(mut self, patience: Duration) -> Self {
        self.patience = Some(patience);
        self
    }

    /// Sets the options of one source. A name that is no kind needs [`SourceOptions::set_kind`].
    #[must_use]
    pub fn source(mut self, name: impl Into<String>, options: SourceOptions) -> Self {
        self.options.insert(name.into(), options);
        self
    }

    /// Disables one source.
    #[must_use]
    pub fn without(mut self, name: impl Into<String>) -> Self {
        self.without.insert(name.into());
        self
    }

    /// Sets the sources to believe first, in this order, if two report the same client.
    #[must_use]
    pub fn ranks(mut self, names: impl IntoIterator<Item = String>) -> Self {
        self.ranks = names.into_iter().collect();
        self
    }

    /// Sets a callback for notices to the user, such as about a source that failed.
    ///
    /// The monitor's thread calls it, so it must not block.
    #[must_use]
    pub fn notify(mut self, notify: impl Fn(&Notice) + Send + Sync + 'static) -> Self {
        self.notify = Some(Box::new(notify));
        self
    }

    /// Records a journal of all observations to `out`, with names of accounts if `with_names`.
    #[must_use]
    pub fn journal(mut self, out: impl Write + Send + 'static, with_names: bool) -> Self {
        self.journal = Some((Box::new(out), with_names));
        self
    }

    /// Starts the monitor on its own thread.
    ///
    /// # Errors
    ///
    /// If a source or an option is unknown, if an option has an invalid value, if the journal
    /// cannot be written, or if the system cannot create a thread or an async runtime.
    pub fn start(self) -> Result<Monitor, Error> {
        let (mut monitor, work) = self.open()?;
        let runtime = desktop_executor().map_err(Error::System)?;
        let (stop, stopped) = oneshot::channel::<()>();
        let hub = Arc::clone(&monitor.hub);
        let watch = move || {
            runtime.block_on(select(pin!(work), stopped));
            hub.close();
        };
        let thread = std::thread::Builder::new().name("communicado".to_owned()).spawn(watch);
        monitor.thread = Some((stop, thread.map_err(Error::System)?));
        Ok(monitor)
    }

    /// Creates a monitor without a thread, and the future that drives it.
    ///
    /// Poll the future on a tokio runtime with I/O enabled. It ends only with an error.
    ///
    /// # Errors
    ///
    /// As for [`MonitorBuilder::start`], without the errors of the system.
    pub fn open(self) -> Result<(Monitor, impl Future<Output = io::Error> + Send), Error> {
        let of_kind = |kind: &str| {
            let known = communicado_sources::descriptor(kind);
            known.ok_or_else(|| Error::NoSuchSource(kind.to_owned()))
        };
        let mut configured = Vec::new();
        for (name, options) in &self.options {
            configured.push((name.as_str(), of_kind(options.kind().unwrap_or(name))?));
        }
        let unknown = |name: &&String| {
            !self.options.contains_key(*name) && communicado_sources::descriptor(name).is_none()
        };
        if let Some(name) = self.without.iter().chain(&self.ranks).find(unknown) {
            return Err(Error::NoSuchSource(name.clone()));
        }
        let mut instances = communicado_sources::instances(configured, &self.ranks);
        instances.retain(|(name, _)| !self.without.contains(*name));
        let options_of = |name: &str| self.options.get(name).cloned().unwrap_or_default();
        let local = instances.iter().filter(|(_, descriptor)| descriptor.is_automatic);
        let local = local.flat_map(|(name, descriptor)| descriptor.clients(&options_of(name)));
        let local: Vec<String> = local.collect();
        let mut opened = Vec::new();
        for (name, descriptor) in instances {
            let mut options = options_of(name);
            options.set_local_clients(local.clone());
            opened.push(descriptor.open(name, &options).map_err(Error::Option)?);
        }
        let clock = Arc::new(SystemClock::start());
        let notify = self.notify.unwrap_or_else(|| Box::new(|_| ()));
        let hub = Hub::new(clock, self.patience.unwrap_or(PATIENCE), notify);
        if let Some((out, with_names)) = self.journal {
            hub.record(out, with_names).map_err(Error::Journal)?;
        }
        Ok((Monitor { hub: Arc::clone(&hub), thread: None }, run(hub, opened)))
    }
}

impl Stream for Changes {
    type Item = Update;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Update>> {
        self.0.poll_next(cx)
    }
}

impl Changes {
    /// The next update, or `None` once the monitor has ended.
    pub async fn next(&mut self) -> Option<Update> {
        self.0.next().await
    }

    /// The underlying feed, for a sink.
    #[must_use]
    pub fn into_feed(self) -> Feed {
        self.0
    }
}

/// A snapshot that follows the changes.
pub struct LiveSnapshot {
    feed: Feed,
    snapshot: Snapshot,
    begun: bool,
}

impl LiveSnapshot {
    pub(crate) fn new(feed: Feed) -> Self {
        Self { feed, snapshot: Snapshot::default(), begun: false }
    }

    /// Waits until `done` returns `true` for the snapshot, and returns a copy of it.
    ///
    /// It is cancel safe: dropping the future loses no update.
    ///
    /// # Errors
    ///
    /// If the monitor has ended.
    pub async fn until(
        &mut self,
        mut done: impl FnMut(&Snapshot) -> bool,
    ) -> Result<Snapshot, Error> {
        if self.begun && done(&self.snapshot) {
            return Ok(self.snapshot.clone());
        }
        while let Some(update) = self.feed.next().await {
            self.snapshot.apply(&update);
            self.begun = true;
            if done(&self.snapshot) {
                return Ok(self.snapshot.clone());
            }
        }
        Err(Error::Ended)
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Option(error) => write!(f, "{error}"),
            Self::NoSuchSource(name) => {
                let names: Vec<&str> = SOURCES.iter().map(|descriptor| descriptor.name).collect();
                write!(f, "unknown source `{name}`; expected one of: {}", names.join(", "))
            }
            Self::System(_) => f.write_str("the system cannot create a thread or an async runtime"),
            Self::Journal(_) => f.write_str("cannot write the journal"),
            Self::Ended => f.write_str("the monitor has ended"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::System(error) | Self::Journal(error) => Some(error),
            Self::Option(_) | Self::NoSuchSource(_) | Self::Ended => None,
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use std::task::Waker;

    use communicado_core::{Availability, Fact, Life, Presence, SignIn};
    use communicado_runtime::{ClientHandle, SourceHandle};

    use super::*;

    /// A monitor whose only source is the test.
    pub(crate) fn monitor() -> (Monitor, SourceHandle) {
        let hub = Hub::new(Arc::new(SystemClock::start()), Duration::ZERO, |_| ());
        let source = hub.attach("test", Vec::new());
        source.ready();
        (Monitor { hub, thread: None }, source)
    }

    /// A client that runs, without a sign-in.
    pub(crate) fn client(source: &SourceHandle) -> ClientHandle {
        let client = source.open("finch").unwrap();
        client.report_life(Life::Running, None);
        client
    }

    pub(crate) fn sign_in(client: &ClientHandle) {
        let raw = client.intern("away").unwrap();
        let presence =
            Presence { availability: Availability::Away, activity: None, raw, note: None };
        report(client, SignIn::SignedIn(presence));
    }

    pub(crate) fn sign_out(client: &ClientHandle) {
        report(client, SignIn::SignedOut(None));
    }

    fn report(client: &ClientHandle, sign_in: SignIn) {
        let account = client.account("alice", "XMPP").unwrap();
        client.report(Fact::Account(account, Some(sign_in)));
    }

    #[test]
    fn work_that_ends_early_waits_for_the_sign_out() {
        let (monitor, source) = monitor();
        let client = client(&source);
        let calls = std::cell::Cell::new(0);
        let mut session = pin!(monitor.while_signed_in(|_| async { calls.set(calls.get() + 1) }));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(session.as_mut().poll(&mut cx).is_pending());
        sign_in(&client);
        assert!(session.as_mut().poll(&mut cx).is_pending());
        sign_out(&client);
        let ended = session.as_mut().poll(&mut cx);
        assert!(matches!(ended, Poll::Ready(Ok(Some(())))), "{ended:?}");
        assert_eq!(calls.get(), 1);
    }

    #[test]
    fn work_is_dropped_at_the_sign_out() {
        let (monitor, source) = monitor();
        let client = client(&source);
        sign_in(&client);
        let mut session = pin!(monitor.while_signed_in(|_| std::future::pending::<()>()));
        let mut cx = Context::from_waker(Waker::noop());
        assert!(session.as_mut().poll(&mut cx).is_pending());
        sign_out(&client);
        let ended = session.as_mut().poll(&mut cx);
        assert!(matches!(ended, Poll::Ready(Ok(None))), "{ended:?}");
    }
}

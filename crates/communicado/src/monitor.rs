//! The monitor, for programs with an async runtime.

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
use communicado_sources::{OptionError, SOURCES, SourceDescriptor, SourceOptions};
use futures_util::Stream;
use futures_util::future::{Either, select};
use tokio::sync::oneshot;

use crate::{Condition, Snapshot};

/// A first snapshot is not held back longer than this for a source that is slow to look.
const PATIENCE: Duration = Duration::from_secs(1);

/// Knows what every client is, now and as it changes.
///
/// It runs on a thread of its own and can be used from any async runtime. Dropping it ends that
/// thread and lets go of everything.
///
/// ```
/// # #[tokio::main(flavor = "current_thread")]
/// # async fn main() -> Result<(), communicado::Error> {
/// use communicado::{Condition, Monitor, Update};
///
/// let monitor = Monitor::start()?;
/// let mut changes = monitor.changes();
/// // The first update is a snapshot, so nothing is missed between asking and listening.
/// let first = changes.next().await;
/// assert!(matches!(first, Some(Update::Snapshot { missed: 0, .. })));
/// # Ok(())
/// # }
/// ```
pub struct Monitor {
    hub: Arc<Hub>,
    thread: Option<(oneshot::Sender<()>, JoinHandle<()>)>,
}

type Notify = Box<dyn Fn(&Notice) + Send + Sync>;

/// How a monitor is to be.
#[derive(Default)]
pub struct MonitorBuilder {
    patience: Option<Duration>,
    options: BTreeMap<String, SourceOptions>,
    without: BTreeSet<String>,
    notify: Option<Notify>,
    journal: Option<(Box<dyn Write + Send>, bool)>,
}

/// Every update, as a stream; the first is a snapshot.
pub struct Changes(Feed);

/// Why a monitor cannot be had, or gave up.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A source was given an option that it does not take.
    Option(OptionError),
    /// There is no source of this name.
    NoSuchSource(String),
    /// The system gives no thread, or no way to wait.
    System(io::Error),
    /// The journal cannot be written.
    Journal(io::Error),
    /// The monitor has ended.
    Ended,
}

impl Monitor {
    /// A monitor with the default options, started.
    ///
    /// # Errors
    ///
    /// If the system gives no thread or no way to wait.
    pub fn start() -> Result<Self, Error> {
        Self::builder().start()
    }

    /// A monitor to be described.
    #[must_use]
    pub fn builder() -> MonitorBuilder {
        MonitorBuilder::default()
    }

    /// What is believed of every client now, once every source has looked.
    pub async fn snapshot(&self) -> Snapshot {
        let mut snapshot = Snapshot::default();
        if let Some(update) = self.hub.feed().next().await {
            snapshot.apply(&update);
        }
        snapshot
    }

    /// Every update from now on; the first is a snapshot, so there is no gap.
    #[must_use]
    pub fn changes(&self) -> Changes {
        Changes(self.hub.feed())
    }

    /// Waits until `condition` is so, and returns the snapshot in which it is.
    ///
    /// # Errors
    ///
    /// If the monitor ended before.
    pub async fn wait_until(&self, condition: &Condition) -> Result<Snapshot, Error> {
        LiveSnapshot::new(self.hub.feed())
            .until(|snapshot| condition.evaluate(snapshot) == Some(true))
            .await
    }

    /// Waits until somebody is signed in, then does `work` for as long as that is so.
    ///
    /// Returns what `work` gave, or nothing if it was dropped because nobody is signed in any
    /// more. "Cannot tell" counts as no: a feature that needs a sign-in is switched off.
    ///
    /// # Errors
    ///
    /// If the monitor ended before.
    pub async fn while_signed_in<W, F>(&self, work: W) -> Result<Option<F::Output>, Error>
    where
        W: FnOnce(Snapshot) -> F,
        F: Future,
    {
        let signed_in = |snapshot: &Snapshot| Condition::SIGNED_IN.evaluate(snapshot) == Some(true);
        let mut watch = LiveSnapshot::new(self.hub.feed());
        let snapshot = watch.until(signed_in).await?;
        let work = pin!(work(snapshot));
        match select(work, pin!(watch.until(|snapshot| !signed_in(snapshot)))).await {
            Either::Left((output, _)) => Ok(Some(output)),
            Either::Right((ended, _)) => ended.map(|_| None),
        }
    }

    /// A snapshot that is kept level, for those who wait for one thing after another.
    #[must_use]
    pub fn live_snapshot(&self) -> LiveSnapshot {
        LiveSnapshot::new(self.hub.feed())
    }

    pub(crate) fn hub(&self) -> &Arc<Hub> {
        &self.hub
    }
}

impl Drop for Monitor {
    fn drop(&mut self) {
        self.hub.close();
        if let Some((stop, thread)) = self.thread.take() {
            // An error says that the thread has ended by itself.
            let _ = stop.send(());
            let _ = thread.join();
        }
    }
}

impl MonitorBuilder {
    /// How long a first snapshot is held back for sources that are slow to look.
    #[must_use]
    pub const fn patience(mut self, patience: Duration) -> Self {
        self.patience = Some(patience);
        self
    }

    /// Sets the options of one source.
    #[must_use]
    pub fn source(mut self, name: impl Into<String>, options: SourceOptions) -> Self {
        self.options.insert(name.into(), options);
        self
    }

    /// Leaves one source out.
    #[must_use]
    pub fn without(mut self, name: impl Into<String>) -> Self {
        self.without.insert(name.into());
        self
    }

    /// Tells `notify` what the person who runs the program should know, such as that a source
    /// was lost. It is called from the monitor's thread and must not block.
    #[must_use]
    pub fn notify(mut self, notify: impl Fn(&Notice) + Send + Sync + 'static) -> Self {
        self.notify = Some(Box::new(notify));
        self
    }

    /// Writes a journal of everything observed to `out`; names of accounts only if `with_names`.
    #[must_use]
    pub fn journal(mut self, out: impl Write + Send + 'static, with_names: bool) -> Self {
        self.journal = Some((Box::new(out), with_names));
        self
    }

    /// Starts the monitor on a thread of its own.
    ///
    /// # Errors
    ///
    /// If a source or an option does not exist or has a wrong value, if the journal cannot be
    /// written, or if the system gives no thread or no way to wait.
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

    /// The monitor, and the work that the caller does for it on a tokio runtime of its own, with
    /// I/O enabled. Nothing is known while the work is not polled.
    ///
    /// # Errors
    ///
    /// As for [`MonitorBuilder::start`], but for what the system gives, with which the work ends.
    pub fn open(self) -> Result<(Monitor, impl Future<Output = io::Error> + Send), Error> {
        let mut names = self.options.keys().chain(&self.without);
        let unknown = names.find(|name| communicado_sources::descriptor(name).is_none());
        if let Some(name) = unknown {
            return Err(Error::NoSuchSource(name.clone()));
        }
        let mut opened = Vec::new();
        let wanted = |descriptor: &&&SourceDescriptor| {
            descriptor.runs_here() && !self.without.contains(descriptor.name)
        };
        for descriptor in SOURCES.iter().filter(wanted) {
            let options = self.options.get(descriptor.name).cloned().unwrap_or_default();
            opened.push(descriptor.open(&options).map_err(Error::Option)?);
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
    /// The next update; nothing once the monitor has ended.
    pub async fn next(&mut self) -> Option<Update> {
        self.0.next().await
    }

    /// The feed behind it, for a sink.
    #[must_use]
    pub fn into_feed(self) -> Feed {
        self.0
    }
}

/// A snapshot that is kept level with what happens.
pub struct LiveSnapshot {
    feed: Feed,
    snapshot: Snapshot,
    begun: bool,
}

impl LiveSnapshot {
    pub(crate) fn new(feed: Feed) -> Self {
        Self { feed, snapshot: Snapshot::default(), begun: false }
    }

    /// Waits until the snapshot is as wanted, which it may be at once.
    ///
    /// It may be dropped at any time without losing anything.
    ///
    /// # Errors
    ///
    /// If the monitor ended before.
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
                write!(f, "there is no source `{name}`; one of: {}", names.join(", "))
            }
            Self::System(_) => f.write_str("the system gives no thread or no way to wait"),
            Self::Journal(_) => f.write_str("the journal cannot be written"),
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

//! Worker thread that makes blocking COM calls to one client.
//!
//! A call to a client may block without limit, so only this thread waits for it. The thread
//! receives commands over a channel, and puts its output into a queue.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use communicado_windows::com::{Apartment, CallError, DispatchEvent};
use communicado_windows::{Guid, HResult};

use super::reading::ClientReading;
use super::registered_client::RegisteredClient;
use super::session::ClientEvent;

/// The time that the worker has to unsubscribe when communicado exits.
const UNSUBSCRIBE_MAX: Duration = Duration::from_millis(500);
/// The maximum number of queued outputs. Reading the client replaces the events above it.
const OUTPUTS_MAX: usize = 64;
/// The maximum number of recorded calls. A client has about twenty members.
const CALLS_MAX: usize = 64;
/// `E_UNEXPECTED`, for a thread that cannot start.
const UNEXPECTED: HResult = HResult::of(0x8000_FFFF);

/// COM calls to one kind of client. Each call may block.
pub(crate) trait ComClient: 'static {
    /// A connection to a client, with its event subscriptions.
    type Session<'a>;

    /// Returns whether this kind includes `client`.
    fn includes(client: &RegisteredClient) -> bool;

    /// Creates the client's object and subscribes to its events.
    fn connect<'a>(
        apartment: &'a Apartment,
        class: Guid,
        events: &EventSender,
    ) -> Result<Self::Session<'a>, CallError>;

    /// Reads the client.
    fn read(
        session: &mut Self::Session<'_>,
        events: &EventSender,
    ) -> Result<ClientReading, CallError>;

    /// Drops the connection without a call.
    fn abandon(session: Self::Session<'_>);
}

/// Sender of a client's events.
#[derive(Clone)]
pub(crate) struct EventSender(Arc<OutputQueue>);

/// Worker thread with its queue of outputs.
pub(crate) struct ComWorker {
    commands: Sender<WorkerCommand>,
    queue: Arc<OutputQueue>,
    done: Receiver<()>,
    /// The number of pending commands.
    pending: u32,
}

/// A call with its result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct RecordedCall {
    pub(crate) name: &'static str,
    /// True if it was called by the vtable.
    pub(crate) is_early: bool,
    /// The error, if the call failed.
    pub(crate) error: Option<HResult>,
}

/// Output of a worker.
pub(crate) enum WorkerOutput {
    Read(u32, Result<ClientReading, HResult>),
    Event(ClientEvent),
}

enum WorkerCommand {
    Connect(u32, Guid),
    Read(u32),
}

#[derive(Default)]
struct OutputQueue(Mutex<OutputQueueState>);

#[derive(Default)]
struct OutputQueueState {
    outputs: VecDeque<WorkerOutput>,
    waker: Option<Waker>,
    /// Each call with each of its results, in the order of their first occurrence.
    calls: Vec<RecordedCall>,
    /// True if the worker is abandoned. Later outputs are about an earlier run of the client.
    is_abandoned: bool,
}

impl ComWorker {
    pub(crate) fn new<C: ComClient>() -> Self {
        let (commands, receiver) = channel();
        let (done_sender, done) = channel();
        let queue = Arc::<OutputQueue>::default();
        let events = EventSender(Arc::clone(&queue));
        let work = move || {
            work::<C>(&receiver, &events);
            drop(done_sender);
        };
        // Without a thread, the first command fails.
        let _ = std::thread::Builder::new().name("client".to_owned()).spawn(work);
        Self { commands, queue, done, pending: 0 }
    }

    pub(crate) fn connect(&mut self, read: u32, class: Guid) {
        self.send(read, WorkerCommand::Connect(read, class));
    }

    pub(crate) fn read(&mut self, read: u32) {
        self.send(read, WorkerCommand::Read(read));
    }

    fn send(&mut self, read: u32, command: WorkerCommand) {
        self.pending += 1;
        if self.commands.send(command).is_err() {
            self.queue.put(WorkerOutput::Read(read, Err(UNEXPECTED)));
        }
    }

    /// Waits for the next output.
    pub(crate) fn poll_output(&mut self, cx: &Context<'_>) -> Poll<WorkerOutput> {
        let mut queue = self.queue.lock();
        let Some(output) = queue.outputs.pop_front() else {
            queue.waker = Some(cx.waker().clone());
            return Poll::Pending;
        };
        if let WorkerOutput::Read(..) = output {
            self.pending = self.pending.saturating_sub(1);
        }
        Poll::Ready(output)
    }

    /// The recorded calls.
    pub(crate) fn calls(&self) -> Vec<RecordedCall> {
        self.queue.lock().calls.clone()
    }

    /// Drops the connection without a call, once the thread is free, and ignores all later outputs.
    pub(crate) fn abandon(self) {
        {
            let mut queue = self.queue.lock();
            queue.is_abandoned = true;
            queue.outputs.clear();
        }
        drop(self);
    }
}

impl Drop for ComWorker {
    fn drop(&mut self) {
        let is_abandoned = self.queue.lock().is_abandoned;
        // Without a sender of commands, the thread exits.
        self.commands = channel().0;
        if !is_abandoned && self.pending == 0 {
            let _ = self.done.recv_timeout(UNSUBSCRIBE_MAX);
        }
    }
}

impl OutputQueue {
    fn lock(&self) -> MutexGuard<'_, OutputQueueState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, output: WorkerOutput) {
        let mut queue = self.lock();
        if queue.is_abandoned {
            return;
        }
        let is_change = matches!(output, WorkerOutput::Event(ClientEvent::Changed));
        let last_is_change =
            matches!(queue.outputs.back(), Some(WorkerOutput::Event(ClientEvent::Changed)));
        let is_full =
            queue.outputs.len() >= OUTPUTS_MAX && matches!(output, WorkerOutput::Event(_));
        if !(is_change && last_is_change || is_full) {
            queue.outputs.push_back(output);
        }
        let waker = queue.waker.take();
        drop(queue);
        waker.into_iter().for_each(Waker::wake);
    }
}

impl EventSender {
    /// Queues an event. It never blocks.
    pub(crate) fn send(&self, event: ClientEvent) {
        self.0.put(WorkerOutput::Event(event));
    }

    /// Records a call for `doctor`.
    pub(crate) fn record(&self, call: RecordedCall) {
        let mut queue = self.0.lock();
        if queue.calls.len() < CALLS_MAX && !queue.calls.contains(&call) {
            queue.calls.push(call);
        }
    }

    /// A handler that queues a change for each event.
    pub(crate) fn on_change(&self) -> impl Fn(DispatchEvent) + Send + Sync + use<> {
        let events = self.clone();
        move |_| events.send(ClientEvent::Changed)
    }
}

fn work<C: ComClient>(commands: &Receiver<WorkerCommand>, events: &EventSender) {
    let apartment = match Apartment::join() {
        Ok(apartment) => apartment,
        Err(error) => {
            for WorkerCommand::Connect(read, _) | WorkerCommand::Read(read) in commands {
                events.0.put(WorkerOutput::Read(read, Err(error.code())));
            }
            return;
        }
    };
    let mut session: Option<C::Session<'_>> = None;
    for command in commands {
        let (read, connected) = match command {
            WorkerCommand::Read(read) => (read, Ok(())),
            WorkerCommand::Connect(read, class) => {
                if let Some(session) = session.take() {
                    C::abandon(session);
                }
                let connected = C::connect(&apartment, class, events);
                (read, connected.map(|connected| session = Some(connected)))
            }
        };
        let result = connected.and_then(|()| match &mut session {
            Some(session) => C::read(session, events).map(Some),
            None => Ok(None),
        });
        let result = match result {
            Ok(Some(reading)) => Ok(reading),
            Ok(None) => Err(UNEXPECTED),
            Err(error) => Err(error.code()),
        };
        events.0.put(WorkerOutput::Read(read, result));
    }
    if events.0.lock().is_abandoned
        && let Some(session) = session
    {
        C::abandon(session);
    }
}

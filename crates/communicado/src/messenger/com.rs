//! The connection over COM: a worker thread makes the calls to the client.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use communicado_runtime::{Clock as _, SystemClock};
use communicado_sources::communicator::api::{EVENTS, event, member};
use communicado_sources::windows;
use communicado_windows::com::{AdvisoryConnection, Apartment, DispatchEvent, Object};
use communicado_windows::{Guid, HResult, Process, Variant};

use super::callbacks::{EmitEvent, MessengerEvent};
use super::{MessengerError, MiStatus};
use crate::blocking::block_on_until;

/// The timeout of a call to the client.
const TIMEOUT: Duration = Duration::from_secs(5);
/// The timeout for ending the subscription.
const STOP_TIMEOUT: Duration = Duration::from_millis(500);
/// `RPC_S_SERVER_UNAVAILABLE`: the client has exited.
const GONE: HResult = HResult::of(0x8007_06BA);

pub(super) fn is_running() -> bool {
    windows::running_messenger().is_some()
}

pub(super) fn wait_until_running(timeout: Duration) -> bool {
    let clock = SystemClock::start();
    let end = clock.now().after(timeout);
    block_on_until(windows::wait_for_messenger(), Some((&clock, end))).is_some_and(|found| found)
}

type GetResult = Result<Variant, HResult>;

enum MessengerCommand {
    Get(i32, Sender<GetResult>),
    Event(DispatchEvent),
    /// The client's process has exited.
    ProcessEnded,
    /// The program has dropped its `Messenger`.
    Stop,
}

/// The connection to a worker thread, which makes the calls to the client.
pub(super) struct MessengerConnection {
    commands: Option<Sender<MessengerCommand>>,
    is_done: Receiver<()>,
}

impl MessengerConnection {
    pub(super) fn new(emit: EmitEvent) -> Result<Self, MessengerError> {
        let provider = windows::running_messenger().ok_or(MessengerError::NOT_RUNNING)?;
        let (class, Some(process)) = (provider.class, provider.processes.first()) else {
            return Err(MessengerError::NOT_RUNNING);
        };
        let (Some(class), Ok(process)) = (class, Process::open(*process)) else {
            return Err(MessengerError::NOT_RUNNING);
        };
        let (commands, receiver) = channel();
        let (connected, is_connected) = channel();
        let (done_sender, is_done) = channel::<()>();
        let sender = commands.clone();
        let work = move || {
            run_worker(class, &sender, &receiver, process, emit, &connected);
            drop(done_sender);
        };
        let thread = std::thread::Builder::new().name("messenger".to_owned()).spawn(work);
        let answer = thread.ok().and_then(|_| is_connected.recv_timeout(TIMEOUT).ok());
        answer.unwrap_or(Err(HResult(MessengerError::BUSY.code()))).map_err(MessengerError::new)?;
        Ok(Self { commands: Some(commands), is_done })
    }

    pub(super) fn status(&self) -> Result<MiStatus, MessengerError> {
        let status = self.get(member::MY_STATUS)?;
        Ok(MiStatus(status.number().unwrap_or(0).cast_unsigned()))
    }

    pub(super) fn signin_name(&self) -> Result<String, MessengerError> {
        self.text(member::MY_SIGNIN_NAME)
    }

    pub(super) fn friendly_name(&self) -> Result<String, MessengerError> {
        self.text(member::MY_FRIENDLY_NAME)
    }

    fn text(&self, member: i32) -> Result<String, MessengerError> {
        Ok(self.get(member)?.text().unwrap_or_default().to_owned())
    }

    fn get(&self, member: i32) -> Result<Variant, MessengerError> {
        let (reply, answer) = channel();
        let sent = self
            .commands
            .as_ref()
            .map(|commands| commands.send(MessengerCommand::Get(member, reply)));
        if !matches!(sent, Some(Ok(()))) {
            return Err(MessengerError::new(GONE));
        }
        match answer.recv_timeout(TIMEOUT) {
            Ok(answer) => answer.map_err(MessengerError::new),
            Err(_) => Err(MessengerError::BUSY),
        }
    }
}

impl Drop for MessengerConnection {
    fn drop(&mut self) {
        if let Some(commands) = self.commands.take() {
            let _ = commands.send(MessengerCommand::Stop);
        }
        // A client that hangs must not block the program.
        let _ = self.is_done.recv_timeout(STOP_TIMEOUT);
    }
}

/// Serves commands until the client exits or the connection is dropped.
fn run_worker(
    class: Guid,
    sender: &Sender<MessengerCommand>,
    commands: &Receiver<MessengerCommand>,
    mut process: Process,
    mut emit: EmitEvent,
    connected: &Sender<Result<(), HResult>>,
) {
    let end = Waker::from(Arc::new(ProcessEndWaker(Mutex::new(sender.clone()))));
    let has_ended = process.poll_ended(&Context::from_waker(&end));
    let apartment = match Apartment::join() {
        Ok(apartment) => apartment,
        Err(error) => {
            let _ = connected.send(Err(error.code()));
            return;
        }
    };
    let (object, listening) = match connect(&apartment, class, sender) {
        Ok(both) => both,
        Err(code) => {
            let _ = connected.send(Err(code));
            return;
        }
    };
    // The caller has timed out.
    if connected.send(Ok(())).is_err() {
        return;
    }
    let mut signed_in = is_signed_in(&object);
    let mut shutting_down = matches!(has_ended, Poll::Ready(_));
    while !shutting_down {
        let Ok(command) = commands.recv() else { return };
        match command {
            MessengerCommand::Get(member, reply) => {
                let got = object.get(member, &[]);
                let _ = reply.send(got.map(|got| got.value).map_err(|error| error.code()));
            }
            MessengerCommand::ProcessEnded => shutting_down = true,
            MessengerCommand::Stop => return,
            MessengerCommand::Event(DispatchEvent { id, arguments }) => {
                let number = |at: usize| arguments.get(at).and_then(Variant::number).unwrap_or(0);
                match id {
                    event::ON_SIGNIN => {
                        signed_in = number(0) >= 0;
                        emit(MessengerEvent::SignIn(number(0)));
                    }
                    event::ON_SIGNOUT => {
                        if std::mem::take(&mut signed_in) {
                            emit(MessengerEvent::SignOut);
                        }
                    }
                    // The argument may be the old status.
                    event::ON_MY_STATUS_CHANGE => {
                        if let Some(status) = status(&object) {
                            emit(MessengerEvent::Status(status));
                        }
                    }
                    event::ON_APP_SHUTDOWN => shutting_down = true,
                    _ => {}
                }
            }
        }
    }
    // The objects of a client that has exited answer no calls.
    listening.abandon();
    if signed_in {
        emit(MessengerEvent::SignOut);
    }
    emit(MessengerEvent::Shutdown);
}

fn connect<'a>(
    apartment: &'a Apartment,
    class: Guid,
    sender: &Sender<MessengerCommand>,
) -> Result<(Object<'a>, AdvisoryConnection<'a>), HResult> {
    let object = Object::create(apartment, class).map_err(|error| error.code())?;
    let sender = Mutex::new(sender.clone());
    let forward_event = move |event| {
        let sender = sender.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = sender.send(MessengerCommand::Event(event));
    };
    let listening = object.advise(EVENTS, forward_event).map_err(|error| error.code())?;
    Ok((object, listening))
}

fn status(object: &Object<'_>) -> Option<MiStatus> {
    let status = object.get(member::MY_STATUS, &[]).ok()?.value.number()?;
    Some(MiStatus(status.cast_unsigned()))
}

fn is_signed_in(object: &Object<'_>) -> bool {
    status(object).is_some_and(|status| status.contains(MiStatus::ONLINE))
}

/// A waker that sends [`MessengerCommand::ProcessEnded`].
struct ProcessEndWaker(Mutex<Sender<MessengerCommand>>);

impl Wake for ProcessEndWaker {
    fn wake(self: Arc<Self>) {
        let commands = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = commands.send(MessengerCommand::ProcessEnded);
    }
}

//! Over COM: a thread of its own speaks to the client, and another tells the program.

use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll, Wake, Waker};
use std::time::Duration;

use communicado_runtime::{Clock as _, SystemClock};
use communicado_sources::communicator::api::{EVENTS, event, member};
use communicado_sources::windows;
use communicado_windows::com::{Apartment, Event, Listening, Object};
use communicado_windows::{Guid, HResult, Process, Variant};

use super::calls::{Tell, Told};
use super::{MessengerError, MiStatus};
use crate::blocking::block_on_until;

/// How long the client may take to answer.
const TIMEOUT: Duration = Duration::from_secs(5);
/// How long the end of the subscription may take.
const FAREWELL_MAX: Duration = Duration::from_millis(500);
/// `RPC_S_SERVER_UNAVAILABLE`: what was connected to is gone.
const GONE: HResult = HResult::of(0x8007_06BA);

pub(super) fn is_running() -> bool {
    windows::running_messenger().is_some()
}

pub(super) fn wait_until_running(timeout: Duration) -> bool {
    let clock = SystemClock::start();
    let end = clock.now().after(timeout);
    block_on_until(windows::wait_for_messenger(), Some((&clock, end))).is_some_and(|found| found)
}

type Answer = Result<Variant, HResult>;

enum Order {
    Get(i32, Sender<Answer>),
    Told(Event),
    /// The client's process has ended.
    Ended,
    /// The program has let go of it.
    Leave,
}

/// The thread that speaks to the client.
pub(super) struct Connection {
    orders: Option<Sender<Order>>,
    done: Receiver<()>,
}

impl Connection {
    pub(super) fn new(tell: Tell) -> Result<Self, MessengerError> {
        let provider = windows::running_messenger().ok_or(MessengerError::NOT_RUNNING)?;
        let (class, Some(process)) = (provider.class, provider.processes.first()) else {
            return Err(MessengerError::NOT_RUNNING);
        };
        let (Some(class), Ok(process)) = (class, Process::open(*process)) else {
            return Err(MessengerError::NOT_RUNNING);
        };
        let (orders, taken) = channel();
        let (connected, is_connected) = channel();
        let (leaving, done) = channel::<()>();
        let told = orders.clone();
        let work = move || {
            speak(class, &told, &taken, process, tell, &connected);
            drop(leaving);
        };
        let thread = std::thread::Builder::new().name("messenger".to_owned()).spawn(work);
        let answer = thread.ok().and_then(|_| is_connected.recv_timeout(TIMEOUT).ok());
        answer.unwrap_or(Err(HResult(MessengerError::BUSY.code()))).map_err(MessengerError::new)?;
        Ok(Self { orders: Some(orders), done })
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
        let sent = self.orders.as_ref().map(|orders| orders.send(Order::Get(member, reply)));
        if !matches!(sent, Some(Ok(()))) {
            return Err(MessengerError::new(GONE));
        }
        match answer.recv_timeout(TIMEOUT) {
            Ok(answer) => answer.map_err(MessengerError::new),
            Err(_) => Err(MessengerError::BUSY),
        }
    }
}

impl Drop for Connection {
    fn drop(&mut self) {
        if let Some(orders) = self.orders.take() {
            let _ = orders.send(Order::Leave);
        }
        // A client that hangs does not keep the program.
        let _ = self.done.recv_timeout(FAREWELL_MAX);
    }
}

/// Speaks to the client until it ends or nobody listens any more.
fn speak(
    class: Guid,
    told: &Sender<Order>,
    orders: &Receiver<Order>,
    mut process: Process,
    mut tell: Tell,
    connected: &Sender<Result<(), HResult>>,
) {
    let end = Waker::from(Arc::new(End(Mutex::new(told.clone()))));
    let has_ended = process.poll_ended(&Context::from_waker(&end));
    let apartment = match Apartment::join() {
        Ok(apartment) => apartment,
        Err(error) => {
            let _ = connected.send(Err(error.code()));
            return;
        }
    };
    let (object, listening) = match connect(&apartment, class, told) {
        Ok(both) => both,
        Err(code) => {
            let _ = connected.send(Err(code));
            return;
        }
    };
    // Nobody waits any more: it took too long.
    if connected.send(Ok(())).is_err() {
        return;
    }
    let mut is_in = signed_in(&object);
    let mut shuts_down = matches!(has_ended, Poll::Ready(_));
    while !shuts_down {
        let Ok(order) = orders.recv() else { return };
        match order {
            Order::Get(member, reply) => {
                let got = object.get(member, &[]);
                let _ = reply.send(got.map(|got| got.value).map_err(|error| error.code()));
            }
            Order::Ended => shuts_down = true,
            Order::Leave => return,
            Order::Told(Event { id, arguments }) => {
                let number = |at: usize| arguments.get(at).and_then(Variant::number).unwrap_or(0);
                match id {
                    event::ON_SIGNIN => {
                        is_in = number(0) >= 0;
                        tell(Told::SignIn(number(0)));
                    }
                    event::ON_SIGNOUT => {
                        if std::mem::take(&mut is_in) {
                            tell(Told::SignOut);
                        }
                    }
                    // The argument may be the status before.
                    event::ON_MY_STATUS_CHANGE => {
                        if let Some(status) = status(&object) {
                            tell(Told::Status(status));
                        }
                    }
                    event::ON_APP_SHUTDOWN => shuts_down = true,
                    _ => {}
                }
            }
        }
    }
    // What is left of a client that has ended answers no call.
    listening.abandon();
    if is_in {
        tell(Told::SignOut);
    }
    tell(Told::Shutdown);
}

fn connect<'a>(
    apartment: &'a Apartment,
    class: Guid,
    told: &Sender<Order>,
) -> Result<(Object<'a>, Listening<'a>), HResult> {
    let object = Object::create(apartment, class).map_err(|error| error.code())?;
    let told = Mutex::new(told.clone());
    let hear = move |event| {
        let told = told.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = told.send(Order::Told(event));
    };
    let listening = object.listen(EVENTS, hear).map_err(|error| error.code())?;
    Ok((object, listening))
}

fn status(object: &Object<'_>) -> Option<MiStatus> {
    let status = object.get(member::MY_STATUS, &[]).ok()?.value.number()?;
    Some(MiStatus(status.cast_unsigned()))
}

fn signed_in(object: &Object<'_>) -> bool {
    status(object).is_some_and(|status| status.contains(MiStatus::ONLINE))
}

/// Tells the thread that the client's process has ended.
struct End(Mutex<Sender<Order>>);

impl Wake for End {
    fn wake(self: Arc<Self>) {
        let orders = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let _ = orders.send(Order::Ended);
    }
}

//! The thread that speaks to one client.
//!
//! A call into a client blocks for as long as the client likes, so nobody else waits for it: the
//! thread is given orders, and what it finds out is left in its mail.

use std::collections::VecDeque;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};
use std::time::Duration;

use communicado_windows::com::{Apartment, CallError};
use communicado_windows::{Guid, HResult};

use super::conversation::Heard;
use super::reading::Reading;

/// How long the end of a subscription may take when communicado ends.
const FAREWELL_MAX: Duration = Duration::from_millis(500);
/// The most news that is kept; more is all told by asking.
const NEWS_MAX: usize = 64;
/// `E_UNEXPECTED`, for a thread that could not begin.
const UNEXPECTED: HResult = HResult::of(0x8000_FFFF);

/// How one kind of client is spoken to; every call may block.
pub(crate) trait Caller: 'static {
    /// The connection to a client.
    type Line<'a>;

    /// Creates the client's object and listens to it.
    fn connect<'a>(
        apartment: &'a Apartment,
        class: Guid,
        ears: &Ears,
    ) -> Result<Self::Line<'a>, CallError>;

    /// Reads it.
    fn read(line: &mut Self::Line<'_>, ears: &Ears) -> Result<Reading, CallError>;

    /// Lets go of it without a call.
    fn abandon(line: Self::Line<'_>);
}

/// Where a client's events go.
#[derive(Clone)]
pub(crate) struct Ears(Arc<Mail>);

/// One thread, and what it has to say.
pub(crate) struct Desk {
    orders: Sender<Order>,
    mail: Arc<Mail>,
    done: Receiver<()>,
    /// Orders without an answer.
    open: u32,
}

/// What was found out.
pub(crate) enum News {
    Answered(u32, Result<Reading, HResult>),
    Heard(Heard),
}

enum Order {
    Connect(u32, Guid),
    Read(u32),
}

#[derive(Default)]
struct Mail(Mutex<MailState>);

#[derive(Default)]
struct MailState {
    news: VecDeque<News>,
    waker: Option<Waker>,
    /// What is still heard is of a client that nobody speaks to any more.
    closed: bool,
}

impl Desk {
    pub(crate) fn new<C: Caller>() -> Self {
        let (orders, taken) = channel();
        let (leaving, done) = channel();
        let mail = Arc::<Mail>::default();
        let ears = Ears(Arc::clone(&mail));
        let work = move || {
            work::<C>(&taken, &ears);
            drop(leaving);
        };
        // Without a thread nobody takes orders, which is found out when one is given.
        let _ = std::thread::Builder::new().name("client".to_owned()).spawn(work);
        Self { orders, mail, done, open: 0 }
    }

    pub(crate) fn connect(&mut self, question: u32, class: Guid) {
        self.order(question, Order::Connect(question, class));
    }

    pub(crate) fn read(&mut self, question: u32) {
        self.order(question, Order::Read(question));
    }

    fn order(&mut self, question: u32, order: Order) {
        self.open += 1;
        if self.orders.send(order).is_err() {
            self.mail.put(News::Answered(question, Err(UNEXPECTED)));
        }
    }

    /// Ready with the next news.
    pub(crate) fn poll_news(&mut self, cx: &Context<'_>) -> Poll<News> {
        let mut mail = self.mail.lock();
        let Some(news) = mail.news.pop_front() else {
            mail.waker = Some(cx.waker().clone());
            return Poll::Pending;
        };
        if let News::Answered(..) = news {
            self.open = self.open.saturating_sub(1);
        }
        Poll::Ready(news)
    }

    /// Lets go of the client without a call, once the thread is free to; nothing more is heard.
    pub(crate) fn abandon(self) {
        {
            let mut mail = self.mail.lock();
            mail.closed = true;
            mail.news.clear();
        }
        drop(self);
    }
}

impl Drop for Desk {
    fn drop(&mut self) {
        let is_abandoned = self.mail.lock().closed;
        // The thread ends when there are no more orders.
        self.orders = channel().0;
        if !is_abandoned && self.open == 0 {
            let _ = self.done.recv_timeout(FAREWELL_MAX);
        }
    }
}

impl Mail {
    fn lock(&self) -> MutexGuard<'_, MailState> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, news: News) {
        let mut mail = self.lock();
        if mail.closed {
            return;
        }
        let is_change = matches!(news, News::Heard(Heard::Change));
        let last_is_change = matches!(mail.news.back(), Some(News::Heard(Heard::Change)));
        let is_full = mail.news.len() >= NEWS_MAX && matches!(news, News::Heard(_));
        if !(is_change && last_is_change || is_full) {
            mail.news.push_back(news);
        }
        let waker = mail.waker.take();
        drop(mail);
        waker.into_iter().for_each(Waker::wake);
    }
}

impl Ears {
    /// Takes in what a client told. It never blocks.
    pub(crate) fn hear(&self, heard: Heard) {
        self.0.put(News::Heard(heard));
    }
}

fn work<C: Caller>(orders: &Receiver<Order>, ears: &Ears) {
    let apartment = match Apartment::join() {
        Ok(apartment) => apartment,
        Err(error) => {
            for Order::Connect(question, _) | Order::Read(question) in orders {
                ears.0.put(News::Answered(question, Err(error.code())));
            }
            return;
        }
    };
    let mut line: Option<C::Line<'_>> = None;
    for order in orders {
        let (question, connected) = match order {
            Order::Read(question) => (question, Ok(())),
            Order::Connect(question, class) => {
                if let Some(line) = line.take() {
                    C::abandon(line);
                }
                let connected = C::connect(&apartment, class, ears);
                (question, connected.map(|connected| line = Some(connected)))
            }
        };
        let answer = connected.and_then(|()| match &mut line {
            Some(line) => C::read(line, ears).map(Some),
            None => Ok(None),
        });
        let answer = match answer {
            Ok(Some(reading)) => Ok(reading),
            Ok(None) => Err(UNEXPECTED),
            Err(error) => Err(error.code()),
        };
        ears.0.put(News::Answered(question, answer));
    }
    if ears.0.lock().closed
        && let Some(line) = line
    {
        C::abandon(line);
    }
}

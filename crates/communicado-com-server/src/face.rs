//! The provider as Windows sees it: its flags, its classes, and who listens.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use communicado_provider::{Account, ActiveFaults, ProviderStatus};
use communicado_windows::com::Apartment;
use communicado_windows::com::serve::{ClassObject, Library};
use communicado_windows::{Error, HResult, NamedMutex, processes};

use crate::client::{Ask, Client, Libraries, serve};
use crate::control::{self, Control};
use crate::messenger::{self, Messenger};
use crate::office::{self, Root};
use crate::registration::{Flags, NAMESAKE, is_registered};

/// What only one process of a session has.
pub(crate) const MUTEX_NAME: &str = "Communicado.Provider";
/// `CLASS_E_CLASSNOTAVAILABLE`: what creating the object ends in while the client cannot be used.
const NOT_AVAILABLE: HResult = HResult::of(0x8004_0111);

/// How to show the provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Whether Office is to ask it; who was asked before is put back in the end.
    pub is_default: bool,
}

/// Why the provider cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FaceError {
    /// Another one of this user runs.
    Taken,
    /// Communicator itself runs, whose classes and flag these are.
    Namesake,
    /// The system refuses.
    System(Error),
}

impl From<Error> for FaceError {
    fn from(error: Error) -> Self {
        Self::System(error)
    }
}

impl fmt::Display for FaceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Taken => f.write_str("another provider runs in this session"),
            Self::Namesake => write!(f, "`{NAMESAKE}` runs, whose classes these are"),
            Self::System(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for FaceError {}

/// The provider, shown.
pub struct Face {
    client: Arc<Client>,
    flags: Flags,
    classes: Classes,
    problems: Vec<String>,
    _mutex: NamedMutex,
}

/// The thread whose apartment the classes belong to.
struct Classes {
    orders: Sender<Order>,
    thread: JoinHandle<()>,
}

enum Order {
    /// Let others create objects, and say when they can.
    Offer(Sender<Result<(), Error>>),
}

impl Face {
    /// Shows a provider that is starting; `program` is this program's own file, which has the type
    /// libraries.
    ///
    /// # Errors
    ///
    /// If another one runs, or the system does not let it. Nothing is left behind.
    pub fn open(
        account: Account,
        program: &str,
        options: Options,
        ask: Ask,
    ) -> Result<Self, FaceError> {
        let mutex = NamedMutex::claim(MUTEX_NAME)?.ok_or(FaceError::Taken)?;
        if processes()?.iter().any(|each| each.image.eq_ignore_ascii_case(NAMESAKE)) {
            return Err(FaceError::Namesake);
        }
        let mut problems = Vec::new();
        let mut library = |number| {
            // A library that is missing keeps out only programs that are bound early.
            let loaded = Library::load(&format!(r"{program}\{number}"));
            let loaded = loaded.and_then(|library| library.register().map(|()| library));
            loaded.map_err(|error| problems.push(error.to_string())).ok()
        };
        let libraries = Libraries { messenger: library(1), office: library(2) };
        let client = Arc::new(Client::new(account, ask, libraries));
        let flags = Flags::raise(program, options.is_default)?;
        let classes = match Classes::register(&client) {
            Ok(classes) => classes,
            Err(error) => {
                let _ = flags.set(0);
                let _ = flags.lower();
                return Err(error.into());
            }
        };
        Ok(Self { client, flags, classes, problems, _mutex: mutex })
    }

    /// What does not work, for people: each a sentence.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// Shows a status, after all that led to it was shown; `until` is when that ends by itself.
    ///
    /// # Errors
    ///
    /// If the registry cannot be written or the classes cannot be offered.
    pub fn show(&self, status: ProviderStatus, until: Option<String>) -> Result<(), Error> {
        let before = self.client.status();
        let is_up = |status: &ProviderStatus| status.up_and_running() == 2;
        if is_up(&status) && !is_up(&before) {
            self.classes.offer()?;
        }
        let flag = status.up_and_running();
        let falls = flag == 0 && !self.client.has_stale_flag();
        self.client.show(status, until);
        if flag == 0 {
            self.client.settle();
        }
        if falls || flag != 0 && flag != before.up_and_running() {
            self.flags.set(flag)?;
        }
        Ok(())
    }

    /// Behaves from here on as it is told to.
    pub fn set_faults(&self, faults: ActiveFaults) {
        self.client.set_faults(faults);
    }

    /// Answers nobody for so long, and does nothing else either.
    pub fn hang(&self, span: Duration) {
        self.client.hang(span);
    }

    /// Withdraws the classes and removes what was written.
    ///
    /// # Errors
    ///
    /// If the registry cannot be written.
    pub fn close(self) -> Result<(), Error> {
        let Self { client, flags, classes, .. } = self;
        let is_stale = client.has_stale_flag();
        classes.withdraw();
        if !is_registered() {
            let libraries = [&client.libraries.messenger, &client.libraries.office];
            for library in libraries.into_iter().flatten() {
                // It stays where it may not be taken back, which does no harm.
                let _ = library.unregister_it();
            }
        }
        if is_stale { Ok(()) } else { flags.lower() }
    }
}

impl Classes {
    /// Registers the classes on a thread of their own, where they stay until it ends.
    fn register(client: &Arc<Client>) -> Result<Self, Error> {
        let (orders, taken) = channel();
        let (done, registered) = channel();
        let client = Arc::clone(client);
        let serve = move || classes(&client, &taken, &done);
        let thread = thread::Builder::new().name("classes".to_owned()).spawn(serve);
        let failed = || Error::of_system("start a thread", HResult::of(0x8007_000E));
        let thread = thread.map_err(|_| failed())?;
        registered.recv().unwrap_or_else(|_| Err(failed()))?;
        Ok(Self { orders, thread })
    }

    fn offer(&self) -> Result<(), Error> {
        let (done, offered) = channel();
        let ended = || Error::of_system("offer the classes", HResult::of(0x8000_FFFF));
        self.orders.send(Order::Offer(done)).map_err(|_| ended())?;
        offered.recv().unwrap_or_else(|_| Err(ended()))
    }

    fn withdraw(self) {
        drop(self.orders);
        // It panics nowhere, and if it did, the classes would be gone as well.
        let _ = self.thread.join();
    }
}

/// Registers the classes, says how that went, and keeps them until there are no more orders.
fn classes(client: &Arc<Client>, orders: &Receiver<Order>, done: &Sender<Result<(), Error>>) {
    let apartment = match Apartment::join() {
        Ok(apartment) => apartment,
        Err(error) => {
            let _ = done.send(Err(error));
            return;
        }
    };
    let registered = register(&apartment, client);
    let is_registered = registered.is_ok();
    let kept = registered.map_err(|error| {
        let _ = done.send(Err(error));
    });
    if is_registered {
        let _ = done.send(Ok(()));
    }
    let Ok(kept) = kept else { return };
    for Order::Offer(offered) in orders {
        let _ = offered.send(ClassObject::resume(&apartment));
    }
    drop(kept);
}

fn register<'a>(
    apartment: &'a Apartment,
    client: &Arc<Client>,
) -> Result<[ClassObject<'a>; 3], Error> {
    let available = |client: &Client| match client.status() {
        ProviderStatus::Starting | ProviderStatus::ShuttingDown => Err(NOT_AVAILABLE),
        _ => client.admit().map_err(|refusal| refusal.code),
    };
    let own = || Arc::clone(client);
    let (messenger, office, control) = (own(), own(), own());
    Ok([
        ClassObject::register(apartment, messenger::CLASS, move || {
            available(&messenger)?;
            serve(Messenger(Arc::clone(&messenger)))
        })?,
        ClassObject::register(apartment, office::CLASS, move || {
            available(&office)?;
            serve(Root::of(&office))
        })?,
        ClassObject::register(apartment, control::CLASS, move || {
            serve(Control(Arc::clone(&control)))
        })?,
    ])
}

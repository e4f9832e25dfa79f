//! The provider as Windows sees it: its flags, its classes, and who listens.

use std::fmt;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use communicado_provider::{Account, ActiveFaults, ProviderStatus};
use communicado_windows::com::Apartment;
use communicado_windows::com::serve::{ClassObject, TypeLibrary};
use communicado_windows::{HResult, NamedMutex, WindowsError, processes};

use crate::control::{self, ControlObject, MUTEX_NAME};
use crate::event_calls::set_status;
use crate::messenger::{self, MessengerObject};
use crate::office::{self, OfficeIntegration};
use crate::registration::{COMMUNICATOR_PROGRAM, ProviderKeys, is_registered};
use crate::server::{ComServer, CommandHandler, TypeLibraries, new_object};

/// `CLASS_E_CLASSNOTAVAILABLE`: what creating the object ends in while the client cannot be used.
const NOT_AVAILABLE: HResult = HResult::of(0x8004_0111);

/// How to show the provider.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrontendOptions {
    /// Whether Office is to ask it; who was asked before is put back in the end.
    pub is_default: bool,
}

/// Why the provider cannot be shown.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrontendError {
    /// Another one of this user runs.
    AlreadyRunning,
    /// Communicator itself runs, whose classes and flag these are.
    CommunicatorRunning,
    /// The system refuses.
    System(WindowsError),
}

impl From<WindowsError> for FrontendError {
    fn from(error: WindowsError) -> Self {
        Self::System(error)
    }
}

impl fmt::Display for FrontendError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AlreadyRunning => f.write_str("another provider runs in this session"),
            Self::CommunicatorRunning => {
                write!(f, "`{COMMUNICATOR_PROGRAM}` runs, whose classes these are")
            }
            Self::System(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for FrontendError {}

/// The provider, shown.
pub struct ComFrontend {
    server: Arc<ComServer>,
    provider_keys: ProviderKeys,
    class_thread: ClassThread,
    problems: Vec<String>,
    _mutex: NamedMutex,
}

/// The thread whose apartment the classes belong to.
struct ClassThread {
    commands: Sender<ClassCommand>,
    thread: JoinHandle<()>,
}

enum ClassCommand {
    /// Let others create objects, and say when they can.
    Resume(Sender<Result<(), WindowsError>>),
}

impl ComFrontend {
    /// Shows a provider that is starting; `program` is this program's own file, which has the type
    /// libraries.
    ///
    /// # Errors
    ///
    /// If another one runs, or the system does not let it. Nothing is left behind.
    pub fn open(
        account: Account,
        program: &str,
        options: FrontendOptions,
        handler: CommandHandler,
    ) -> Result<Self, FrontendError> {
        let mutex = NamedMutex::claim(MUTEX_NAME)?.ok_or(FrontendError::AlreadyRunning)?;
        if processes()?.iter().any(|each| each.image.eq_ignore_ascii_case(COMMUNICATOR_PROGRAM)) {
            return Err(FrontendError::CommunicatorRunning);
        }
        let mut problems = Vec::new();
        let mut library = |number| {
            // A library that is missing keeps out only programs that are bound early.
            let loaded = TypeLibrary::load(&format!(r"{program}\{number}"));
            let loaded = loaded.and_then(|library| library.register().map(|()| library));
            loaded.map_err(|error| problems.push(error.to_string())).ok()
        };
        let libraries = TypeLibraries { messenger: library(1), office: library(2) };
        let server = Arc::new(ComServer::new(account, handler, libraries));
        let provider_keys = ProviderKeys::create(program, options.is_default)?;
        let class_thread = match ClassThread::register(&server) {
            Ok(class_thread) => class_thread,
            Err(error) => {
                let _ = provider_keys.set_up_and_running(0);
                let _ = provider_keys.remove();
                return Err(error.into());
            }
        };
        Ok(Self { server, provider_keys, class_thread, problems, _mutex: mutex })
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
    pub fn show(&self, status: ProviderStatus, until: Option<String>) -> Result<(), WindowsError> {
        let before = self.server.status();
        let is_up = |status: &ProviderStatus| status.up_and_running() == 2;
        if is_up(&status) && !is_up(&before) {
            self.class_thread.resume()?;
        }
        let flag = status.up_and_running();
        let falls = flag == 0 && !self.server.has_stale_flag();
        set_status(&self.server, status, until);
        if flag == 0 {
            self.server.flush();
        }
        if falls || flag != 0 && flag != before.up_and_running() {
            self.provider_keys.set_up_and_running(flag)?;
        }
        Ok(())
    }

    /// Behaves from here on as it is told to.
    pub fn set_faults(&self, faults: ActiveFaults) {
        self.server.set_faults(faults);
    }

    /// Answers nobody for so long, and does nothing else either.
    pub fn hang(&self, span: Duration) {
        self.server.hang(span);
    }

    /// Withdraws the classes and removes what was written.
    ///
    /// # Errors
    ///
    /// If the registry cannot be written.
    pub fn close(self) -> Result<(), WindowsError> {
        let Self { server, provider_keys, class_thread, .. } = self;
        let is_stale = server.has_stale_flag();
        class_thread.stop();
        if !is_registered() {
            let libraries = [&server.libraries.messenger, &server.libraries.office];
            for library in libraries.into_iter().flatten() {
                // It stays where it may not be taken back, which does no harm.
                let _ = library.unregister_this();
            }
        }
        if is_stale { Ok(()) } else { provider_keys.remove() }
    }
}

impl ClassThread {
    /// Registers the classes on a thread of their own, where they stay until it ends.
    fn register(server: &Arc<ComServer>) -> Result<Self, WindowsError> {
        let (commands, taken) = channel();
        let (done, registered) = channel();
        let server = Arc::clone(server);
        let serve = move || class_thread(&server, &taken, &done);
        let thread = thread::Builder::new().name("classes".to_owned()).spawn(serve);
        let failed = || WindowsError::new("start a thread", HResult::of(0x8007_000E));
        let thread = thread.map_err(|_| failed())?;
        registered.recv().unwrap_or_else(|_| Err(failed()))?;
        Ok(Self { commands, thread })
    }

    fn resume(&self) -> Result<(), WindowsError> {
        let (done, offered) = channel();
        let ended = || WindowsError::new("offer the classes", HResult::of(0x8000_FFFF));
        self.commands.send(ClassCommand::Resume(done)).map_err(|_| ended())?;
        offered.recv().unwrap_or_else(|_| Err(ended()))
    }

    fn stop(self) {
        drop(self.commands);
        // It panics nowhere, and if it did, the classes would be gone as well.
        let _ = self.thread.join();
    }
}

/// Registers the classes, says how that went, and keeps them until there are no more orders.
fn class_thread(
    server: &Arc<ComServer>,
    commands: &Receiver<ClassCommand>,
    done: &Sender<Result<(), WindowsError>>,
) {
    let apartment = match Apartment::join() {
        Ok(apartment) => apartment,
        Err(error) => {
            let _ = done.send(Err(error));
            return;
        }
    };
    let registered = register(&apartment, server);
    let is_registered = registered.is_ok();
    let kept = registered.map_err(|error| {
        let _ = done.send(Err(error));
    });
    if is_registered {
        let _ = done.send(Ok(()));
    }
    let Ok(kept) = kept else { return };
    for ClassCommand::Resume(offered) in commands {
        let _ = offered.send(ClassObject::resume(&apartment));
    }
    drop(kept);
}

fn register<'a>(
    apartment: &'a Apartment,
    server: &Arc<ComServer>,
) -> Result<[ClassObject<'a>; 3], WindowsError> {
    let available = |server: &ComServer| match server.status() {
        ProviderStatus::Starting | ProviderStatus::ShuttingDown => Err(NOT_AVAILABLE),
        _ => server.inject_faults().map_err(|error| error.code),
    };
    let own = || Arc::clone(server);
    let (messenger, office, control) = (own(), own(), own());
    Ok([
        ClassObject::register(apartment, messenger::CLASS, move || {
            available(&messenger)?;
            new_object(MessengerObject(Arc::clone(&messenger)))
        })?,
        ClassObject::register(apartment, office::CLASS, move || {
            available(&office)?;
            new_object(OfficeIntegration::of(&office))
        })?,
        ClassObject::register(apartment, control::CLASS, move || {
            new_object(ControlObject(Arc::clone(&control)))
        })?,
    ])
}

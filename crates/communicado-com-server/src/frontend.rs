//! The COM frontend of the provider: registry keys, classes and event listeners.

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
use crate::event_calls;
use crate::keys::is_registered;
use crate::library_keys;
use crate::messenger::{self, MessengerObject};
use crate::office::{self, OfficeIntegration};
use crate::prog_id::RunningProgId;
use crate::provider_keys::ProviderKeys;
use crate::server::{self, ComServer, CommandHandler, TypeLibraries, new_object};

/// Communicator's program, which must not run at the same time.
const COMMUNICATOR_PROGRAM: &str = "communicator.exe";

/// `CLASS_E_CLASSNOTAVAILABLE`, the error of object creation while the provider is not ready.
const NOT_AVAILABLE: HResult = HResult::of(0x8004_0111);

/// Options of the frontend.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct FrontendOptions {
    /// True to become Office's client (`DefaultIMApp`) while running. At exit, the previous client
    /// is restored.
    pub is_default: bool,
}

/// The error of opening the frontend.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FrontendError {
    /// Another provider is running in this session.
    AlreadyRunning,
    /// Communicator itself is running, and owns the classes and the flag.
    CommunicatorRunning,
    /// A Windows call failed.
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
            Self::AlreadyRunning => f.write_str("another provider is running in this session"),
            Self::CommunicatorRunning => {
                write!(f, "`{COMMUNICATOR_PROGRAM}` is running and uses the same classes")
            }
            Self::System(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for FrontendError {}

/// The running frontend.
pub struct ComFrontend {
    server: Arc<ComServer>,
    provider_keys: ProviderKeys,
    prog_id: RunningProgId,
    class_thread: ClassThread,
    problems: Vec<String>,
    _mutex: NamedMutex,
}

/// The thread whose apartment the class objects belong to.
struct ClassThread {
    commands: Sender<ClassCommand>,
    thread: JoinHandle<()>,
}

enum ClassCommand {
    /// Activates the classes, and reports the result.
    Resume(Sender<Result<(), WindowsError>>),
}

impl ComFrontend {
    /// Opens the frontend of a starting provider. `program` is the path of this program, which
    /// contains the type libraries.
    ///
    /// # Errors
    ///
    /// If another provider or Communicator is running, or a Windows call fails. All registry
    /// changes are then undone.
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
            // Without a library, only early-bound programs fail.
            let loaded = TypeLibrary::load(&format!(r"{program}\{number}"));
            let loaded =
                loaded.and_then(|library| library_keys::register(&library).map(|()| library));
            loaded.map_err(|error| problems.push(error.to_string())).ok()
        };
        let libraries = TypeLibraries { messenger: library(1), office: library(2) };
        let server = Arc::new(ComServer::new(account, handler, libraries));
        let provider_keys = ProviderKeys::create(program, options.is_default)?;
        // Without a ProgID, only programs that create objects by name fail.
        let prog_id = RunningProgId::create().unwrap_or_else(|error| {
            problems.push(error.to_string());
            RunningProgId::default()
        });
        let class_thread = match ClassThread::register(&server) {
            Ok(class_thread) => class_thread,
            Err(error) => {
                let _ = provider_keys.set_up_and_running(0);
                let _ = prog_id.remove();
                let _ = provider_keys.remove();
                return Err(error.into());
            }
        };
        Ok(Self { server, provider_keys, prog_id, class_thread, problems, _mutex: mutex })
    }

    /// Problems that the user should know of, one sentence each.
    #[must_use]
    pub fn problems(&self) -> &[String] {
        &self.problems
    }

    /// Sets the status and fires its events. `until` is the end of a temporary presence.
    ///
    /// # Errors
    ///
    /// If the registry is not writable or the classes cannot be activated.
    pub fn set_status(
        &self,
        status: ProviderStatus,
        until: Option<String>,
    ) -> Result<(), WindowsError> {
        let before = self.server.status();
        let is_ready = |status: &ProviderStatus| status.up_and_running() == 2;
        if is_ready(&status) && !is_ready(&before) {
            self.class_thread.resume()?;
        }
        let flag = status.up_and_running();
        let clears_flag = flag == 0 && !self.server.has_stale_flag();
        event_calls::set_status(&self.server, status, until);
        if flag == 0 {
            server::flush();
        }
        if clears_flag || flag != 0 && flag != before.up_and_running() {
            self.provider_keys.set_up_and_running(flag)?;
        }
        Ok(())
    }

    /// Sets the active faults.
    pub fn set_faults(&self, faults: ActiveFaults) {
        self.server.set_faults(faults);
    }

    /// Blocks this thread and all calls for a time.
    pub fn hang(&self, duration: Duration) {
        self.server.hang(duration);
    }

    /// Revokes the classes and removes the registry keys.
    ///
    /// # Errors
    ///
    /// If the registry is not writable.
    pub fn close(self) -> Result<(), WindowsError> {
        let Self { server, provider_keys, prog_id, class_thread, .. } = self;
        let is_stale = server.has_stale_flag();
        class_thread.stop();
        if !is_registered() {
            let libraries = [&server.libraries.messenger, &server.libraries.office];
            for library in libraries.into_iter().flatten() {
                // A registration that cannot be removed is harmless.
                let _ = library.id().and_then(library_keys::unregister);
            }
        }
        prog_id.remove()?;
        if is_stale { Ok(()) } else { provider_keys.remove() }
    }
}

impl ClassThread {
    /// Starts the thread and registers the classes.
    fn register(server: &Arc<ComServer>) -> Result<Self, WindowsError> {
        let (commands, receiver) = channel();
        let (done, registered) = channel();
        let server = Arc::clone(server);
        let run = move || class_thread(&server, &receiver, &done);
        let thread = thread::Builder::new().name("classes".to_owned()).spawn(run);
        let failed = || WindowsError::new("start a thread", HResult::of(0x8007_000E));
        let thread = thread.map_err(|_| failed())?;
        registered.recv().unwrap_or_else(|_| Err(failed()))?;
        Ok(Self { commands, thread })
    }

    fn resume(&self) -> Result<(), WindowsError> {
        let (reply, result) = channel();
        let thread_ended = || WindowsError::new("activate the classes", HResult::of(0x8000_FFFF));
        self.commands.send(ClassCommand::Resume(reply)).map_err(|_| thread_ended())?;
        result.recv().unwrap_or_else(|_| Err(thread_ended()))
    }

    fn stop(self) {
        drop(self.commands);
        // Even after a panic of the thread, the classes are revoked.
        let _ = self.thread.join();
    }
}

/// Registers the classes, reports the result, and keeps them until the command channel closes.
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
    let class_objects = registered.map_err(|error| {
        let _ = done.send(Err(error));
    });
    if is_registered {
        let _ = done.send(Ok(()));
    }
    let Ok(class_objects) = class_objects else { return };
    for ClassCommand::Resume(reply) in commands {
        let _ = reply.send(ClassObject::resume(&apartment));
    }
    drop(class_objects);
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

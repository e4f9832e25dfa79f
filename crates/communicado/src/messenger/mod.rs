//! An API after the Office Communicator 2007 SDK, to port code that was written for it.
//!
//! ```no_run
//! use communicado::messenger::{Messenger, MiStatus, is_communicator_running};
//!
//! fn main() -> Result<(), communicado::messenger::MessengerError> {
//!     if is_communicator_running() {
//!         let messenger = Messenger::new()?;
//!         messenger.on_signin(|hr| println!("OnSignin {hr:#010X}"));
//!         messenger.on_signout(|| println!("OnSignout"));
//!         let signed_in = messenger.my_status()?.contains(MiStatus::ONLINE);
//!         println!("signed in: {signed_in}");
//!     }
//!     Ok(())
//! }
//! ```
//!
//! On Windows it uses COM: the Messenger object of Communicator, or of another client that serves
//! its class. On other platforms it uses the [`Monitor`](crate::Monitor): any client counts as
//! Communicator, and its statuses are translated to Communicator's.
//!
//! Unlike the SDK:
//!
//! - It never launches a client.
//! - A call to a client that hangs times out after five seconds.
//! - A sign-out always comes before a shutdown, also if the client crashes.
//! - It keeps no objects of a client that has exited.
//!
//! After a shutdown, create a new [`Messenger`] when [`wait_until_running`] returns `true`. Do the
//! same if [`Messenger::new`] failed because no user is signed in.

mod callbacks;
#[cfg(windows)]
mod com;
mod error;
#[cfg(not(windows))]
mod monitor;
mod status;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use callbacks::{Callbacks, MessengerEvent};
#[cfg(windows)]
use com as platform;
#[cfg(not(windows))]
use monitor as platform;

pub use error::MessengerError;
pub use status::MiStatus;

/// Returns whether Communicator runs and answers: its `UpAndRunning` is 2, and its process exists.
///
/// A missing registry key means `false`.
#[must_use]
pub fn is_communicator_running() -> bool {
    platform::is_running()
}

/// Waits until Communicator runs and answers. Returns `false` after the `timeout`.
#[must_use]
pub fn wait_until_running(timeout: Duration) -> bool {
    platform::wait_until_running(timeout)
}

/// A connection to Communicator. Dropping it ends the connection.
pub struct Messenger {
    connection: platform::MessengerConnection,
    callbacks: Arc<Mutex<Callbacks>>,
}

impl Messenger {
    /// Connects to the running Communicator.
    ///
    /// # Errors
    ///
    /// If Communicator does not run, does not answer, or denies access.
    pub fn new() -> Result<Self, MessengerError> {
        let callbacks = Arc::<Mutex<Callbacks>>::default();
        let connection = platform::MessengerConnection::new(callbacks::dispatcher(&callbacks))?;
        Ok(Self { connection, callbacks })
    }

    /// The status of the user.
    ///
    /// # Errors
    ///
    /// If the client has exited or does not answer.
    pub fn my_status(&self) -> Result<MiStatus, MessengerError> {
        self.connection.status()
    }

    /// The sign-in name of the user.
    ///
    /// # Errors
    ///
    /// `MSGR_E_NOT_LOGGED_ON` (0x8100031E) if no user is signed in; else as
    /// [`Messenger::my_status`].
    pub fn my_signin_name(&self) -> Result<String, MessengerError> {
        self.connection.signin_name()
    }

    /// The display name of the user.
    ///
    /// # Errors
    ///
    /// As [`Messenger::my_signin_name`].
    pub fn my_friendly_name(&self) -> Result<String, MessengerError> {
        self.connection.friendly_name()
    }

    /// Adds a callback for the end of a sign-in. Its argument is 0, or the code of the failure.
    ///
    /// All callbacks run on the messenger's thread.
    pub fn on_signin(&self, mut call: impl FnMut(i32) + Send + 'static) {
        self.on(move |event| {
            if let MessengerEvent::SignIn(code) = event {
                call(*code);
            }
        });
    }

    /// Adds a callback for a sign-out, which also comes before a shutdown.
    pub fn on_signout(&self, mut call: impl FnMut() + Send + 'static) {
        self.on(move |event| {
            if *event == MessengerEvent::SignOut {
                call();
            }
        });
    }

    /// Adds a callback for a change of the user's status.
    pub fn on_my_status_change(&self, mut call: impl FnMut(MiStatus) + Send + 'static) {
        self.on(move |event| {
            if let MessengerEvent::Status(status) = event {
                call(*status);
            }
        });
    }

    /// Adds a callback for the exit of the client, including a crash.
    pub fn on_app_shutdown(&self, mut call: impl FnMut() + Send + 'static) {
        self.on(move |event| {
            if *event == MessengerEvent::Shutdown {
                call();
            }
        });
    }

    fn on(&self, call: impl FnMut(&MessengerEvent) + Send + 'static) {
        callbacks::add(&self.callbacks, Box::new(call));
    }
}

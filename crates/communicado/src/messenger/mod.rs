//! The words of the Office Communicator 2007 SDK, for those who port code that was written for it.
//!
//! ```no_run
//! use communicado::messenger::{Messenger, MiStatus, is_communicator_running};
//!
//! # fn main() -> Result<(), communicado::messenger::MessengerError> {
//! if is_communicator_running() {
//!     let messenger = Messenger::new()?;
//!     messenger.on_signin(|hr| println!("OnSignin {hr:#010X}"));
//!     messenger.on_signout(|| println!("OnSignout"));
//!     let signed_in = messenger.my_status()?.contains(MiStatus::ONLINE);
//!     println!("signed in: {signed_in}");
//! }
//! # Ok(())
//! # }
//! ```
//!
//! On Windows it is over COM, at the Messenger object of Communicator or of whoever serves its
//! class. Elsewhere it is over the [`Monitor`](crate::Monitor): any client counts as
//! Communicator, and what it does is told in Communicator's words.
//!
//! Unlike the SDK, it starts no client, waits for none that hangs longer than five seconds, always
//! tells of a sign-out before a shutdown, also of a client that was killed, and keeps nothing of a
//! client that has ended. After that, and where [`Messenger::new`] was refused because nobody is
//! signed in, make a new one when [`wait_until_running`] says so, or later.

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

/// Whether Communicator runs and can be asked: its flag says 2, and its process lives.
///
/// A key that is missing means no.
#[must_use]
pub fn is_communicator_running() -> bool {
    platform::is_running()
}

/// Waits until Communicator runs and can be asked, but no longer than `timeout`; whether it does.
#[must_use]
pub fn wait_until_running(timeout: Duration) -> bool {
    platform::wait_until_running(timeout)
}

/// A connection to Communicator, which ends when it is dropped.
pub struct Messenger {
    connection: platform::MessengerConnection,
    callbacks: Arc<Mutex<Callbacks>>,
}

impl Messenger {
    /// Connects to the Communicator that runs.
    ///
    /// # Errors
    ///
    /// If none runs, or it refuses or cannot be asked: with the code, what it means here, and what
    /// to do.
    pub fn new() -> Result<Self, MessengerError> {
        let callbacks = Arc::<Mutex<Callbacks>>::default();
        let connection = platform::MessengerConnection::new(callbacks::dispatcher(&callbacks))?;
        Ok(Self { connection, callbacks })
    }

    /// The status of the user.
    ///
    /// # Errors
    ///
    /// If the client has ended or does not answer.
    pub fn my_status(&self) -> Result<MiStatus, MessengerError> {
        self.connection.status()
    }

    /// The name that the user has signed in with.
    ///
    /// # Errors
    ///
    /// `MSGR_E_NOT_LOGGED_ON` (0x8100031E) if nobody is signed in; else as [`Messenger::my_status`].
    pub fn my_signin_name(&self) -> Result<String, MessengerError> {
        self.connection.signin_name()
    }

    /// The name by which the client shows the user.
    ///
    /// # Errors
    ///
    /// As [`Messenger::my_signin_name`].
    pub fn my_friendly_name(&self) -> Result<String, MessengerError> {
        self.connection.friendly_name()
    }

    /// Calls `call` when a sign-in has ended: with 0, or with the code of why it failed.
    ///
    /// It is called on a thread of the messenger's own, as all of these.
    pub fn on_signin(&self, mut call: impl FnMut(i32) + Send + 'static) {
        self.on(move |event| {
            if let MessengerEvent::SignIn(code) = event {
                call(*code);
            }
        });
    }

    /// Calls `call` when nobody is signed in any more; also before the client shuts down.
    pub fn on_signout(&self, mut call: impl FnMut() + Send + 'static) {
        self.on(move |event| {
            if *event == MessengerEvent::SignOut {
                call();
            }
        });
    }

    /// Calls `call` when the status of the user has changed.
    pub fn on_my_status_change(&self, mut call: impl FnMut(MiStatus) + Send + 'static) {
        self.on(move |event| {
            if let MessengerEvent::Status(status) = event {
                call(*status);
            }
        });
    }

    /// Calls `call` when the client ends, whether it says so or not.
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

//! The provider as programs written for Communicator and for Lync see it: Communicator's classes,
//! what Office asks of a client, and their places in the registry.
//!
//! What is shown and in which order events come ([`vocabulary`], [`events`]) is pure and is there
//! on every platform; the objects and the registry are there on Windows.
//!
//! **Invariant:** no unsafe code and no state of its own beyond what was shown last: what the
//! provider does is `communicado-provider`'s, and how objects are called is
//! `communicado-windows`'s.
//!
//! Read next: [`events::communicator_events`], then `messenger` and `office`.

pub mod events;
pub mod vocabulary;

#[cfg(windows)]
mod control;
#[cfg(windows)]
mod event_calls;
#[cfg(windows)]
mod frontend;
#[cfg(windows)]
mod messenger;
#[cfg(windows)]
mod office;
#[cfg(windows)]
mod registration;
#[cfg(windows)]
mod server;
#[cfg(windows)]
mod tables;

#[cfg(windows)]
pub use control::{ControlClient, ControlClientError, ControlStatus};
#[cfg(windows)]
pub use frontend::{ComFrontend, FrontendError, FrontendOptions};
#[cfg(windows)]
pub use registration::{ClassRegistration, RegistrationScope, register, unregister};
#[cfg(windows)]
pub use server::CommandHandler;

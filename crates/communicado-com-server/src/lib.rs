//! The provider's COM server, for programs written for Communicator or Lync, and for Office.
//!
//! The codes ([`vocabulary`]) and the order of events ([`events`]) are pure and exist on every
//! platform. The COM objects and the registry entries exist only on Windows.
//!
//! **Invariant:** no unsafe code, and no state except the last status and the active faults.
//! `communicado-provider` decides what the provider does; `communicado-windows` implements COM.
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
mod keys;
#[cfg(windows)]
mod library_keys;
#[cfg(windows)]
mod messenger;
#[cfg(windows)]
mod office;
#[cfg(windows)]
mod prog_id;
#[cfg(windows)]
mod provider_keys;
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

//! The provider as an object on the session bus (D-Bus): a name, an object for the provider, and
//! one for its account. `communicado-com-server` is its counterpart on Windows.
//!
//! [`DbusFrontend`] serves the objects. [`ControlClient`] controls a running provider.
//! [`register`] lets the bus start the provider on demand.
//!
//! **Invariant:** this crate decides nothing. The state of the provider and the order of its
//! changes come from `communicado-provider`.
//!
//! Read next: [`DbusFrontend::publish`], then `docs/provider.md`.
#![cfg(target_os = "linux")]

mod activation;
mod call;
mod control;
mod error;
mod frontend;
mod objects;
mod owner;
mod properties;

pub use activation::{register, unregister};
pub use control::{ControlClient, ControlClientError, ControlStatus};
pub use error::FrontendError;
pub use frontend::DbusFrontend;
pub use objects::CommandHandler;

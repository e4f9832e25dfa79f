//! Safe wrappers over the parts of Windows that communicado needs: the registry with its notices,
//! processes and their ends, tokens, jobs, timers, and COM late-bound, from both sides.
//!
//! What decodes foreign bytes ([`Guid`], [`RawValue`], [`Variant`]) is pure and is there on every
//! platform; the rest is there on Windows.
//!
//! **Invariant:** this is the only crate with unsafe code, and each unsafe block says why it
//! holds.

#[cfg(windows)]
pub mod com;
#[cfg(windows)]
mod error;
mod guid;
mod hresult;
#[cfg(windows)]
mod job;
#[cfg(windows)]
mod process;
#[cfg(windows)]
mod registry;
#[cfg(windows)]
mod time;
#[cfg(windows)]
mod token;
mod value;
mod variant;
#[cfg(windows)]
mod wait;

#[cfg(windows)]
pub use error::Error;
pub use guid::Guid;
pub use hresult::HResult;
#[cfg(windows)]
pub use job::*;
#[cfg(windows)]
pub use process::*;
#[cfg(windows)]
pub use registry::*;
#[cfg(windows)]
pub use time::*;
#[cfg(windows)]
pub use token::*;
pub use value::{RawValue, Value};
pub use variant::{Variant, decode};
#[cfg(windows)]
pub use wait::Waiting;

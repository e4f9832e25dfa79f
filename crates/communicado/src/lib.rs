//! Whether the user's unified-communications client runs and whether its user is signed in, now
//! and as it changes.
//!
//! ```no_run
//! use communicado::{Condition, Monitor};
//!
//! # async fn demo() -> Result<(), communicado::Error> {
//! let monitor = Monitor::start()?;
//! for client in monitor.snapshot().await.iter() {
//!     println!("{} is {}", client.client, client.status.word());
//! }
//! monitor.wait_until(&Condition::SIGNED_IN).await?;
//! // Here your feature can be switched on. `while_signed_in` also switches it off again.
//! # Ok(())
//! # }
//! ```
//!
//! [`Monitor`] is for programs with an async runtime, whichever it is; [`blocking::Monitor`] for
//! those without one. `examples/sign_in_gate.rs` is a whole program.
//!
//! **What it promises:** a snapshot first, then every change; signed out before gone, also when
//! the client was killed; `unknown` with a reason instead of a guess. It starts no client, polls
//! nothing, and lets go of everything when it is dropped.

pub mod blocking;
mod condition;
mod monitor;
mod snapshot;

pub use communicado_core::{Activity, Availability};
pub use communicado_runtime::{Notice, Update};
pub use communicado_sources::{Card, OptionError, Options, SOURCES};
pub use communicado_wire::{Account, Client, Status, Timestamp};
pub use condition::{Condition, ConditionError, Question};
pub use monitor::{Builder, Changes, Error, Follow, Monitor};
pub use snapshot::Snapshot;

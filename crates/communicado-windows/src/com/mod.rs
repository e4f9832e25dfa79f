//! COM client: calls of other programs' objects, and their events.
//!
//! All calls use `IDispatch`, if the object implements it. The other interfaces of a client work across processes only while its
//! type library is registered, and an update of Office may remove that registration. `IDispatch`
//! does not depend on it (Microsoft, "Automation").
//!
//! Threads join the multithreaded apartment: COM delivers events on its own threads, even during a
//! call, and no message pump is needed.

mod apartment;
mod call_error;
mod dual;
mod event_sink;
mod object;
pub mod office;
pub mod serve;
mod variant;

pub use apartment::Apartment;
pub use call_error::CallError;
pub use dual::{Binding, CallArgument, DualMember};
pub use event_sink::DispatchEvent;
pub use object::{AdvisoryConnection, InvokeResult, Object};

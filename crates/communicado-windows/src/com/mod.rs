//! COM, late-bound: other programs' objects by `IDispatch`, and what they tell.
//!
//! Every object is spoken to by `IDispatch` and nothing else: the interfaces of a client can be
//! called across processes only where its type library is registered, which an update of Office
//! may undo, while `IDispatch` works without (Microsoft, "Automation").
//!
//! A thread joins the multithreaded apartment: events come in on threads of COM's own, also while
//! a call is under way, and nothing needs a message pump.

mod apartment;
mod call_error;
mod event_sink;
mod object;
pub mod serve;
mod variant;

pub use apartment::Apartment;
pub use call_error::CallError;
pub use event_sink::DispatchEvent;
pub use object::{AdvisoryConnection, InvokeResult, Object};

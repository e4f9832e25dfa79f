//! COM from the other side: objects of ours that other programs call.
//!
//! What an object answers is a [`ObjectImpl`]'s, in safe code; what it is called by is an
//! [`Interface`], a table of members that serves callers bound early and late alike. No type
//! library is needed to answer; one that is registered lets other processes bind early
//! ([`TypeLibrary`]).
//!
//! Everything is in the multithreaded apartment: calls come in on threads of COM's own, several at
//! once. What is told to others ([`Listeners`]) goes out on threads of a pool, one for each of
//! them, so that one that hangs holds up nobody else.
//!
//! **Know:** only for processors whose calling convention passes every argument in a word, which
//! is so for every 64-bit Windows (Microsoft, "x64 calling convention", "ARM64 ABI conventions").

mod class;
mod dispatch;
mod interface;
mod listeners;
mod object;
mod pool;
mod type_library;
mod values;
mod vtable_call;

pub use class::ClassObject;
pub use interface::{Interface, InvokeKind, Member, ValueKind};
pub use listeners::{EventCall, Listeners};
pub use object::{MethodCall, ObjectImpl, ObjectRef};
pub use type_library::TypeLibrary;
pub use values::{Argument, Callback, MethodError, ReturnValue};

#[cfg(not(target_pointer_width = "64"))]
compile_error!("objects are served by 64-bit programs only");

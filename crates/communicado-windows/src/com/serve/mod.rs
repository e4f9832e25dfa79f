//! COM server: objects that other programs call.
//!
//! An [`ObjectImpl`] answers method calls in safe code. An [`Interface`] is a table of members that
//! serves early-bound and late-bound callers alike. No type library is needed to answer calls; a
//! registered [`TypeLibrary`] lets other processes bind early.
//!
//! Everything runs in the multithreaded apartment: COM delivers calls on its own threads, several
//! at once. [`Listeners`] fire events on threads of a pool, one thread per busy listener, so a
//! listener that hangs does not block the others.
//!
//! **Know:** this works only on processors whose calling convention passes each argument in one
//! word, as every 64-bit Windows does (Microsoft, "x64 calling convention", "ARM64 ABI
//! conventions").

mod class;
mod class_info;
mod connection_point;
mod dispatch;
mod interface;
mod listeners;
mod new_object;
mod object;
mod pool;
mod thunks;
mod type_library;
mod values;
mod vtable_call;

pub use class::ClassObject;
pub use interface::{Interface, InvokeKind, Member, ValueKind};
pub use listeners::{EventCall, Listeners};
pub use object::{
    Argument, Callback, EventSource, MethodCall, MethodError, ObjectImpl, ObjectRef, ReturnValue,
};
pub use type_library::TypeLibrary;

#[cfg(not(target_pointer_width = "64"))]
compile_error!("COM objects are served by 64-bit programs only");

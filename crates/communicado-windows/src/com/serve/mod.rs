//! COM server: objects that other programs call.
//!
//! An [`ObjectImpl`] answers method calls in safe code. An [`Interface`] is a table of members that
//! serves early-bound and late-bound callers alike. No type library is needed to answer calls; a
//! registered [`TypeLibrary`] lets other processes bind early.
//!
//! Everything runs in the multithreaded apartment: COM delivers calls on its own threads, several
//! at once. [`Listeners`] fire events on other threads, in one order for each client process. A
//! listener that hangs does not block other processes.
//!
//! **Know:** this works only on processors whose calling convention passes each argument in one
//! word, as every 64-bit Windows does (Microsoft, "x64 calling convention", "ARM64 ABI
//! conventions").

mod caller;
mod class;
mod class_info;
mod connection_enumerators;
mod connection_point;
mod delivery;
mod dispatch;
mod error_info;
mod interface;
mod listener;
mod listeners;
mod new_object;
mod object;
mod thunks;
mod type_library;
mod values;
mod vtable_call;

pub use class::ClassObject;
pub use interface::{Interface, InvokeKind, Member, ValueKind};
pub use listener::EventCall;
pub use listeners::Listeners;
pub use object::{
    Argument, Callback, EventSource, MethodCall, MethodError, ObjectImpl, ObjectRef, ReturnValue,
};
pub use type_library::TypeLibrary;
pub(in crate::com) use values::{number_array, typed_variant};

#[cfg(not(target_pointer_width = "64"))]
compile_error!("COM objects are served by 64-bit programs only");

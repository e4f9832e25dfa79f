//! The interfaces that Office expects of a client (Microsoft, "Integrating IM applications with
//! Office", "Required interfaces and members"; Lync SDK, UCCollaborationLib).
//!
//! Implements the required minimum: the user's own status, contacts without information, and an
//! empty list of conversations. A member that needs a window, a conversation or other people
//! returns `E_NOTIMPL`, as the document allows.

mod contacts;
mod conversations;
mod integration;
mod lync_client;
mod operation;
mod type_library;

pub(crate) use contacts::{ContactInformationChangedEventData, LyncContact};
pub(crate) use integration::{CLASS, OfficeIntegration};
pub(crate) use lync_client::{ClientStateChangedEventData, LyncClient};

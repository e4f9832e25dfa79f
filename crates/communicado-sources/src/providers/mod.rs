//! What the sources on Windows share: the contract by which clients show themselves to Office.
//!
//! `contract` and `known` are pure; `lookout` waits for the registry and for processes.

pub mod contract;
pub mod known;
#[cfg(windows)]
pub(crate) mod lookout;

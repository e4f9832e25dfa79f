//! What is kept: people, tokens, who reads whom, and history where it is switched on.
//!
//! One file below the data folder, written by one thread. What a [`Writes`] holds is kept whole or
//! not at all, and is on the disk when `write` returns. A second gateway on the same folder is
//! refused by a lock, which ends with the process.

mod error;
mod files;
mod records;
mod sqlite;

pub(crate) use error::StoreError;
pub(crate) use records::{FirstRead, HistoryEntry, StoredState, Writes};
pub(crate) use sqlite::{Store, StoreLock, copy_to, put_back};

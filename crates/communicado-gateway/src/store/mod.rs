//! The persistent store: people, tokens, the audience, and the history if it is enabled.
//!
//! The store is one file in the data folder, which one thread writes. Each [`Writes`] is atomic,
//! and is on the disk when `write` returns. A lock, which ends with the process, keeps a second
//! gateway out of the folder.

mod backup;
mod error;
mod files;
mod records;
mod sqlite;

pub(crate) use backup::{Backup, back_up, restore, write_backup};
pub(crate) use error::StoreError;
pub(crate) use files::faults;
pub(crate) use records::{FirstRead, HistoryEntry, StoredState, Writes};
pub(crate) use sqlite::{Store, StoreLock, read_checked, store_file};

//! The names of the files of a store.

use std::path::Path;

use crate::private::{self, FileError};

/// The files of the folder, all private.
pub(super) const FILES: [&str; 8] = [
    "gateway.sqlite",
    "gateway.sqlite-wal",
    "gateway.sqlite-shm",
    "gateway.sqlite-journal",
    "gateway.sqlite.new",
    "lock",
    crate::bucket_file::NAME,
    "tls.pem",
];

/// A file that tests for free space.
pub(super) const PROBE: &str = "probe";

/// The faults in the owners and modes of a data folder and its files, which a start of the gateway
/// would repair or refuse.
///
/// # Errors
///
/// If the folder or a file cannot be read.
pub(crate) fn faults(folder: &Path) -> Result<Vec<String>, FileError> {
    private::faults(folder, &FILES)
}

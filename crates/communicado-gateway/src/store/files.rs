//! The names of the files of a store.

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

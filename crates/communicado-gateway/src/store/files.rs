//! The names of the files of a store.

/// The files in the folder, all of them private.
pub(super) const FILES: [&str; 7] = [
    "gateway.sqlite",
    "gateway.sqlite-wal",
    "gateway.sqlite-shm",
    "gateway.sqlite-journal",
    "gateway.sqlite.new",
    "lock",
    "tls.pem",
];

/// A file that is written to see whether there is room.
pub(super) const PROBE: &str = "probe";

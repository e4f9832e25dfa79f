//! Errors of the store.

use std::fmt;
use std::io::ErrorKind;
use std::os::unix::fs::FileExt as _;
use std::path::{Path, PathBuf};

use communicado_cli_support::{Failure, Outcome};

use super::files::{FILES, PROBE};
use crate::api_error::{ApiError, ApiErrorKind};
use crate::private::{self, FileError};

/// An error of the store, with advice.
#[derive(Debug)]
pub(crate) enum StoreError {
    /// Another gateway uses the folder.
    InUse { folder: PathBuf },
    /// A file or the folder is not accessible.
    File(FileError),
    /// The disk is full, or a quota is exhausted.
    Full { cause: rusqlite::Error },
    /// The disk fails to read or write.
    Failing { cause: rusqlite::Error },
    /// A newer version wrote the store.
    TooNew { version: i64 },
    /// The data cannot be read.
    Damaged { what: String },
    /// A file is not a backup of a store.
    NotABackup { path: PathBuf, what: String },
    /// A folder without a store contains other files.
    OtherContents { folder: PathBuf },
    /// Any other error of SQLite.
    Other { cause: rusqlite::Error },
}

impl StoreError {
    /// The advice for the operator.
    pub(crate) const fn help(&self) -> &'static str {
        match self {
            Self::InUse { .. } => {
                "stop the other gateway, or use another folder with --data; `lslocks` lists the \
                 process that holds the lock"
            }
            Self::File(error) => error.help(),
            Self::Full { .. } => {
                "free disk space, or raise the limit on the size of files; the gateway recovers \
                 without a restart"
            }
            Self::Failing { .. } => {
                "look for disk errors in the system log, and restore a backup on another disk: \
                 communicado-gateway restore FILE"
            }
            Self::TooNew { .. } => "run the version that wrote the store, or a newer one",
            Self::Damaged { .. } => "restore a backup: communicado-gateway restore FILE",
            Self::NotABackup { .. } => "give a file that `communicado-gateway backup` wrote",
            Self::OtherContents { .. } => {
                "give the data folder of the gateway, or an empty folder, with --data"
            }
            Self::Other { .. } => "check the disk and the permissions of the folder",
        }
    }
}

impl StoreError {
    /// Distinguishes a full disk from a failing one.
    ///
    /// SQLite reports an exhausted quota, and a limit on the size of files, as a failed write.
    pub(super) fn in_folder(self, folder: &Path) -> Self {
        match self {
            Self::Failing { cause } if is_of_writing(&cause) && !has_room(folder) => {
                Self::Full { cause }
            }
            error => error,
        }
    }

    /// Classifies an error while a store is opened: an unexpected schema is damage.
    pub(super) fn in_opening(self) -> Self {
        match self {
            Self::Other { cause } if is_of_tables(&cause) => {
                Self::Damaged { what: cause.to_string() }
            }
            error => error,
        }
    }
}

fn is_of_tables(error: &rusqlite::Error) -> bool {
    error.sqlite_error().is_some_and(|error| error.extended_code == rusqlite::ffi::SQLITE_ERROR)
}

/// Returns true if a value has another type than the schema.
const fn is_of_value(error: &rusqlite::Error) -> bool {
    use rusqlite::Error::{
        FromSqlConversionFailure, IntegralValueOutOfRange, InvalidColumnType, Utf8Error,
    };
    matches!(
        error,
        FromSqlConversionFailure(..)
            | IntegralValueOutOfRange(..)
            | InvalidColumnType(..)
            | Utf8Error(..)
    )
}

fn is_of_writing(error: &rusqlite::Error) -> bool {
    use rusqlite::ffi::{SQLITE_IOERR_FSYNC, SQLITE_IOERR_SHMSIZE, SQLITE_IOERR_WRITE};
    error.sqlite_error().is_some_and(|error| {
        [SQLITE_IOERR_WRITE, SQLITE_IOERR_FSYNC, SQLITE_IOERR_SHMSIZE]
            .contains(&error.extended_code)
    })
}

/// Tests whether a file in the folder can grow beyond the store's largest file.
fn has_room(folder: &Path) -> bool {
    let size = |name| std::fs::metadata(folder.join(name)).map_or(0, |file| file.len());
    let end = FILES.into_iter().map(size).max().unwrap_or(0);
    let probe = folder.join(PROBE);
    let written = private::replace(&probe).and_then(|file| file.write_all_at(&[0; 4096], end));
    let _ = std::fs::remove_file(probe);
    let kind = written.err().map(|error| error.kind());
    !matches!(
        kind,
        Some(ErrorKind::StorageFull | ErrorKind::QuotaExceeded | ErrorKind::FileTooLarge)
    )
}

impl fmt::Display for StoreError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::InUse { folder } => {
                write!(f, "another gateway uses {}", folder.display())
            }
            Self::File(error) => error.fmt(f),
            Self::Full { cause } => {
                write!(f, "the disk of the store is full: {cause}")
            }
            Self::Failing { cause } => write!(f, "the disk of the store failed: {cause}"),
            Self::TooNew { version } => {
                write!(f, "a newer version of the gateway wrote the store (format {version})")
            }
            Self::Damaged { what } => write!(f, "the store is damaged: {what}"),
            Self::NotABackup { path, what } => {
                write!(f, "{} is not a backup of a store: {what}", path.display())
            }
            Self::OtherContents { folder } => {
                write!(f, "{} has no store, and contains other files", folder.display())
            }
            Self::Other { cause } => write!(f, "the store cannot be used: {cause}"),
        }
    }
}

impl From<StoreError> for ApiError {
    fn from(error: StoreError) -> Self {
        Self::new(ApiErrorKind::Unavailable, error.to_string(), error.help())
            .with_limit("store")
            .retry_after(5)
    }
}

impl From<FileError> for StoreError {
    fn from(error: FileError) -> Self {
        Self::File(error)
    }
}

impl From<rusqlite::Error> for StoreError {
    fn from(cause: rusqlite::Error) -> Self {
        use rusqlite::ErrorCode::{DatabaseCorrupt, DiskFull, NotADatabase, SystemIoFailure};
        match cause.sqlite_error_code() {
            Some(DiskFull) => Self::Full { cause },
            Some(SystemIoFailure) => Self::Failing { cause },
            Some(DatabaseCorrupt | NotADatabase) => Self::Damaged { what: cause.to_string() },
            None if is_of_value(&cause) => Self::Damaged { what: cause.to_string() },
            _ => Self::Other { cause },
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::new(Outcome::Failed, error.to_string()).help(error.help())
    }
}

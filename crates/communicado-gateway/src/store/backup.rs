//! Backups: the store as one file.

use std::fs::File;
use std::io::{self, Read as _, Seek as _};
use std::path::{Path, PathBuf};
use std::time::Duration;

use percent_encoding::{NON_ALPHANUMERIC, percent_encode};
use rusqlite::{Connection, OpenFlags, params};

use super::StoreLock;
use super::error::StoreError;
use super::records::{StoredState, Writes};
use super::sqlite::{SCHEMA_VERSION, TABLES, examine, opened, read_state, store_file, write_rows};
use crate::private::{self, FileError};

/// The start of every SQLite file.
const MAGIC: &[u8; 16] = b"SQLite format 3\0";

/// A backup that was checked.
#[derive(Debug)]
pub(crate) struct Backup {
    file: File,
    path: PathBuf,
    /// The contents.
    pub(crate) state: StoredState,
}

/// A file that is removed unless it is kept.
struct Unfinished {
    path: PathBuf,
    is_kept: bool,
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        if !self.is_kept {
            let _ = std::fs::remove_file(&self.path);
        }
    }
}

impl Backup {
    /// Opens a backup and checks all of it, without a change of its folder.
    ///
    /// # Errors
    ///
    /// If the file cannot be read or is not a backup.
    pub(crate) fn open(path: &Path) -> Result<Self, StoreError> {
        let cannot = cannot_open(path);
        let not_one = |what: String| StoreError::NotABackup { path: path.to_path_buf(), what };
        if !path.metadata().map_err(&cannot)?.is_file() {
            return Err(not_one("it is not a regular file".to_owned()));
        }
        let mut file = File::open(path).map_err(&cannot)?;
        let mut start = [0; MAGIC.len()];
        if file.read_exact(&mut start).is_err() || start != *MAGIC {
            return Err(not_one("it is not an SQLite file".to_owned()));
        }
        file.rewind().map_err(&cannot)?;
        match checked(path) {
            Ok(state) => Ok(Self { file, path: path.to_path_buf(), state }),
            Err(StoreError::TooNew { version }) => Err(StoreError::TooNew { version }),
            Err(StoreError::Damaged { what }) => Err(not_one(what)),
            Err(error) => Err(not_one(error.to_string())),
        }
    }
}

/// Reads all of a backup.
fn checked(path: &Path) -> Result<StoredState, StoreError> {
    let absolute = std::path::absolute(path).map_err(cannot_open(path))?;
    let name = percent_encode(absolute.as_os_str().as_encoded_bytes(), NON_ALPHANUMERIC);
    // An immutable file needs no lock and no journal beside it.
    let connection = Connection::open_with_flags(
        format!("file:{name}?immutable=1"),
        OpenFlags::SQLITE_OPEN_READ_ONLY
            | OpenFlags::SQLITE_OPEN_NO_MUTEX
            | OpenFlags::SQLITE_OPEN_URI,
    )?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    match version {
        SCHEMA_VERSION => {}
        later if later > SCHEMA_VERSION => return Err(StoreError::TooNew { version }),
        _ => return Err(StoreError::Damaged { what: "it has no tables of a store".to_owned() }),
    }
    examine(&connection)?;
    read_state(&connection)
}

/// Copies the store in `folder` to the new file `to`. A gateway may be running.
///
/// # Errors
///
/// If the store cannot be read, or the file cannot be written.
pub(crate) fn back_up(folder: &Path, to: &Path) -> Result<(), StoreError> {
    let cannot = cannot_open(to);
    // As root, SQLite gives the files that it creates beside the store to the store's owner.
    let connection = opened(&store_file(folder))?;
    connection.busy_timeout(Duration::from_secs(5))?;
    let path = std::path::absolute(to).map_err(&cannot)?;
    let name = path.to_str().ok_or_else(|| cannot(io::ErrorKind::InvalidFilename.into()))?;
    let file = private::create(&path).map_err(&cannot)?;
    let mut unfinished = Unfinished { path: path.clone(), is_kept: false };
    connection.execute("VACUUM INTO ?1", [name])?;
    file.sync_all().map_err(&cannot)?;
    unfinished.is_kept = true;
    Ok(())
}

/// Writes a state to the new file `to`, as a backup.
///
/// # Errors
///
/// If the file cannot be written.
pub(crate) fn write_backup(state: StoredState, to: &Path) -> Result<(), StoreError> {
    let cannot = cannot_open(to);
    let file = private::create(to).map_err(&cannot)?;
    let mut unfinished = Unfinished { path: to.to_path_buf(), is_kept: false };
    let mut connection = opened(to)?;
    connection.execute_batch(&format!(
        "BEGIN; {TABLES} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;"
    ))?;
    let people = state.people.iter().map(|it| (it.id.clone(), Some(it.to_json())));
    let tokens = state.tokens.iter().map(|it| (it.id.clone(), Some(it.to_json())));
    let writes = Writes {
        people: people.collect(),
        tokens: tokens.collect(),
        audience: state.audience,
        history: Vec::new(),
        revision: state.revision,
    };
    write_rows(&mut connection, &writes)?;
    connection.close().map_err(|(_, cause)| cause)?;
    file.sync_all().map_err(&cannot)?;
    unfinished.is_kept = true;
    Ok(())
}

/// Replaces the store in `folder` by a backup.
///
/// # Errors
///
/// If a gateway uses the store, or the store cannot be written.
pub(crate) fn restore(folder: &Path, backup: Backup) -> Result<(), StoreError> {
    let lock = StoreLock::take(folder)?;
    let copy = folder.join("gateway.sqlite.new");
    let Backup { file: mut source, path: from, state: _ } = backup;
    let mut target = private::replace(&copy).map_err(cannot_open(&copy))?;
    let mut unfinished = Unfinished { path: copy.clone(), is_kept: false };
    io::copy(&mut source, &mut target).map_err(cannot_open(&from))?;
    {
        let connection = opened(&copy)?;
        // A client that reconnects must not confuse new revisions with those before the restore.
        let put = "INSERT OR REPLACE INTO facts VALUES (?1, ?2)";
        connection.execute(put, params!["running", 1])?;
        let known = opened(&store_file(folder)).and_then(|replaced| last(&replaced));
        let revision = last(&connection)?.max(known.unwrap_or(0));
        connection.execute(put, params!["revision", revision])?;
    }
    for journal in ["gateway.sqlite-wal", "gateway.sqlite-shm"] {
        let _ = std::fs::remove_file(folder.join(journal));
    }
    std::fs::rename(&copy, store_file(folder)).map_err(cannot_open(&copy))?;
    unfinished.is_kept = true;
    drop(lock);
    Ok(())
}

/// The last revision of a store; 0 if it has none.
fn last(connection: &Connection) -> Result<i64, rusqlite::Error> {
    let query = "SELECT coalesce(max(value), 0) FROM facts WHERE name = 'revision'";
    connection.query_row(query, [], |row| row.get(0))
}

fn cannot_open(path: &Path) -> impl Fn(io::Error) -> StoreError {
    let path = path.to_path_buf();
    move |cause| StoreError::File(FileError::Inaccessible { path: path.clone(), cause })
}

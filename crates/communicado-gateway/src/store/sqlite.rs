//! The store as one SQLite file.
//!
//! SQLite syncs its write-ahead log at each commit: acknowledged writes survive a crash and a power
//! failure. Operators can read the file with their own tools while the gateway runs.

use std::cell::OnceCell;
use std::fmt;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::Duration;

use communicado_wire::Timestamp;
use communicado_wire::gateway::stored;
use rusqlite::{Connection, OpenFlags, params};

use super::error::StoreError;
use super::files::FILES;
use super::records::{FirstRead, HistoryEntry, StoredState, Writes};
use crate::private::{self, FileError};

/// The version of the schema.
pub(super) const SCHEMA_VERSION: i64 = 1;

pub(super) const TABLES: &str = "
    CREATE TABLE people (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
    CREATE TABLE tokens (id TEXT PRIMARY KEY, body TEXT NOT NULL) STRICT;
    CREATE TABLE audience (whom TEXT NOT NULL, token TEXT NOT NULL, first_us INTEGER NOT NULL,
        PRIMARY KEY (whom, token)) STRICT, WITHOUT ROWID;
    CREATE TABLE history (revision INTEGER PRIMARY KEY, person TEXT NOT NULL,
        at_us INTEGER NOT NULL, body TEXT NOT NULL) STRICT;
    CREATE INDEX history_of ON history (person, revision);
    CREATE INDEX history_at ON history (at_us);
    CREATE TABLE facts (name TEXT PRIMARY KEY, value INTEGER NOT NULL) STRICT;
";

/// The gap in the revisions after a gateway that did not stop cleanly.
///
/// That gateway may have published revisions that it could not store, such as the expiry of a
/// lease while the disk was full.
const UNSTORED: u64 = 1000;

/// The exclusive lock on a data folder.
#[derive(Debug)]
pub(crate) struct StoreLock {
    _file: File,
}

/// The open store.
#[derive(Debug)]
pub(crate) struct Store {
    connection: Connection,
    folder: PathBuf,
    /// The damage that was found. A damaged store accepts no more writes.
    damage: OnceCell<String>,
    _lock: StoreLock,
}

impl StoreLock {
    /// Locks the folder, and creates it if it does not exist.
    ///
    /// # Errors
    ///
    /// If another process has the lock, or the folder cannot be created.
    pub(crate) fn take(folder: &Path) -> Result<Self, StoreError> {
        private::folder(folder)?;
        for name in FILES {
            private::check(&folder.join(name))?;
        }
        let path = folder.join("lock");
        let file = private::open(&path)?;
        match file.try_lock() {
            Ok(()) => Ok(Self { _file: file }),
            Err(TryLockError::WouldBlock) => {
                Err(StoreError::InUse { folder: folder.to_path_buf() })
            }
            Err(TryLockError::Error(cause)) => {
                Err(StoreError::File(FileError::Inaccessible { path, cause }))
            }
        }
    }
}

/// The file of the store in a data folder.
pub(crate) fn store_file(folder: &Path) -> PathBuf {
    folder.join("gateway.sqlite")
}

impl Store {
    /// Opens the store in `folder`, which `lock` protects, and reads all stored data.
    ///
    /// # Errors
    ///
    /// If the store cannot be opened or read.
    pub(crate) fn open(folder: &Path, lock: StoreLock) -> Result<(Self, StoredState), StoreError> {
        Self::opened(folder, lock).map_err(|error| error.in_folder(folder).in_opening())
    }

    fn opened(folder: &Path, lock: StoreLock) -> Result<(Self, StoredState), StoreError> {
        // SQLite gives its other files the permissions of this one.
        private::open(&store_file(folder))?;
        let connection = opened(&store_file(folder))?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        match version {
            0 => {
                let tables =
                    format!("BEGIN; {TABLES} PRAGMA user_version = {SCHEMA_VERSION}; COMMIT;");
                connection.execute_batch(&tables)?;
            }
            SCHEMA_VERSION => {}
            version => return Err(StoreError::TooNew { version }),
        }
        examine(&connection)?;
        let (folder, damage) = (folder.to_path_buf(), OnceCell::new());
        let store = Self { connection, folder, damage, _lock: lock };
        let stored = store.read()?;
        Ok((store, stored))
    }

    fn read(&self) -> Result<StoredState, StoreError> {
        let mut stored = read_state(&self.connection)?;
        if fact(&self.connection, "running")? == 1 {
            stored.revision += UNSTORED;
        }
        self.set_fact("revision", stored.revision)?;
        self.set_fact("running", 1)?;
        Ok(stored)
    }

    fn set_fact(&self, name: &str, value: u64) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO facts (name, value) VALUES (?1, ?2)")?
            .execute(params![name, i64::try_from(value).unwrap_or(i64::MAX)])?;
        Ok(())
    }

    /// Stores all of `writes`, or nothing.
    ///
    /// # Errors
    ///
    /// If the commit fails; then nothing is stored.
    pub(crate) fn write(&mut self, writes: &Writes) -> Result<(), StoreError> {
        self.undamaged()?;
        let written = write_rows(&mut self.connection, writes);
        self.classified(written)
    }

    fn undamaged(&self) -> Result<(), StoreError> {
        let damage = self.damage.get();
        damage.map_or(Ok(()), |what| Err(StoreError::Damaged { what: what.clone() }))
    }

    /// Refines an error by the state of the disk, and remembers damage.
    fn classified<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        result.map_err(|error| {
            let error = error.in_folder(&self.folder);
            if let StoreError::Damaged { what } = &error {
                let _ = self.damage.set(what.clone());
            }
            error
        })
    }

    /// Checks that the store accepts writes, which it does not after damage was found.
    ///
    /// # Errors
    ///
    /// The reason why it does not.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        self.undamaged()?;
        let checked = fact(&self.connection, "checked");
        self.classified(checked.and_then(|checked| self.set_fact("checked", checked + 1)))
    }

    /// Deletes history older than `before`.
    ///
    /// # Errors
    ///
    /// If the history cannot be deleted.
    pub(crate) fn delete_history(&self, before: Timestamp) -> Result<(), StoreError> {
        let query = "DELETE FROM history WHERE at_us < ?1";
        let query = self.connection.prepare_cached(query);
        let forgotten = query.and_then(|mut query| query.execute([before.micros()]));
        self.classified(forgotten.map(|_| ()).map_err(StoreError::from))
    }

    /// The history of `person`, the latest entry first.
    ///
    /// # Errors
    ///
    /// If the history cannot be read.
    pub(crate) fn history(&self, person: &str, max: usize) -> Result<Vec<String>, StoreError> {
        self.classified(self.history_rows(person, max))
    }

    fn history_rows(&self, person: &str, max: usize) -> Result<Vec<String>, StoreError> {
        let query = "SELECT body FROM history WHERE person = ?1 ORDER BY revision DESC LIMIT ?2";
        let mut query = self.connection.prepare_cached(query)?;
        let max = i64::try_from(max).unwrap_or(i64::MAX);
        let rows = query.query_map(params![person, max], |row| row.get(0))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Marks the store as cleanly closed.
    ///
    /// # Errors
    ///
    /// If the mark cannot be stored.
    pub(crate) fn close(self) -> Result<(), StoreError> {
        self.set_fact("running", 0)?;
        self.connection.close().map_err(|(_, cause)| cause.into())
    }
}

/// Reads all people, tokens and audiences of a store.
///
/// # Errors
///
/// If the store cannot be read.
pub(super) fn read_state(connection: &Connection) -> Result<StoredState, StoreError> {
    let mut stored = StoredState::default();
    for (id, body) in rows(connection, "people")? {
        let person = stored::Person::from_json(&body);
        let person = person.map_err(|error| damaged("a person", error))?;
        same("a person", &id, &person.id)?;
        stored.people.push(person);
    }
    for (id, body) in rows(connection, "tokens")? {
        let token = stored::Token::from_json(&body);
        let token = token.map_err(|error| damaged("a token", error))?;
        same("a token", &id, &token.id)?;
        stored.tokens.push(token);
    }
    let mut query = connection.prepare("SELECT whom, token, first_us FROM audience")?;
    let mut rows = query.query([])?;
    while let Some(row) = rows.next()? {
        let (whom, token): (String, String) = (row.get(0)?, row.get(1)?);
        let first = Timestamp::from_micros(row.get(2)?).unwrap_or(Timestamp::EPOCH);
        stored.audience.push(FirstRead { whom: whom.into(), token: token.into(), first });
    }
    stored.revision = fact(connection, "revision")?;
    Ok(stored)
}

fn rows(connection: &Connection, table: &str) -> Result<Vec<(String, String)>, StoreError> {
    let mut query = connection.prepare(&format!("SELECT id, body FROM {table}"))?;
    let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
    Ok(rows.collect::<Result<_, _>>()?)
}

fn fact(connection: &Connection, name: &str) -> Result<u64, StoreError> {
    let query = "SELECT value FROM facts WHERE name = ?1";
    match connection.query_row(query, [name], |row| row.get::<_, i64>(0)) {
        Ok(value) => Ok(value.try_into().unwrap_or(0)),
        Err(rusqlite::Error::QueryReturnedNoRows) => Ok(0),
        Err(error) => Err(error.into()),
    }
}

/// Writes rows in one transaction.
///
/// # Errors
///
/// If the commit fails; then nothing is written.
pub(super) fn write_rows(connection: &mut Connection, writes: &Writes) -> Result<(), StoreError> {
    // Dropping a transaction before its commit rolls it back.
    let transaction = connection.transaction()?;
    for (table, rows) in [("people", &writes.people), ("tokens", &writes.tokens)] {
        for (id, body) in rows {
            match body {
                Some(body) => transaction
                    .prepare_cached(&format!(
                        "INSERT OR REPLACE INTO {table} (id, body) VALUES (?1, ?2)"
                    ))?
                    .execute(params![&**id, body])?,
                None => transaction
                    .prepare_cached(&format!("DELETE FROM {table} WHERE id = ?1"))?
                    .execute([&**id])?,
            };
        }
    }
    for (id, body) in &writes.people {
        if body.is_none() {
            transaction.execute("DELETE FROM audience WHERE whom = ?1", [&**id])?;
            transaction.execute("DELETE FROM history WHERE person = ?1", [&**id])?;
        }
    }
    for FirstRead { whom, token, first } in &writes.audience {
        transaction
            .prepare_cached("INSERT OR IGNORE INTO audience VALUES (?1, ?2, ?3)")?
            .execute(params![&**whom, &**token, first.micros()])?;
    }
    for HistoryEntry { revision, person, at, body } in &writes.history {
        let revision = i64::try_from(*revision).unwrap_or(i64::MAX);
        transaction
            .prepare_cached("INSERT OR REPLACE INTO history VALUES (?1, ?2, ?3, ?4)")?
            .execute(params![revision, &**person, at.micros(), body])?;
    }
    transaction
        .prepare_cached("INSERT OR REPLACE INTO facts (name, value) VALUES ('revision', ?1)")?
        .execute([i64::try_from(writes.revision).unwrap_or(i64::MAX)])?;
    transaction.commit()?;
    Ok(())
}

fn damaged(what: &str, cause: impl fmt::Display) -> StoreError {
    StoreError::Damaged { what: format!("{what} cannot be read: {cause}") }
}

/// Checks that a row and its body have the same id.
fn same(what: &str, row: &str, body: &str) -> Result<(), StoreError> {
    if row == body { Ok(()) } else { Err(damaged(what, "its row has another id")) }
}

/// Checks all tables and indexes of a store.
///
/// # Errors
///
/// If the store is damaged.
pub(super) fn examine(connection: &Connection) -> Result<(), StoreError> {
    let found: String = connection.pragma_query_value(None, "integrity_check", |row| row.get(0))?;
    if found == "ok" {
        return Ok(());
    }
    // The first of several lines is a title.
    let what = found.lines().last().unwrap_or_default().to_owned();
    Err(StoreError::Damaged { what })
}

/// Reads and checks all of the store in `folder`, without a change. A gateway may be running.
///
/// # Errors
///
/// If the store is damaged or cannot be read.
pub(crate) fn read_checked(folder: &Path) -> Result<StoredState, StoreError> {
    let connection = opened(&store_file(folder))?;
    connection.busy_timeout(Duration::from_secs(5))?;
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    if version > SCHEMA_VERSION {
        return Err(StoreError::TooNew { version });
    }
    examine(&connection)?;
    read_state(&connection).map_err(|error| error.in_folder(folder).in_opening())
}

/// Opens an existing store.
pub(super) fn opened(path: &Path) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags)
}

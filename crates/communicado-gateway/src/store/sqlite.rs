//! The store as one SQLite file.
//!
//! Write-ahead log, synced at each commit: what was acknowledged outlives the process and the
//! power. Operators can read it with their own tools while the gateway runs.

use std::cell::OnceCell;
use std::fmt;
use std::fs::{File, TryLockError};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use communicado_wire::Timestamp;
use communicado_wire::gateway::stored;
use rusqlite::{Connection, OpenFlags, params};

use super::error::StoreError;
use super::files::FILES;
use super::records::{FirstRead, HistoryEntry, StoredState, Writes};
use crate::private::{self, FileError};

/// The form of the tables.
const FORM: i64 = 1;

const TABLES: &str = "
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

/// After a gateway that did not stop by itself, revisions go on so much later: some may have been
/// told that were not kept, such as the end of a lease while the disk was full.
const UNSTORED: u64 = 1000;

/// That nobody else uses a folder.
#[derive(Debug)]
pub(crate) struct StoreLock {
    _file: File,
}

/// The open store.
#[derive(Debug)]
pub(crate) struct Store {
    connection: Connection,
    folder: PathBuf,
    /// What was found to be damaged; from then on nothing is kept.
    damage: OnceCell<String>,
    _lock: StoreLock,
}

impl StoreLock {
    /// Takes the folder, and makes it if it is not there.
    ///
    /// # Errors
    ///
    /// If somebody else has it, or it cannot be made.
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

fn file(folder: &Path) -> PathBuf {
    folder.join("gateway.sqlite")
}

impl Store {
    /// Opens the store in `folder`, which is `lock`ed, and reads all that was kept.
    ///
    /// # Errors
    ///
    /// If it cannot be opened or read.
    pub(crate) fn open(folder: &Path, lock: StoreLock) -> Result<(Self, StoredState), StoreError> {
        Self::opened(folder, lock).map_err(|error| error.in_folder(folder).in_opening())
    }

    fn opened(folder: &Path, lock: StoreLock) -> Result<(Self, StoredState), StoreError> {
        // SQLite gives its other files the mode of this one.
        private::open(&file(folder))?;
        let connection = opened(&file(folder))?;
        connection.busy_timeout(Duration::from_secs(5))?;
        connection.pragma_update(None, "journal_mode", "WAL")?;
        connection.pragma_update(None, "synchronous", "FULL")?;
        let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        match version {
            0 => {
                let tables = format!("BEGIN; {TABLES} PRAGMA user_version = {FORM}; COMMIT;");
                connection.execute_batch(&tables)?;
            }
            FORM => {}
            version => return Err(StoreError::TooNew { version }),
        }
        examine(&connection)?;
        let (folder, damage) = (folder.to_path_buf(), OnceCell::new());
        let store = Self { connection, folder, damage, _lock: lock };
        let stored = store.read()?;
        Ok((store, stored))
    }

    fn read(&self) -> Result<StoredState, StoreError> {
        let mut stored = StoredState::default();
        for (id, body) in self.rows("people")? {
            let person = stored::Person::from_json(&body);
            let person = person.map_err(|error| damaged("a person", error))?;
            same("a person", &id, &person.id)?;
            stored.people.push(person);
        }
        for (id, body) in self.rows("tokens")? {
            let token = stored::Token::from_json(&body);
            let token = token.map_err(|error| damaged("a token", error))?;
            same("a token", &id, &token.id)?;
            stored.tokens.push(token);
        }
        let mut query = self.connection.prepare("SELECT whom, token, first_us FROM audience")?;
        let mut rows = query.query([])?;
        while let Some(row) = rows.next()? {
            let (whom, token): (String, String) = (row.get(0)?, row.get(1)?);
            let first = Timestamp::from_micros(row.get(2)?).unwrap_or(Timestamp::EPOCH);
            stored.audience.push(FirstRead { whom: whom.into(), token: token.into(), first });
        }
        stored.revision = self.fact("revision")?;
        if self.fact("running")? == 1 {
            stored.revision += UNSTORED;
        }
        self.set_fact("revision", stored.revision)?;
        self.set_fact("running", 1)?;
        Ok(stored)
    }

    fn rows(&self, table: &str) -> Result<Vec<(String, String)>, StoreError> {
        let mut query = self.connection.prepare(&format!("SELECT id, body FROM {table}"))?;
        let rows = query.query_map([], |row| Ok((row.get(0)?, row.get(1)?)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn fact(&self, name: &str) -> Result<u64, StoreError> {
        let found =
            self.connection.query_row("SELECT value FROM facts WHERE name = ?1", [name], |row| {
                row.get::<_, i64>(0)
            });
        match found {
            Ok(value) => Ok(value.try_into().unwrap_or(0)),
            Err(rusqlite::Error::QueryReturnedNoRows) => Ok(0),
            Err(error) => Err(error.into()),
        }
    }

    fn set_fact(&self, name: &str, value: u64) -> Result<(), StoreError> {
        self.connection
            .prepare_cached("INSERT OR REPLACE INTO facts (name, value) VALUES (?1, ?2)")?
            .execute(params![name, i64::try_from(value).unwrap_or(i64::MAX)])?;
        Ok(())
    }

    /// Keeps all of `writes`, or nothing.
    ///
    /// # Errors
    ///
    /// If it cannot be kept; then nothing of it was.
    pub(crate) fn write(&mut self, writes: &Writes) -> Result<(), StoreError> {
        self.undamaged()?;
        let written = self.written(writes);
        self.classified(written)
    }

    fn undamaged(&self) -> Result<(), StoreError> {
        let damage = self.damage.get();
        damage.map_or(Ok(()), |what| Err(StoreError::Damaged { what: what.clone() }))
    }

    /// Says what went wrong by the state of the disk, and remembers damage.
    fn classified<T>(&self, result: Result<T, StoreError>) -> Result<T, StoreError> {
        result.map_err(|error| {
            let error = error.in_folder(&self.folder);
            if let StoreError::Damaged { what } = &error {
                let _ = self.damage.set(what.clone());
            }
            error
        })
    }

    fn written(&mut self, writes: &Writes) -> Result<(), StoreError> {
        // Dropped before its commit, a transaction is undone.
        let transaction = self.connection.transaction()?;
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

    /// Whether something can be kept now; never again once damage was found.
    ///
    /// # Errors
    ///
    /// If not: why.
    pub(crate) fn check(&self) -> Result<(), StoreError> {
        self.undamaged()?;
        let checked = self.fact("checked");
        self.classified(checked.and_then(|checked| self.set_fact("checked", checked + 1)))
    }

    /// Forgets what was told before `before`.
    ///
    /// # Errors
    ///
    /// If it cannot be forgotten.
    pub(crate) fn delete_history(&self, before: Timestamp) -> Result<(), StoreError> {
        let query = "DELETE FROM history WHERE at_us < ?1";
        let query = self.connection.prepare_cached(query);
        let forgotten = query.and_then(|mut query| query.execute([before.micros()]));
        self.classified(forgotten.map(|_| ()).map_err(StoreError::from))
    }

    /// What was told of `person`, the latest first.
    ///
    /// # Errors
    ///
    /// If it cannot be read.
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

    /// Says that all is kept, at the end.
    ///
    /// # Errors
    ///
    /// If that cannot be kept.
    pub(crate) fn close(self) -> Result<(), StoreError> {
        self.set_fact("running", 0)?;
        self.connection.close().map_err(|(_, cause)| cause.into())
    }
}

fn damaged(what: &str, cause: impl fmt::Display) -> StoreError {
    StoreError::Damaged { what: format!("{what} cannot be read: {cause}") }
}

/// Two rows for one id would hide each other.
fn same(what: &str, row: &str, body: &str) -> Result<(), StoreError> {
    if row == body { Ok(()) } else { Err(damaged(what, "its row has another id")) }
}

/// Reads all of a store, tables and indexes.
///
/// # Errors
///
/// If something is damaged.
fn examine(connection: &Connection) -> Result<(), StoreError> {
    let found: String = connection.pragma_query_value(None, "integrity_check", |row| row.get(0))?;
    if found == "ok" {
        return Ok(());
    }
    // The first of several lines is a title.
    let what = found.lines().last().unwrap_or_default().to_owned();
    Err(StoreError::Damaged { what })
}

/// Copies the store in `folder` to the new file `to`, whether a gateway uses it or not.
///
/// # Errors
///
/// If it cannot be read, or the file cannot be written.
pub(crate) fn copy_to(folder: &Path, to: &Path) -> Result<(), StoreError> {
    let cannot =
        |cause| StoreError::File(FileError::Inaccessible { path: to.to_path_buf(), cause });
    let connection = opened(&file(folder))?;
    connection.busy_timeout(Duration::from_secs(5))?;
    let path = std::path::absolute(to).map_err(cannot)?;
    let name = path.to_str().ok_or_else(|| cannot(io::ErrorKind::InvalidFilename.into()))?;
    private::create(&path).map_err(cannot)?;
    if let Err(error) = connection.execute("VACUUM INTO ?1", [name]) {
        let _ = std::fs::remove_file(&path);
        return Err(error.into());
    }
    Ok(())
}

/// Opens a store that exists.
fn opened(path: &Path) -> Result<Connection, rusqlite::Error> {
    let flags = OpenFlags::SQLITE_OPEN_READ_WRITE | OpenFlags::SQLITE_OPEN_NO_MUTEX;
    Connection::open_with_flags(path, flags)
}

/// Puts the copy `from` in the place of the store in `folder`.
///
/// # Errors
///
/// If a gateway uses it, or `from` is no such copy.
pub(crate) fn put_back(folder: &Path, from: &Path) -> Result<(), StoreError> {
    let lock = StoreLock::take(folder)?;
    let copy = folder.join("gateway.sqlite.new");
    let cannot =
        |cause| StoreError::File(FileError::Inaccessible { path: from.to_path_buf(), cause });
    let mut source = File::open(from).map_err(cannot)?;
    let target = private::replace(&copy);
    let target = target
        .map_err(|cause| StoreError::File(FileError::Inaccessible { path: copy.clone(), cause }));
    io::copy(&mut source, &mut target?).map_err(cannot)?;
    {
        let connection = opened(&copy)?;
        let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
        if version != FORM {
            let what = format!("{} is no copy of a store", from.display());
            return Err(StoreError::Damaged { what });
        }
        examine(&connection)?;
        // Whoever reads on must not take what comes for what was.
        let put = "INSERT OR REPLACE INTO facts VALUES (?1, ?2)";
        connection.execute(put, params!["running", 1])?;
        let known = opened(&file(folder)).and_then(|replaced| last(&replaced));
        let revision = last(&connection)?.max(known.unwrap_or(0));
        connection.execute(put, params!["revision", revision])?;
    }
    for journal in ["gateway.sqlite-wal", "gateway.sqlite-shm"] {
        let _ = std::fs::remove_file(folder.join(journal));
    }
    std::fs::rename(&copy, file(folder)).map_err(cannot)?;
    drop(lock);
    Ok(())
}

/// The last revision of a store.
fn last(connection: &Connection) -> Result<i64, rusqlite::Error> {
    let query = "SELECT value FROM facts WHERE name = 'revision'";
    connection.query_row(query, [], |row| row.get(0))
}

//! The commands `backup` and `restore`: the people and tokens as one file.

use std::path::PathBuf;

use clap::Args;
use communicado_cli_support::{Failure, Outcome, note};

use super::location::{Location, locate, locate_for_restore};
use crate::bucket_file;
use crate::cluster::{ClusterError, export, import};
use crate::options::DataFolder;
use crate::private::act_as_owner;
use crate::store::{self, StoreError, back_up, store_file, write_backup};

/// Copy the store or the NATS bucket to a new file, whether or not the gateway runs.
#[derive(Debug, Args)]
pub(crate) struct Backup {
    #[command(flatten)]
    data: DataFolder,
    /// Backup file, which must not exist yet.
    file: PathBuf,
}

/// Replace the contents of the store with a backup, while the gateway is stopped.
///
/// With NATS the command replaces the contents of the bucket, and gateways may run.
#[derive(Debug, Args)]
pub(crate) struct Restore {
    #[command(flatten)]
    data: DataFolder,
    /// Backup file.
    file: PathBuf,
}

impl Backup {
    pub(crate) fn run(self) -> Result<Outcome, Failure> {
        let folder = locate(&self.data)?.folder()?;
        match bucket_file::read(&folder)? {
            Some(bucket) => {
                note(&format!("using {bucket}"));
                let state = export(&bucket).map_err(of_bucket)?;
                write_backup(state, &self.file)?;
            }
            None => {
                note(&format!("using the store {}", store_file(&folder).display()));
                back_up(&folder, &self.file)?;
            }
        }
        Ok(Outcome::Yes)
    }
}

impl Restore {
    pub(crate) fn run(self) -> Result<Outcome, Failure> {
        let location = locate_for_restore(&self.data)?;
        let is_running = matches!(location, Location::Running { .. });
        let folder = location.folder()?;
        let bucket = bucket_file::read(&folder)?;
        if is_running && bucket.is_none() {
            return Err(StoreError::InUse { folder }.into());
        }
        // The whole file is checked before anything changes.
        let backup = store::Backup::open(&self.file)?;
        if let Some(bucket) = bucket {
            note(&format!("using {bucket}"));
            import(&bucket, &backup.state).map_err(of_bucket)?;
            return Ok(Outcome::Yes);
        }
        note(&format!("using the store {}", store_file(&folder).display()));
        act_as_owner(&folder).map_err(StoreError::from)?;
        store::restore(&folder, backup)?;
        Ok(Outcome::Yes)
    }
}

/// The failure of a command that works on a bucket.
pub(super) fn of_bucket(error: ClusterError) -> Failure {
    error.into_failure().help("check that NATS runs, and repeat the command")
}

//! The commands `backup` and `restore`: the store as one file.

use std::path::PathBuf;

use clap::Args;
use communicado_cli_support::{Failure, Outcome};

use crate::options::DataFolder;
use crate::store::{back_up, restore};

/// Copy the store to a new file, whether or not the gateway runs.
#[derive(Debug, Args)]
pub(crate) struct Backup {
    #[command(flatten)]
    data: DataFolder,
    /// Backup file, which must not exist yet.
    file: PathBuf,
}

/// Replace the store with a backup, while the gateway is stopped.
#[derive(Debug, Args)]
pub(crate) struct Restore {
    #[command(flatten)]
    data: DataFolder,
    /// Backup file.
    file: PathBuf,
}

impl Backup {
    pub(crate) fn run(self) -> Result<Outcome, Failure> {
        back_up(&self.data.folder(), &self.file)?;
        Ok(Outcome::Yes)
    }
}

impl Restore {
    pub(crate) fn run(self) -> Result<Outcome, Failure> {
        restore(&self.data.folder(), &self.file)?;
        Ok(Outcome::Yes)
    }
}

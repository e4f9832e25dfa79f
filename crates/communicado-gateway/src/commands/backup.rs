//! `backup` and `restore`: the store as one file.

use std::path::PathBuf;

use clap::Args;

use crate::failure::{Failure, Outcome};
use crate::options::DataFolder;
use crate::store::{back_up, restore};

/// Copy the store to a new file, whether the gateway runs or not.
#[derive(Debug, Args)]
pub(crate) struct Backup {
    #[command(flatten)]
    data: DataFolder,
    /// The file, which must not be there yet.
    file: PathBuf,
}

/// Put a backup in the place of the store; the gateway must not run.
#[derive(Debug, Args)]
pub(crate) struct Restore {
    #[command(flatten)]
    data: DataFolder,
    /// The backup.
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

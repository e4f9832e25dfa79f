//! The checks of the data folder, the store and the NATS bucket.

use std::path::Path;

use communicado_runtime::Check;

use super::{bad, failed, good};
use crate::cluster::export;
use crate::config::ClusterConfig;
use crate::store::{StoredState, faults, read_checked, store_file};

/// Checks the owners and modes of the data folder and its files, and repairs none.
pub(super) fn permissions(folder: &Path) -> Check {
    const WHAT: &str = "permissions";
    match faults(folder) {
        Ok(faults) if faults.is_empty() => {
            good(WHAT, format!("only the owner can open {}", folder.display()))
        }
        Ok(faults) => {
            let action = "restart the gateway, which repairs modes; give the files to the owner of \
                          the folder";
            bad(WHAT, faults.join("; "), action)
        }
        Err(error) => bad(WHAT, error.to_string(), error.help()),
    }
}

/// Reads and checks all of the store in `folder`.
pub(super) fn store(folder: &Path) -> Check {
    const WHAT: &str = "store";
    match read_checked(folder) {
        Ok(state) => {
            good(WHAT, format!("{} has {}", store_file(folder).display(), contents(&state)))
        }
        Err(error) => bad(WHAT, error.to_string(), error.help()),
    }
}

/// Reads all of the bucket.
pub(super) fn bucket(config: &ClusterConfig) -> Check {
    const WHAT: &str = "NATS";
    match export(config) {
        Ok(state) => good(WHAT, format!("{config} has {}", contents(&state))),
        Err(error) => failed(WHAT, error.into_failure().help("check that NATS runs, and --nats")),
    }
}

fn contents(state: &StoredState) -> String {
    format!("people: {}, tokens: {}", state.people.len(), state.tokens.len())
}

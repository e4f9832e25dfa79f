//! The checks of the data folder, the store and the NATS bucket.

use std::os::unix::fs::MetadataExt as _;
use std::path::Path;

use communicado_runtime::Check;

use super::{bad, failed, good, limited};
use crate::cluster::export;
use crate::config::ClusterConfig;
use crate::private::{is_readable_by, own_uid};
use crate::serve::{Certificate, ServeOptions};
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

/// Checks that the owner of the data folder, the user of the gateway, can read the files of TLS and
/// of the issuer. A gateway that runs has read them.
pub(super) fn secrets(options: &ServeOptions, folder: &Path) -> Option<Check> {
    let owner = folder.metadata().ok()?;
    if own_uid() != 0 || owner.uid() == 0 {
        return None;
    }
    let of_tls = match &options.certificate {
        Some(Certificate::Files(files)) => vec![&files.certificate, &files.key],
        _ => Vec::new(),
    };
    let of_issuer = options.oidc.iter().filter_map(|config| config.client_secret_file.as_ref());
    let files = of_tls.into_iter().chain(of_issuer);
    let unreadable = files.filter(|path| {
        is_readable_by(path, owner.uid(), owner.gid()).is_ok_and(|is_readable| !is_readable)
    });
    let unreadable: Vec<String> = unreadable.map(|path| path.display().to_string()).collect();
    if unreadable.is_empty() {
        return None;
    }
    let found = format!(
        "the mode does not let the owner of {} read {}",
        folder.display(),
        unreadable.join(", ")
    );
    let action = "let the unit read it, with SupplementaryGroups or LoadCredential";
    Some(limited("secrets", found, action))
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

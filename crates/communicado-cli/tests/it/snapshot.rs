//! Snapshots: expected texts that are too long for the source of a test.

use std::path::Path;

/// Compares `text` with the file at `path` in the folder of this crate.
///
/// # Panics
///
/// If the texts differ. The message names the command that updates the snapshot.
#[track_caller]
pub(crate) fn matches(path: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, text).expect("the snapshot");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == text,
        "{} differs from the output of the program:\n{text}\n\
         help: to accept the change, run UPDATE_SNAPSHOTS=1 cargo test -p communicado-cli --test it",
        path.display()
    );
}

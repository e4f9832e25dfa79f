//! Texts that are too long to stand beside their tests.

use std::path::Path;

/// Compares `text` with the file at `path`, below the folder of this crate.
///
/// # Panics
///
/// If they differ; with the command that takes the change over.
#[track_caller]
pub(crate) fn matches(path: &str, text: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
        std::fs::write(&path, text).expect("the snapshot");
    }
    let kept = std::fs::read_to_string(&path).unwrap_or_default();
    assert!(
        kept == text,
        "{} is not what the program prints:\n{text}\n\
         help: if that is meant, UPDATE_SNAPSHOTS=1 cargo test -p communicado-cli --test it",
        path.display()
    );
}

//! Records the D-Bus traffic of real clients and the changes from it, as test data for the decoder.
//!
//! The task runs the conformance tests with recording. It leaves out tests with more than one bus
//! connection.

use std::ffi::OsStr;
use std::fs;
use std::path::{Path, PathBuf};

use crate::command::{cargo, root, run as run_command};

/// Tests in which the bus ends, a timeout gives the first lines, or a process exists before it
/// joins the bus.
const LEFT_OUT: [&str; 3] = [
    "bus-",
    "hung-a-client-that-hangs-before-communicado-starts",
    "order-beside-a-client-that-is-just-starting",
];

/// Runs the conformance tests and stores their recordings.
///
/// # Errors
///
/// If a test fails, or a file cannot be written.
pub(crate) fn run(_: &[String]) -> Result<(), String> {
    let recorded = root().join("target/traces");
    let kept = root().join("crates/communicado-sources/tests/traces");
    clear(&recorded)?;
    let mut cases = cargo(&["test", "--package", "communicado-conformance", "--test", "purple"]);
    run_command(cases.env("COMMUNICADO_TRACES", &recorded))?;
    clear(&kept)?;
    let mut count = 0;
    for expected in files(&recorded)?.into_iter().filter(|path| has_extension(path, "expected")) {
        let name = expected.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        if LEFT_OUT.iter().any(|left_out| name.starts_with(left_out)) {
            continue;
        }
        for extension in ["trace", "expected"] {
            let file = expected.with_extension(extension);
            let to = kept.join(&name).with_extension(extension);
            fs::copy(&file, &to).map_err(|error| format!("{}: {error}", file.display()))?;
        }
        count += 1;
    }
    println!("{count} traces in {}", kept.display());
    Ok(())
}

fn clear(folder: &Path) -> Result<(), String> {
    let wrong = |error| format!("{}: {error}", folder.display());
    fs::create_dir_all(folder).map_err(wrong)?;
    for file in files(folder)? {
        fs::remove_file(file).map_err(wrong)?;
    }
    Ok(())
}

fn files(folder: &Path) -> Result<Vec<PathBuf>, String> {
    let entries = fs::read_dir(folder).map_err(|error| format!("{}: {error}", folder.display()))?;
    let mut files: Vec<PathBuf> = entries.filter_map(|entry| Some(entry.ok()?.path())).collect();
    files.sort();
    Ok(files)
}

fn has_extension(path: &Path, extension: &str) -> bool {
    path.extension().and_then(OsStr::to_str) == Some(extension)
}

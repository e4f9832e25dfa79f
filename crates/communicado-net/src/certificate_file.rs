//! Files with certificates.

use std::path::Path;

use crate::NetError;

/// The maximum size of a file with certificates.
const CERTIFICATES_MAX: u64 = 1024 * 1024;

/// Reads a file with CA certificates.
///
/// # Errors
///
/// If the file is not readable or too large.
pub fn read_ca(file: &Path) -> Result<Vec<u8>, NetError> {
    read_certificates("CA file", "ca-file", file)
}

/// Reads the file with certificates that an option names.
pub(crate) fn read_certificates(
    what: &str,
    option: &str,
    file: &Path,
) -> Result<Vec<u8>, NetError> {
    let failed = |cause: &dyn ToString| {
        let cause = format!("cannot read the {what} `{}`: {}", file.display(), cause.to_string());
        NetError::needs_action(cause, format!("set `{option}` to a file in PEM that you may read"))
    };
    let meta = std::fs::metadata(file).map_err(|error| failed(&error))?;
    if !meta.is_file() || meta.len() > CERTIFICATES_MAX {
        return Err(failed(&"it is not a regular file of at most 1 MiB"));
    }
    std::fs::read(file).map_err(|error| failed(&error))
}

//! Secrets, which come only from files and systemd credentials.

use std::path::{Path, PathBuf};

use crate::NetError;

/// The maximum size of a file with a secret.
const FILE_MAX: u64 = 64 * 1024;
/// The variable with the folder of systemd's credentials (systemd.exec(5), `LoadCredential=`).
const CREDENTIALS: &str = "CREDENTIALS_DIRECTORY";

/// Reads a secret from the file that an option names: without the line break at the end.
///
/// # Errors
///
/// If there is no such file, or it is no credential and other users may read it.
pub fn read_secret(option: &str, text: &str) -> Result<String, NetError> {
    let folder = std::env::var_os(CREDENTIALS).map(PathBuf::from);
    read(option, text, folder.filter(|folder| folder.is_absolute()).as_deref())
}

fn read(option: &str, text: &str, credentials: Option<&Path>) -> Result<String, NetError> {
    let (file, is_credential) = match configured_path(text) {
        Some(path) => (path, false),
        None => (credential(option, text, credentials)?, true),
    };
    let failed = |cause: &dyn ToString, help: String| {
        let cause =
            format!("cannot read `{}` of `{option}`: {}", file.display(), cause.to_string());
        NetError::needs_action(cause, help)
    };
    let choose = || format!("set `{option}` to a file that you may read");
    let meta = std::fs::metadata(&file).map_err(|error| failed(&error, choose()))?;
    if !meta.is_file() || meta.len() > FILE_MAX {
        return Err(failed(&"it is not a regular file of at most 64 KiB", choose()));
    }
    // systemd protects the folder. The mode of a credential shows the mask of its access list.
    if !is_credential && is_open_to_others(&meta) {
        let help = format!("run: chmod 600 {}", file.display());
        return Err(failed(&"other users may read it", help));
    }
    let secret = std::fs::read_to_string(&file).map_err(|error| failed(&error, choose()))?;
    let secret = secret.trim_end_matches(['\r', '\n']).to_owned();
    if secret.is_empty() {
        return Err(failed(&"it is empty", "write the secret to the file".to_owned()));
    }
    Ok(secret)
}

/// The file of a credential in the folder of systemd's credentials.
fn credential(option: &str, name: &str, folder: Option<&Path>) -> Result<PathBuf, NetError> {
    let folder = folder.filter(|_| is_file_name(name));
    folder.map(|folder| folder.join(name)).ok_or_else(|| {
        NetError::needs_action(
            format!("`{option}` names the credential `{name}`, and there are no credentials"),
            "add LoadCredential= to the systemd service, or write an absolute path",
        )
    })
}

#[cfg(unix)]
fn is_open_to_others(meta: &std::fs::Metadata) -> bool {
    use std::os::unix::fs::MetadataExt as _;
    meta.mode() & 0o077 != 0
}

/// Always false: on Windows, the permissions of the folder protect the file.
#[cfg(not(unix))]
const fn is_open_to_others(_: &std::fs::Metadata) -> bool {
    false
}

/// An absolute path, or a path below the home folder.
#[must_use]
pub fn configured_path(text: &str) -> Option<PathBuf> {
    if let Some(rest) = text.strip_prefix("~/") {
        return std::env::home_dir().map(|home| home.join(rest));
    }
    Some(PathBuf::from(text)).filter(|path| path.is_absolute())
}

/// Returns whether a text is a single component of a path.
#[must_use]
pub fn is_file_name(text: &str) -> bool {
    !text.is_empty() && text != "." && text != ".." && !text.contains(['/', '\\', '\0'])
}

#[cfg(test)]
#[cfg(unix)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;

    #[test]
    fn a_secret_is_read_without_its_line_break_from_a_private_file_only() {
        let folder = tempfile::TempDir::new().unwrap();
        let file = folder.path().join("secret");
        let read = || read_secret("password-file", file.to_str().unwrap());
        assert!(read().unwrap_err().cause.contains("No such file"));
        std::fs::write(&file, "pass word\n").unwrap();
        let set = |mode| {
            std::fs::set_permissions(&file, std::fs::Permissions::from_mode(mode)).unwrap();
        };
        set(0o600);
        assert_eq!(read().unwrap(), "pass word");
        set(0o640);
        let error = read().unwrap_err();
        assert!(error.cause.contains("other users"), "{error}");
        assert!(!error.cause.contains("pass word"));
    }

    #[test]
    fn the_name_of_a_credential_needs_credentials() {
        let error = read("secret-file", "mqtt", None).unwrap_err();
        assert!(error.cause.contains("there are no credentials"), "{error}");
    }

    #[test]
    fn a_credential_with_an_access_list_is_read() {
        let folder = tempfile::TempDir::new().unwrap();
        let file = folder.path().join("mqtt");
        std::fs::write(&file, "pass word\n").unwrap();
        std::fs::set_permissions(&file, std::fs::Permissions::from_mode(0o440)).unwrap();
        assert_eq!(read("secret-file", "mqtt", Some(folder.path())).unwrap(), "pass word");
        assert!(read("secret-file", "../mqtt", Some(folder.path())).is_err());
    }
}

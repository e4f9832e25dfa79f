//! The activation file, which makes the bus start the provider when a program calls its name.
//!
//! D-Bus specification, "Message Bus Starting Services": a file in the folder `dbus-1/services` of
//! the user's data folder. It needs no administrator rights.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use communicado_provider::dbus::NAME;

use crate::FrontendError;

/// Writes the activation file below `data_dir`, and returns its path. The bus will start this
/// program with `provide` and `arguments`.
///
/// # Errors
///
/// If the file cannot be written.
pub fn register(data_dir: &Path, arguments: &[String]) -> Result<PathBuf, FrontendError> {
    let file = activation_file(data_dir);
    let cannot_write = |error: io::Error| {
        let help = "make its folder writable, or set XDG_DATA_HOME";
        FrontendError::new(format!("cannot write `{}`", file.display()), error, help)
    };
    let program = std::env::current_exe().map_err(cannot_write)?;
    let text = activation_text(&program, arguments)?;
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(cannot_write)?;
    }
    fs::write(&file, text).map_err(cannot_write)?;
    Ok(file)
}

/// Removes the activation file below `data_dir`. Returns its path, or `None` if there was no file.
///
/// # Errors
///
/// If the file cannot be removed.
pub fn unregister(data_dir: &Path) -> Result<Option<PathBuf>, FrontendError> {
    let file = activation_file(data_dir);
    match fs::remove_file(&file) {
        Ok(()) => Ok(Some(file)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => {
            let message = format!("cannot remove `{}`", file.display());
            Err(FrontendError::new(message, error, "make its folder writable"))
        }
    }
}

fn activation_file(data_dir: &Path) -> PathBuf {
    data_dir.join("dbus-1/services").join(format!("{NAME}.service"))
}

fn activation_text(program: &Path, arguments: &[String]) -> Result<String, FrontendError> {
    let program = program.to_str().filter(|path| !path.contains(char::is_control));
    let program = program.ok_or_else(|| {
        FrontendError::new(
            "cannot write the path of this program to a file",
            "the path is not printable text",
            "move the program to another folder",
        )
    })?;
    let mut command = quote(program);
    for argument in ["provide".to_owned()].iter().chain(arguments) {
        command.push(' ');
        command.push_str(&quote(argument));
    }
    Ok(format!("[D-BUS Service]\nName={NAME}\nExec={command}\n"))
}

/// Quotes a word as a shell does, because the bus splits `Exec` as a shell does.
fn quote(word: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-@+:,=".contains(c);
    if !word.is_empty() && word.chars().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_is_quoted_for_the_bus() {
        let text = activation_text(
            Path::new("/opt/my tools/communicado"),
            &["--name".into(), "O'Neill".into()],
        );
        let expected = "[D-BUS Service]\nName=org.communicado.Provider1\n\
                        Exec='/opt/my tools/communicado' provide --name 'O'\\''Neill'\n";
        assert_eq!(text.ok().as_deref(), Some(expected));
    }
}

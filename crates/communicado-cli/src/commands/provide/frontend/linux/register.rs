//! The activation file, with which the bus starts the provider for whoever speaks to its name.
//!
//! D-Bus specification, "Message Bus Starting Services": a file in `dbus-1/services` of the
//! user's data, found without an administrator.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use communicado_cli_support::{Failure, Outcome};
use communicado_provider::dbus::NAME;

use super::Options;

/// Writes the file, and says what that does.
pub(in crate::commands::provide) fn register(
    arguments: &[String],
    _: &Options,
) -> Result<String, Failure> {
    let file = place()?;
    let cannot = |error: std::io::Error| {
        Failure::new(Outcome::Failed, format!("`{}` cannot be written", file.display()))
            .cause(error)
            .help("make its folder writable, or set XDG_DATA_HOME")
    };
    let program = std::env::current_exe().map_err(cannot)?;
    let text = activation(&program, arguments)?;
    if let Some(folder) = file.parent() {
        fs::create_dir_all(folder).map_err(cannot)?;
    }
    let written = fs::File::create(&file).and_then(|mut it| it.write_all(text.as_bytes()));
    written.map_err(cannot)?;
    Ok(format!("the session bus starts it from now on: {}", file.display()))
}

/// Removes the file, and says so.
pub(in crate::commands::provide) fn unregister(_: &Options) -> Result<String, Failure> {
    let file = place()?;
    match fs::remove_file(&file) {
        Ok(()) => Ok(format!("{} is removed", file.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Ok("it was not registered".to_owned())
        }
        Err(error) => {
            let what = format!("`{}` cannot be removed", file.display());
            Err(Failure::new(Outcome::Failed, what).cause(error))
        }
    }
}

/// The file in `XDG_DATA_HOME`, or else in `~/.local/share` (XDG Base Directory Specification).
fn place() -> Result<PathBuf, Failure> {
    let absolute =
        |name| std::env::var_os(name).map(PathBuf::from).filter(|path| path.is_absolute());
    let home = || absolute("HOME").map(|home| home.join(".local/share"));
    let folder = absolute("XDG_DATA_HOME").or_else(home).ok_or_else(|| {
        Failure::new(Outcome::Failed, "there is no folder for the activation file")
            .cause("neither XDG_DATA_HOME nor HOME is set")
            .help("set HOME")
    })?;
    Ok(folder.join("dbus-1/services").join(format!("{NAME}.service")))
}

fn activation(program: &Path, arguments: &[String]) -> Result<String, Failure> {
    let program = program.to_str().filter(|path| !path.contains(char::is_control));
    let program = program.ok_or_else(|| {
        Failure::new(Outcome::Failed, "the path of this program cannot be written into a file")
            .cause("it has bytes that are no text")
    })?;
    let mut command = quoted(program);
    for argument in ["provide".to_owned()].iter().chain(arguments) {
        command.push(' ');
        command.push_str(&quoted(argument));
    }
    Ok(format!("[D-BUS Service]\nName={NAME}\nExec={command}\n"))
}

/// As a shell would write it: the bus takes `Exec` apart as one does.
fn quoted(word: &str) -> String {
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
    fn the_bus_can_take_the_command_apart() {
        let text = activation(
            Path::new("/opt/my tools/communicado"),
            &["--name".into(), "O'Neill".into()],
        );
        let expected = "[D-BUS Service]\nName=org.communicado.Provider1\n\
                        Exec='/opt/my tools/communicado' provide --name 'O'\\''Neill'\n";
        assert_eq!(text.ok().as_deref(), Some(expected));
    }
}

//! Units of systemd for programs that no package has installed.

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use crate::{Failure, Outcome};

/// The unit with the path of `program` in place of `placeholder`.
#[must_use]
pub fn unit_for(program: &Path, unit: &str, placeholder: &str) -> String {
    // systemd expands `%` and reads backslashes inside quotes (systemd.service(5)). It expands `$`
    // only in arguments.
    let escaped = program.to_string_lossy().replace('\\', "\\\\").replace('"', "\\\"");
    let escaped = escaped.replace('%', "%%");
    unit.replace(placeholder, &format!("\"{escaped}\""))
}

/// The unit that a package has installed with this program. `folder` is `user` or `system`.
#[must_use]
pub fn packaged_unit(program: &Path, folder: &str, name: &str) -> Option<PathBuf> {
    let prefix = program.parent()?.parent()?;
    let of_all_users = ["/usr", "/usr/local"].iter().any(|it| prefix == Path::new(it));
    let unit = prefix.join("lib/systemd").join(folder).join(name);
    Some(unit).filter(|it| of_all_users && it.is_file())
}

/// Runs `systemctl` with these arguments.
///
/// # Errors
///
/// If the command fails, or cannot be run.
pub fn systemctl(words: &[&str]) -> Result<(), Failure> {
    let run = Command::new("systemctl").args(words).stdin(Stdio::null()).output();
    let failure = || {
        let line = format!("systemctl {}", words.join(" "));
        Failure::new(Outcome::Failed, format!("`{line}` failed"))
            .help("run this command yourself for details")
    };
    match run {
        Ok(output) if output.status.success() => Ok(()),
        Ok(output) => {
            let errors = String::from_utf8_lossy(&output.stderr);
            Err(failure().cause(errors.lines().next().unwrap_or("it printed no reason").to_owned()))
        }
        Err(error) => Err(failure().cause(error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_unit_starts_the_program() {
        let start =
            |program: &str| unit_for(Path::new(program), "ExecStart=/bin/x agent", "/bin/x");
        assert_eq!(start("/opt/communicado"), "ExecStart=\"/opt/communicado\" agent");
        assert_eq!(start("/a \"b\"/100%/$c"), "ExecStart=\"/a \\\"b\\\"/100%%/$c\" agent");
    }
}

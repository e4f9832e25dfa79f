//! The way in which a program was installed, and its other copies in the PATH.
//!
//! dpkg names the files that it has installed. Each other way is observed from a file that it
//! leaves. Without such a file the way is unknown.

use std::env;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use communicado_runtime::{Check, CheckHealth};

/// Reports the path of this program, its origin and its other copies. `package` is the crate that
/// `cargo install` installs.
#[must_use]
pub fn check_installation(package: &str) -> Check {
    let program = match env::current_exe() {
        Ok(program) => program,
        Err(error) => {
            return Check {
                what: "program".into(),
                health: CheckHealth::Limited,
                found: format!("its path is unknown: {error}").into(),
                action: None,
            };
        }
    };
    let name = program.file_name().unwrap_or_default();
    let folders = env::var_os("PATH");
    let folders = folders.iter().flat_map(env::split_paths);
    let others = others(&program, folders.map(|folder| folder.join(name)));
    let origin = if is_packaged(&program) {
        Some("from the package for Debian")
    } else {
        origin(&program, package)
    };
    describe(&program, origin, &others)
}

/// The files among `candidates` that are not the program, each once, also if links lead to it.
fn others(program: &Path, candidates: impl Iterator<Item = PathBuf>) -> Vec<PathBuf> {
    let mut known: Vec<PathBuf> = fs::canonicalize(program).into_iter().collect();
    let mut others = Vec::new();
    for candidate in candidates.filter(|it| it.is_file()) {
        let Ok(file) = fs::canonicalize(&candidate) else { continue };
        if !known.contains(&file) {
            known.push(file);
            others.push(candidate);
        }
    }
    others
}

/// True if dpkg has installed this file.
fn is_packaged(program: &Path) -> bool {
    let mut query = Command::new("dpkg-query");
    let asked = query.arg("--search").arg(program).stdin(Stdio::null()).output();
    asked.is_ok_and(|output| is_listed(&String::from_utf8_lossy(&output.stdout), program))
}

/// True if the output of `dpkg-query --search` names this file.
fn is_listed(output: &str, program: &Path) -> bool {
    let mut files = output.lines().filter_map(|line| line.split_once(": "));
    files.any(|(_, file)| Path::new(file) == program)
}

/// The way in which a program was installed, if a file shows it.
fn origin(program: &Path, package: &str) -> Option<&'static str> {
    let folder = program.parent()?;
    let prefix = folder.parent()?;
    let crates = fs::read_to_string(prefix.join(".crates.toml")).unwrap_or_default();
    let documents = || prefix.join("share/doc").join(program.file_stem().unwrap_or_default());
    if crates.contains(&format!("\"{package} ")) {
        Some("from `cargo install`")
    } else if folder.join(".cargo-lock").exists() {
        Some("built by cargo in this folder")
    } else if documents().join("third-party-licences.txt.gz").exists() {
        Some("from the archive for Linux")
    } else if folder.join("third-party-licences.txt").exists() {
        Some("from the installer or the archive for Windows")
    } else {
        None
    }
}

fn describe(program: &Path, origin: Option<&str>, others: &[PathBuf]) -> Check {
    let origin = origin.unwrap_or("installed in an unknown way");
    let found = format!("{}, {origin}", program.display());
    let what = "program".into();
    if others.is_empty() {
        return Check { what, health: CheckHealth::Good, found: found.into(), action: None };
    }
    let others: Vec<String> = others.iter().map(|it| it.display().to_string()).collect();
    let found = format!("{found}; the PATH also has {}", others.join(", "));
    let action = Some("remove the copies that you do not use".into());
    Check { what, health: CheckHealth::Limited, found: found.into(), action }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(folder: &Path, name: &str, text: &str) -> PathBuf {
        let file = folder.join(name);
        fs::create_dir_all(file.parent().expect("a folder")).expect("make the folder");
        fs::write(&file, text).expect("write the file");
        file
    }

    #[test]
    fn the_origin_is_the_one_whose_file_is_there() {
        let check = |record: Option<&str>, text: &str, expected: Option<&str>| {
            let folder = tempfile::tempdir().expect("make a folder");
            let program = file(folder.path(), "prefix/bin/communicado", "");
            if let Some(record) = record {
                file(folder.path(), record, text);
            }
            assert_eq!(origin(&program, "communicado-cli"), expected, "{record:?}");
        };
        check(None, "", None);
        let crates = "prefix/.crates.toml";
        check(Some(crates), "\"communicado-cli 0.1.0 (path)\" = []", Some("from `cargo install`"));
        check(Some(crates), "\"other 0.1.0 (path)\" = []", None);
        check(Some("prefix/bin/.cargo-lock"), "", Some("built by cargo in this folder"));
        let licences = "prefix/share/doc/communicado/third-party-licences.txt.gz";
        check(Some(licences), "", Some("from the archive for Linux"));
        let licences = "prefix/bin/third-party-licences.txt";
        check(Some(licences), "", Some("from the installer or the archive for Windows"));
    }

    #[test]
    fn dpkg_names_its_files() {
        let program = Path::new("/usr/bin/communicado");
        assert!(is_listed("communicado: /usr/bin/communicado\n", program));
        assert!(!is_listed("communicado: /usr/bin/communicado-other\n", program));
        assert!(!is_listed("", program));
    }

    #[test]
    fn other_copies_are_listed_once() {
        let folder = tempfile::tempdir().expect("make a folder");
        let [one, two] =
            ["one/communicado", "two/communicado"].map(|it| file(folder.path(), it, ""));
        let missing = folder.path().join("three/communicado");
        let candidates = [one.clone(), two.clone(), two.clone(), missing];
        let found = others(&one, candidates.into_iter());
        assert_eq!(found, std::slice::from_ref(&two));

        let check = describe(&one, None, &found);
        assert_eq!(check.health, CheckHealth::Limited);
        let (one, two) = (one.display(), two.display());
        let text = format!("{one}, installed in an unknown way; the PATH also has {two}");
        assert_eq!(check.found, text);
    }
}
